// Back-projection of one filtered frame into planes of any direction.
//
// A plane is a table of its rows. Along each of them the detector row is the same, because the
// columns of a picture are square to the rotation axis; so every row of every plane is one line:
// pixel k lies at (x + k alongX, y + k alongY) from the axis and takes the filtered row between
// two detector rows at t = axis + x cos + y sin.
//
// PLANE_ROW_BYTES per row: f64 x, f64 y of pixel 0; i32 first pixel, i32 one past the last; i32
// detector row, f32 share of the detector row after it.
import { add, mul, splat, sub } from '../lanes';
import * as m from './memory';

/** Positions within a segment are held with this many binary places, 9 before them. */
const FRACTION_BITS: i32 = 22;
const FRACTION_ONE: f64 = 4194304;
const FRACTION_MASK: i32 = 0x3fffff;
const FRACTION_UNIT: f32 = 1.0 / 4194304.0;
/** Pixels between two exactly computed positions: rounding adds up to less than 2e-5 pixels. */
const SEGMENT: i32 = 128;
/** Below this all pixels of a line see the same place. */
const STEP_MIN: f64 = 1e-9;
/** So far from the ends of a filtered row all is 0, and the padding reaches further. */
const REACH: f64 = 2;

/** Adds weight times the frame to a plane; `step` is along . (cosine, sine). */
export function addPlane(
  plane: i32,
  frame: i32,
  cosine: f64,
  sine: f64,
  axis: f64,
  step: f64,
  weight: f32,
): void {
  const columns = m.planeColumns(plane);
  let entry = m.planeTable(plane);
  let line = m.pixels(plane);
  let lastRow = -1;
  let lastShare: f32 = 0;
  let source: usize = 0;
  const rows = m.planeRows(plane);
  for (let row = 0; row < rows; row++) {
    const detectorRow = load<i32>(entry, 24);
    const share = load<f32>(entry, 28);
    if (load<i32>(entry, 16) < load<i32>(entry, 20)) {
      if (detectorRow != lastRow || share != lastShare) {
        source = rowBetween(frame, detectorRow, share);
        lastRow = detectorRow;
        lastShare = share;
      }
      const start = axis + load<f64>(entry) * cosine + load<f64>(entry, 8) * sine;
      addLine(source, line, load<i32>(entry, 16), load<i32>(entry, 20), start, step, weight);
    }
    entry += m.PLANE_ROW_BYTES;
    line += (<usize>columns) << 2;
  }
}

/** The filtered row itself, or one between it and the next. */
function rowBetween(frame: i32, row: i32, share: f32): usize {
  const first = m.filteredRow(frame, row);
  if (share == 0) return first;
  const to = m.blended + ((<usize>m.PADDING) << 2);
  if (ASC_FEATURE_SIMD) mix<v128>(first, first + m.filteredRowBytes, to, share);
  else mix<f32>(first, first + m.filteredRowBytes, to, share);
  return to;
}

function mix<T>(a: usize, b: usize, to: usize, share: f32): void {
  const bytes = (<usize>m.stride) << 2;
  const part = splat<T>(share);
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    const value = load<T>(a + at);
    store<T>(to + at, add<T>(value, mul<T>(sub<T>(load<T>(b + at), value), part)));
  }
}

/** One line of a plane, as far as it looks at the detector. */
function addLine(
  source: usize,
  line: usize,
  firstPixel: i32,
  endPixel: i32,
  start: f64,
  step: f64,
  weight: f32,
): void {
  let first = firstPixel;
  let end = endPixel;
  const low = -REACH - start;
  const high = <f64>m.columns - 1 + REACH - start;
  if (Math.abs(step) > STEP_MIN) {
    const a = low / step;
    const b = high / step;
    first = max(first, <i32>Math.ceil(onLine(min(a, b))));
    end = min(end, <i32>Math.floor(onLine(max(a, b))) + 1);
  } else if (low > 0 || high < 0) {
    return;
  }
  const fixedStep = <i32>Math.floor(step * FRACTION_ONE + 0.5);
  const values = source - ((<usize>m.PADDING) << 2);
  for (let k = first; k < end; k += SEGMENT) {
    const count = min(SEGMENT, end - k);
    const place = start + <f64>m.PADDING + <f64>k * step;
    // One pixel more than the lowest position, which rounding could undercut.
    const base = Math.floor(min(place, place + <f64>(count - 1) * step)) - 1;
    const position = <i32>Math.floor((place - base) * FRACTION_ONE + 0.5);
    const from = values + ((<usize>base) << 2);
    const to = line + ((<usize>k) << 2);
    if (ASC_FEATURE_SIMD) addSegment4(from, position, fixedStep, to, count, weight);
    else addSegment(from, position, fixedStep, to, count, weight);
  }
}

/** Held within what fits an i32 and is on no side of any line. */
// @ts-ignore: decorator
@inline
function onLine(place: f64): f64 {
  return min(max(place, -1), 65536);
}

function addSegment(
  values: usize,
  position: i32,
  step: i32,
  to: usize,
  count: i32,
  weight: f32,
): void {
  for (let k = 0; k < count; k++, to += 4, position += step) {
    const at = values + ((<usize>(<u32>position >>> FRACTION_BITS)) << 2);
    const fraction = <f32>(position & FRACTION_MASK) * FRACTION_UNIT;
    const value = load<f32>(at);
    const sum = value + (load<f32>(at, 4) - value) * fraction;
    store<f32>(to, load<f32>(to) + sum * weight);
  }
}

/**
 * Four neighbouring pixels look at no more than four neighbouring detector values, because
 * |step| <= 1: those are loaded at the lowest of the four places, with the four behind each of
 * them, and picked by a byte swizzle.
 */
// @ts-ignore: decorator
@inline
function addSegment4(
  values: usize,
  position: i32,
  step: i32,
  to: usize,
  count: i32,
  weight: f32,
): void {
  const lowest = step < 0 ? 3 * step : 0;
  const unit = f32x4.splat(FRACTION_UNIT);
  const mask = i32x4.splat(FRACTION_MASK);
  const laneBytes = i32x4.splat(0x04040404);
  const firstBytes = i32x4.splat(0x03020100);
  const weights = f32x4.splat(weight);
  const stride = i32x4.splat(4 * step);
  let places = i32x4.add(i32x4.splat(position), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
  let k = 0;
  for (; k + 4 <= count; k += 4, to += 16) {
    const base = <u32>(position + lowest) >>> FRACTION_BITS;
    const at = values + ((<usize>base) << 2);
    const lanes = i32x4.sub(i32x4.shr_u(places, FRACTION_BITS), i32x4.splat(base));
    const picks = i32x4.add(i32x4.mul(lanes, laneBytes), firstBytes);
    const value = v128.swizzle(v128.load(at), picks);
    const next = v128.swizzle(v128.load(at, 4), picks);
    const fraction = f32x4.mul(f32x4.convert_i32x4_s(v128.and(places, mask)), unit);
    const sum = f32x4.add(value, f32x4.mul(f32x4.sub(next, value), fraction));
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(sum, weights)));
    places = i32x4.add(places, stride);
    position += 4 * step;
  }
  addSegment(values, position, step, to, count - k, weight);
}
