// From voxels as stored to codes: whole numbers on the grid of the histogram.
import * as m from './memory';

/** Bytes as they are into a slot. */
export function loadBytes(slotIndex: i32): void {
  copyRows(slotIndex, <usize>m.columns);
}

/** Codes of two bytes as they are into a slot. */
export function loadShorts(slotIndex: i32): void {
  copyRows(slotIndex, (<usize>m.columns) << 1);
}

function copyRows(slotIndex: i32, rowBytes: usize): void {
  const to = m.slot(slotIndex);
  for (let row: usize = 0; row < <usize>m.rows; row++) {
    memory.copy(to + row * m.stride, m.raw + row * rowBytes, rowBytes);
  }
}

/**
 * Floats into a slot of two-byte codes: code = floor((value - low) * perValue), 0 to codeMax.
 * @returns how many values inside the mask are no finite numbers
 */
export function quantiseFloats(slotIndex: i32, low: f32, perValue: f32, codeMax: i32): i32 {
  const to = m.slot(slotIndex);
  let unusable = 0;
  for (let row = 0; row < m.rows; row++) {
    const from = m.raw + ((<usize>row * <usize>m.columns) << 2);
    const out = to + <usize>row * m.stride;
    quantiseRow(from, out, low, perValue, <f32>codeMax);
    unusable += unusableIn(from, m.spanStart(row), m.spanEnd(row));
  }
  return unusable;
}

/** Two-byte values onto another grid of codes. */
export function quantiseShorts(slotIndex: i32, low: f32, perValue: f32, codeMax: i32): void {
  const to = m.slot(slotIndex);
  for (let row = 0; row < m.rows; row++) {
    const from = m.raw + ((<usize>row * <usize>m.columns) << 1);
    const out = to + <usize>row * m.stride;
    for (let column: usize = 0; column < <usize>m.columns; column++) {
      const value = (<f32>load<u16>(from + (column << 1)) - low) * perValue;
      const code = max<f32>(min<f32>(value, <f32>codeMax), 0);
      store<u16>(out + (column << 1), <u16>(<u32>code));
    }
  }
}

function quantiseRow(from: usize, to: usize, low: f32, perValue: f32, codeMax: f32): void {
  let column: usize = 0;
  const end = <usize>m.columns;
  if (ASC_FEATURE_SIMD) {
    const lows = f32x4.splat(low);
    const scales = f32x4.splat(perValue);
    const tops = f32x4.splat(codeMax);
    const zeros = f32x4.splat(0);
    for (; column + 8 <= end; column += 8) {
      const at = from + (column << 2);
      const a = f32x4.mul(f32x4.sub(v128.load(at), lows), scales);
      const b = f32x4.mul(f32x4.sub(v128.load(at, 16), lows), scales);
      const codesA = i32x4.trunc_sat_f32x4_s(f32x4.pmax(zeros, f32x4.pmin(tops, a)));
      const codesB = i32x4.trunc_sat_f32x4_s(f32x4.pmax(zeros, f32x4.pmin(tops, b)));
      v128.store(to + (column << 1), i16x8.narrow_i32x4_u(codesA, codesB));
    }
  }
  for (; column < end; column++) {
    const value = (load<f32>(from + (column << 2)) - low) * perValue;
    const bounded = value < codeMax ? value : codeMax;
    store<u16>(to + (column << 1), <u16>(<u32>max<f32>(bounded, 0)));
  }
}

function unusableIn(from: usize, start: i32, end: i32): i32 {
  if (ASC_FEATURE_SIMD) {
    // The difference of a number to itself is 0; that of an infinity or no number is no number.
    let worst = f32x4.splat(0);
    let column = start;
    for (; column + 4 <= end; column += 4) {
      const value = v128.load(from + ((<usize>column) << 2));
      worst = v128.or(worst, f32x4.sub(value, value));
    }
    const tail = countUnusable(from, column, end);
    if (tail == 0 && !v128.any_true(v128.and(worst, i32x4.splat(0x7fffffff)))) return 0;
  }
  return countUnusable(from, start, end);
}

function countUnusable(from: usize, start: i32, end: i32): i32 {
  let count = 0;
  for (let column = start; column < end; column++) {
    const value = load<f32>(from + ((<usize>column) << 2));
    if (value - value != 0) count++;
  }
  return count;
}
