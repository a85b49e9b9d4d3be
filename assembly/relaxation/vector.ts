// Loops over f64 arrays, with a SIMD and a scalar form that do the same operations in the same
// order, so both builds give the same bits.

import { dot } from '../dot';

/** Sum of a * b over any number of entries. */
export function dotCount(a: usize, b: usize, count: i32): f64 {
  const bytes = (<usize>(count & ~1)) << 3;
  const sum = dot(a, b, bytes);
  return (count & 1) != 0 ? sum + load<f64>(a + bytes) * load<f64>(b + bytes) : sum;
}

/** target -= factor * source */
export function subtractScaled(target: usize, source: usize, factor: f64, bytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    const f = f64x2.splat(factor);
    for (let at: usize = 0; at < bytes; at += 16) {
      const product = f64x2.mul(v128.load(source + at), f);
      v128.store(target + at, f64x2.sub(v128.load(target + at), product));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(target + at, load<f64>(target + at) - load<f64>(source + at) * factor);
    }
  }
}

/** Weighted 1/(1 + j omega tau): real rows at target, imaginary rows after `half` bytes. */
export function relaxation(
  target: usize,
  omega: usize,
  weight: usize,
  tau: f64,
  half: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    const one = f64x2.splat(1);
    const t = f64x2.splat(tau);
    for (let at: usize = 0; at < half; at += 16) {
      const x = f64x2.mul(v128.load(omega + at), t);
      const denominator = f64x2.add(one, f64x2.mul(x, x));
      const re = f64x2.div(v128.load(weight + at), denominator);
      v128.store(target + at, re);
      v128.store(target + half + at, f64x2.neg(f64x2.mul(x, re)));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const x = load<f64>(omega + at) * tau;
      const re = load<f64>(weight + at) / (1.0 + x * x);
      store<f64>(target + at, re);
      store<f64>(target + half + at, -(x * re));
    }
  }
}
