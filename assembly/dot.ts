// Shared by the kernels of f64 arrays. The SIMD and the scalar form add in the same order, so both
// builds give the same bits.

/** Sum of a * b over an even number of entries, in two interleaved sums. */
export function dot(a: usize, b: usize, bytes: usize): f64 {
  if (ASC_FEATURE_SIMD) {
    let sum = f64x2.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(a + at), v128.load(b + at)));
    }
    return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  } else {
    let even: f64 = 0;
    let odd: f64 = 0;
    for (let at: usize = 0; at < bytes; at += 16) {
      even += load<f64>(a + at) * load<f64>(b + at);
      odd += load<f64>(a + at, 8) * load<f64>(b + at, 8);
    }
    return even + odd;
  }
}
