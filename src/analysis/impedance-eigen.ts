/** Eigenvalues, and unit eigenvectors one after another: component i of vector k at k n + i. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

const SWEEPS_MAX = 30;
/** Square of the share of its diagonal below which an element is zero to rounding. */
const ROUNDING_SQUARED = 1e-32;

/**
 * Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, section 8.5).
 * @param matrix full rows [n, n], symmetric; it is overwritten
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * (n + 1)] = 1;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotated = rotate(matrix, vectors, n, p, q) || rotated;
    }
    if (!rotated) break;
  }
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = at(matrix, i * (n + 1));
  return { values, vectors };
}

/** Makes element [p, q] zero; false when it is already, to rounding. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): boolean {
  const [rowP, rowQ] = [p * n, q * n];
  const app = at(a, rowP + p);
  const apq = at(a, rowP + q);
  const aqq = at(a, rowQ + q);
  if (apq * apq <= ROUNDING_SQUARED * Math.abs(app * aqq)) return false;
  const theta = (aqq - app) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(v, rowP + k, rowQ + k, c, s);
  // Of the matrix only the upper triangle is kept.
  for (let k = 0; k < p; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = p + 1; k < q; k++) turn(a, rowP + k, k * n + q, c, s);
  for (let k = q + 1; k < n; k++) turn(a, rowP + k, rowQ + k, c, s);
  a[rowP + p] = app - t * apq;
  a[rowQ + q] = aqq + t * apq;
  a[rowP + q] = 0;
  return true;
}

function turn(values: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = at(values, i);
  const y = at(values, j);
  values[i] = c * x - s * y;
  values[j] = s * x + c * y;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
