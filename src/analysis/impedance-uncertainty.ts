/** One standard deviation of each parameter in theta; Infinity where the data do not determine it. */
export function thetaDeviations(
  normal: Float64Array,
  held: readonly boolean[],
  residualVariance: number,
): number[] {
  const n = held.length;
  const free = held.flatMap((isHeld, p) => (isHeld ? [] : [p]));
  const size = free.map((p) => Math.sqrt(normal[p * n + p] ?? 0));
  // Columns are scaled to unit length first, so that the test below sees directions, not units.
  const scaled = free.map((p, i) =>
    free.map((q, j) => (normal[p * n + q] ?? 0) / ((size[i] || 1) * (size[j] || 1))),
  );
  const { values, vectors } = symmetricEigen(scaled);
  const largest = Math.max(...values, 0);
  const deviations = held.map(() => Number.POSITIVE_INFINITY);
  free.forEach((p, i) => {
    let sum = size[i] ? 0 : Number.POSITIVE_INFINITY;
    values.forEach((value, k) => {
      const share = (vectors[i]?.[k] ?? 0) ** 2;
      if (value > RANK_TOLERANCE * largest) sum += share / value;
      else if (share > NULL_SHARE) sum = Number.POSITIVE_INFINITY;
    });
    deviations[p] = Math.sqrt(residualVariance * sum) / (size[i] || 1);
    if (sum === Number.POSITIVE_INFINITY) deviations[p] = sum;
  });
  return deviations;
}

/** Eigenvalues of J'J below this share of the largest are rounding: J has lost rank there. */
const RANK_TOLERANCE = 1e-12;
/** A parameter with more than this share in a lost direction is lost with it. */
const NULL_SHARE = 1e-6;
const SWEEPS_MAX = 30;

/** Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, section 8.5). */
function symmetricEigen(matrix: readonly (readonly number[])[]): {
  readonly values: readonly number[];
  readonly vectors: readonly (readonly number[])[];
} {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = matrix.map((_, i) => matrix.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotated = rotate(a, v, p, q) || rotated;
    }
    if (!rotated) break;
  }
  return { values: a.map((row, i) => row[i] ?? 0), vectors: v };
}

/** Makes a[p][q] zero; false when it is already, to rounding. */
function rotate(a: number[][], v: number[][], p: number, q: number): boolean {
  const [rowP, rowQ] = [a[p], a[q]];
  if (!rowP || !rowQ) return false;
  const [app = 0, apq = 0, aqq = 0] = [rowP[p], rowP[q], rowQ[q]];
  if (Math.abs(apq) <= 1e-16 * Math.sqrt(Math.abs(app * aqq))) return false;
  const theta = (aqq - app) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const rows of [a, v]) {
    for (const row of rows) {
      const [x = 0, y = 0] = [row[p], row[q]];
      row[p] = c * x - s * y;
      row[q] = s * x + c * y;
    }
  }
  for (let k = 0; k < a.length; k++) {
    const [x = 0, y = 0] = [rowP[k], rowQ[k]];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
  return true;
}
