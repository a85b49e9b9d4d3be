import { Fault } from '../domain/fault.ts';
import { invertSymmetric } from './symmetric-system.ts';

/** A normalised spectrum as a mixture of standards: XANES by linear combination. */

export interface Curve {
  /** Rising, eV. */
  readonly energy: Float64Array;
  readonly value: Float64Array;
}

export interface CombinationOptions {
  /** eV; from the last point at or below it. */
  readonly from: number;
  readonly to: number;
  /**
   * `sumToOne` removes the last weight; `free` fits every weight on its own, of which the sum then
   * tells of a wrong normalisation, and the shares are the weights over it.
   */
  readonly constraint: 'sumToOne' | 'free';
  /** Weights below 0 are set to 0 and the rest is fitted again. */
  readonly nonNegative: boolean;
}

export interface Combination {
  readonly weights: readonly number[];
  /**
   * Standard errors from the misfit over its degrees of freedom. Neighbouring residuals are alike,
   * so they are lower bounds. Null of a weight that was set to 0.
   */
  readonly errors: readonly (number | null)[];
  readonly sum: number;
  readonly shares: readonly number[];
  readonly points: number;
  /** Σ r², over the number of points and over ε² when ε is the noise. */
  readonly squares: number;
  /** Σ r² / Σ y². */
  readonly rFactor: number;
}

/**
 * min Σ (y - Σ w_k s_k)² on the points of the unknown, standards interpolated by straight lines.
 * @throws Fault badInput for a window or a standard that does not cover it, or standards alike
 */
export function fitCombination(
  unknown: Curve,
  standards: readonly Curve[],
  options: CombinationOptions,
): Combination {
  const { energy, value } = windowed(unknown, options);
  const columns = standards.map((standard, at) => interpolated(standard, energy, at));
  if (columns.length === 0 || energy.length <= columns.length) {
    throw bad(`${energy.length} points cannot tell ${columns.length} standards apart`);
  }
  let used = Array.from(columns.keys());
  for (;;) {
    const fit = solve(value, columns, used, options.constraint);
    const lowest = used.reduce((a, b) => ((fit.weights[b] ?? 0) < (fit.weights[a] ?? 0) ? b : a));
    const isDone = !options.nonNegative || !((fit.weights[lowest] ?? 0) < 0) || used.length === 1;
    if (isDone) return fit;
    used = used.filter((one) => one !== lowest);
  }
}

function solve(
  value: Float64Array,
  columns: readonly Float64Array[],
  used: readonly number[],
  constraint: CombinationOptions['constraint'],
): Combination {
  const last = constraint === 'sumToOne' ? used.at(-1) : undefined;
  const base = last === undefined ? new Float64Array(value.length) : columns[last];
  const free = last === undefined ? used : used.slice(0, -1);
  const basis = free.map((one) =>
    (columns[one] ?? value).map((entry, at) => entry - (base?.[at] ?? 0)),
  );
  const target = value.map((entry, at) => entry - (base?.[at] ?? 0));
  const size = basis.length;
  const normal = Float64Array.from({ length: size * size }, (_, place) =>
    dot(basis[Math.floor(place / size)], basis[place % size]),
  );
  const inverse = invertSymmetric(normal, size);
  if (!inverse) throw bad('two standards are alike within the window');
  const right = basis.map((one) => dot(one, target));
  const fitted = basis.map((_, row) =>
    right.reduce((sum, entry, column) => sum + (inverse[row * size + column] ?? 0) * entry, 0),
  );
  const weights = columns.map(() => 0);
  for (const [at, one] of free.entries()) weights[one] = fitted[at] ?? 0;
  if (last !== undefined) weights[last] = 1 - fitted.reduce((sum, one) => sum + one, 0);
  const residuals = value.map((entry, at) =>
    columns.reduce((rest, column, one) => rest - (weights[one] ?? 0) * (column[at] ?? 0), entry),
  );
  const squares = dot(residuals, residuals);
  const variance = squares / (value.length - size);
  const errors: (number | null)[] = columns.map(() => null);
  for (const [at, one] of free.entries()) {
    errors[one] = Math.sqrt(variance * (inverse[at * (size + 1)] ?? 0));
  }
  // The last weight is 1 minus the others: its variance is the sum of their covariances.
  const whole = inverse.reduce((sum, one) => sum + one, 0);
  if (last !== undefined) errors[last] = Math.sqrt(variance * whole);
  const sum = weights.reduce((total, one) => total + one, 0);
  return {
    weights,
    errors,
    sum,
    shares: weights.map((one) => one / sum),
    points: value.length,
    squares,
    rFactor: squares / dot(value, value),
  };
}

function windowed({ energy, value }: Curve, { from, to }: CombinationOptions): Curve {
  const first = lastAtOrBelow(energy, from);
  const end = lastAtOrBelow(energy, to);
  if (end <= first) throw bad(`no points between ${from} and ${to} eV`);
  return { energy: energy.subarray(first, end + 1), value: value.subarray(first, end + 1) };
}

/** Index of the last energy that is not above the given one; the first when all are. */
function lastAtOrBelow(energy: Float64Array, limit: number): number {
  let at = 0;
  while (at + 1 < energy.length && (energy[at + 1] ?? 0) <= limit) at += 1;
  return at;
}

function interpolated({ energy, value }: Curve, at: Float64Array, number: number): Float64Array {
  const [low = 0, high = 0] = [energy[0], energy.at(-1)];
  const [first = 0, last = 0] = [at[0], at.at(-1)];
  if (first < low || last > high) {
    throw bad(
      `standard ${number + 1} covers ${low} to ${high} eV: expected ${first} to ${last} eV`,
    );
  }
  return at.map((place) => {
    const below = Math.min(lastAtOrBelow(energy, place), energy.length - 2);
    const [x0 = 0, x1 = 0] = [energy[below], energy[below + 1]];
    const [y0 = 0, y1 = 0] = [value[below], value[below + 1]];
    return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0);
  });
}

function dot(a: Float64Array | undefined, b: Float64Array | undefined): number {
  return a?.reduce((sum, one, at) => sum + one * (b?.[at] ?? 0), 0) ?? 0;
}

function bad(message: string): Fault {
  return new Fault('badInput', { where: 'linear combination', message });
}
