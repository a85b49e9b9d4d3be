import type { Estimate } from '../domain/cycling.ts';

/** y = intercept + slope x, by least squares. */
export interface StraightLine {
  readonly slope: number;
  readonly intercept: number;
}

/** Undefined with fewer than two different x. */
export function straightLine(
  xs: readonly number[],
  ys: readonly number[],
): StraightLine | undefined {
  const count = Math.min(xs.length, ys.length);
  if (count < 2) return undefined;
  const xMean = mean(xs);
  const yMean = mean(ys);
  let sxx = 0;
  let sxy = 0;
  for (let at = 0; at < count; at += 1) {
    const dx = (xs[at] ?? 0) - xMean;
    sxx += dx * dx;
    sxy += dx * ((ys[at] ?? 0) - yMean);
  }
  if (!(sxx > 0)) return undefined;
  const slope = sxy / sxx;
  return { slope, intercept: yMean - slope * xMean };
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** NaN of an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median is π/2 less efficient than the mean for normal errors. */
const MEDIAN_ERROR_FACTOR = Math.sqrt(Math.PI / 2);
/** Makes the median distance from the median a standard deviation for normal errors. */
const DEVIATION_FACTOR = 1.4826;

/** Median of repeated values, so that odd ones at the ends of a run do not count for much. */
export function medianEstimate(values: readonly number[]): Estimate | undefined {
  if (values.length === 0) return undefined;
  const value = median(values);
  if (values.length === 1) return { value, standardError: null, count: 1 };
  const deviation = DEVIATION_FACTOR * median(values.map((one) => Math.abs(one - value)));
  const standardError = (MEDIAN_ERROR_FACTOR * deviation) / Math.sqrt(values.length);
  return { value, standardError, count: values.length };
}
