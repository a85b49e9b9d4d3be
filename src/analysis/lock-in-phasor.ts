import type { Phasor } from '../kernels/lock-in-triangle.ts';

/** Arithmetic of complex amplitudes. */

export function magnitude({ re, im }: Phasor): number {
  return Math.hypot(re, im);
}

export function difference(a: Phasor, b: Phasor): Phasor {
  return { re: a.re - b.re, im: a.im - b.im };
}

export function sum(a: Phasor, b: Phasor): Phasor {
  return { re: a.re + b.re, im: a.im + b.im };
}

export function scaled(a: Phasor, factor: number): Phasor {
  return { re: a.re * factor, im: a.im * factor };
}

export function product(a: Phasor, b: Phasor): Phasor {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

export function ratio(a: Phasor, b: Phasor): Phasor {
  const square = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / square, im: (a.im * b.re - a.re * b.im) / square };
}

/** Mean of at least one. */
export function meanPhasor(values: readonly Phasor[]): Phasor {
  const total = values.reduce(sum, { re: 0, im: 0 });
  return scaled(total, 1 / values.length);
}

/** A straight line through complex values; time counts from `timeMeanSecond`. */
export interface Trend {
  readonly timeMeanSecond: number;
  /** Value at the mean time. */
  readonly mean: Phasor;
  /** Change per second. */
  readonly slope: Phasor;
  /** Σ (t - mean)²: a variance divided by it is the slope's. */
  readonly leverage: number;
  /** Σ |value - line|². */
  readonly residualSquares: number;
}

/** Least-squares line through values at times, as many as values and not all equal. */
export function trendOf(times: readonly number[], values: readonly Phasor[]): Trend {
  const timeMeanSecond = times.reduce((a, b) => a + b, 0) / times.length;
  const mean = meanPhasor(values);
  const offsets = times.map((time) => time - timeMeanSecond);
  const leverage = offsets.reduce((total, offset) => total + offset * offset, 0);
  const weighted = values.map((value, k) => scaled(difference(value, mean), offsets[k] ?? 0));
  const slope = scaled(weighted.reduce(sum, { re: 0, im: 0 }), leverage > 0 ? 1 / leverage : 0);
  const residualSquares = values.reduce((total, value, k) => {
    const line = sum(mean, scaled(slope, offsets[k] ?? 0));
    return total + magnitude(difference(value, line)) ** 2;
  }, 0);
  return { timeMeanSecond, mean, slope, leverage, residualSquares };
}
