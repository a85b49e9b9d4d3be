import type { Weighting } from '../domain/circuit-fit.ts';
import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import { modulusOhm, perPoint } from './impedance-points.ts';

/** Variance of a residual, a|Z'| + b|Z"| + c|Z|^2 + d, in ohm^2 (Orazem, Dygas and Breiter). */
export interface ErrorModel {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** What the residuals are multiplied by; the two lists are of the same length as the points. */
export interface Weights {
  readonly realPerOhm: Float64Array;
  readonly imagPerOhm: Float64Array;
}

export interface WeightOptions {
  readonly weighting?: Weighting;
  /**
   * For `sigma`: one standard deviation per point, in ohm, in the order of the points. Left out,
   * the standard errors that the points carry themselves count, each part by its own.
   */
  readonly sigmaOhm?: readonly number[];
  /** For `errorModel`. */
  readonly errorModel?: ErrorModel;
}

/** A real or imaginary part below this share of |Z| has no relative weight of its own. */
const PROPORTIONAL_FLOOR = 1e-3;

/**
 * Weights from the measured values, never from fitted ones, so that the problem stays plain least
 * squares.
 * @throws Fault badInput when what the weighting needs is missing or not positive
 */
export function weightsOf(points: readonly ImpedancePoint[], options: WeightOptions): Weights {
  const weighting = options.weighting ?? 'modulus';
  const same = (of: (point: ImpedancePoint, index: number) => number): Weights => {
    const values = perPoint(points, of);
    return { realPerOhm: values, imagPerOhm: values };
  };
  switch (weighting) {
    case 'modulus':
      return same((point) => 1 / modulusOhm(point));
    case 'unit':
      return same(() => 1);
    case 'proportional':
      return {
        realPerOhm: perPoint(points, (point) => 1 / part(point.zRealOhm, point)),
        imagPerOhm: perPoint(points, (point) => 1 / part(point.zImagOhm, point)),
      };
    case 'sigma': {
      if (!options.sigmaOhm) return ownWeights(points);
      const sigmas = checkedSigmas(points, options.sigmaOhm);
      return same((_, k) => 1 / (sigmas[k] ?? Number.NaN));
    }
    case 'errorModel': {
      const model = options.errorModel;
      if (!model) throw refusal('errorModel', 'its a, b, c and d are missing');
      return same((point, k) => 1 / Math.sqrt(varianceAt(model, point, k)));
    }
    default:
      return weighting satisfies never;
  }
}

function ownWeights(points: readonly ImpedancePoint[]): Weights {
  const missing = points.filter(({ standardErrorOhm }) => !standardErrorOhm);
  const [first] = missing;
  if (first) {
    const found = `${missing.length} of ${points.length} points carry no standard error`;
    const message = `${found}, such as the one at ${first.frequencyHertz} Hz; give one per point, in ohm`;
    throw refusal('sigma', message);
  }
  return {
    realPerOhm: perPoint(points, (point) => 1 / (point.standardErrorOhm?.real ?? 0)),
    imagPerOhm: perPoint(points, (point) => 1 / (point.standardErrorOhm?.imag ?? 0)),
  };
}

function part(value: number, point: ImpedancePoint): number {
  return Math.max(Math.abs(value), PROPORTIONAL_FLOOR * modulusOhm(point));
}

function varianceAt({ a, b, c, d }: ErrorModel, point: ImpedancePoint, index: number): number {
  const { zRealOhm, zImagOhm } = point;
  const variance = a * Math.abs(zRealOhm) + b * Math.abs(zImagOhm) + c * modulusOhm(point) ** 2 + d;
  if (variance > 0 && Number.isFinite(variance)) return variance;
  const where = `errorModel at point ${index + 1}`;
  throw refusal(where, `the variance is ${variance} ohm²; expected a positive number`);
}

function checkedSigmas(
  points: readonly ImpedancePoint[],
  sigmas: readonly number[],
): readonly number[] {
  if (sigmas.length !== points.length) {
    const message = `${sigmas.length} values for ${points.length} points; give one per point, in ohm`;
    throw refusal('sigma', message);
  }
  const bad = sigmas.findIndex((sigma) => !(sigma > 0 && Number.isFinite(sigma)));
  if (bad < 0) return sigmas;
  throw refusal(
    `sigma of point ${bad + 1}`,
    `it is ${sigmas[bad]} ohm; expected a positive number`,
  );
}

function refusal(where: string, message: string): Fault {
  return new Fault('badInput', { where, message });
}

/** Huber's k: 95 % efficient on clean Gaussian data (P. J. Huber, Robust Statistics, 1981). */
const HUBER_K = 1.345;
/** Makes the median of |r| a standard deviation when r is Gaussian. */
const MEDIAN_TO_DEVIATION = 1.4826;

/**
 * Factors on the weights by Huber's function: 1 for residuals within k standard deviations, then
 * falling so that a point's pull no longer grows. The deviation comes from the median.
 * @param residuals real parts, then imaginary parts, weighted without such factors
 */
export function huberFactors(residuals: Float64Array): Float64Array {
  const sizes = residuals.map(Math.abs).sort();
  const deviation = MEDIAN_TO_DEVIATION * (sizes[sizes.length >> 1] ?? 0);
  if (!(deviation > 0)) return residuals.map(() => 1);
  return residuals.map((r) => Math.sqrt(Math.min(1, (HUBER_K * deviation) / Math.abs(r))));
}
