/** Small symmetric systems, full rows [n, n]. */

/** A pivot below this share of its diagonal is zero to rounding. */
const PIVOT_SHARE_MIN = 1e-13;

/** Lower triangle of L with L Lᵀ = A (Cholesky); undefined when A is not positive definite. */
export function cholesky(matrix: Float64Array, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let rest = matrix[row * n + column] ?? 0;
      for (let k = 0; k < column; k += 1) {
        rest -= (lower[row * n + k] ?? 0) * (lower[column * n + k] ?? 0);
      }
      if (row === column) {
        if (!(rest > PIVOT_SHARE_MIN * Math.abs(matrix[row * (n + 1)] ?? 0))) return undefined;
        lower[row * (n + 1)] = Math.sqrt(rest);
      } else lower[row * n + column] = rest / (lower[column * (n + 1)] ?? 1);
    }
  }
  return lower;
}

/** Solves A x = b with the factor of A. */
export function solveCholesky(lower: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = Float64Array.from(b);
  for (let row = 0; row < n; row += 1) {
    for (let k = 0; k < row; k += 1)
      x[row] = (x[row] ?? 0) - (lower[row * n + k] ?? 0) * (x[k] ?? 0);
    x[row] = (x[row] ?? 0) / (lower[row * (n + 1)] ?? 1);
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    for (let k = row + 1; k < n; k += 1) {
      x[row] = (x[row] ?? 0) - (lower[k * n + row] ?? 0) * (x[k] ?? 0);
    }
    x[row] = (x[row] ?? 0) / (lower[row * (n + 1)] ?? 1);
  }
  return x;
}

/** The inverse of a positive definite matrix; undefined when it is not. */
export function invertSymmetric(matrix: Float64Array, n: number): Float64Array | undefined {
  const lower = cholesky(matrix, n);
  if (!lower) return undefined;
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column += 1) {
    const unit = new Float64Array(n);
    unit[column] = 1;
    inverse.set(solveCholesky(lower, unit), column * n);
  }
  return inverse;
}
