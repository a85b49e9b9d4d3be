/** What a fit says of one of its coefficients. */
export interface FittedCoefficient {
  readonly value: number;
  /** From the scatter of the points around the fit. */
  readonly standardError: number;
}

/** Below this share of the largest pivot the columns say the same twice. */
const PIVOT_SHARE_MIN = 1e-12;

/**
 * Linear least squares with a handful of columns, by the normal equations.
 * @param rows one a point: the value of each basis function there
 * @returns every coefficient; undefined when there are too few points to tell
 */
export function smallLeastSquares(
  rows: readonly (readonly number[])[],
  values: readonly number[],
): readonly FittedCoefficient[] | undefined {
  const size = rows[0]?.length ?? 0;
  const freedom = rows.length - size;
  if (size === 0 || freedom < 1) return undefined;
  const inverse = invert(
    Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (__, j) =>
        rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0),
      ),
    ),
  );
  if (!inverse) return undefined;
  const moments = Array.from({ length: size }, (_, i) =>
    rows.reduce((sum, row, at) => sum + (row[i] ?? 0) * (values[at] ?? 0), 0),
  );
  const coefficients = inverse.map((row) => dot(row, moments));
  const squares = rows.reduce(
    (sum, row, at) => sum + ((values[at] ?? 0) - dot(row, coefficients)) ** 2,
    0,
  );
  return coefficients.map((value, at) => ({
    value,
    standardError: Math.sqrt(Math.max(0, ((inverse[at]?.[at] ?? 0) * squares) / freedom)),
  }));
}

/** Gauss and Jordan with partial pivots. @returns undefined when there is no inverse */
function invert(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length;
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  const largest = Math.max(...matrix.flat().map(Math.abs));
  for (let column = 0; column < size; column += 1) {
    let pivotAt = column;
    for (let at = column + 1; at < size; at += 1) {
      if (Math.abs(work[at]?.[column] ?? 0) > Math.abs(work[pivotAt]?.[column] ?? 0)) pivotAt = at;
    }
    const pivotRow = work[pivotAt];
    const pivot = pivotRow?.[column] ?? 0;
    if (!pivotRow || Math.abs(pivot) < PIVOT_SHARE_MIN * largest) return undefined;
    work[pivotAt] = work[column] ?? pivotRow;
    const scaled = pivotRow.map((value) => value / pivot);
    work[column] = scaled;
    for (let at = 0; at < size; at += 1) {
      const factor = work[at]?.[column] ?? 0;
      if (at === column || factor === 0) continue;
      work[at] = (work[at] ?? []).map((value, j) => value - factor * (scaled[j] ?? 0));
    }
  }
  return work.map((row) => row.slice(size));
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
