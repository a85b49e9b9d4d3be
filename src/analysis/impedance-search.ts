import type { Circuit } from '../domain/circuit.ts';
import type { ImpedanceKernel, Minimum, SearchLimits } from '../kernels/impedance-kernel.ts';
import type { SearchBudget } from './impedance-budget.ts';
import { type SpectrumScale, startTheta } from './impedance-starts.ts';

const STARTS_PER_ROUND = 12;
const ROUNDS_MAX = 12;
/** So many later rounds must lead to the best minimum again before it is believed. */
const CONFIRMATIONS = 2;
/** A circuit that describes the data worse than to 1 % rms has many side minima: look longer. */
const GOOD_CHI_SQUARE_PER_POINT = 1e-4;
const CONFIRMATIONS_WHEN_POOR = 6;
/** So does, less often, one of whose parameters has gone to a bound. */
const CONFIRMATIONS_AT_BOUND = 4;
const SHORT_RUN = { iterationsMax: 12, tolerance: 1e-4 } as const;
const MEDIUM_RUN = { iterationsMax: 60, tolerance: 1e-6 } as const;
const POLISH = { iterationsMax: 600, tolerance: 1e-8, refinements: 5 } as const;
const POLISHED = 3;
/** The budget is looked at after so many iterations, a fraction of a second at the very most. */
const CHUNK_ITERATIONS = 60;
/** Two minima are the same when their costs differ by less than this share, or are rounding. */
const COST_AGREEMENT = 0.01;
const COST_ROUNDING = 1e-16;
/** A warm start that moves a parameter by more than this in ln is not trusted. */
const TRUSTED_MOVE = 1;
const TRUSTED_COST_RATIO = 2;
/** Residuals of 0.1 % are as good as any: growth below that is no reason for distrust. */
const CHI_SQUARE_PER_POINT_FLOOR = 1e-6;

/** A problem loaded into the kernel. */
export interface LoadedProblem {
  readonly kernel: ImpedanceKernel;
  readonly circuit: Circuit;
  readonly scale: SpectrumScale;
  readonly limits: SearchLimits;
  readonly points: number;
  /** Mean of (weight |Z|)^2: what turns a cost per point into a relative misfit. */
  readonly costScale: number;
  readonly budget: SearchBudget;
}

/** An earlier result of the same circuit that a new one should resemble. */
export interface Reference {
  readonly theta: ArrayLike<number>;
  readonly chiSquarePerPoint: number;
}

/** The best of the local searches from the given starts. */
export function polishAll(
  problem: LoadedProblem,
  starts: readonly ArrayLike<number>[],
): readonly Minimum[] {
  return runAll(problem, starts, POLISH);
}

/**
 * The lowest minimum found from no knowledge but the data: rounds of evenly spread starts, each
 * projected on the data and improved a little, the best of all polished. Ends when later
 * rounds have led to the best minimum again and to no better one, or after the last round.
 */
export function searchGlobally(
  problem: LoadedProblem,
  seed: number,
  candidates: readonly ArrayLike<number>[] = [],
): Minimum | undefined {
  let best: Minimum | undefined;
  let confirmations = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (round > 0 && problem.budget.spent()) break;
    const extra = round === 0 ? candidates : [];
    const promising = shortRuns(problem, seed, round, extra).slice(0, POLISHED);
    const [found] = runAll(
      problem,
      promising.map(({ theta }) => theta),
      MEDIUM_RUN,
    );
    if (!found) continue;
    if (best && agree(best, found)) confirmations += 1;
    else if (!best || found.cost < best.cost) confirmations = 0;
    if (!best || found.cost < best.cost) best = found;
    if (confirmations >= confirmationsNeeded(problem, best)) break;
  }
  return best && polishAll(problem, [best.theta])[0];
}

function confirmationsNeeded(problem: LoadedProblem, { theta, chiSquare }: Minimum): number {
  const misfit = chiSquare / problem.points / problem.costScale;
  if (misfit > GOOD_CHI_SQUARE_PER_POINT) return CONFIRMATIONS_WHEN_POOR;
  const hasBound = theta.some((t, p) => isAtBound(problem, t, p) && !isFixed(problem, p));
  return hasBound ? CONFIRMATIONS_AT_BOUND : CONFIRMATIONS;
}

function isFixed({ limits }: LoadedProblem, p: number): boolean {
  return (limits.lower[p] ?? 0) >= (limits.upper[p] ?? 0);
}

function shortRuns(
  problem: LoadedProblem,
  seed: number,
  round: number,
  candidates: readonly ArrayLike<number>[],
): readonly Minimum[] {
  const { kernel, circuit, scale } = problem;
  const spread = Array.from({ length: STARTS_PER_ROUND }, (_, i) =>
    startTheta(circuit, scale, { index: round * STARTS_PER_ROUND + i, seed }),
  );
  const starts = [...candidates, ...spread].map((theta) => kernel.project(theta));
  return runAll(problem, starts, SHORT_RUN);
}

interface Effort {
  readonly iterationsMax: number;
  readonly tolerance: number;
  readonly refinements?: number;
}

/** Local searches from each start, best first. */
function runAll(
  problem: LoadedProblem,
  starts: readonly ArrayLike<number>[],
  effort: Effort,
): readonly Minimum[] {
  return starts
    .map((theta) => runOne(problem, theta, effort))
    .filter((minimum) => minimum.status !== 'notFinite')
    .sort((a, b) => a.cost - b.cost);
}

/** One local search, in pieces between which the budget is looked at. */
function runOne(problem: LoadedProblem, start: ArrayLike<number>, effort: Effort): Minimum {
  const { kernel, budget } = problem;
  let theta = start;
  let iterations = 0;
  for (;;) {
    const left = effort.iterationsMax - iterations;
    const iterationsMax = budget.spent()
      ? 0
      : Math.min(left, CHUNK_ITERATIONS, budget.iterationsLeft);
    const minimum = kernel.minimise(theta, { ...effort, iterationsMax });
    budget.spend(minimum.iterations);
    iterations += minimum.iterations;
    const isOver = minimum.status !== 'iterationLimit' || iterations >= effort.iterationsMax;
    if (isOver || budget.spent()) return { ...minimum, iterations };
    theta = minimum.theta;
  }
}

function agree(a: Minimum, b: Minimum): boolean {
  return Math.abs(a.cost - b.cost) <= COST_AGREEMENT * Math.min(a.cost, b.cost) + COST_ROUNDING;
}

/**
 * Whether a warm-started minimum can stand without a global search: it fits about as well as the
 * reference did, no parameter has moved far, and none has come to a bound.
 */
export function isTrusted(
  problem: LoadedProblem,
  minimum: Minimum,
  reference: Reference | undefined,
): boolean {
  if (!reference || minimum.status !== 'converged') return false;
  const floor = CHI_SQUARE_PER_POINT_FLOOR * problem.costScale;
  const expected = Math.max(reference.chiSquarePerPoint, floor);
  if (minimum.chiSquare / problem.points > TRUSTED_COST_RATIO * expected) return false;
  return minimum.theta.every((t, p) => {
    const before = reference.theta[p] ?? Number.NaN;
    const cameToBound = isAtBound(problem, t, p) && !isAtBound(problem, before, p);
    return Math.abs(t - before) <= TRUSTED_MOVE && !cameToBound;
  });
}

/** True when theta of parameter `p` sits at one of its bounds. */
export function isAtBound(problem: LoadedProblem, theta: number, p: number): boolean {
  const { lower, upper } = problem.limits;
  return theta <= (lower[p] ?? -Infinity) || theta >= (upper[p] ?? Infinity);
}
