import type { Phasor, Spread } from '../kernels/lock-in-triangle.ts';

/** How far a complex value may be off: a 2 × 2 covariance, and what multiplication does to it. */

/** Spread of `factor * x` where x has this spread. */
export function timesFactor(spread: Spread, factor: Phasor): Spread {
  const { re: a, im: b } = factor;
  return {
    re: a * a * spread.re + b * b * spread.im - 2 * a * b * spread.covariance,
    im: b * b * spread.re + a * a * spread.im + 2 * a * b * spread.covariance,
    covariance: a * b * (spread.re - spread.im) + (a * a - b * b) * spread.covariance,
  };
}

/** Spread of a value scaled in variance, as by the square of a standard deviation. */
export function timesVariance(spread: Spread, variance: number): Spread {
  return {
    re: spread.re * variance,
    im: spread.im * variance,
    covariance: spread.covariance * variance,
  };
}

/** Spread of the sum of two independent values. */
export function plusSpread(a: Spread, b: Spread): Spread {
  return { re: a.re + b.re, im: a.im + b.im, covariance: a.covariance + b.covariance };
}

/** Standard deviation of one part, mean of both. */
export function sigmaOf(spread: Spread): number {
  return Math.sqrt((spread.re + spread.im) / 2);
}

/** How many standard deviations a value is from zero, along its own direction. */
export function distanceFromZero(value: Phasor, spread: Spread): number {
  const determinant = spread.re * spread.im - spread.covariance ** 2;
  const square =
    spread.im * value.re ** 2 -
    2 * spread.covariance * value.re * value.im +
    spread.re * value.im ** 2;
  return Math.sqrt(square / determinant);
}
