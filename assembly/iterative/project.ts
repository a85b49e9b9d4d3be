// Forward projection: every pixel gives to the two bins it falls between, by its distance from
// each. It is the adjoint of the back-projection with linear interpolation: both walk positions
// that agree to the last place of their fixed-point form, with the same weights.
import { discEnd, discFirst } from './disc';
import * as m from './memory';

/** Projects the image on `count` <= GROUP views from `first` on, into the projected rows. */
export function projectGroup(first: i32, count: i32): void {
  memory.fill(m.projected, 0, (<usize>m.GROUP * <usize>m.width) << m.PIXEL_SHIFT);
  for (let line = 0; line < m.size; line++) {
    const from = discFirst(line);
    const end = discEnd(line);
    for (let slot = 0; slot < count; ) {
      const view = first + slot;
      const steep = isSteep(view);
      const isPair = slot + 1 < count && isSteep(view + 1) == steep;
      for (let x = from; x < end; x += m.SEGMENT) {
        projectSegment(view, slot, steep, isPair, line, x, min(m.SEGMENT, end - x));
      }
      slot += isPair ? 2 : 1;
    }
  }
}

/** True when some view of a subset walks along columns, for which the image must be turned. */
export function needsTurned(first: i32, count: i32): bool {
  for (let view = first; view < first + count; view++) {
    if (isSteep(view)) return true;
  }
  return false;
}

/**
 * Along rows of a flat view, and along columns of a steep one, neighbouring pixels fall into
 * different bins, so that few sums wait for the one before.
 */
// @ts-ignore: decorator
@inline
function isSteep(view: i32): bool {
  return Math.abs(m.sine(view)) > Math.abs(m.cosine(view));
}

/** `count` pixels of a line from `x` on, onto one view or two. */
// @ts-ignore: decorator
@inline
function projectSegment(
  view: i32,
  slot: i32,
  steep: bool,
  isPair: bool,
  line: i32,
  x: i32,
  count: i32,
): void {
  const lines = steep ? m.turned : m.image;
  const pixels = lines + ((<usize>line * <usize>m.size + <usize>x) << m.PIXEL_SHIFT);
  const place = steep ? m.position(view, line, x) : m.position(view, x, line);
  const step = m.fixedStep(steep ? m.sine(view) : m.cosine(view));
  const row = m.projectedRow(slot);
  if (!isPair) {
    if (ASC_FEATURE_SIMD) spread4(row, place, step, pixels, count);
    else spread(row, place, step, pixels, count);
    return;
  }
  const place1 = steep ? m.position(view + 1, line, x) : m.position(view + 1, x, line);
  const step1 = m.fixedStep(steep ? m.sine(view + 1) : m.cosine(view + 1));
  const row1 = m.projectedRow(slot + 1);
  if (ASC_FEATURE_SIMD) {
    spreadPair4(row, place, step, row1, place1, step1, pixels, count);
  } else {
    spread(row, place, step, pixels, count);
    spread(row1, place1, step1, pixels, count);
  }
}

function spread(row: usize, place: i32, step: i32, pixels: usize, count: i32): void {
  for (let k = 0; k < count; k++, place += step) {
    const at = row + ((<usize>(place >>> m.FRACTION_BITS)) << m.PIXEL_SHIFT);
    const fraction = <f32>(place & m.FRACTION_MASK) * m.FRACTION_UNIT;
    for (let lane: usize = 0; lane < 16; lane += 4, pixels += 4) {
      const value = load<f32>(pixels);
      const upper = value * fraction;
      store<f32>(at + lane, load<f32>(at + lane) + (value - upper));
      store<f32>(at + lane, load<f32>(at + lane, 16) + upper, 16);
    }
  }
}

function spread4(row: usize, place: i32, step: i32, pixels: usize, count: i32): void {
  const end = pixels + ((<usize>count) << m.PIXEL_SHIFT);
  for (; pixels < end; pixels += 16, place += step) {
    addTo(row, place, v128.load(pixels));
  }
}

function spreadPair4(
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
    const value = v128.load(pixels);
    addTo(row0, place0, value);
    addTo(row1, place1, value);
  }
}

// @ts-ignore: decorator
@inline
function addTo(row: usize, place: i32, value: v128): void {
  const at = row + ((<usize>(place >>> m.FRACTION_BITS)) << m.PIXEL_SHIFT);
  const fraction = f32x4.mul(
    f32x4.convert_i32x4_s(i32x4.splat(place & m.FRACTION_MASK)),
    f32x4.splat(m.FRACTION_UNIT),
  );
  const upper = f32x4.mul(value, fraction);
  const here = v128.load(at);
  const next = v128.load(at, 16);
  v128.store(at, f32x4.add(here, f32x4.sub(value, upper)));
  v128.store(at, f32x4.add(next, upper), 16);
}
