// Forward discrete Fourier transform (exp(-2 pi i jk / n)) of four complex signals at once, one
// in each lane ("bundle"): no shuffle is ever needed. Stockham self-sorting, radix 4 with one
// leading radix 3 and one closing radix 2, for n = 2^k and 3 x 2^k.
//
// A bundle is a plane of real parts, 16 bytes per sample, and a plane of imaginary parts
// `plane` bytes behind it. The inverse transform is the forward one with the planes exchanged.
import { add, loadSplat, mul, splat, sub } from '../lanes';

const HALF_ROOT_3: f32 = 0.8660254037844386;

/**
 * Transforms the bundle at `source`; overwrites both bundles.
 * @param twiddles cos and -sin of 2 pi k / size, interleaved
 * @returns where the result is: `source` or `spare`
 */
export function transform(
  source: usize,
  spare: usize,
  plane: usize,
  twiddles: usize,
  size: i32,
): usize {
  if (ASC_FEATURE_SIMD) return stages<v128>(source, spare, plane, twiddles, size);
  else return stages<f32>(source, spare, plane, twiddles, size);
}

function stages<T>(source: usize, spare: usize, plane: usize, twiddles: usize, size: i32): usize {
  let from = source;
  let to = spare;
  let length = size;
  let spacing = 1;
  if (length % 3 == 0) {
    radix3<T>(from, to, plane, twiddles, length);
    length /= 3;
    spacing = 3;
    from = spare;
    to = source;
  }
  while (length >= 4) {
    radix4<T>(from, to, plane, twiddles, length, spacing, size / length);
    length >>= 2;
    spacing <<= 2;
    const swap = from;
    from = to;
    to = swap;
  }
  if (length == 2) {
    radix2<T>(from, to, plane, spacing);
    from = to;
  }
  return from;
}

/** First stage, so its butterflies are one sample wide. */
function radix3<T>(from: usize, to: usize, plane: usize, twiddles: usize, size: i32): void {
  const third = size / 3;
  const step = (<usize>third) << 4;
  const half = splat<T>(0.5);
  const root = splat<T>(HALF_ROOT_3);
  for (let p = 0; p < third; p++) {
    const w1 = twiddles + ((<usize>p) << 3);
    const w2 = twiddles + ((<usize>p) << 4);
    const w1Re = loadSplat<T>(w1);
    const w1Im = loadSplat<T>(w1 + 4);
    const w2Re = loadSplat<T>(w2);
    const w2Im = loadSplat<T>(w2 + 4);
    for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
      const a = from + ((<usize>p) << 4) + lane;
      const b = a + step;
      const c = b + step;
      const out = to + <usize>p * 48 + lane;
      const aRe = load<T>(a);
      const aIm = load<T>(a + plane);
      const bRe = load<T>(b);
      const bIm = load<T>(b + plane);
      const cRe = load<T>(c);
      const cIm = load<T>(c + plane);
      const sumRe = add<T>(bRe, cRe);
      const sumIm = add<T>(bIm, cIm);
      const turnRe = mul<T>(sub<T>(bRe, cRe), root);
      const turnIm = mul<T>(sub<T>(bIm, cIm), root);
      const midRe = sub<T>(aRe, mul<T>(sumRe, half));
      const midIm = sub<T>(aIm, mul<T>(sumIm, half));
      store<T>(out, add<T>(aRe, sumRe));
      store<T>(out + plane, add<T>(aIm, sumIm));
      storeTurned<T>(out + 16, plane, add<T>(midRe, turnIm), sub<T>(midIm, turnRe), w1Re, w1Im);
      storeTurned<T>(out + 32, plane, sub<T>(midRe, turnIm), add<T>(midIm, turnRe), w2Re, w2Im);
    }
  }
}

function radix4<T>(
  from: usize,
  to: usize,
  plane: usize,
  twiddles: usize,
  length: i32,
  spacing: i32,
  twiddleStep: i32,
): void {
  const quarter = length >> 2;
  const width = (<usize>spacing) << 4;
  const step = <usize>quarter * width;
  for (let p = 0; p < quarter; p++) {
    const turn = (<usize>(p * twiddleStep)) << 3;
    const w1Re = loadSplat<T>(twiddles + turn);
    const w1Im = loadSplat<T>(twiddles + turn + 4);
    const w2Re = loadSplat<T>(twiddles + 2 * turn);
    const w2Im = loadSplat<T>(twiddles + 2 * turn + 4);
    const w3Re = loadSplat<T>(twiddles + 3 * turn);
    const w3Im = loadSplat<T>(twiddles + 3 * turn + 4);
    let a = from + <usize>p * width;
    let out = to + <usize>p * 4 * width;
    const end = a + width;
    for (; a < end; a += sizeof<T>(), out += sizeof<T>()) {
      const b = a + step;
      const c = b + step;
      const d = c + step;
      const aRe = load<T>(a);
      const aIm = load<T>(a + plane);
      const bRe = load<T>(b);
      const bIm = load<T>(b + plane);
      const cRe = load<T>(c);
      const cIm = load<T>(c + plane);
      const dRe = load<T>(d);
      const dIm = load<T>(d + plane);
      const acRe = add<T>(aRe, cRe);
      const acIm = add<T>(aIm, cIm);
      const bdRe = add<T>(bRe, dRe);
      const bdIm = add<T>(bIm, dIm);
      store<T>(out, add<T>(acRe, bdRe));
      store<T>(out + plane, add<T>(acIm, bdIm));
      const evenRe = sub<T>(acRe, bdRe);
      const evenIm = sub<T>(acIm, bdIm);
      storeTurned<T>(out + 2 * width, plane, evenRe, evenIm, w2Re, w2Im);
      const lowRe = sub<T>(aRe, cRe);
      const lowIm = sub<T>(aIm, cIm);
      const highRe = sub<T>(bRe, dRe);
      const highIm = sub<T>(bIm, dIm);
      const firstRe = add<T>(lowRe, highIm);
      const firstIm = sub<T>(lowIm, highRe);
      storeTurned<T>(out + width, plane, firstRe, firstIm, w1Re, w1Im);
      const thirdRe = sub<T>(lowRe, highIm);
      const thirdIm = add<T>(lowIm, highRe);
      storeTurned<T>(out + 3 * width, plane, thirdRe, thirdIm, w3Re, w3Im);
    }
  }
}

function radix2<T>(from: usize, to: usize, plane: usize, spacing: i32): void {
  const width = (<usize>spacing) << 4;
  for (let k: usize = 0; k < width; k += sizeof<T>()) {
    const a = from + k;
    const b = a + width;
    const out = to + k;
    const aRe = load<T>(a);
    const aIm = load<T>(a + plane);
    const bRe = load<T>(b);
    const bIm = load<T>(b + plane);
    store<T>(out, add<T>(aRe, bRe));
    store<T>(out + plane, add<T>(aIm, bIm));
    store<T>(out + width, sub<T>(aRe, bRe));
    store<T>(out + width + plane, sub<T>(aIm, bIm));
  }
}

/** Stores (re + i im) (wRe + i wIm). */
// @ts-ignore: decorator
@inline
function storeTurned<T>(out: usize, plane: usize, re: T, im: T, wRe: T, wIm: T): void {
  store<T>(out, sub<T>(mul<T>(re, wRe), mul<T>(im, wIm)));
  store<T>(out + plane, add<T>(mul<T>(re, wIm), mul<T>(im, wRe)));
}
