// Loops over whole buffers. Each has a SIMD and a scalar form that do the same operations in the
// same order, so both builds give the same bits. Lengths are in bytes and multiples of 16.

import { dot } from '../dot';

export function fill(target: usize, value: f64, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 8) store<f64>(target + at, value);
}

/** target = factor * source */
export function scale(target: usize, source: usize, factor: f64, bytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    const f = f64x2.splat(factor);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(target + at, f64x2.mul(v128.load(source + at), f));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(target + at, load<f64>(source + at) * factor);
    }
  }
}

/** target *= source */
export function multiply(target: usize, source: usize, bytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(target + at, f64x2.mul(v128.load(target + at), v128.load(source + at)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(target + at, load<f64>(target + at) * load<f64>(source + at));
    }
  }
}

/** target += source */
export function add(target: usize, source: usize, bytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(target + at, f64x2.add(v128.load(target + at), v128.load(source + at)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(target + at, load<f64>(target + at) + load<f64>(source + at));
    }
  }
}

/** target = (measured - model) * weight */
export function weightedDifference(
  target: usize,
  measured: usize,
  model: usize,
  weights: usize,
  bytes: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const difference = f64x2.sub(v128.load(measured + at), v128.load(model + at));
      v128.store(target + at, f64x2.mul(difference, v128.load(weights + at)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      const difference = load<f64>(measured + at) - load<f64>(model + at);
      store<f64>(target + at, difference * load<f64>(weights + at));
    }
  }
}

/**
 * Stores a * b0, a * b1, a * b2 and a * b3 one after another, each the same bits as `dot` gives.
 * A single sum waits for its own last addition; four of them fill that time.
 */
export function dotFour(
  target: usize,
  a: usize,
  b0: usize,
  b1: usize,
  b2: usize,
  b3: usize,
  bytes: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = v128.load(a + at);
      s0 = f64x2.add(s0, f64x2.mul(x, v128.load(b0 + at)));
      s1 = f64x2.add(s1, f64x2.mul(x, v128.load(b1 + at)));
      s2 = f64x2.add(s2, f64x2.mul(x, v128.load(b2 + at)));
      s3 = f64x2.add(s3, f64x2.mul(x, v128.load(b3 + at)));
    }
    store<f64>(target, f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1));
    store<f64>(target, f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1), 8);
    store<f64>(target, f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1), 16);
    store<f64>(target, f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1), 24);
  } else {
    store<f64>(target, dot(a, b0, bytes));
    store<f64>(target, dot(a, b1, bytes), 8);
    store<f64>(target, dot(a, b2, bytes), 16);
    store<f64>(target, dot(a, b3, bytes), 24);
  }
}

/** target += 1 / source, complex. */
export function addReciprocal(target: usize, source: usize, half: usize): void {
  if (ASC_FEATURE_SIMD) {
    const one = f64x2.splat(1);
    for (let at: usize = 0; at < half; at += 16) {
      const re = v128.load(source + at);
      const im = v128.load(source + half + at);
      const inverse = f64x2.div(one, f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im)));
      const targetIm = target + half + at;
      v128.store(target + at, f64x2.add(v128.load(target + at), f64x2.mul(re, inverse)));
      v128.store(targetIm, f64x2.sub(v128.load(targetIm), f64x2.mul(im, inverse)));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const re = load<f64>(source + at);
      const im = load<f64>(source + half + at);
      const inverse = 1.0 / (re * re + im * im);
      store<f64>(target + at, load<f64>(target + at) + re * inverse);
      store<f64>(target + half + at, load<f64>(target + half + at) - im * inverse);
    }
  }
}

/** target = 1 / target, complex. */
export function invert(target: usize, half: usize): void {
  if (ASC_FEATURE_SIMD) {
    const one = f64x2.splat(1);
    for (let at: usize = 0; at < half; at += 16) {
      const re = v128.load(target + at);
      const im = v128.load(target + half + at);
      const inverse = f64x2.div(one, f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im)));
      v128.store(target + at, f64x2.mul(re, inverse));
      v128.store(target + half + at, f64x2.neg(f64x2.mul(im, inverse)));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const re = load<f64>(target + at);
      const im = load<f64>(target + half + at);
      const inverse = 1.0 / (re * re + im * im);
      store<f64>(target + at, re * inverse);
      store<f64>(target + half + at, -(im * inverse));
    }
  }
}

/** target = (whole / part)^2, complex: how a branch's change reaches a parallel node. */
export function squaredRatio(target: usize, whole: usize, part: usize, half: usize): void {
  if (ASC_FEATURE_SIMD) {
    const one = f64x2.splat(1);
    const two = f64x2.splat(2);
    for (let at: usize = 0; at < half; at += 16) {
      const a = v128.load(part + at);
      const b = v128.load(part + half + at);
      const c = v128.load(whole + at);
      const d = v128.load(whole + half + at);
      const inverse = f64x2.div(one, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
      const re = f64x2.mul(f64x2.add(f64x2.mul(c, a), f64x2.mul(d, b)), inverse);
      const im = f64x2.mul(f64x2.sub(f64x2.mul(d, a), f64x2.mul(c, b)), inverse);
      v128.store(target + at, f64x2.sub(f64x2.mul(re, re), f64x2.mul(im, im)));
      v128.store(target + half + at, f64x2.mul(two, f64x2.mul(re, im)));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const a = load<f64>(part + at);
      const b = load<f64>(part + half + at);
      const c = load<f64>(whole + at);
      const d = load<f64>(whole + half + at);
      const inverse = 1.0 / (a * a + b * b);
      const re = (c * a + d * b) * inverse;
      const im = (d * a - c * b) * inverse;
      store<f64>(target + at, re * re - im * im);
      store<f64>(target + half + at, 2.0 * (re * im));
    }
  }
}

/** target *= factor, complex. */
export function multiplyComplex(target: usize, factor: usize, half: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < half; at += 16) {
      const a = v128.load(target + at);
      const b = v128.load(target + half + at);
      const c = v128.load(factor + at);
      const d = v128.load(factor + half + at);
      v128.store(target + at, f64x2.sub(f64x2.mul(c, a), f64x2.mul(d, b)));
      v128.store(target + half + at, f64x2.add(f64x2.mul(c, b), f64x2.mul(d, a)));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const a = load<f64>(target + at);
      const b = load<f64>(target + half + at);
      const c = load<f64>(factor + at);
      const d = load<f64>(factor + half + at);
      store<f64>(target + at, c * a - d * b);
      store<f64>(target + half + at, c * b + d * a);
    }
  }
}
