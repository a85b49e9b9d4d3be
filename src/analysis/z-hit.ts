import type { Spectrum } from '../domain/spectrum.ts';
import { orderedSpectrum } from './kramers-kronig-points.ts';
import { median } from './kramers-kronig-residuals.ts';

/** Fewest different frequencies: a window of the derivative, and a band for the offset. */
export const Z_HIT_POINTS_MIN = 6;

export interface ZHitTest {
  /** From the highest frequency to the lowest. */
  readonly points: readonly ZHitPoint[];
  /**
   * Median over the three slowest points of how far |Z| lies above what the phase foretells, in
   * percent; positive when the impedance grew while it was measured.
   */
  readonly driftPercent: number;
  /** Root mean square of the difference over the band that fixes the offset, in percent. */
  readonly bandPercent: number;
}

export interface ZHitPoint {
  readonly frequencyHertz: number;
  /** |Z| from the phase, in ohm. */
  readonly reconstructedOhm: number;
  /** (|Z| - reconstructed) / reconstructed, in percent; a factor of ten at most is told. */
  readonly differencePercent: number;
}

/** The offset is fitted here, as shares of the logarithmic range above the lowest frequency. */
const BAND_FROM = 0.4;
const BAND_TO = 0.85;
/** Points of the local parabola whose slope is the phase's derivative. */
const WINDOW = 5;
const SLOWEST_POINTS = 3;
const LN_DIFFERENCE_MAX = Math.LN10;

/**
 * Z-HIT (Ehm, Göhr, Kaus, Röseler and Schiller 2000): ln|Z| = const + 2/π ∫ φ d ln ω - π/6 dφ/d ln ω.
 * The phase of a frequency is measured at once and bears drift; |Z| over many frequencies does not.
 * @throws Fault badInput for unusable points or fewer than 6 frequencies
 */
export function testZHit(spectrum: Spectrum): ZHitTest {
  const ordered = orderedSpectrum(spectrum.points, Z_HIT_POINTS_MIN);
  const lnOmega = [...ordered.frequencyHertz].map((f) => Math.log(2 * Math.PI * f));
  const phase = unwrappedPhase(ordered.zRealOhm, ordered.zImagOhm);
  const slope = slopes(lnOmega, phase);
  const shape = phase.map((_, k) => (-Math.PI / 6) * at(slope, k));
  let integral = 0;
  for (let k = 1; k < phase.length; k++) {
    integral += (2 / Math.PI) * segment(lnOmega, phase, slope, k);
    shape[k] = at(shape, k) + integral;
  }
  const lnModulus = [...ordered.modulusOhm].map(Math.log);
  const difference = lnModulus.map((value, k) => value - at(shape, k));
  const band = difference.filter((_, k) => isInBand(lnOmega, k));
  const offset = median(band.length > 0 ? band : difference);
  const points = lnModulus.map((_, k) => ({
    frequencyHertz: at(ordered.frequencyHertz, k),
    reconstructedOhm: Math.exp(at(shape, k) + offset),
    differencePercent: 100 * Math.expm1(bounded(at(difference, k) - offset)),
  }));
  const inBand = points.filter((_, k) => isInBand(lnOmega, k));
  const squared = inBand.reduce((sum, point) => sum + point.differencePercent ** 2, 0);
  return {
    points,
    driftPercent: median(points.slice(-SLOWEST_POINTS).map((point) => point.differencePercent)),
    bandPercent: Math.sqrt(squared / Math.max(inBand.length, 1)),
  };
}

/** ∫ φ d ln ω from point k-1 to point k, by the trapezium rule with its end-slope correction. */
function segment(
  x: readonly number[],
  phase: readonly number[],
  slope: readonly number[],
  k: number,
): number {
  const step = at(x, k) - at(x, k - 1);
  const mean = (at(phase, k) + at(phase, k - 1)) / 2;
  return step * mean - ((step * step) / 12) * (at(slope, k) - at(slope, k - 1));
}

function isInBand(lnOmega: readonly number[], k: number): boolean {
  const lowest = at(lnOmega, lnOmega.length - 1);
  const share = (at(lnOmega, k) - lowest) / (at(lnOmega, 0) - lowest);
  return share >= BAND_FROM && share <= BAND_TO;
}

/** Phase in radian without jumps of a full turn. */
function unwrappedPhase(real: Float64Array, imag: Float64Array): number[] {
  const phase: number[] = [];
  for (const [k, re] of real.entries()) {
    const raw = Math.atan2(at(imag, k), re);
    const before = phase.at(-1) ?? raw;
    phase.push(raw - 2 * Math.PI * Math.round((raw - before) / (2 * Math.PI)));
  }
  return phase;
}

/** dy/dx at every point from a parabola through the points around it, by least squares. */
function slopes(x: readonly number[], y: readonly number[]): number[] {
  const half = WINDOW >> 1;
  return x.map((centre, k) => {
    const first = Math.max(0, Math.min(k - half, x.length - WINDOW));
    const dx = x.slice(first, first + WINDOW).map((value) => value - centre);
    return parabolaSlope(dx, y.slice(first, first + WINDOW));
  });
}

/** Slope at zero of the least-squares parabola; 0 when fewer than three x differ. */
function parabolaSlope(x: readonly number[], y: readonly number[]): number {
  const moment = (power: number): number => x.reduce((sum, value) => sum + value ** power, 0);
  const [s0, s1, s2, s3, s4] = [x.length, moment(1), moment(2), moment(3), moment(4)];
  const product = (power: number): number =>
    x.reduce((sum, value, i) => sum + value ** power * at(y, i), 0);
  const [t0, t1, t2] = [product(0), product(1), product(2)];
  const determinant = (
    a: readonly [number, number, number],
    b: readonly [number, number, number],
    c: readonly [number, number, number],
  ): number =>
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0]);
  const whole = determinant([s0, s1, s2], [s1, s2, s3], [s2, s3, s4]);
  if (!(whole > 1e-12 * s0 * s2 * s4)) return 0;
  return determinant([s0, t0, s2], [s1, t1, s3], [s2, t2, s4]) / whole;
}

function bounded(lnDifference: number): number {
  return Math.max(-LN_DIFFERENCE_MAX, Math.min(LN_DIFFERENCE_MAX, lnDifference));
}

function at(values: ArrayLike<number>, k: number): number {
  return values[k] ?? Number.NaN;
}
