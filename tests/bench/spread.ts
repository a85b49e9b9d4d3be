/** Several measurements of one quantity. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** @throws RangeError when there is nothing to summarise */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const [min, max] = [sorted[0], sorted[n - 1]];
  if (min === undefined || max === undefined) throw new RangeError('no values');
  const lower = sorted[(n - 1) >> 1] ?? min;
  const upper = sorted[n >> 1] ?? max;
  return { median: (lower + upper) / 2, min, max, n };
}
