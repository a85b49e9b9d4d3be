import type { Circuit } from '../domain/circuit.ts';
import type { CircuitFit, FitReason } from '../domain/circuit-fit.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import { SystemClock } from '../domain/system-clock.ts';
import type { ImpedanceKernel, Minimum } from '../kernels/impedance-kernel.ts';
import { orderArcs } from './impedance-arcs.ts';
import type { ParameterLimits } from './impedance-limits.ts';
import { arcStarts } from './impedance-peaks.ts';
import { checkPoints } from './impedance-points.ts';
import { type FitProblem, loadProblem } from './impedance-problem.ts';
import { describeFit } from './impedance-report.ts';
import { isTrusted, polishAll, type Reference, searchGlobally } from './impedance-search.ts';
import type { RelaxationPeak } from './impedance-starts.ts';
import { huberFactors, type WeightOptions } from './impedance-weights.ts';

/** Of two equal minima the one reached from earlier values stands, so that sequences are smooth. */
const WARM_PREFERENCE = 1 - 1e-4;
const DEFAULT_SEED = 1;
/** Levenberg-Marquardt iterations over all starts; a search without knowledge takes 500 to 4000. */
export const ITERATIONS_MAX_DEFAULT = 10_000;
/** Hundreds of times what a usual fit takes. */
export const TIME_LIMIT_MS_DEFAULT = 5_000;
/** Residuals of 1e-10 cannot be told from rounding: a search that stalls there has arrived. */
const EXACT_COST_PER_POINT = 1e-20;
const ROBUST_ROUNDS_MAX = 10;
/** Rounds of the robust fit end when no parameter moves by more than this in theta. */
const ROBUST_MOVE = 1e-7;

/**
 * What is known before the fit, as plain data that a worker can be sent. Nothing is needed:
 * without options the search is global and the weights are those of the modulus.
 */
export interface FitOptions extends WeightOptions, ParameterLimits {
  /** Earlier parameter values, in the circuit's order, to start from. */
  readonly starts?: readonly (readonly number[])[];
  /**
   * An earlier fit that this one should resemble. Without it, or when the result does not, the
   * search is global as well and the better result stands.
   */
  readonly reference?: { readonly values: readonly number[]; readonly chiSquarePerPoint: number };
  /** The best that `starts` lead to stands as it is: for callers with a distrust of their own. */
  readonly localOnly?: boolean;
  /** Holds parameters weakly (a factor 1.35, an exponent 0.06) near these values. */
  readonly priorValues?: readonly number[];
  /** Of the global search's starts. Equal seeds give equal results. */
  readonly seed?: number;
  /** Peaks of a distribution of relaxation times: a start for the arcs of the circuit. */
  readonly peaks?: readonly RelaxationPeak[];
  /** Weakens single points that lie far off (Huber's function), at most 10 rounds. */
  readonly robust?: boolean;
  /**
   * Where intervals come from: the curvature at the minimum, or refits with each parameter held
   * off it (profile likelihood), which also tell a valley that is open on one side.
   */
  readonly intervals?: 'curvature' | 'profile';
  readonly iterationsMax?: number;
  readonly timeLimitMs?: number;
  /** Whether to work out the diagnostics; without a prior they are. */
  readonly diagnostics?: boolean;
}

/**
 * Fits a circuit to a spectrum by least squares. The order of the points does not matter.
 * @param clock of the time limit; the result's duration is taken from it too
 * @throws Fault badInput naming the points or options that cannot be used; capacity; analysis
 */
export function fitSpectrum(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  spectrum: Spectrum,
  options: FitOptions = {},
  clock: Clock = new SystemClock(),
): CircuitFit {
  const startSecond = clock.nowSecond();
  checkPoints(circuit, spectrum.points);
  const problem = loadProblem(kernel, circuit, spectrum.points, {
    ...options,
    ...(options.priorValues && {
      priorTheta: thetaOf(circuit, options.priorValues, 'priorValues'),
    }),
    budget: {
      clock,
      iterationsMax: options.iterationsMax ?? ITERATIONS_MAX_DEFAULT,
      timeLimitMs: options.timeLimitMs ?? TIME_LIMIT_MS_DEFAULT,
    },
  });
  const found = keepArcs(problem, search(problem, options));
  const minimum = options.robust ? weakenOutliers(problem, found) : found;
  const theta = problem.isLimited ? minimum.theta : orderArcs(circuit, minimum.theta);
  const described = describeFit(problem, spectrum.points, theta, {
    reason: reasonOf(problem, minimum),
    diagnostics: options.diagnostics ?? options.priorValues === undefined,
    // With a prior the cost is not the data's alone.
    intervals: options.priorValues ? 'curvature' : (options.intervals ?? 'curvature'),
  });
  return {
    ...described,
    weighting: options.weighting ?? 'modulus',
    durationMs: 1000 * (clock.nowSecond() - startSecond),
  };
}

/** Theta of parameter values: ln p, or p itself for exponents. */
export function thetaOf(circuit: Circuit, values: readonly number[], where: string): Float64Array {
  if (values.length !== circuit.parameters.length) {
    const message = `${values.length} values; ${circuit.text} has ${circuit.parameters.length} parameters`;
    throw new Fault('badInput', { where, message });
  }
  return Float64Array.from(circuit.parameters, ({ name, scale }, p) => {
    const value = values[p] ?? Number.NaN;
    if (!(value > 0 && Number.isFinite(value))) {
      const message = `${name} is ${value}; expected a positive number`;
      throw new Fault('badInput', { where, message });
    }
    return scale === 'log' ? Math.log(value) : value;
  });
}

function search(problem: FitProblem, options: FitOptions): Minimum {
  const { circuit } = problem;
  const starts = (options.starts ?? []).map((values) =>
    problem.toScaled(thetaOf(circuit, values, 'starts')),
  );
  const [warm] = polishAll(problem, starts);
  const reference: Reference | undefined = options.reference && {
    theta: problem.toScaled(thetaOf(circuit, options.reference.values, 'reference')),
    chiSquarePerPoint: options.reference.chiSquarePerPoint / problem.costUnit,
  };
  if (warm && (options.localOnly || isTrusted(problem, warm, reference))) return warm;
  if (options.localOnly && starts.length === 0) {
    throw new Fault('badInput', {
      where: 'starts',
      message: 'a local search starts from given values, and none are given',
    });
  }
  const seed = options.seed ?? DEFAULT_SEED;
  const peaks = problem.scalePeaks(options.peaks ?? []);
  const cold = searchGlobally(problem, seed, arcStarts(circuit, problem.scale, peaks));
  const best = cold && (!warm || cold.cost < warm.cost * WARM_PREFERENCE) ? cold : warm;
  if (best) return best;
  const message = 'no start gives a finite residual; the values are too large or too small to fit';
  throw new Fault('analysis', { where: circuit.text, message });
}

/**
 * Who names R1 in a limit means the fast arc. Where arcs have traded places to dodge the limits,
 * the minimum next to where they belong is taken, though it is higher.
 */
function keepArcs(problem: FitProblem, found: Minimum): Minimum {
  if (!problem.isLimited || isOrdered(problem, found)) return found;
  const [kept] = polishAll(problem, [orderArcs(problem.circuit, found.theta)]);
  return kept && isOrdered(problem, kept) ? kept : found;
}

function isOrdered({ circuit }: FitProblem, { theta }: Minimum): boolean {
  return orderArcs(circuit, theta).every((t, p) => t === theta[p]);
}

/** Iteratively reweighted least squares from a minimum of the plain problem. */
function weakenOutliers(problem: FitProblem, start: Minimum): Minimum {
  const { kernel, weights } = problem;
  const count = weights.realPerOhm.length;
  let minimum = start;
  for (let round = 0; round < ROBUST_ROUNDS_MAX; round++) {
    kernel.setWeights(weights.realPerOhm, weights.imagPerOhm);
    const factors = huberFactors(kernel.residuals(minimum.theta));
    kernel.setWeights(
      weights.realPerOhm.map((weight, k) => weight * (factors[k] ?? 1)),
      weights.imagPerOhm.map((weight, k) => weight * (factors[count + k] ?? 1)),
    );
    const [next] = polishAll(problem, [minimum.theta]);
    if (!next) break;
    const before = minimum.theta;
    minimum = next;
    const moved = next.theta.some((t, p) => Math.abs(t - (before[p] ?? t)) > ROBUST_MOVE);
    if (!moved || problem.budget.spent()) break;
  }
  return minimum;
}

function reasonOf(problem: FitProblem, minimum: Minimum): FitReason {
  const spent = problem.budget.spent();
  if (spent) return spent;
  if (minimum.status === 'iterationLimit' || minimum.status === 'notFinite') return 'iterationCap';
  const isExact = minimum.cost <= EXACT_COST_PER_POINT * problem.costScale * problem.points;
  return isExact ? 'converged' : minimum.status;
}
