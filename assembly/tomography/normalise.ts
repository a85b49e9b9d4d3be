// Attenuation from detector counts: p = -ln T, T = (counts - dark) gain, gain = 1 / (flat - dark).
import * as m from './memory';

/** Transmissions are held within these, so that no count whatever gives an infinity or a NaN. */
const TRANSMISSION_MIN: f32 = 1e-4;
const TRANSMISSION_MAX: f32 = 1e4;

const LN_2: f32 = 0.6931471805599453;
/** Bits of sqrt(1/2): mantissas are taken in [sqrt(1/2), sqrt(2)). */
const ROOT_HALF_BITS: i32 = 0x3f3504f3;
const MANTISSA: i32 = 0x007fffff;

/**
 * One row of u16 counts at rawRow, into the row at `to`.
 * @param share how far the view is from the flats before it to those after it, 0 to 1
 * @param beam ln of the view's beam, added
 */
export function normaliseCounts(to: usize, share: f32, beam: f32): void {
  const count = <usize>m.stride;
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < count; at += 4) {
      const counts = v128.load_ext<u16>(m.rawRow + (at << 1));
      attenuate4(f32x4.convert_i32x4_u(counts), to, at << 2, share, beam);
    }
  } else {
    for (let at: usize = 0; at < count; at++) {
      attenuate(<f32>load<u16>(m.rawRow + (at << 1)), to, at << 2, share, beam);
    }
  }
}

/** The same for f32 intensities at rawRow. */
export function normaliseFloats(to: usize, share: f32, beam: f32): void {
  const bytes = (<usize>m.stride) << 2;
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < bytes; at += 16) {
      attenuate4(v128.load(m.rawRow + at), to, at, share, beam);
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 4) {
      attenuate(load<f32>(m.rawRow + at), to, at, share, beam);
    }
  }
}

/** 1 / ((1 - share) / a + share / b): the flats are interpolated. A pixel dead in one is dead. */
// @ts-ignore: decorator
@inline
function gainAt(at: usize, share: f32): f32 {
  const a = load<f32>(m.gainRow + at);
  if (share == 0) return a;
  const b = load<f32>(m.gainAfterRow + at);
  const product = a * b;
  return product > 0 ? product / ((1 - share) * b + share * a) : 0;
}

// @ts-ignore: decorator
@inline
function gainAt4(at: usize, share: f32): v128 {
  const a = v128.load(m.gainRow + at);
  if (share == 0) return a;
  const b = v128.load(m.gainAfterRow + at);
  const product = f32x4.mul(a, b);
  const between = f32x4.add(
    f32x4.mul(f32x4.splat(1 - share), b),
    f32x4.mul(f32x4.splat(share), a),
  );
  return v128.and(f32x4.div(product, between), f32x4.gt(product, f32x4.splat(0)));
}

/**
 * ln x = e ln 2 + 2 artanh((f - 1) / (f + 1)) with x = f 2^e; |(f - 1) / (f + 1)| < 0.172, so
 * five terms of the series leave less than 1e-9.
 */
// @ts-ignore: decorator
@inline
function attenuate(value: f32, to: usize, at: usize, share: f32, beam: f32): void {
  let x = (value - load<f32>(m.darkRow + at)) * gainAt(at, share);
  // Written so that a NaN becomes the lower bound.
  x = x > TRANSMISSION_MIN ? x : TRANSMISSION_MIN;
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
  store<f32>(to + at, beam - (exponent * LN_2 + sum * s));
}

// @ts-ignore: decorator
@inline
function attenuate4(value: v128, to: usize, at: usize, share: f32, beam: f32): void {
  const dark = v128.load(m.darkRow + at);
  let x = f32x4.mul(f32x4.sub(value, dark), gainAt4(at, share));
  x = f32x4.pmax(f32x4.splat(TRANSMISSION_MIN), x);
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
  v128.store(to + at, f32x4.sub(f32x4.splat(beam), log));
}
