import type { Circuit } from '../domain/circuit.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import { modulusOhm } from './impedance-points.ts';

/**
 * The search works on Z and omega divided by their geometric means, so that a spectrum of
 * milliohms in hours and one of megohms in microseconds are the same problem. It also takes the
 * admittance of a CPE where the data are instead of at 1 rad/s, where it correlates with its
 * exponent at up to -0.996.
 */
export interface Scaling {
  readonly lnOhm: number;
  /** ln of the angular frequency that becomes 1. */
  readonly lnOmega: number;
}

/** @param keepFrequency leaves frequencies as they are, so that bounds on Q stay bounds on Q. */
export function scalingOf(points: readonly ImpedancePoint[], keepFrequency: boolean): Scaling {
  const mean = (of: (point: ImpedancePoint) => number): number =>
    points.reduce((sum, point) => sum + Math.log(of(point)), 0) / points.length;
  return {
    lnOhm: mean(modulusOhm),
    lnOmega: keepFrequency ? 0 : mean(({ frequencyHertz }) => 2 * Math.PI * frequencyHertz),
  };
}

/** Theta of the scaled problem from theta in SI units. */
export function scaledTheta(
  circuit: Circuit,
  scaling: Scaling,
  theta: ArrayLike<number>,
): Float64Array {
  return shifted(circuit, scaling, theta, 1);
}

/** Theta in SI units from theta of the scaled problem. */
export function unscaledTheta(
  circuit: Circuit,
  scaling: Scaling,
  theta: ArrayLike<number>,
): Float64Array {
  return shifted(circuit, scaling, theta, -1);
}

function shifted(
  circuit: Circuit,
  { lnOhm, lnOmega }: Scaling,
  theta: ArrayLike<number>,
  sign: 1 | -1,
): Float64Array {
  const result = new Float64Array(circuit.parameters.length);
  circuit.parameters.forEach(({ unit, scale, impedancePower }, p) => {
    const t = theta[p] ?? Number.NaN;
    const omegaPower = isOfExponent(unit) ? (theta[p + 1] ?? Number.NaN) : omegaPowerOf(unit);
    const shift = sign * (omegaPower * lnOmega - impedancePower * lnOhm);
    result[p] = scale === 'exponent' ? t : t + shift;
  });
  return result;
}

/** True for quantities whose unit depends on the exponent, which is the next parameter. */
export function isOfExponent(unit: string): boolean {
  return unit === 'S s^n' || unit === 'H s^(n-1)';
}

function omegaPowerOf(unit: string): number {
  if (unit === 'ohm') return 0;
  return unit === 'ohm s^-1/2' ? -0.5 : 1;
}

/** Turns a covariance [parameter, parameter] of the scaled theta into that of theta, in place. */
export function unscaleCovariance(
  circuit: Circuit,
  { lnOmega }: Scaling,
  covariance: Float64Array,
): void {
  const n = circuit.parameters.length;
  circuit.parameters.forEach(({ unit }, p) => {
    if (!isOfExponent(unit)) return;
    // ln Q = ln Q' - n ln omega
    for (let q = 0; q < n; q++) {
      covariance[p * n + q] =
        (covariance[p * n + q] ?? 0) - lnOmega * (covariance[(p + 1) * n + q] ?? 0);
    }
    for (let q = 0; q < n; q++) {
      covariance[q * n + p] =
        (covariance[q * n + p] ?? 0) - lnOmega * (covariance[q * n + p + 1] ?? 0);
    }
  });
}
