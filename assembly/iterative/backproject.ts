// Back-projection with linear interpolation: every pixel of the disc takes from the two bins it
// falls between. Rows hold each bin's value and the step to the next bin per unit of a position's
// fraction, so that a pixel costs one multiplication for LANES slices.
import { discEnd, discFirst } from './disc';
import * as m from './memory';

/** Adds the residual rows of `count` <= GROUP views from `first` on to the update. */
export function backprojectGroup(first: i32, count: i32): void {
  for (let y = 0; y < m.size; y++) {
    const from = discFirst(y);
    const end = discEnd(y);
    const line = m.update + ((<usize>y * <usize>m.size) << m.PIXEL_SHIFT);
    for (let slot = 0; slot < count; slot += 2) {
      const isPair = slot + 1 < count;
      for (let x = from; x < end; x += m.SEGMENT) {
        const pixels = line + ((<usize>x) << m.PIXEL_SHIFT);
        gatherSegment(first + slot, slot, isPair, x, y, pixels, min(m.SEGMENT, end - x));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function gatherSegment(
  view: i32,
  slot: i32,
  isPair: bool,
  x: i32,
  y: i32,
  pixels: usize,
  count: i32,
): void {
  const place = m.position(view, x, y);
  const step = m.fixedStep(m.cosine(view));
  const row = m.residualRow(slot);
  if (!isPair) {
    if (ASC_FEATURE_SIMD) gather4(row, place, step, pixels, count);
    else gather(row, place, step, pixels, count);
    return;
  }
  const place1 = m.position(view + 1, x, y);
  const step1 = m.fixedStep(m.cosine(view + 1));
  const row1 = m.residualRow(slot + 1);
  if (ASC_FEATURE_SIMD) {
    gatherPair4(row, place, step, row1, place1, step1, pixels, count);
  } else {
    gather(row, place, step, pixels, count);
    gather(row1, place1, step1, pixels, count);
  }
}

function gather(row: usize, place: i32, step: i32, pixels: usize, count: i32): void {
  for (let k = 0; k < count; k++, place += step) {
    const at = row + ((<usize>(place >>> m.FRACTION_BITS)) << m.STEP_SHIFT);
    const fraction = <f32>(place & m.FRACTION_MASK);
    for (let lane: usize = 0; lane < 16; lane += 4, pixels += 4) {
      const value = load<f32>(at + lane) + load<f32>(at + lane, 16) * fraction;
      store<f32>(pixels, load<f32>(pixels) + value);
    }
  }
}

function gather4(row: usize, place: i32, step: i32, pixels: usize, count: i32): void {
  const end = pixels + ((<usize>count) << m.PIXEL_SHIFT);
  for (; pixels < end; pixels += 16, place += step) {
    v128.store(pixels, f32x4.add(v128.load(pixels), valueAt(row, place)));
  }
}

function gatherPair4(
  row0: usize,
  place0: i32,
  step0: i32,
  row1: usize,
  place1: i32,
  step1: i32,
  pixels: usize,
  count: i32,
): void {
  const end = pixels + ((<usize>count) << m.PIXEL_SHIFT);
  for (; pixels < end; pixels += 16, place0 += step0, place1 += step1) {
    const sum = f32x4.add(valueAt(row0, place0), valueAt(row1, place1));
    v128.store(pixels, f32x4.add(v128.load(pixels), sum));
  }
}

// @ts-ignore: decorator
@inline
function valueAt(row: usize, place: i32): v128 {
  const at = row + ((<usize>(place >>> m.FRACTION_BITS)) << m.STEP_SHIFT);
  const fraction = f32x4.convert_i32x4_s(i32x4.splat(place & m.FRACTION_MASK));
  return f32x4.add(v128.load(at), f32x4.mul(v128.load(at, 16), fraction));
}
