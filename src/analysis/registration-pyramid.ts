import type { VolumeSource } from '../domain/volume.ts';
import type { Box } from '../kernels/registration-boxes.ts';
import { TILE_SIDE_MAX, TILE_SIDE_MIN } from '../kernels/registration-kernel.ts';
import type { VolumeSize } from './registration-motion.ts';

/** Tiles of one volume held in memory: 64 MB as float32. */
const TILES_HELD_MAX = 2 ** 24;
/** Medians sampled for the threshold; more do not change it. */
const MEDIANS_MAX = 2 ** 17;

/** The means of all cubic tiles of a volume, and a sample of its medians. */
export interface TiledVolume {
  /** One value per whole tile, in attenuation; voxels that fill no tile are left out. */
  readonly means: Box;
  readonly side: number;
  /** Medians of 3 x 3 x 3 voxels at the middle of evenly spread tiles, [tile]. */
  readonly medians: Float32Array;
  /** Tile of each median: its index in `means`. */
  readonly medianTiles: Int32Array;
}

/** Side of the tiles of a volume: as small as the median and the memory allow. */
export function tileSide({ columns, rows, slices }: VolumeSize): number {
  const least = Math.cbrt((columns * rows * slices) / TILES_HELD_MAX);
  return Math.min(TILE_SIDE_MAX, Math.max(TILE_SIDE_MIN, Math.ceil(least)));
}

/**
 * Reads a volume once, a layer of tiles at a time.
 * @param onSlices called with the number of slices read so far
 * @throws Fault storage, fileFormat
 */
export async function readTiles(
  volume: VolumeSource,
  side: number,
  onSlices: (done: number) => void = () => {},
): Promise<TiledVolume> {
  const columns = Math.floor(volume.columns / side);
  const rows = Math.floor(volume.rows / side);
  const slices = Math.floor(volume.slices / side);
  const means = { columns, rows, slices, values: new Float32Array(columns * rows * slices) };
  const every = Math.ceil(means.values.length / MEDIANS_MAX);
  const medians = new Float32Array(Math.ceil(means.values.length / every));
  const medianTiles = Int32Array.from(medians, (_, at) => at * every);
  const layerTiles = columns * rows;
  for (let layer = 0; layer < slices; layer++) {
    const sums = means.values.subarray(layer * layerTiles, (layer + 1) * layerTiles);
    const middles: ArrayLike<number>[] = [];
    for (let k = 0; k < side; k++) {
      const slice = await volume.readSlices(layer * side + k, 1);
      addSlice(slice, volume.columns, side, { sums, columns, rows });
      if (Math.abs(k - (side >> 1)) <= 1) middles.push(slice);
    }
    const first = Math.ceil((layer * layerTiles) / every);
    for (let at = first; at * every < (layer + 1) * layerTiles; at++) {
      const tile = at * every - layer * layerTiles;
      const x = (tile % columns) * side + (side >> 1);
      const y = Math.floor(tile / columns) * side + (side >> 1);
      medians[at] = toAttenuation(volume, medianAround(middles, volume.columns, x, y));
    }
    for (let tile = 0; tile < layerTiles; tile++) {
      sums[tile] = toAttenuation(volume, (sums[tile] ?? 0) / side ** 3);
    }
    onSlices((layer + 1) * side);
  }
  return { means, side, medians, medianTiles };
}

/** Means of 2 x 2 x 2 voxels. */
export function halved(volume: Box): Box {
  const [columns, rows, slices] = [volume.columns >> 1, volume.rows >> 1, volume.slices >> 1];
  const values = new Float32Array(columns * rows * slices);
  const [row, area] = [volume.columns, volume.columns * volume.rows];
  const from = volume.values;
  let to = 0;
  for (let z = 0; z < slices; z++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, to++) {
        const at = 2 * (z * area + y * row + x);
        let sum = 0;
        for (const step of [at, at + row, at + area, at + area + row]) {
          sum += (from[step] ?? 0) + (from[step + 1] ?? 0);
        }
        values[to] = sum / 8;
      }
    }
  }
  return { columns, rows, slices, values };
}

interface TileLayer {
  readonly sums: Float32Array;
  readonly columns: number;
  readonly rows: number;
}

function addSlice(slice: ArrayLike<number>, width: number, side: number, to: TileLayer): void {
  for (let row = 0; row < to.rows * side; row++) {
    let at = row * width;
    const first = Math.floor(row / side) * to.columns;
    for (let tile = first; tile < first + to.columns; tile++) {
      let sum = 0;
      for (const end = at + side; at < end; at++) sum += slice[at] ?? 0;
      to.sums[tile] = (to.sums[tile] ?? 0) + sum;
    }
  }
}

function medianAround(
  slices: readonly ArrayLike<number>[],
  width: number,
  x: number,
  y: number,
): number {
  const values = new Float32Array(27);
  let count = 0;
  for (const slice of slices) {
    for (let row = y - 1; row <= y + 1; row++) {
      for (let column = x - 1; column <= x + 1; column++) {
        values[count] = slice[row * width + column] ?? 0;
        count += 1;
      }
    }
  }
  return values.sort()[13] ?? 0;
}

function toAttenuation({ scale }: VolumeSource, stored: number): number {
  return scale.offset + scale.step * stored;
}
