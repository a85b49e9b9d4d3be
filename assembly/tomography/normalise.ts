// Attenuation from detector counts: p = -ln T, T = (counts - dark) gain, gain = 1 / (flat - dark).
import { attenuation, attenuation4 } from '../attenuation';
import * as m from './memory';

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

// @ts-ignore: decorator
@inline
function attenuate(value: f32, to: usize, at: usize, share: f32, beam: f32): void {
  const transmission = (value - load<f32>(m.darkRow + at)) * gainAt(at, share);
  store<f32>(to + at, attenuation(transmission, beam));
}

// @ts-ignore: decorator
@inline
function attenuate4(value: v128, to: usize, at: usize, share: f32, beam: f32): void {
  const light = f32x4.sub(value, v128.load(m.darkRow + at));
  v128.store(to + at, attenuation4(f32x4.mul(light, gainAt4(at, share)), beam));
}
