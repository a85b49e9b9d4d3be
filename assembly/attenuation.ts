// Attenuation from transmission, for every kernel that takes detector counts: p = -ln T.

/** Transmissions are held within these, so that no count whatever gives an infinity or a NaN. */
const TRANSMISSION_MIN: f32 = 1e-4;
const TRANSMISSION_MAX: f32 = 1e4;

const LN_2: f32 = 0.6931471805599453;
/** Bits of sqrt(1/2): mantissas are taken in [sqrt(1/2), sqrt(2)). */
const ROOT_HALF_BITS: i32 = 0x3f3504f3;
const MANTISSA: i32 = 0x007fffff;

/**
 * beam - ln T of one transmission T, `beam` being ln of the beam's own strength.
 *
 * ln x = e ln 2 + 2 artanh((f - 1) / (f + 1)) with x = f 2^e; |(f - 1) / (f + 1)| < 0.172, so
 * five terms of the series leave less than 1e-9.
 */
// @ts-ignore: decorator
@inline
export function attenuation(transmission: f32, beam: f32): f32 {
  // Written so that a NaN becomes the lower bound.
  let x = transmission > TRANSMISSION_MIN ? transmission : TRANSMISSION_MIN;
  x = x < TRANSMISSION_MAX ? x : TRANSMISSION_MAX;
  const offset = reinterpret<i32>(x) - ROOT_HALF_BITS;
  const exponent = <f32>(offset >> 23);
  const f = reinterpret<f32>((offset & MANTISSA) + ROOT_HALF_BITS);
  const s = (f - 1) / (f + 1);
  const ss = s * s;
  let sum: f32 = ss * (2.0 / 9.0) + <f32>(2.0 / 7.0);
  sum = sum * ss + <f32>(2.0 / 5.0);
  sum = sum * ss + <f32>(2.0 / 3.0);
  sum = sum * ss + 2;
  return beam - (exponent * LN_2 + sum * s);
}

/** The same for four. */
// @ts-ignore: decorator
@inline
export function attenuation4(transmission: v128, beam: f32): v128 {
  let x = f32x4.pmax(f32x4.splat(TRANSMISSION_MIN), transmission);
  x = f32x4.pmin(f32x4.splat(TRANSMISSION_MAX), x);
  const offset = i32x4.sub(x, i32x4.splat(ROOT_HALF_BITS));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(offset, 23));
  const mantissa = v128.and(offset, i32x4.splat(MANTISSA));
  const f = i32x4.add(mantissa, i32x4.splat(ROOT_HALF_BITS));
  const one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(f, one), f32x4.add(f, one));
  const ss = f32x4.mul(s, s);
  let sum = f32x4.add(f32x4.mul(ss, f32x4.splat(2.0 / 9.0)), f32x4.splat(2.0 / 7.0));
  sum = f32x4.add(f32x4.mul(sum, ss), f32x4.splat(2.0 / 5.0));
  sum = f32x4.add(f32x4.mul(sum, ss), f32x4.splat(2.0 / 3.0));
  sum = f32x4.add(f32x4.mul(sum, ss), f32x4.splat(2));
  const log = f32x4.add(f32x4.mul(exponent, f32x4.splat(LN_2)), f32x4.mul(sum, s));
  return f32x4.sub(f32x4.splat(beam), log);
}
