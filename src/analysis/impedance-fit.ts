import type { Circuit } from '../domain/circuit.ts';
import type { CircuitFit, FitParameter } from '../domain/circuit-fit.ts';
import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import { SystemClock } from '../domain/system-clock.ts';
import {
  FREQUENCIES_MAX,
  type ImpedanceKernel,
  type KernelSpectrum,
  type Minimum,
  type Prior,
} from '../kernels/impedance-kernel.ts';
import { orderArcs } from './impedance-arcs.ts';
import { checkPoints, fittedPoints } from './impedance-points.ts';
import {
  isAtBound,
  isTrusted,
  type LoadedProblem,
  polishAll,
  type Reference,
  searchGlobally,
} from './impedance-search.ts';
import { EXPONENT_MAX, scaleOf, searchLimits } from './impedance-starts.ts';
import { thetaDeviations } from './impedance-uncertainty.ts';

/** Of two equal minima the one reached from earlier values stands, so that sequences are smooth. */
const WARM_PREFERENCE = 1 - 1e-4;

/** What is known before the fit. Nothing is needed: without options the search is global. */
export interface FitOptions {
  /** Earlier parameter values, in the circuit's order, to start from. */
  readonly starts?: readonly (readonly number[])[];
  /**
   * An earlier fit that this one should resemble. Without it, or when the result does not, the
   * search is global as well and the better result stands.
   */
  readonly reference?: { readonly values: readonly number[]; readonly chiSquarePerPoint: number };
  /** Holds parameters weakly (a factor 1.35, an exponent 0.06) near these values. */
  readonly priorValues?: readonly number[];
  /** Of the global search's starts. Equal seeds give equal results. */
  readonly seed?: number;
}

const DEFAULT_SEED = 1;
/** The prior's standard deviations against the relative noise of one residual. */
const PRIOR_NOISE = 0.005;
const PRIOR_LOG_DEVIATION = 0.3;
const PRIOR_EXPONENT_DEVIATION = 0.06;
/** Determined: one standard error is less than the value itself, less than 0.2 for exponents. */
const RELATIVE_ERROR_MAX = 1;
const EXPONENT_ERROR_MAX = 0.2;

/**
 * Fits a circuit to a spectrum by least squares with modulus weights.
 * @throws Fault badInput naming the points that cannot be fitted; capacity; analysis
 */
export function fitSpectrum(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  spectrum: Spectrum,
  options: FitOptions = {},
): CircuitFit {
  const clock = new SystemClock();
  checkPoints(circuit, spectrum.points);
  const points = fittedPoints(circuit, spectrum.points);
  const problem = loadProblem(kernel, circuit, points, options);
  const minimum = search(problem, options);
  const theta = orderArcs(circuit, minimum.theta);
  const parameters = describeParameters(problem, theta, minimum);
  const determined = parameters.every(({ identifiable }) => identifiable);
  const settled = determined ? 'converged' : 'notIdentifiable';
  return {
    circuit: circuit.text,
    points: points.length,
    status: minimum.status === 'converged' ? settled : 'failed',
    reason: minimum.status === 'converged' ? 'converged' : 'iterationCap',
    weighting: 'modulus',
    chiSquare: minimum.chiSquare,
    rmsPercent: 100 * Math.sqrt(minimum.chiSquare / points.length),
    parameters,
    arcs: [],
    diagnostics: null,
    validity: null,
    curve: fittedCurve(kernel, circuit, spectrum.points, theta),
    durationMs: clock.nowSecond() * 1000,
  };
}

/** Theta of parameter values: ln p, or p itself for CPE exponents. */
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

function loadProblem(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  points: readonly ImpedancePoint[],
  options: FitOptions,
): LoadedProblem {
  const spectrum = kernelSpectrum(points);
  kernel.load(circuit, spectrum);
  const scale = scaleOf(spectrum);
  const limits = searchLimits(circuit, scale);
  kernel.setLimits(limits);
  if (options.priorValues) {
    kernel.setPrior(priorAround(circuit, thetaOf(circuit, options.priorValues, 'priorValues')));
  }
  return { kernel, circuit, scale, limits, points: points.length };
}

function kernelSpectrum(points: readonly ImpedancePoint[]): KernelSpectrum {
  if (points.length > FREQUENCIES_MAX) {
    const message = `${points.length} points; at most ${FREQUENCIES_MAX} can be fitted`;
    throw new Fault('capacity', { where: 'spectrum', message });
  }
  return {
    frequencyHertz: Float64Array.from(points, (point) => point.frequencyHertz),
    zRealOhm: Float64Array.from(points, (point) => point.zRealOhm),
    zImagOhm: Float64Array.from(points, (point) => point.zImagOhm),
    // |Z| as measured, not as fitted, so that the problem stays plain least squares.
    weightPerOhm: Float64Array.from(points, (p) => 1 / Math.hypot(p.zRealOhm, p.zImagOhm)),
  };
}

function priorAround(circuit: Circuit, mean: Float64Array): Prior {
  const weight = circuit.parameters.map(({ scale }) => {
    const deviation = scale === 'log' ? PRIOR_LOG_DEVIATION : PRIOR_EXPONENT_DEVIATION;
    return (PRIOR_NOISE / deviation) ** 2;
  });
  return { mean, weight: Float64Array.from(weight) };
}

function search(problem: LoadedProblem, options: FitOptions): Minimum {
  const { circuit } = problem;
  const starts = (options.starts ?? []).map((values) => thetaOf(circuit, values, 'starts'));
  const [warm] = polishAll(problem, starts);
  const reference: Reference | undefined = options.reference && {
    theta: thetaOf(circuit, options.reference.values, 'reference'),
    chiSquarePerPoint: options.reference.chiSquarePerPoint,
  };
  if (warm && isTrusted(problem, warm, reference)) return warm;
  const cold = searchGlobally(problem, options.seed ?? DEFAULT_SEED);
  const best = cold && (!warm || cold.cost < warm.cost * WARM_PREFERENCE) ? cold : warm;
  if (best) return best;
  const message = 'no start gives a finite residual; the values are too large or too small to fit';
  throw new Fault('analysis', { where: circuit.text, message });
}

function describeParameters(
  problem: LoadedProblem,
  theta: Float64Array,
  minimum: Minimum,
): FitParameter[] {
  const { kernel, circuit, points } = problem;
  const held = circuit.parameters.map((_, p) => isAtBound(problem, theta[p] ?? 0, p));
  const freedom = 2 * points - held.filter((isHeld) => !isHeld).length;
  const variance = freedom > 0 ? minimum.chiSquare / freedom : Number.POSITIVE_INFINITY;
  const normal = kernel.normalMatrix(theta);
  const deviations = thetaDeviations(normal, held, variance);
  // An exponent of 1 is a pure capacitor, not a failure: how sharply the data say so is what the
  // curvature with that exponent left free tells.
  const leftFree = held.map((isHeld, p) => isHeld && theta[p] !== EXPONENT_MAX);
  const unheld = held.includes(true) ? thetaDeviations(normal, leftFree, variance) : deviations;
  return circuit.parameters.map(({ name, unit, scale }, p) => {
    const t = theta[p] ?? Number.NaN;
    const deviation = (held[p] ? unheld : deviations)[p] ?? Number.POSITIVE_INFINITY;
    const isLog = scale === 'log';
    const value = isLog ? Math.exp(t) : t;
    const identifiable = deviation <= (isLog ? RELATIVE_ERROR_MAX : EXPONENT_ERROR_MAX);
    const error = isLog ? value * deviation : deviation;
    return {
      name,
      value,
      unit,
      standardError: identifiable ? error : null,
      identifiable,
      interval: null,
      state: held[p] ? 'atBound' : 'free',
      priorDominated: false,
    };
  });
}

/** Z of the fit at every measured frequency, also those the fit has not seen. */
function fittedCurve(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  points: readonly ImpedancePoint[],
  theta: Float64Array,
): CircuitFit['curve'] {
  const curve: { zRealOhm: number; zImagOhm: number }[] = [];
  // Points left out of the fit may push the count past what the kernel holds at once.
  for (let from = 0; from < points.length; from += FREQUENCIES_MAX) {
    const part = points.slice(from, from + FREQUENCIES_MAX);
    kernel.load(circuit, kernelSpectrum(part));
    const z = kernel.impedance(theta);
    part.forEach((_, k) => {
      curve.push({ zRealOhm: z[k] ?? 0, zImagOhm: z[k + part.length] ?? 0 });
    });
  }
  return curve;
}
