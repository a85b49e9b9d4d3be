import type { FitProblem } from './impedance-problem.ts';

/** What the profile starts from. */
export interface ProfileInput {
  readonly held: readonly boolean[];
  /** Standard deviations in scaled theta: the first guess of an interval's reach. */
  readonly deviations: readonly number[];
  /** Sum of squares at the minimum with the weights in the kernel, and what it is divided by. */
  readonly chiSquare: number;
  readonly freedom: number;
  /** Student's quantile of the interval. */
  readonly quantile: number;
}

/** Of one parameter, in scaled theta; undefined on a side that the data leave open. */
export interface ProfileInterval {
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

/** Local fits per side; the root is found in three or four. */
const FITS_MAX = 10;
const QUANTILE_TOLERANCE = 0.01;
const LOCAL_RUN = { iterationsMax: 60, tolerance: 1e-8 } as const;

/**
 * Intervals by profile likelihood: each free parameter is held at values further and further from
 * its best, all others are fitted anew, until the cost has risen by quantile^2 variances. They are
 * what a curved or open valley really allows, which the curvature at its bottom cannot tell.
 * @returns one per parameter; undefined for held ones
 */
export function profileIntervals(
  problem: FitProblem,
  best: Float64Array,
  input: ProfileInput,
): readonly (ProfileInterval | undefined)[] {
  const intervals = input.held.map((isHeld, p) =>
    isHeld
      ? undefined
      : {
          lower: profileSide(problem, best, input, { p, sign: -1 }),
          upper: profileSide(problem, best, input, { p, sign: 1 }),
        },
  );
  problem.kernel.setLimits(problem.limits);
  return intervals;
}

interface Side {
  readonly p: number;
  readonly sign: 1 | -1;
}

/** Where the root of the rise over the variance reaches the quantile, by the secant method. */
function profileSide(
  problem: FitProblem,
  best: Float64Array,
  { deviations, chiSquare, freedom, quantile }: ProfileInput,
  { p, sign }: Side,
): number | undefined {
  const { lower, upper } = problem.limits;
  const center = best[p] ?? 0;
  const edge = (sign > 0 ? upper[p] : lower[p]) ?? center;
  const room = Math.abs(edge - center);
  const variance = chiSquare / freedom;
  if (!(freedom > 0 && variance > 0)) return undefined;
  let theta = best;
  let [inside, outside] = [0, Number.POSITIVE_INFINITY];
  let [before, riseBefore] = [0, 0];
  let reach = Math.min(quantile * Math.min(deviations[p] ?? 1, 1), room);
  for (let i = 0; i < FITS_MAX; i++) {
    const held = fitHeld(problem, theta, p, center + sign * reach);
    if (!held) return undefined;
    theta = held.theta;
    const rise = Math.sqrt(Math.max(0, held.cost - chiSquare) / variance);
    if (Math.abs(rise - quantile) <= QUANTILE_TOLERANCE * quantile) return center + sign * reach;
    if (rise < quantile) inside = Math.max(inside, reach);
    else outside = Math.min(outside, reach);
    if (rise < quantile && reach >= room) return undefined;
    const slope = (rise - riseBefore) / (reach - before);
    const secant = slope > 0 ? reach + (quantile - rise) / slope : 2 * reach;
    [before, riseBefore] = [reach, rise];
    const isBetween = secant > inside && secant < outside;
    const next = isBetween ? secant : 0.5 * (inside + outside);
    reach = Math.min(Number.isFinite(next) ? Math.min(next, 4 * reach) : 2 * reach, room);
  }
  return undefined;
}

/** The best of all other parameters with one held; undefined when the budget is spent. */
function fitHeld(
  { kernel, limits, budget }: FitProblem,
  start: Float64Array,
  p: number,
  value: number,
): { readonly theta: Float64Array; readonly cost: number } | undefined {
  if (budget.spent()) return undefined;
  const [lower, upper, theta] = [limits.lower, limits.upper, start].map((values) => {
    const changed = Float64Array.from(values);
    changed[p] = value;
    return changed;
  });
  if (!lower || !upper || !theta) return undefined;
  kernel.setLimits({ ...limits, lower, upper });
  const minimum = kernel.minimise(theta, LOCAL_RUN);
  budget.spend(minimum.iterations);
  return minimum.status === 'notFinite' ? undefined : minimum;
}
