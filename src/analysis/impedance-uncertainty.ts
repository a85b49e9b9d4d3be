/** What the curvature of the cost says about the parameters, in theta and for a variance of 1. */
export interface Curvature {
  /** Inverse of the normal matrix [parameter, parameter]; zero where held. */
  readonly covariance: Float64Array;
  /** True where the data say nothing about the parameter; such directions are left out above. */
  readonly lost: readonly boolean[];
  /** Largest over smallest eigenvalue of the normal matrix scaled to a unit diagonal. */
  readonly conditionNumber: number;
  /** Indices of the parameters of the least determined combination, most involved first. */
  readonly weakest: readonly number[];
}

/**
 * Inverts a normal matrix through its eigenvalues.
 * @param normal full rows [parameter, parameter]
 * @param held parameters that do not move: fixed, or at a bound
 */
export function curvatureOf(normal: Float64Array, held: readonly boolean[]): Curvature {
  const n = held.length;
  const free = held.flatMap((isHeld, p) => (isHeld ? [] : [p]));
  const size = free.map((p) => Math.sqrt(normal[p * n + p] ?? 0));
  // Columns are scaled to unit length first, so that the test below sees directions, not units.
  const scaled = free.map((p, i) =>
    free.map((q, j) => (normal[p * n + q] ?? 0) / ((size[i] || 1) * (size[j] || 1))),
  );
  const { values, vectors } = symmetricEigen(scaled);
  const largest = Math.max(...values, 0);
  const floor = RANK_TOLERANCE * largest;
  const covariance = new Float64Array(n * n);
  const lost = held.map(() => false);
  free.forEach((p, i) => {
    free.forEach((q, j) => {
      let sum = 0;
      values.forEach((value, k) => {
        const share = (vectors[i]?.[k] ?? 0) * (vectors[j]?.[k] ?? 0);
        if (value > floor) sum += share / value;
        else if (i === j && share > NULL_SHARE) lost[p] = true;
      });
      covariance[p * n + q] = sum / ((size[i] || 1) * (size[j] || 1));
    });
    if (!size[i]) lost[p] = true;
  });
  return { covariance, lost, ...weakestOf(free, values, vectors) };
}

function weakestOf(
  free: readonly number[],
  values: readonly number[],
  vectors: readonly (readonly number[])[],
): Pick<Curvature, 'conditionNumber' | 'weakest'> {
  if (free.length === 0) return { conditionNumber: 1, weakest: [] };
  const smallest = Math.min(...values);
  const ratio = Math.max(...values) / Math.max(smallest, 0);
  const k = values.indexOf(smallest);
  const shares = free.map((p, i) => ({ p, size: Math.abs(vectors[i]?.[k] ?? 0) }));
  shares.sort((a, b) => b.size - a.size);
  const most = shares[0]?.size ?? 0;
  return {
    conditionNumber: Math.min(Number.isFinite(ratio) ? ratio : CONDITION_MAX, CONDITION_MAX),
    weakest: shares.filter(({ size }) => size >= WEAKEST_SHARE * most).map(({ p }) => p),
  };
}

/** One standard deviation of each parameter in theta; Infinity where the data do not determine it. */
export function thetaDeviations(
  normal: Float64Array,
  held: readonly boolean[],
  residualVariance: number,
): number[] {
  return deviationsOf(curvatureOf(normal, held), held, residualVariance);
}

/** The same from a curvature. */
export function deviationsOf(
  { covariance, lost }: Pick<Curvature, 'covariance' | 'lost'>,
  held: readonly boolean[],
  residualVariance: number,
): number[] {
  return held.map((isHeld, p) => {
    if (isHeld || lost[p]) return Number.POSITIVE_INFINITY;
    return Math.sqrt(residualVariance * (covariance[p * (held.length + 1)] ?? 0));
  });
}

/** 97.5 % points for 1 to 4 degrees of freedom, where the expansion is too coarse. */
const STUDENT_FEW = [12.7062, 4.30265, 3.18245, 2.77645];

/** 97.5 % point of Student's t, by the expansion of Cornish and Fisher. */
export function studentQuantile(degreesOfFreedom: number): number {
  if (degreesOfFreedom < 1) return Number.POSITIVE_INFINITY;
  const few = STUDENT_FEW[Math.floor(degreesOfFreedom) - 1];
  if (few !== undefined) return few;
  const z = 1.959963984540054;
  const v = degreesOfFreedom;
  const z3 = z ** 3;
  const z5 = z ** 5;
  return (
    z +
    (z3 + z) / (4 * v) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v ** 3)
  );
}

/** Beyond this a condition number is rounding. */
const CONDITION_MAX = 1e16;
/** Parameters with at least this share of the largest belong to the weakest combination. */
const WEAKEST_SHARE = 0.3;
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
