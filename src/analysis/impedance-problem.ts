import type { Circuit } from '../domain/circuit.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import {
  FREQUENCIES_MAX,
  type ImpedanceKernel,
  type KernelSpectrum,
  type Prior,
} from '../kernels/impedance-kernel.ts';
import { SearchBudget } from './impedance-budget.ts';
import {
  applyLimits,
  checkLimits,
  fixedFlags,
  limitsExponentUnits,
  type ParameterLimits,
} from './impedance-limits.ts';
import { fittedPoints, perPoint } from './impedance-points.ts';
import { type Scaling, scaledTheta, scalingOf, unscaledTheta } from './impedance-scaling.ts';
import type { LoadedProblem } from './impedance-search.ts';
import { type RelaxationPeak, scaleOf, searchLimits } from './impedance-starts.ts';
import { type WeightOptions, type Weights, weightsOf } from './impedance-weights.ts';

/** The prior's standard deviations against the relative noise of one residual. */
const PRIOR_NOISE = 0.005;
const PRIOR_LOG_DEVIATION = 0.3;
const PRIOR_EXPONENT_DEVIATION = 0.06;

/** A problem in the kernel, scaled, with what it takes to come back to SI units. */
export interface FitProblem extends LoadedProblem {
  readonly scaling: Scaling;
  /** The points in the kernel, from high to low frequency. */
  readonly fitted: readonly ImpedancePoint[];
  /** Where each of them is among the points of the spectrum. */
  readonly fittedIndex: readonly number[];
  /** As in the kernel, before any robust factor. */
  readonly weights: Weights;
  /** Multiplies costs of the scaled problem: ohm^2 for unit weights, 1 for all others. */
  readonly costUnit: number;
  readonly fixed: readonly boolean[];
  /** True when limits were demanded. */
  readonly isLimited: boolean;
  /** True when the weights are reciprocal standard deviations. */
  readonly variancesAreKnown: boolean;
  readonly prior: Prior | undefined;
  /** True when theta of the parameter sits at a bound that was demanded. */
  demanded(name: string, theta: number, parameter: number): boolean;
  toScaled(theta: ArrayLike<number>): Float64Array;
  toUnits(theta: ArrayLike<number>): Float64Array;
  scalePeaks(peaks: readonly RelaxationPeak[]): readonly RelaxationPeak[];
}

export interface ProblemOptions extends WeightOptions, ParameterLimits {
  readonly intervals?: 'curvature' | 'profile';
  /** In SI units. */
  readonly priorTheta?: Float64Array;
  readonly budget: {
    readonly clock: Clock;
    readonly iterationsMax: number;
    readonly timeLimitMs: number;
  };
}

/** Scales a spectrum and puts it into the kernel with its circuit, weights, limits and prior. */
export function loadProblem(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  points: readonly ImpedancePoint[],
  options: ProblemOptions,
): FitProblem {
  checkLimits(circuit, options);
  const { fitted, fittedIndex, sigmaOhm } = pointsToFit(circuit, points, options.sigmaOhm);
  // A Q that is held while its exponent moves has to be held in its own unit.
  const holdsUnits = options.intervals === 'profile' || limitsExponentUnits(circuit, options);
  const scaling = scalingOf(fitted, holdsUnits);
  const ohm = Math.exp(scaling.lnOhm);
  const isUnit = options.weighting === 'unit';
  const inOhm = weightsOf(fitted, { ...options, ...(sigmaOhm && { sigmaOhm }) });
  const weights: Weights = isUnit
    ? inOhm
    : {
        realPerOhm: inOhm.realPerOhm.map((weight) => weight * ohm),
        imagPerOhm: inOhm.imagPerOhm.map((weight) => weight * ohm),
      };
  const spectrum = scaledSpectrum(fitted, scaling, weights);
  kernel.load(circuit, spectrum);
  const scale = scaleOf(spectrum);
  const toScaled = (theta: ArrayLike<number>): Float64Array => scaledTheta(circuit, scaling, theta);
  const limits = applyLimits(circuit, searchLimits(circuit, scale), options, toScaled);
  kernel.setLimits(limits);
  const costScale = relativeCost(spectrum, weights);
  const prior = options.priorTheta && priorAround(circuit, toScaled(options.priorTheta), costScale);
  kernel.setPrior(prior);
  return {
    kernel,
    circuit,
    scale,
    limits,
    points: fitted.length,
    costScale,
    budget: new SearchBudget(options.budget.clock, options.budget),
    scaling,
    fitted,
    fittedIndex,
    weights,
    costUnit: isUnit ? ohm * ohm : 1,
    fixed: fixedFlags(circuit, options),
    isLimited: options.fixed !== undefined || options.bounds !== undefined,
    variancesAreKnown: options.weighting === 'sigma' || options.weighting === 'errorModel',
    prior,
    demanded: (name, theta, p) => {
      const { lower, upper } = options.bounds?.[name] ?? {};
      return (
        (lower !== undefined && theta <= (limits.lower[p] ?? 0)) ||
        (upper !== undefined && theta >= (limits.upper[p] ?? 0))
      );
    },
    toScaled,
    toUnits: (theta) => unscaledTheta(circuit, scaling, theta),
    scalePeaks: (peaks) =>
      peaks.map((peak) => ({
        ...peak,
        resistanceOhm: peak.resistanceOhm / ohm,
        timeConstantSecond: peak.timeConstantSecond * Math.exp(scaling.lnOmega),
      })),
  };
}

/** The spectrum as the kernel is given it: omega and Z over the scaling's. */
export function scaledSpectrum(
  points: readonly ImpedancePoint[],
  { lnOhm, lnOmega }: Scaling,
  weights: Weights,
): KernelSpectrum {
  const [perOhm, perOmega] = [Math.exp(-lnOhm), Math.exp(-lnOmega)];
  return {
    frequencyHertz: perPoint(points, (point) => point.frequencyHertz * perOmega),
    zRealOhm: perPoint(points, (point) => point.zRealOhm * perOhm),
    zImagOhm: perPoint(points, (point) => point.zImagOhm * perOhm),
    weightPerOhm: weights.realPerOhm,
    weightImagPerOhm: weights.imagPerOhm,
  };
}

/** From high to low frequency, so that a spectrum gives the same fit in whatever order it comes. */
function pointsToFit(
  circuit: Circuit,
  points: readonly ImpedancePoint[],
  sigmas: readonly number[] | undefined,
): {
  readonly fitted: readonly ImpedancePoint[];
  readonly fittedIndex: readonly number[];
  readonly sigmaOhm: readonly number[] | undefined;
} {
  const kept = fittedPoints(circuit, points);
  if (kept.length > FREQUENCIES_MAX) {
    const message = `${kept.length} points; at most ${FREQUENCIES_MAX} can be fitted`;
    throw new Fault('capacity', { where: 'spectrum', message });
  }
  if (sigmas && sigmas.length !== points.length) {
    const message = `${sigmas.length} values for ${points.length} points; give one per point, in ohm`;
    throw new Fault('badInput', { where: 'sigma', message });
  }
  const frequencyAt = (index: number): number => points[index]?.frequencyHertz ?? 0;
  const fittedIndex = indicesOf(kept, points).sort((a, b) => frequencyAt(b) - frequencyAt(a));
  const fitted: ImpedancePoint[] = [];
  for (const index of fittedIndex) {
    const point = points[index];
    if (point) fitted.push(point);
  }
  return {
    fitted,
    fittedIndex,
    sigmaOhm: sigmas && fittedIndex.map((index) => sigmas[index] ?? Number.NaN),
  };
}

/** @param kept some of the points, in their order */
function indicesOf(kept: readonly ImpedancePoint[], points: readonly ImpedancePoint[]): number[] {
  const indices: number[] = [];
  points.forEach((point, index) => {
    if (point === kept[indices.length]) indices.push(index);
  });
  return indices;
}

/** Mean of (weight |Z|)^2, half from the real and half from the imaginary weights. */
function relativeCost(spectrum: KernelSpectrum, { realPerOhm, imagPerOhm }: Weights): number {
  const sum = spectrum.zRealOhm.reduce((total, re, k) => {
    const im = spectrum.zImagOhm[k] ?? 0;
    const weight = (realPerOhm[k] ?? 0) ** 2 + (imagPerOhm[k] ?? 0) ** 2;
    return total + 0.5 * weight * (re * re + im * im);
  }, 0);
  return sum / spectrum.zRealOhm.length;
}

function priorAround(circuit: Circuit, mean: Float64Array, costScale: number): Prior {
  const weight = circuit.parameters.map(({ scale }) => {
    const deviation = scale === 'log' ? PRIOR_LOG_DEVIATION : PRIOR_EXPONENT_DEVIATION;
    return costScale * (PRIOR_NOISE / deviation) ** 2;
  });
  return { mean, weight: Float64Array.from(weight) };
}
