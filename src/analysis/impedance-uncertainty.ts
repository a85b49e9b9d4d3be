import { type Eigen, symmetricEigen } from './impedance-eigen.ts';

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
  const size = Float64Array.from(free, (p) => Math.sqrt(normal[p * (n + 1)] ?? 0));
  const eigen = symmetricEigen(unitDiagonal(normal, n, free, size), free.length);
  const floor = RANK_TOLERANCE * largestOf(eigen.values);
  const inverse = inverseAbove(floor, eigen);
  const covariance = new Float64Array(n * n);
  const lost = held.map(() => false);
  free.forEach((p, i) => {
    for (let j = 0; j < free.length; j++) {
      const units = (size[i] || 1) * (size[j] || 1);
      covariance[p * n + (free[j] ?? 0)] = (inverse[i * free.length + j] ?? 0) / units;
    }
    lost[p] = !size[i] || isInNullSpace(i, floor, eigen);
  });
  return { covariance, lost, ...weakestOf(free, eigen) };
}

/** Scales columns to unit length, so that what follows sees directions, not units. */
function unitDiagonal(
  normal: Float64Array,
  n: number,
  free: readonly number[],
  size: Float64Array,
): Float64Array {
  const scaled = new Float64Array(free.length ** 2);
  free.forEach((p, i) => {
    for (let j = 0; j < free.length; j++) {
      const units = (size[i] || 1) * (size[j] || 1);
      scaled[i * free.length + j] = (normal[p * n + (free[j] ?? 0)] ?? 0) / units;
    }
  });
  return scaled;
}

/** The inverse on the directions whose eigenvalue is above `floor`. */
function inverseAbove(floor: number, { values, vectors }: Eigen): Float64Array {
  const n = values.length;
  const inverse = new Float64Array(n * n);
  const divided = vectors.map((component, at) => {
    const value = values[Math.floor(at / n)] ?? 0;
    return value > floor ? component / value : 0;
  });
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (vectors[k * n + i] ?? 0) * (divided[k * n + j] ?? 0);
      inverse[i * n + j] = inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

function isInNullSpace(i: number, floor: number, { values, vectors }: Eigen): boolean {
  return values.some(
    (value, k) => !(value > floor) && (vectors[k * values.length + i] ?? 0) ** 2 > NULL_SHARE,
  );
}

function largestOf(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, value), 0);
}

function weakestOf(
  free: readonly number[],
  { values, vectors }: Eigen,
): Pick<Curvature, 'conditionNumber' | 'weakest'> {
  if (free.length === 0) return { conditionNumber: 1, weakest: [] };
  const k = values.reduce((low, value, i) => (value < (values[low] ?? 0) ? i : low), 0);
  const ratio = largestOf(values) / Math.max(values[k] ?? 0, 0);
  const shares = free.map((p, i) => ({ p, size: Math.abs(vectors[k * free.length + i] ?? 0) }));
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
