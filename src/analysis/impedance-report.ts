import type { CircuitFit, FitDiagnostics, FitParameter, FitReason } from '../domain/circuit-fit.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import { FREQUENCIES_MAX } from '../kernels/impedance-kernel.ts';
import { describeArcs } from './impedance-arcs.ts';
import { type FitProblem, scaledSpectrum } from './impedance-problem.ts';
import { type ProfileInterval, profileIntervals } from './impedance-profile.ts';
import { unscaleCovariance } from './impedance-scaling.ts';
import { isAtBound } from './impedance-search.ts';
import {
  type Curvature,
  curvatureOf,
  deviationsOf,
  studentQuantile,
} from './impedance-uncertainty.ts';

/** Determined: one standard error is less than the value itself, less than 0.2 for exponents. */
const RELATIVE_ERROR_MAX = 1;
const EXPONENT_ERROR_MAX = 0.2;
/** A parameter whose deviation the data have not narrowed to this share still is the prior's. */
const PRIOR_SHARE = 0.7;

/**
 * Everything a fit says about itself, from the scaled theta at its minimum. The kernel holds the
 * problem with its last weights; afterwards it may hold some part of the spectrum for the curve.
 */
export function describeFit(
  problem: FitProblem,
  points: readonly ImpedancePoint[],
  theta: Float64Array,
  options: {
    readonly reason: FitReason;
    readonly diagnostics: boolean;
    readonly intervals: 'curvature' | 'profile';
  },
): Omit<CircuitFit, 'weighting' | 'durationMs'> {
  const { circuit, kernel, weights, fitted, costUnit } = problem;
  const { normal, chiSquare: robustChi } = kernel.linearise(theta);
  const held = circuit.parameters.map(
    (_, p) => problem.fixed[p] === true || isAtBound(problem, theta[p] ?? Number.NaN, p),
  );
  const curvature = curvatureOf(normal, held);
  const statistics = { normal, held, curvature, chiSquare: robustChi };
  const profile =
    options.intervals === 'profile' ? profiled(problem, theta, statistics) : undefined;
  kernel.setWeights(weights.realPerOhm, weights.imagPerOhm);
  const { impedance: z, chiSquare: chi } = kernel.evaluate(theta);
  const parameters = describeParameters(problem, theta, statistics, profile);
  const determined = parameters.every(({ identifiable }) => identifiable);
  const settled = determined ? 'converged' : 'notIdentifiable';
  return {
    circuit: circuit.text,
    points: fitted.length,
    status: options.reason === 'converged' ? settled : 'failed',
    reason: options.reason,
    chiSquare: chi * costUnit,
    rmsPercent: rmsPercent(problem, z),
    parameters,
    arcs: describeArcs(circuit, parameters),
    diagnostics: options.diagnostics ? diagnose(problem, curvature, held, chi * costUnit) : null,
    validity: null,
    curve: fittedCurve(problem, points, theta, z),
  };
}

interface Statistics {
  readonly normal: Float64Array;
  readonly held: readonly boolean[];
  readonly curvature: Curvature;
  readonly chiSquare: number;
}

function describeParameters(
  problem: FitProblem,
  theta: Float64Array,
  statistics: Statistics,
  profile: readonly (ProfileInterval | undefined)[] | undefined,
): FitParameter[] {
  const { circuit, fixed } = problem;
  const { held } = statistics;
  const freedom = freedomOf(problem, held);
  const deviations = parameterDeviations(problem, theta, statistics, freedom);
  const values = problem.toUnits(theta);
  const dominated = priorDominated(problem, statistics);
  const quantile = studentQuantile(freedom);
  return circuit.parameters.map(({ name, unit, scale, exponentMax }, p) => {
    const t = values[p] ?? Number.NaN;
    const deviation = deviations[p] ?? Number.POSITIVE_INFINITY;
    const isLog = scale === 'log';
    const value = isLog ? Math.exp(t) : t;
    const isFixed = fixed[p] === true;
    const identifiable = isFixed || deviation <= (isLog ? RELATIVE_ERROR_MAX : EXPONENT_ERROR_MAX);
    const hasError = identifiable && !isFixed;
    const reach = quantile * deviation;
    const shift = t - (theta[p] ?? 0);
    const [from, to] = profile
      ? [shift + (profile[p]?.lower ?? Number.NaN), shift + (profile[p]?.upper ?? Number.NaN)]
      : [t - reach, t + reach];
    const interval = isLog
      ? { lower: Math.exp(from), upper: Math.exp(to) }
      : { lower: Math.max(0, from), upper: Math.min(exponentMax, to) };
    const isInterval = Number.isFinite(interval.lower) && Number.isFinite(interval.upper);
    return {
      name,
      value,
      unit,
      standardError: hasError ? (isLog ? value * deviation : deviation) : null,
      identifiable,
      interval: hasError && !held[p] && isInterval ? interval : null,
      state: isFixed ? 'fixed' : held[p] ? 'atBound' : 'free',
      priorDominated: dominated[p] === true,
    };
  });
}

function freedomOf(problem: FitProblem, held: readonly boolean[]): number {
  return 2 * problem.points - held.filter((isHeld) => !isHeld).length;
}

/** Undefined when a cap ended it half way: then the curvature has to do. */
function profiled(
  problem: FitProblem,
  theta: Float64Array,
  { held, curvature, chiSquare }: Statistics,
): readonly (ProfileInterval | undefined)[] | undefined {
  const freedom = freedomOf(problem, held);
  const intervals = profileIntervals(problem, theta, {
    held,
    deviations: deviationsOf(curvature, held, chiSquare / freedom),
    chiSquare,
    freedom,
    quantile: studentQuantile(freedom),
  });
  return problem.budget.spent() ? undefined : intervals;
}

/** Standard deviations of theta in SI units; Infinity where the data do not determine it. */
function parameterDeviations(
  problem: FitProblem,
  theta: Float64Array,
  { normal, held, curvature, chiSquare }: Statistics,
  freedom: number,
): readonly number[] {
  const variance = freedom > 0 ? chiSquare / freedom : Number.POSITIVE_INFINITY;
  const deviations = unscaledDeviations(problem, curvature, held, variance);
  // An exponent of 1 is a pure capacitor, and a demanded bound is a choice, not a failure: how
  // sharply the data speak there is what the curvature with that parameter left free tells.
  const leftFree = held.map((isHeld, p) => isHeld && !isMeantBound(problem, theta[p] ?? 0, p));
  if (leftFree.every((isHeld, p) => isHeld === held[p])) return deviations;
  const unheld = unscaledDeviations(problem, curvatureOf(normal, leftFree), leftFree, variance);
  return deviations.map((deviation, p) => (held[p] ? (unheld[p] ?? deviation) : deviation));
}

function isMeantBound(problem: FitProblem, theta: number, p: number): boolean {
  const parameter = problem.circuit.parameters[p];
  if (!parameter || problem.fixed[p]) return false;
  if (parameter.scale === 'exponent' && theta >= parameter.exponentMax) return true;
  return problem.demanded(parameter.name, theta, p);
}

function unscaledDeviations(
  { circuit, scaling }: FitProblem,
  { covariance, lost }: Curvature,
  held: readonly boolean[],
  variance: number,
): number[] {
  const inUnits = Float64Array.from(covariance);
  unscaleCovariance(circuit, scaling, inUnits);
  const lostToo = lost.map(
    (isLost, p) =>
      isLost || (circuit.parameters[p]?.unit.includes('n') === true && lost[p + 1] === true),
  );
  return deviationsOf({ covariance: inUnits, lost: lostToo }, held, variance);
}

/** Posterior against prior deviation; the noise, which both are measured in, cancels. */
function priorDominated(problem: FitProblem, { normal, held }: Statistics): readonly boolean[] {
  const { prior } = problem;
  if (!prior) return held.map(() => false);
  const n = held.length;
  const posterior = Float64Array.from(normal);
  prior.weight.forEach((weight, p) => {
    posterior[p * (n + 1)] = (posterior[p * (n + 1)] ?? 0) + weight;
  });
  const { covariance } = curvatureOf(posterior, held);
  return held.map((isHeld, p) => {
    const variance = (covariance[p * (n + 1)] ?? 0) * (prior.weight[p] ?? 0);
    return !isHeld && Math.sqrt(variance) > PRIOR_SHARE;
  });
}

function diagnose(
  problem: FitProblem,
  curvature: Curvature,
  held: readonly boolean[],
  chiSquare: number,
): FitDiagnostics {
  const { circuit, scaling } = problem;
  const n = held.length;
  const free = held.flatMap((isHeld, p) => (isHeld ? [] : [p]));
  const covariance = Float64Array.from(curvature.covariance);
  unscaleCovariance(circuit, scaling, covariance);
  const deviation = (p: number): number => Math.sqrt(covariance[p * (n + 1)] ?? 0) || 1;
  const nameOf = (p: number): string => circuit.parameters[p]?.name ?? '';
  return {
    correlated: free.map(nameOf),
    correlation: free.map((p) =>
      free.map((q) => (p === q ? 1 : (covariance[p * n + q] ?? 0) / deviation(p) / deviation(q))),
    ),
    ...informationCriteria(problem, chiSquare, free.length),
    conditionNumber: curvature.conditionNumber,
    weakest: curvature.weakest.map(nameOf),
  };
}

/**
 * Akaike's and Schwarz's criteria over the 2N numbers of a spectrum: with a variance that the fit
 * itself has to estimate, but for weights that state the variance.
 */
function informationCriteria(
  problem: FitProblem,
  chiSquare: number,
  parameters: number,
): Pick<FitDiagnostics, 'aic' | 'bic'> {
  const count = 2 * problem.points;
  // Rounding alone leaves 1e-30 per number; a perfect fit would have no logarithm.
  const deviance = problem.variancesAreKnown
    ? chiSquare
    : count * Math.log(Math.max(chiSquare / count, Number.MIN_VALUE));
  return {
    aic: deviance + 2 * parameters,
    bic: deviance + Math.log(count) * parameters,
  };
}

/**
 * Over the fitted points, whatever the weights of the fit.
 * @param z of the fit at the fitted points, scaled
 */
function rmsPercent({ fitted, scaling }: FitProblem, z: Float64Array): number {
  const ohm = Math.exp(scaling.lnOhm);
  const sum = fitted.reduce((total, { zRealOhm, zImagOhm }, k) => {
    const re = (z[k] ?? 0) * ohm - zRealOhm;
    const im = (z[k + fitted.length] ?? 0) * ohm - zImagOhm;
    return total + (re * re + im * im) / (zRealOhm * zRealOhm + zImagOhm * zImagOhm);
  }, 0);
  return 100 * Math.sqrt(sum / fitted.length);
}

/**
 * Z of the fit at every measured frequency. Only for those that the fit has not seen it is
 * evaluated again.
 * @param fittedZ of the fit at the fitted points, scaled
 */
function fittedCurve(
  { kernel, circuit, scaling, fittedIndex }: FitProblem,
  points: readonly ImpedancePoint[],
  theta: Float64Array,
  fittedZ: Float64Array,
): CircuitFit['curve'] {
  const ohm = Math.exp(scaling.lnOhm);
  const curve: CircuitFit['curve'][number][] = Array(points.length);
  const place = (indices: readonly number[], z: Float64Array): void =>
    indices.forEach((index, k) => {
      const [re, im] = [z[k] ?? 0, z[k + indices.length] ?? 0];
      curve[index] = { zRealOhm: re * ohm, zImagOhm: im * ohm };
    });
  place(fittedIndex, fittedZ);
  if (fittedIndex.length === points.length) return curve;
  const seen = new Set(fittedIndex);
  const rest = points.flatMap((_, index) => (seen.has(index) ? [] : [index]));
  // There may be more of them than the kernel holds at once.
  for (let from = 0; from < rest.length; from += FREQUENCIES_MAX) {
    const indices = rest.slice(from, from + FREQUENCIES_MAX);
    const part = indices.flatMap((index) => points[index] ?? []);
    const none = new Float64Array(part.length);
    kernel.load(circuit, scaledSpectrum(part, scaling, { realPerOhm: none, imagPerOhm: none }));
    place(indices, kernel.impedance(theta));
  }
  return curve;
}
