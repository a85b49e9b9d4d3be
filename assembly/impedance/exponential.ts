// e^x for whole vectors: x = k ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor series to r^13
// (remainder below 5e-18), scaled by 2^k through the exponent bits. Good to 1 ulp for |x| <= 700;
// arguments beyond that are held at the limit, which only a hopeless trial step can reach.

const LIMIT: f64 = 700;
const LOG2_E: f64 = 1.4426950408889634;
const LN2_HIGH: f64 = 6.9314718036912381649e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
/** 1.5 * 2^52: adding it leaves an integer in the low bits of the sum. */
const ROUNDER: f64 = 6755399441055744;

/** 1/13!, 1/12!, ... 1/0!, in memory: a constant in the code takes three instructions to make. */
const TAYLOR = memory.data<f64>([
  1.0 / 6227020800.0,
  1.0 / 479001600.0,
  1.0 / 39916800.0,
  1.0 / 3628800.0,
  1.0 / 362880.0,
  1.0 / 40320.0,
  1.0 / 5040.0,
  1.0 / 720.0,
  1.0 / 120.0,
  1.0 / 24.0,
  1.0 / 6.0,
  0.5,
  1.0,
  1.0,
]);
const TAYLOR_BYTES: usize = 14 * 8;

/** target = e^(factor * source) */
export function exponential(target: usize, source: usize, factor: f64, bytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    const f = f64x2.splat(factor);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(target + at, exponentialVector(f64x2.mul(v128.load(source + at), f)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(target + at, exponentialScalar(load<f64>(source + at) * factor));
    }
  }
}

function exponentialScalar(argument: f64): f64 {
  const x = min(max(argument, -LIMIT), LIMIT);
  const shifted = x * LOG2_E + ROUNDER;
  const k = shifted - ROUNDER;
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = load<f64>(TAYLOR);
  for (let at: usize = 8; at < TAYLOR_BYTES; at += 8) sum = sum * r + load<f64>(TAYLOR + at);
  return sum * reinterpret<f64>((reinterpret<i64>(shifted) + 1023) << 52);
}

function step(sum: v128, r: v128, at: usize): v128 {
  return f64x2.add(f64x2.mul(sum, r), v128.load64_splat(TAYLOR + at));
}

function exponentialVector(argument: v128): v128 {
  const x = f64x2.min(f64x2.max(argument, f64x2.splat(-LIMIT)), f64x2.splat(LIMIT));
  const rounder = f64x2.splat(ROUNDER);
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), rounder);
  const k = f64x2.sub(shifted, rounder);
  const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(k, f64x2.splat(LN2_LOW)));
  let sum = v128.load64_splat(TAYLOR);
  sum = step(sum, r, 8);
  sum = step(sum, r, 16);
  sum = step(sum, r, 24);
  sum = step(sum, r, 32);
  sum = step(sum, r, 40);
  sum = step(sum, r, 48);
  sum = step(sum, r, 56);
  sum = step(sum, r, 64);
  sum = step(sum, r, 72);
  sum = step(sum, r, 80);
  sum = step(sum, r, 88);
  sum = step(sum, r, 96);
  sum = step(sum, r, 104);
  const power = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return f64x2.mul(sum, power);
}
