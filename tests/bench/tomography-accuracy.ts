import { compareSlices } from '../kernels/tomography-phantom.ts';
import { RADIUS_SHARE } from './tomography-case.ts';

/** Side of the window of the structural similarity, pixels. */
const WINDOW = 7;
/** Constants of Wang et al. 2004 for values within 1. */
const LUMINANCE_CONSTANT = 0.01 ** 2;
const CONTRAST_CONSTANT = 0.03 ** 2;

/** How a slice compares with the phantom inside 0.95 of the inscribed disc. */
export interface SliceAccuracy {
  readonly rmse: number;
  readonly bias: number;
  /** Of uniform regions; 1 is right. */
  readonly gain: number;
  /**
   * Mean structural similarity (Wang et al. 2004) of the two as square pictures, black outside the
   * disc: windows of 7 x 7, values within 1, as scikit-image has it.
   */
  readonly ssim: number;
  /** The same over the disc alone. */
  readonly ssimInDisc: number;
  /** Root mean square error after the best a + b x slice: for programs that are not calibrated. */
  readonly fittedRmse: number;
}

/** @param slice, truth columns x columns */
export function accuracyOf(
  slice: Float32Array,
  truth: Float32Array,
  columns: number,
): SliceAccuracy {
  return {
    ...compareSlices(slice, truth, columns, RADIUS_SHARE),
    ...structuralSimilarity(slice, truth, columns),
    fittedRmse: fittedRmse(slice, truth, columns),
  };
}

function isCompared(at: number, columns: number): boolean {
  const middle = (columns - 1) / 2;
  const [x, y] = [(at % columns) - middle, Math.floor(at / columns) - middle];
  return Math.hypot(x, y) <= (RADIUS_SHARE * columns) / 2;
}

function fittedRmse(slice: Float32Array, truth: Float32Array, columns: number): number {
  let [count, a, b, aa, ab, bb] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < slice.length; at++) {
    if (!isCompared(at, columns)) continue;
    const [value, expected] = [slice[at] ?? Number.NaN, truth[at] ?? 0];
    count += 1;
    a += value;
    b += expected;
    aa += value * value;
    ab += value * expected;
    bb += expected * expected;
  }
  const [varianceA, varianceB] = [aa / count - (a / count) ** 2, bb / count - (b / count) ** 2];
  const covariance = ab / count - (a * b) / count ** 2;
  return Math.sqrt(Math.max(0, varianceB - covariance ** 2 / varianceA));
}

function structuralSimilarity(
  slice: Float32Array,
  truth: Float32Array,
  columns: number,
): Pick<SliceAccuracy, 'ssim' | 'ssimInDisc'> {
  const [a, b] = [slice, truth].map((picture) =>
    picture.map((value, at) => (isCompared(at, columns) ? value : 0)),
  );
  if (!a || !b) throw new RangeError('no slices to compare');
  const meanA = windowMeans(columns, (at) => a[at] ?? Number.NaN);
  const meanB = windowMeans(columns, (at) => b[at] ?? 0);
  const meanAA = windowMeans(columns, (at) => (a[at] ?? 0) ** 2);
  const meanBB = windowMeans(columns, (at) => (b[at] ?? 0) ** 2);
  const meanAB = windowMeans(columns, (at) => (a[at] ?? 0) * (b[at] ?? 0));
  // Of a sample rather than of all there is.
  const sample = WINDOW ** 2 / (WINDOW ** 2 - 1);
  const [all, disc] = [
    { sum: 0, count: 0 },
    { sum: 0, count: 0 },
  ];
  for (let at = 0; at < a.length; at++) {
    const [ma, mb] = [meanA[at] ?? Number.NaN, meanB[at] ?? Number.NaN];
    if (Number.isNaN(mb)) continue;
    const varianceA = sample * ((meanAA[at] ?? 0) - ma * ma);
    const varianceB = sample * ((meanBB[at] ?? 0) - mb * mb);
    const covariance = sample * ((meanAB[at] ?? 0) - ma * mb);
    const similarity =
      ((2 * ma * mb + LUMINANCE_CONSTANT) * (2 * covariance + CONTRAST_CONSTANT)) /
      ((ma * ma + mb * mb + LUMINANCE_CONSTANT) * (varianceA + varianceB + CONTRAST_CONSTANT));
    for (const part of isCompared(at, columns) ? [all, disc] : [all]) {
      part.sum += similarity;
      part.count += 1;
    }
  }
  return { ssim: all.sum / all.count, ssimInDisc: disc.sum / disc.count };
}

/** Mean over the window around each pixel; NaN where the window leaves the slice. */
function windowMeans(columns: number, valueAt: (at: number) => number): Float64Array {
  const reach = (WINDOW - 1) / 2;
  const means = new Float64Array(columns * columns).fill(Number.NaN);
  const columnSums = new Float64Array(columns);
  for (let row = 0; row < columns; row++) {
    for (let column = 0; column < columns; column++) {
      const left = row >= WINDOW ? valueAt((row - WINDOW) * columns + column) : 0;
      columnSums[column] = (columnSums[column] ?? 0) + valueAt(row * columns + column) - left;
    }
    if (row < WINDOW - 1) continue;
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      sum += (columnSums[column] ?? 0) - (columnSums[column - WINDOW] ?? 0);
      if (column < WINDOW - 1) continue;
      means[(row - reach) * columns + column - reach] = sum / WINDOW ** 2;
    }
  }
  return means;
}
