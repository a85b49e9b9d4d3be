// Filtered back-projection, one view at a time: what a live slice needs.
import { discEnd, discFirst } from './disc';
import { continueRows } from './edges';
import { transform } from './fourier';
import { loadSplat, mul, transpose } from './lanes';
import * as m from './memory';

/** Detector positions are held with this many binary places, 14 before them. */
const FRACTION_BITS: i32 = 18;
const FRACTION_ONE: f64 = 262144;
const FRACTION_MASK: i32 = 0x3ffff;
const FRACTION_UNIT: f32 = 1.0 / 262144.0;
/** Positions are computed afresh after this many pixels: rounding of the step stays below 1e-4. */
const SEGMENT: i32 = 32;

/**
 * Filters the SLICES x LANES rows: ramp, transform and back. Rows 0 to 3 are the real parts and
 * 4 to 7 the imaginary parts of one bundle; the ramp is real and even, so they do not mix.
 */
export function filterRows(): void {
  const size = m.filterSize;
  const plane = m.planeBytes(size);
  const rowBytes = (<usize>m.stride) << 2;
  const bundle = m.bundle(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    let row = m.rows + at;
    const to = bundle + (at << 2);
    transpose(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, to);
    row += 4 * rowBytes;
    transpose(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, to + plane);
  }
  continueRows(bundle, plane, size, m.filterBlend);
  const spectrum = transform(bundle, m.bundle(1), plane, m.filterTwiddles, size);
  // Exchanged planes make the second transform the inverse one.
  const exchanged = m.bundle(2);
  if (ASC_FEATURE_SIMD) applyRamp<v128>(spectrum, exchanged, plane);
  else applyRamp<f32>(spectrum, exchanged, plane);
  const result = transform(exchanged, m.bundle(3), plane, m.filterTwiddles, size);
  for (let lane = 0; lane < m.LANES; lane++) {
    storeFiltered(result + plane, lane, lane);
    storeFiltered(result, lane, lane + m.LANES);
  }
}

function applyRamp<T>(from: usize, to: usize, plane: usize): void {
  const size = <usize>m.filterSize;
  for (let j: usize = 0; j < size; j++) {
    const index = j <= size / 2 ? j : size - j;
    const ramp = loadSplat<T>(m.filterRamp + (index << 2));
    for (let at = j << 4; at < (j + 1) << 4; at += sizeof<T>()) {
      store<T>(to + at + plane, mul<T>(load<T>(from + at), ramp));
      store<T>(to + at, mul<T>(load<T>(from + at + plane), ramp));
    }
  }
}

/** One lane into a padded row times its view's weight, and its differences behind it. */
function storeFiltered(plane: usize, lane: i32, row: i32): void {
  const values = m.filtered + <usize>(2 * row) * m.filteredBytes;
  const differences = values + m.filteredBytes;
  memory.fill(values, 0, 2 * m.filteredBytes);
  const first = values + ((<usize>m.rowPadding) << 2);
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    store<f32>(first + (column << 2), load<f32>(plane + (column << 4) + ((<usize>lane) << 2)));
  }
  for (let at: usize = 0; at < m.filteredBytes - 4; at += 4) {
    store<f32>(differences + at, load<f32>(values + at, 4) - load<f32>(values + at));
  }
}

/** Adds filtered row `row` to slice 0: pixel (x, y) takes it at axis + x cos + y sin. */
export function backproject(row: i32, cosine: f64, sine: f64, axis: f64, weight: f32): void {
  const values = m.filtered + <usize>(2 * row) * m.filteredBytes;
  const middle = <f64>(m.columns - 1) / 2;
  const origin = axis + <f64>m.rowPadding - middle * cosine - middle * sine;
  const step = <i32>Math.floor(cosine * FRACTION_ONE + 0.5);
  const rowBytes = (<usize>m.stride) << 2;
  for (let y = 0; y < m.columns; y++) {
    const end = min(discEnd(y), m.columns);
    const line = m.slice(0) + <usize>y * rowBytes;
    for (let x = max(discFirst(y), 0); x < end; x += SEGMENT) {
      const place = origin + <f64>x * cosine + <f64>y * sine;
      const position = <i32>(<u32>Math.floor(place * FRACTION_ONE + 0.5));
      const to = line + ((<usize>x) << 2);
      const count = min(SEGMENT, end - x);
      if (ASC_FEATURE_SIMD) addSegment4(values, position, step, to, count, weight);
      else addSegment(values, position, step, to, count, weight);
    }
  }
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
    const value = load<f32>(at) + load<f32>(at + m.filteredBytes) * fraction;
    store<f32>(to, load<f32>(to) + value * weight);
  }
}

/**
 * Four neighbouring pixels look at no more than four neighbouring detector values, because
 * |cos| <= 1: those are loaded at the lowest of the four places and picked by a byte swizzle.
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
    const difference = v128.swizzle(v128.load(at + m.filteredBytes), picks);
    const fraction = f32x4.mul(f32x4.convert_i32x4_s(v128.and(places, mask)), unit);
    const sum = f32x4.add(value, f32x4.mul(difference, fraction));
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(sum, weights)));
    places = i32x4.add(places, stride);
    position += 4 * step;
  }
  addSegment(values, position, step, to, count - k, weight);
}
