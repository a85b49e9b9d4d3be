import type { Circuit } from '../domain/circuit.ts';
import type { CircuitFit, FitParameter, FitReason } from '../domain/circuit-fit.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import { SystemClock } from '../domain/system-clock.ts';
import type { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { fitSequence } from './impedance-batch.ts';
import { thetaOf } from './impedance-fit.ts';
import { GlobalProblem } from './impedance-global-problem.ts';
import { describeTogether } from './impedance-global-report.ts';
import { scaledTheta } from './impedance-scaling.ts';

/** The most spectra that are fitted together. */
export const GLOBAL_SPECTRA_MAX = 500;
const ITERATIONS_MAX_DEFAULT = 200;
const TIME_LIMIT_MS_DEFAULT = 60_000;

export interface GlobalFitOptions {
  /** Names of the parameters that all spectra have in common: `R0`, `CPE1.n`. At least one. */
  readonly shared: readonly string[];
  /**
   * Holds the parameters of each spectrum's own near a smooth course: their second difference in
   * ln p along the sequence is expected to be about this large (an exponent's a fifth of it)
   * where residuals are 0.5 %. Leave it out for spectra that are no sequence.
   */
  readonly secondDifference?: number;
  readonly iterationsMax?: number;
  readonly timeLimitMs?: number;
}

/** Spectra fitted together, with modulus weights. */
export interface GlobalFit {
  /** The common parameters, each once. */
  readonly shared: readonly FitParameter[];
  /** One per spectrum, in their order; each carries the common parameters as well. */
  readonly fits: readonly CircuitFit[];
  readonly reason: FitReason;
  readonly iterations: number;
  /** Over all spectra, without the smoothness. */
  readonly chiSquare: number;
  readonly durationMs: number;
}

/**
 * Fits one circuit to many spectra at once, some parameters equal in all of them and the others
 * each spectrum's own, by Levenberg-Marquardt on block-arrow normal equations. It starts from the
 * fits of the single spectra.
 * @throws Fault badInput for a name that is no parameter, or spectra that cannot be fitted singly;
 * capacity for too many spectra
 */
export function fitTogether(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  spectra: readonly Spectrum[],
  options: GlobalFitOptions,
  clock: Clock = new SystemClock(),
): GlobalFit {
  const startSecond = clock.nowSecond();
  checkRequest(circuit, spectra, options);
  const problem = new GlobalProblem(kernel, circuit, spectra, {
    shared: options.shared,
    secondDifference: options.secondDifference,
  });
  const budget: Budget = {
    iterationsMax: options.iterationsMax ?? ITERATIONS_MAX_DEFAULT,
    isLate: () =>
      1000 * (clock.nowSecond() - startSecond) > (options.timeLimitMs ?? TIME_LIMIT_MS_DEFAULT),
  };
  const found = minimise(problem, startOf(problem, kernel, spectra), budget);
  const described = describeTogether(problem, spectra, found.thetas, found.reason);
  const durationMs = 1000 * (clock.nowSecond() - startSecond);
  return { ...described, reason: found.reason, iterations: found.iterations, durationMs };
}

function checkRequest(
  circuit: Circuit,
  spectra: readonly Spectrum[],
  { shared, secondDifference }: GlobalFitOptions,
): void {
  if (spectra.length > GLOBAL_SPECTRA_MAX) {
    const message = `${spectra.length} spectra; at most ${GLOBAL_SPECTRA_MAX} are fitted together`;
    throw new Fault('capacity', { where: 'spectra', message });
  }
  const names = circuit.parameters.map(({ name }) => name);
  const problems: Problem[] = shared
    .filter((name) => !names.includes(name))
    .map((name) => ({
      where: `shared ${name}`,
      message: `${circuit.text} has no parameter of that name; expected one of ${names.join(', ')}`,
    }));
  if (shared.length === 0) {
    problems.push({ where: 'shared', message: 'no name; what have the spectra in common?' });
  }
  if (spectra.length === 0) problems.push({ where: 'spectra', message: 'there are none' });
  if (secondDifference !== undefined && !(secondDifference > 0)) {
    const message = `${secondDifference}; expected a number greater than 0`;
    problems.push({ where: 'secondDifference', message });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}

/** Each spectrum's own fit, with the median over the spectra for what they share. */
function startOf(
  problem: GlobalProblem,
  kernel: ImpedanceKernel,
  spectra: readonly Spectrum[],
): Float64Array[] {
  const { circuit, scaling, sharedIndices } = problem;
  const problems: Problem[] = [];
  const thetas: Float64Array[] = [];
  for (const [index, result] of fitSequence(kernel, circuit, spectra).entries()) {
    if (result.fit) {
      const values = result.fit.parameters.map(({ value }) => value);
      thetas.push(scaledTheta(circuit, scaling, thetaOf(circuit, values, 'start')));
    } else {
      const where = `spectrum ${index + 1}`;
      problems.push(
        ...result.fault.problems.map((one) => ({ ...one, where: `${where}, ${one.where}` })),
      );
    }
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  for (const p of sharedIndices) {
    const middle = median(thetas.map((theta) => theta[p] ?? Number.NaN));
    for (const theta of thetas) theta[p] = middle;
  }
  return thetas.map((theta, k) => clamped(problem, k, theta));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

interface Budget {
  readonly iterationsMax: number;
  readonly isLate: () => boolean;
}

interface Found {
  readonly thetas: readonly Float64Array[];
  readonly reason: FitReason;
  readonly iterations: number;
}

const DAMPING_START = 1e-3;
const DAMPING_MIN = 1e-12;
/** With so much damping no step of any length helps. */
const DAMPING_MAX = 1e12;
/** Two gains in a row below this share of the cost end the search. */
const GAIN_MIN = 1e-9;

function minimise(problem: GlobalProblem, start: readonly Float64Array[], budget: Budget): Found {
  let thetas = start;
  let cost = problem.cost(thetas);
  let damping = DAMPING_START;
  let small = 0;
  for (let iterations = 0; ; iterations++) {
    if (iterations >= budget.iterationsMax) return { thetas, reason: 'iterationCap', iterations };
    if (budget.isLate()) return { thetas, reason: 'timeCap', iterations };
    const step = dampedStep(problem, thetas, damping);
    const next = step && moved(problem, thetas, step);
    const nextCost = next ? problem.cost(next) : Number.NaN;
    if (next && nextCost <= cost) {
      small = cost - nextCost <= GAIN_MIN * cost ? small + 1 : 0;
      [thetas, cost] = [next, nextCost];
      damping = Math.max(damping / 5, DAMPING_MIN);
      if (small >= 2) return { thetas, reason: 'converged', iterations: iterations + 1 };
    } else {
      // At a minimum to rounding a step may gain nothing at all.
      if (step && isNegligible(step)) return { thetas, reason: 'converged', iterations };
      damping *= 4;
      if (damping > DAMPING_MAX) return { thetas, reason: 'stalled', iterations };
    }
  }
}

interface Step {
  readonly local: Float64Array;
  readonly shared: Float64Array;
}

function dampedStep(
  problem: GlobalProblem,
  thetas: readonly Float64Array[],
  damping: number,
): Step | undefined {
  const system = problem.assemble(thetas);
  system.damp(damping);
  return system.factor()?.solve();
}

const NEGLIGIBLE_MOVE = 1e-9;

function isNegligible({ local, shared }: Step): boolean {
  const isSmall = (value: number): boolean => Math.abs(value) < NEGLIGIBLE_MOVE;
  return local.every(isSmall) && shared.every(isSmall);
}

function moved(
  problem: GlobalProblem,
  thetas: readonly Float64Array[],
  { local, shared }: Step,
): Float64Array[] {
  const { localIndices, sharedIndices, sites } = problem;
  return thetas.map((theta, k) => {
    const next = Float64Array.from(theta);
    const stepMax = sites[k]?.limits.stepMax ?? [];
    const add = (p: number, value: number): void => {
      const most = stepMax[p] ?? Infinity;
      next[p] = (next[p] ?? 0) + Math.min(Math.max(value, -most), most);
    };
    localIndices.forEach((p, i) => {
      add(p, local[k * localIndices.length + i] ?? 0);
    });
    sharedIndices.forEach((p, s) => {
      add(p, shared[s] ?? 0);
    });
    return clamped(problem, k, next);
  });
}

function clamped(problem: GlobalProblem, site: number, theta: Float64Array): Float64Array {
  const { lower, upper } = problem.sites[site]?.limits ?? { lower: [], upper: [] };
  return theta.map((t, p) => Math.min(Math.max(t, lower[p] ?? -Infinity), upper[p] ?? Infinity));
}
