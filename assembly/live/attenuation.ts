// Attenuation from detector counts, binned on the way: p = -ln T, T = (counts - dark) gain with
// counts, dark and beam summed over blocks of binning x binning pixels. Sums of counts weigh each
// photon alike, which a mean of transmissions does not.
import * as m from './memory';

/** Transmissions are held within these, so that no count whatever gives an infinity or a NaN. */
const TRANSMISSION_MIN: f32 = 1e-4;
const TRANSMISSION_MAX: f32 = 1e4;

const LN_2: f32 = 0.6931471805599453;
/** Bits of sqrt(1/2): mantissas are taken in [sqrt(1/2), sqrt(2)). */
const ROOT_HALF_BITS: i32 = 0x3f3504f3;
const MANTISSA: i32 = 0x007fffff;

/** `count` rows from `firstRow` on: blocks of the raw rows, into the attenuation rows. */
export function attenuateRows(firstRow: i32, count: i32, isCounts: bool): void {
  const rowBytes = (<usize>m.stride) << 2;
  const valueBytes: usize = isCounts ? 2 : 4;
  const blockBytes = <usize>(m.binning * m.rawStride()) * valueBytes;
  let from = m.raw;
  let reference = <usize>firstRow * rowBytes;
  let to = m.attenuation;
  for (let row = 0; row < count; row++) {
    if (isCounts) sumBlocks<u16>(from);
    else sumBlocks<f32>(from);
    attenuateRow(m.dark + reference, m.gain + reference, to, rowBytes);
    from += blockBytes;
    reference += rowBytes;
    to += rowBytes;
  }
}

function sumBlocks<V>(from: usize): void {
  if (ASC_FEATURE_SIMD && sizeof<V>() == 2) {
    if (m.binning == 1) return convertCounts(from);
    if (m.binning == 2) return sumPairs(from);
  }
  const rawRowBytes = <usize>m.rawStride() * sizeof<V>();
  const bin = <usize>m.binning;
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    let sum: f32 = 0;
    let line = from + column * bin * sizeof<V>();
    for (let y: usize = 0; y < bin; y++, line += rawRowBytes) {
      for (let x: usize = 0; x < bin; x++) sum += <f32>load<V>(line + x * sizeof<V>());
    }
    store<f32>(m.sums + (column << 2), sum);
  }
}

function convertCounts(from: usize): void {
  const count = <usize>m.stride;
  for (let at: usize = 0; at < count; at += 4) {
    const counts = v128.load_ext<u16>(from + (at << 1));
    v128.store(m.sums + (at << 2), f32x4.convert_i32x4_u(counts));
  }
}

/** Blocks of 2 x 2: eight neighbours of two rows are four sums. */
function sumPairs(from: usize): void {
  const next = from + ((<usize>m.rawStride()) << 1);
  const count = (<usize>m.stride) << 2;
  for (let at: usize = 0; at < count; at += 16) {
    const a = i32x4.extadd_pairwise_i16x8_u(v128.load(from + at));
    const b = i32x4.extadd_pairwise_i16x8_u(v128.load(next + at));
    v128.store(m.sums + at, f32x4.convert_i32x4_u(i32x4.add(a, b)));
  }
}

function attenuateRow(darks: usize, gains: usize, to: usize, rowBytes: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const light = f32x4.sub(v128.load(m.sums + at), v128.load(darks + at));
      v128.store(to + at, attenuation4(f32x4.mul(light, v128.load(gains + at))));
    }
  } else {
    for (let at: usize = 0; at < rowBytes; at += 4) {
      const light = load<f32>(m.sums + at) - load<f32>(darks + at);
      store<f32>(to + at, attenuation(light * load<f32>(gains + at)));
    }
  }
}

/**
 * ln x = e ln 2 + 2 artanh((f - 1) / (f + 1)) with x = f 2^e; |(f - 1) / (f + 1)| < 0.172, so
 * five terms of the series leave less than 1e-9.
 */
// @ts-ignore: decorator
@inline
function attenuation(transmission: f32): f32 {
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
  return -(exponent * LN_2 + sum * s);
}

// @ts-ignore: decorator
@inline
function attenuation4(transmission: v128): v128 {
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
  return f32x4.neg(log);
}
