// Attenuation from detector counts, binned on the way: p = -ln T, T = (counts - dark) gain with
// counts, dark and beam summed over blocks of binning x binning pixels. Sums of counts weigh each
// photon alike, which a mean of transmissions does not.
import { attenuation, attenuation4 } from '../attenuation';
import * as m from './memory';

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
      v128.store(to + at, attenuation4(f32x4.mul(light, v128.load(gains + at)), 0));
    }
  } else {
    for (let at: usize = 0; at < rowBytes; at += 4) {
      const light = load<f32>(m.sums + at) - load<f32>(darks + at);
      store<f32>(to + at, attenuation(light * load<f32>(gains + at), 0));
    }
  }
}
