import { Fault } from '../domain/fault.ts';

/** A block of voxels in memory, [slice, row, column]. */
export interface VoxelBlock {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
}

/** Voxels of a block: distances and their lists stay within some hundred megabytes. */
export const DISTANCE_VOXELS_MAX = 2 ** 26;
const FAR = 1e20;

/** A value averaged over the voxels of a particle at one depth below its surface. */
export interface DepthMean {
  readonly depthFromVoxel: number;
  readonly depthToVoxel: number;
  readonly voxels: number;
  readonly mean: number;
  /** Standard error of the mean. */
  readonly sigma: number;
}

/**
 * Exact Euclidean distance of each foreground voxel to the nearest background voxel, centre to
 * centre, in voxels; 0 in the background. Lower envelopes of parabolas along each axis in turn
 * (Felzenszwalb and Huttenlocher, Theory of Computing 8 (2012) 415).
 * @param foreground not 0 for voxels of particles; what is beyond the block is no background
 * @throws Fault capacity, badInput
 */
export function distanceTransform(
  foreground: ArrayLike<number>,
  { slices, rows, columns }: VoxelBlock,
): Float32Array {
  const count = slices * rows * columns;
  if (count > DISTANCE_VOXELS_MAX) {
    const message = `a block of ${slices} x ${rows} x ${columns} voxels; at most ${DISTANCE_VOXELS_MAX}`;
    throw new Fault('capacity', { where: 'distance transform', message });
  }
  if (foreground.length !== count) {
    const message = `${foreground.length} voxels; expected ${slices} x ${rows} x ${columns}`;
    throw new Fault('badInput', { where: 'distance transform', message });
  }
  const squares = Float32Array.from({ length: count }, (_, at) => (foreground[at] ? FAR : 0));
  const envelope = new Envelope(Math.max(slices, rows, columns));
  for (let line = 0; line < slices * rows; line++) {
    envelope.transform(squares, line * columns, { step: 1, length: columns });
  }
  for (let slice = 0; slice < slices; slice++) {
    for (let column = 0; column < columns; column++) {
      const first = slice * rows * columns + column;
      envelope.transform(squares, first, { step: columns, length: rows });
    }
  }
  for (let at = 0; at < rows * columns; at++) {
    envelope.transform(squares, at, { step: rows * columns, length: slices });
  }
  for (let at = 0; at < count; at++) squares[at] = Math.sqrt(squares[at] ?? 0);
  return squares;
}

/**
 * Mean of a quantity, such as the share of a phase, against depth below the particles' surface.
 * Bin k holds distances from k to before k + 1 bin widths: with bins of one voxel bin 0 is empty,
 * because the outermost voxels lie at distance 1, and it is left out.
 */
export function depthMeans(
  values: ArrayLike<number>,
  distances: Float32Array,
  binVoxel = 1,
): DepthMean[] {
  const sums: { voxels: number; sum: number; squares: number }[] = [];
  for (let at = 0; at < distances.length; at++) {
    const distance = distances[at] ?? 0;
    // Without any background no distance is known.
    if (!(distance > 0 && distance < Math.sqrt(FAR) / 2)) continue;
    const bin = Math.floor(distance / binVoxel);
    while (sums.length <= bin) sums.push({ voxels: 0, sum: 0, squares: 0 });
    const total = sums[bin];
    const value = values[at] ?? 0;
    if (!total) continue;
    total.voxels += 1;
    total.sum += value;
    total.squares += value * value;
  }
  return sums.flatMap(({ voxels, sum, squares }, bin) => {
    if (voxels === 0) return [];
    const mean = sum / voxels;
    const variance = Math.max(0, squares / voxels - mean * mean);
    return [
      {
        depthFromVoxel: bin * binVoxel,
        depthToVoxel: (bin + 1) * binVoxel,
        voxels,
        mean,
        sigma: Math.sqrt(variance / voxels),
      },
    ];
  });
}

/** The lower envelope of parabolas on one line, with room for the longest. */
class Envelope {
  readonly #heights: Float64Array;
  readonly #places: Int32Array;
  readonly #borders: Float64Array;

  constructor(lengthMax: number) {
    this.#heights = new Float64Array(lengthMax);
    this.#places = new Int32Array(lengthMax);
    this.#borders = new Float64Array(lengthMax + 1);
  }

  transform(
    squares: Float32Array,
    first: number,
    { step, length }: { readonly step: number; readonly length: number },
  ): void {
    const heights = this.#heights;
    const places = this.#places;
    const borders = this.#borders;
    let last = -1;
    for (let q = 0; q < length; q++) {
      const height = squares[first + q * step] ?? 0;
      heights[q] = height;
      if (height >= FAR) continue;
      let border = -Infinity;
      while (last >= 0) {
        const p = places[last] ?? 0;
        border = (height + q * q - ((heights[p] ?? 0) + p * p)) / (2 * (q - p));
        if (border > (borders[last] ?? 0)) break;
        last -= 1;
      }
      last += 1;
      places[last] = q;
      borders[last] = last === 0 ? -Infinity : border;
    }
    if (last < 0) return;
    borders[last + 1] = Infinity;
    let k = 0;
    for (let q = 0; q < length; q++) {
      while ((borders[k + 1] ?? Infinity) < q) k += 1;
      const p = places[k] ?? 0;
      squares[first + q * step] = (q - p) * (q - p) + (heights[p] ?? 0);
    }
  }
}
