/**
 * The registration kernel's formulas in double precision, written to be read: the oracle its
 * builds are tested against.
 */

import {
  type Box,
  type BoxMap,
  type BoxSize,
  type BoxSums,
  boxValues,
  type ChangeTally,
  DIFFERENCE_BINS,
  DIFFERENCE_RANGE,
  MEDIAN_BINS,
  MEDIAN_RANGE,
  TILE_CLIP,
  type TileChange,
  type WarpWeights,
} from './registration-boxes.ts';

const BINOMIAL = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];

/** See RegistrationKernel.smooth. */
export function smoothTwin(box: Box): Box {
  const size = { columns: box.columns - 4, rows: box.rows - 4, slices: box.slices - 4 };
  return fill(size, (x, y, z) => {
    let sum = 0;
    for (const [k, wz] of BINOMIAL.entries()) {
      for (const [j, wy] of BINOMIAL.entries()) {
        for (const [i, wx] of BINOMIAL.entries()) {
          sum += wx * wy * wz * valueAt(box, x + i, y + j, z + k);
        }
      }
    }
    return sum;
  });
}

/** See RegistrationKernel.warp. */
export function warpTwin(box: Box, map: BoxMap, size: BoxSize, weights: WarpWeights = 'keys'): Box {
  const weigh = weights === 'keys' ? keys : spline;
  return fill(size, (x, y, z) => {
    const place = [0, 1, 2].map(
      (axis) =>
        (map.first[axis] ?? 0) +
        (map.perColumn[axis] ?? 0) * x +
        (map.perRow[axis] ?? 0) * y +
        (map.perSlice[axis] ?? 0) * z,
    );
    const [px = 0, py = 0, pz = 0] = place;
    const [x0, y0, z0] = [Math.floor(px), Math.floor(py), Math.floor(pz)];
    let sum = 0;
    for (let k = -1; k <= 2; k++) {
      for (let j = -1; j <= 2; j++) {
        for (let i = -1; i <= 2; i++) {
          const weight = weigh(px - x0 - i) * weigh(py - y0 - j) * weigh(pz - z0 - k);
          sum += weight * valueAt(box, x0 + i, y0 + j, z0 + k);
        }
      }
    }
    return sum;
  });
}

/** See RegistrationKernel.equations. */
export function equationsTwin(fixed: Box, moved: Box): BoxSums {
  const slopeProducts = new Array<number>(6).fill(0);
  const crossProducts = new Array<number>(6).fill(0);
  const slopeTimesResidual = new Array<number>(3).fill(0);
  const slopes = new Array<number>(3).fill(0);
  const sums = { residual: 0, residualSquare: 0, fixed: 0, moved: 0, count: 0 };
  const squares = { fixedSquare: 0, movedSquare: 0, fixedTimesMoved: 0 };
  const pairs = [
    [0, 0],
    [1, 1],
    [2, 2],
    [0, 1],
    [0, 2],
    [1, 2],
  ];
  for (const [x, y, z] of innerVoxels(fixed)) {
    const [ofFixed, ofMoved] = [slopesAt(fixed, x, y, z), slopesAt(moved, x, y, z)];
    const slope = ofFixed.map((value, axis) => 0.5 * (value + (ofMoved[axis] ?? 0)));
    const p = valueAt(fixed, x, y, z);
    const q = valueAt(moved, x, y, z);
    for (const [at, [a = 0, b = 0]] of pairs.entries()) {
      slopeProducts[at] = (slopeProducts[at] ?? 0) + (slope[a] ?? 0) * (slope[b] ?? 0);
      const crossed = (ofFixed[a] ?? 0) * (ofMoved[b] ?? 0) + (ofFixed[b] ?? 0) * (ofMoved[a] ?? 0);
      crossProducts[at] = (crossProducts[at] ?? 0) + 0.5 * crossed;
    }
    for (const [axis, value] of slope.entries()) {
      slopes[axis] = (slopes[axis] ?? 0) + value;
      slopeTimesResidual[axis] = (slopeTimesResidual[axis] ?? 0) + value * (q - p);
    }
    sums.residual += q - p;
    sums.residualSquare += (q - p) ** 2;
    sums.fixed += p;
    sums.moved += q;
    sums.count += 1;
    squares.fixedSquare += p * p;
    squares.movedSquare += q * q;
    squares.fixedTimesMoved += p * q;
  }
  return { slopeProducts, crossProducts, slopeTimesResidual, slopes, ...sums, ...squares };
}

/** See RegistrationKernel.addTiles; adds to `tally`, made by `emptyTally`. */
export function addTilesTwin(
  tally: ChangeTally,
  before: Box,
  after: Box,
  tiling: { readonly side: number; readonly threshold: number },
): { readonly tiles: TileChange[]; readonly tally: ChangeTally } {
  const { side, threshold } = tiling;
  const tiles = Array.from({ length: (before.columns - 2) / side }, () => ({ grey: 0, binary: 0 }));
  const slopes = [...tally.slopes] as [number, number, number];
  const count = (histogram: Float64Array, bin: number, weight = 1) => {
    histogram[bin] = (histogram[bin] ?? 0) + weight;
  };
  for (const [x, y, z] of innerVoxels(before)) {
    const tile = tiles[Math.floor((x - 1) / side)];
    if (!tile) continue;
    const difference = valueAt(after, x, y, z) - valueAt(before, x, y, z);
    tile.grey += Math.min(TILE_CLIP, Math.max(-TILE_CLIP, difference));
    const bin = binOf(difference, DIFFERENCE_RANGE, DIFFERENCE_BINS);
    count(tally.differenceCounts, bin);
    count(tally.differenceSums, bin, difference);
    const medians = [medianAt(before, x, y, z), medianAt(after, x, y, z)] as const;
    count(tally.mediansBefore, binOf(medians[0], MEDIAN_RANGE, MEDIAN_BINS));
    count(tally.mediansAfter, binOf(medians[1], MEDIAN_RANGE, MEDIAN_BINS));
    tile.binary += Number(medians[1] > threshold) - Number(medians[0] > threshold);
    slopes[0] += 0.5 * (valueAt(after, x + 1, y, z) - valueAt(after, x - 1, y, z));
    slopes[1] += 0.5 * (valueAt(after, x, y + 1, z) - valueAt(after, x, y - 1, z));
    slopes[2] += 0.5 * (valueAt(after, x, y, z + 1) - valueAt(after, x, y, z - 1));
  }
  return { tiles, tally: { ...tally, slopes } };
}

/** A tally of nothing. */
export function emptyTally(): ChangeTally {
  return {
    differenceCounts: new Float64Array(DIFFERENCE_BINS),
    differenceSums: new Float64Array(DIFFERENCE_BINS),
    mediansBefore: new Float64Array(MEDIAN_BINS),
    mediansAfter: new Float64Array(MEDIAN_BINS),
    slopes: [0, 0, 0],
  };
}

/** The kernel of cubic convolution with a = -1/2 (Keys 1981, equation 15). */
function keys(distance: number): number {
  const t = Math.abs(distance);
  if (t <= 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
  if (t < 2) return -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2;
  return 0;
}

/** Central differences along x, y and z. */
function slopesAt(box: Box, x: number, y: number, z: number): number[] {
  return [
    0.5 * (valueAt(box, x + 1, y, z) - valueAt(box, x - 1, y, z)),
    0.5 * (valueAt(box, x, y + 1, z) - valueAt(box, x, y - 1, z)),
    0.5 * (valueAt(box, x, y, z + 1) - valueAt(box, x, y, z - 1)),
  ];
}

/** The cubic B-spline. */
function spline(distance: number): number {
  const t = Math.abs(distance);
  if (t <= 1) return 2 / 3 - t ** 2 + 0.5 * t ** 3;
  return t < 2 ? (2 - t) ** 3 / 6 : 0;
}

function medianAt(box: Box, x: number, y: number, z: number): number {
  const values: number[] = [];
  for (let k = -1; k <= 1; k++) {
    for (let j = -1; j <= 1; j++) {
      for (let i = -1; i <= 1; i++) values.push(valueAt(box, x + i, y + j, z + k));
    }
  }
  return values.sort((a, b) => a - b)[13] ?? 0;
}

function binOf(value: number, [low, high]: readonly [number, number], bins: number): number {
  const bin = Math.floor(((value - low) * bins) / (high - low));
  return Math.min(bins - 1, Math.max(0, bin));
}

function valueAt({ columns, rows, values }: Box, x: number, y: number, z: number): number {
  return values[(z * rows + y) * columns + x] ?? Number.NaN;
}

function* innerVoxels({ columns, rows, slices }: BoxSize): Generator<[number, number, number]> {
  for (let z = 1; z < slices - 1; z++) {
    for (let y = 1; y < rows - 1; y++) {
      for (let x = 1; x < columns - 1; x++) yield [x, y, z];
    }
  }
}

function fill(size: BoxSize, value: (x: number, y: number, z: number) => number): Box {
  const values = new Float32Array(boxValues(size));
  const { columns, rows } = size;
  for (let at = 0; at < values.length; at++) {
    const [x, y] = [at % columns, Math.floor(at / columns) % rows];
    values[at] = value(x, y, Math.floor(at / (columns * rows)));
  }
  return { ...size, values };
}
