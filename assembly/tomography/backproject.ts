// Filtered back-projection of up to eight views at a time: what a live slice needs.
import { discEnd, discFirst } from './disc';
import { continueRows } from './edges';
import { transform } from './fourier';
import { loadSplat, mul } from '../lanes';
import * as m from './memory';
import { takeRows } from './rows';

/** Positions within a segment are held with this many binary places, 9 before them. */
const FRACTION_BITS: i32 = 22;
const FRACTION_ONE: f64 = 4194304;
const FRACTION_MASK: i32 = 0x3fffff;
const FRACTION_UNIT: f32 = 1.0 / 4194304.0;
/**
 * Pixels of a line between two exactly computed positions: the step's rounding then adds up to
 * less than 2e-5 of a pixel.
 */
const SEGMENT: i32 = 128;
/** Lines that are taken together: what the views' rows have for their segments stays in L1. */
const LINES: i32 = 32;

/**
 * Filters the SLICES x LANES rows that are set: ramp, transform and back. The first `count` become
 * filtered rows, times the weights of their views. Rows 0 to 3 are the real parts and 4 to 7 the
 * imaginary parts of one bundle; the ramp is real and even, so they do not mix.
 */
export function filterRows(count: i32): void {
  const size = m.filterSize;
  const plane = m.planeBytes(size);
  const bundle = m.bundle(0);
  takeRows(bundle, plane);
  continueRows(bundle, plane, size, m.filterBlend);
  const spectrum = transform(bundle, m.bundle(1), plane, m.filterTwiddles, size);
  // Exchanged planes make the second transform the inverse one.
  const exchanged = m.bundle(2);
  if (ASC_FEATURE_SIMD) applyRamp<v128>(spectrum, exchanged, plane);
  else applyRamp<f32>(spectrum, exchanged, plane);
  const result = transform(exchanged, m.bundle(3), plane, m.filterTwiddles, size);
  for (let row = 0; row < count; row++) {
    storeFiltered(row < m.LANES ? result + plane : result, row % m.LANES, row);
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

/**
 * One lane into a padded row times its view's weight, and behind it its differences, times the
 * unit of the positions.
 */
function storeFiltered(plane: usize, lane: i32, row: i32): void {
  const values = m.filtered + <usize>(2 * row) * m.filteredBytes;
  const differences = values + m.filteredBytes;
  const weight = <f32>m.viewValue(row, 3);
  const padding = (<usize>m.rowPadding) << 2;
  const first = values + padding;
  const end = first + ((<usize>m.columns) << 2);
  memory.fill(values, 0, padding);
  memory.fill(end, 0, differences - end);
  store<f32>(differences + m.filteredBytes - 4, 0);
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const value = load<f32>(plane + (column << 4) + ((<usize>lane) << 2));
    store<f32>(first + (column << 2), value * weight);
  }
  for (let at: usize = 0; at < m.filteredBytes - 4; at += 4) {
    const difference = load<f32>(values + at, 4) - load<f32>(values + at);
    store<f32>(differences + at, difference * FRACTION_UNIT);
  }
}

/** Adds the first `count` filtered rows to slice 0: pixel (x, y) takes axis + x cos + y sin. */
export function backproject(count: i32): void {
  for (let top = 0; top < m.columns; top += LINES) {
    const bottom = min(top + LINES, m.columns);
    for (let left = 0; left < m.columns; left += SEGMENT) {
      for (let y = top; y < bottom; y++) {
        const first = max(discFirst(y), left);
        const end = min(discEnd(y), min(left + SEGMENT, m.columns));
        if (first < end) addViews(count, first, y, end - first);
      }
    }
  }
}

/** Where a view's positions begin in a segment. */
let position: i32 = 0;
let step: i32 = 0;

/** Adds the rows to `pixels` pixels from (x, y) on, two at a time. */
// @ts-ignore: decorator
@inline
function addViews(count: i32, x: i32, y: i32, pixels: i32): void {
  const to = m.slice(0) + <usize>y * ((<usize>m.stride) << 2) + ((<usize>x) << 2);
  let row = 0;
  for (; row + 2 <= count; row += 2) {
    const values = segmentOf(row, x, y, pixels);
    const firstPosition = position;
    const firstStep = step;
    const others = segmentOf(row + 1, x, y, pixels);
    addTwo(values, firstPosition, firstStep, others, position, step, to, pixels);
  }
  if (row < count) {
    const values = segmentOf(row, x, y, pixels);
    addOne(values, position, step, to, pixels);
  }
}

/** The values around a segment's lowest position; sets the position of its first pixel. */
// @ts-ignore: decorator
@inline
function segmentOf(row: i32, x: i32, y: i32, pixels: i32): usize {
  const cosine = m.viewValue(row, 0);
  const middle = <f64>(m.columns - 1) / 2;
  const place =
    m.viewValue(row, 2) +
    <f64>m.rowPadding +
    (<f64>x - middle) * cosine +
    (<f64>y - middle) * m.viewValue(row, 1);
  const lowest = Math.floor(place + (cosine < 0 ? <f64>(pixels - 1) * cosine : 0)) - 1;
  position = <i32>((place - lowest) * FRACTION_ONE + 0.5);
  step = <i32>Math.floor(cosine * FRACTION_ONE + 0.5);
  const index = <usize>(<i32>lowest);
  return m.filtered + <usize>(2 * row) * m.filteredBytes + (index << 2);
}

// @ts-ignore: decorator
@inline
function addTwo(
  values: usize,
  position: i32,
  step: i32,
  others: usize,
  otherPosition: i32,
  otherStep: i32,
  to: usize,
  pixels: i32,
): void {
  let k = 0;
  if (ASC_FEATURE_SIMD) {
    const lowest = step < 0 ? 3 * step : 0;
    const otherLowest = otherStep < 0 ? 3 * otherStep : 0;
    const steps = i32x4.splat(4 * step);
    const otherSteps = i32x4.splat(4 * otherStep);
    let places = placesFrom(position, step);
    let otherPlaces = placesFrom(otherPosition, otherStep);
    for (; k + 4 <= pixels; k += 4, to += 16) {
      const ray = interpolated4(values, places, (position + lowest) >>> FRACTION_BITS);
      const other = interpolated4(
        others,
        otherPlaces,
        (otherPosition + otherLowest) >>> FRACTION_BITS,
      );
      v128.store(to, f32x4.add(v128.load(to), f32x4.add(ray, other)));
      places = i32x4.add(places, steps);
      otherPlaces = i32x4.add(otherPlaces, otherSteps);
      position += 4 * step;
      otherPosition += 4 * otherStep;
    }
  }
  for (; k < pixels; k++, to += 4) {
    const ray = interpolated(values, position) + interpolated(others, otherPosition);
    store<f32>(to, load<f32>(to) + ray);
    position += step;
    otherPosition += otherStep;
  }
}

// @ts-ignore: decorator
@inline
function addOne(values: usize, position: i32, step: i32, to: usize, pixels: i32): void {
  let k = 0;
  if (ASC_FEATURE_SIMD) {
    const lowest = step < 0 ? 3 * step : 0;
    const steps = i32x4.splat(4 * step);
    let places = placesFrom(position, step);
    for (; k + 8 <= pixels; k += 8, to += 32) {
      const next = i32x4.add(places, steps);
      const base = position + lowest;
      const ray = interpolated4(values, places, base >>> FRACTION_BITS);
      const nextRay = interpolated4(values, next, (base + 4 * step) >>> FRACTION_BITS);
      v128.store(to, f32x4.add(v128.load(to), ray));
      v128.store(to, f32x4.add(v128.load(to, 16), nextRay), 16);
      places = i32x4.add(next, steps);
      position += 8 * step;
    }
    for (; k + 4 <= pixels; k += 4, to += 16) {
      const ray = interpolated4(values, places, (position + lowest) >>> FRACTION_BITS);
      v128.store(to, f32x4.add(v128.load(to), ray));
      places = i32x4.add(places, steps);
      position += 4 * step;
    }
  }
  for (; k < pixels; k++, to += 4) {
    store<f32>(to, load<f32>(to) + interpolated(values, position));
    position += step;
  }
}

// @ts-ignore: decorator
@inline
function interpolated(values: usize, position: i32): f32 {
  const at = values + ((<usize>(position >>> FRACTION_BITS)) << 2);
  return load<f32>(at) + load<f32>(at + m.filteredBytes) * <f32>(position & FRACTION_MASK);
}

// @ts-ignore: decorator
@inline
function placesFrom(position: i32, step: i32): v128 {
  return i32x4.add(i32x4.splat(position), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
}

/**
 * Four neighbouring pixels look at no more than four neighbouring detector values, because
 * |cos| <= 1: those are loaded at the lowest of the four places and picked by a byte swizzle.
 */
// @ts-ignore: decorator
@inline
function interpolated4(values: usize, places: v128, base: i32): v128 {
  const at = values + ((<usize>base) << 2);
  const lanes = i32x4.shl(i32x4.sub(i32x4.shr_u(places, FRACTION_BITS), i32x4.splat(base)), 2);
  const picks = i32x4.add(
    v128.shuffle<i8>(lanes, lanes, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12),
    i32x4.splat(0x03020100),
  );
  const value = v128.swizzle(v128.load(at), picks);
  const difference = v128.swizzle(v128.load(at + m.filteredBytes), picks);
  const fraction = f32x4.convert_i32x4_s(v128.and(places, i32x4.splat(FRACTION_MASK)));
  return f32x4.add(value, f32x4.mul(difference, fraction));
}
