// Two whole sinograms, those of a pair of slices, and room for corrections that look across views
// and columns. The room is shared with the Fourier grid: sinograms are corrected before their
// slices are begun.
import { add, mul, splat, storeTransposed, transpose } from '../lanes';
import * as m from './memory';

/** Ranks of views are held in 16 bits. */
export const VIEWS_MAX: i32 = 65535;
/** Values a running median may look at. */
export const MEDIAN_WIDTH_MAX: i32 = 127;
const SLOTS: usize = 2;

export let views: i32 = 0;
/** Views rounded up to whole vectors: the stride of a column. */
export let viewStride: i32 = 0;
let slots: usize = 0;
let slotBytes: usize = 0;
/** The sinogram whose columns are worked on, [column, view]. */
export let byColumn: usize = 0;
/** Its columns sorted by value, those that were asked for, [column, rank]. */
export let sorted: usize = 0;
/** Running medians across columns, [column, rank]. */
export let smoothed: usize = 0;
/** View of each rank, u16 [column, rank]. */
export let ranks: usize = 0;
/** One column of values, of keys and of views in between. */
export let spareValues: usize = 0;
export let spareKeys: usize = 0;
export let spareViews: usize = 0;
/** Three f32 for each column: values at three ranks; or whether it is chosen, and bounds. */
export let columnTable: usize = 0;
/** One byte for each column: 1 when it is sorted; 1 when it was changed. */
export let isSorted: usize = 0;
export let isChanged: usize = 0;
/** Sorted values under a running median, one vector each. */
export let medianWindow: usize = 0;

/** Places two sinograms of the configured width; false when they do not fit in memory. */
export function placeSinograms(viewCount: i32): bool {
  views = 0;
  if (viewCount < 1 || viewCount > VIEWS_MAX || m.columns == 0) return false;
  viewStride = (viewCount + 3) & ~3;
  slotBytes = ((<usize>viewStride * <usize>m.stride) << 2) + 64;
  const column = (((<usize>viewStride) << 2) + 127) & ~63;
  byColumn = m.grid;
  sorted = byColumn + slotBytes;
  smoothed = sorted + slotBytes;
  ranks = smoothed + slotBytes;
  spareValues = ranks + ((slotBytes >> 1) & ~63) + 64;
  spareKeys = spareValues + column;
  spareViews = spareKeys + column;
  columnTable = spareViews + column;
  isSorted = columnTable + <usize>m.stride * 12;
  isChanged = isSorted + <usize>m.stride;
  medianWindow = (isChanged + <usize>m.stride + 63) & ~63;
  const roomEnd = medianWindow + ((<usize>MEDIAN_WIDTH_MAX + 1) << 4);
  slots = (max(roomEnd, m.gridEnd()) + 63) & ~63;
  if (slots + SLOTS * slotBytes > m.memoryEnd()) return false;
  views = viewCount;
  return true;
}

/** A held sinogram, [view, column]. */
// @ts-ignore: decorator
@inline
export function slot(index: i32): usize {
  return slots + <usize>index * slotBytes;
}

// @ts-ignore: decorator
@inline
export function row(index: i32, view: i32): usize {
  return slots + <usize>index * slotBytes + <usize>view * ((<usize>m.stride) << 2);
}

// @ts-ignore: decorator
@inline
export function columnBytes(): usize {
  return (<usize>viewStride) << 2;
}

/** A held sinogram into `byColumn`. Views behind the last mean nothing, and mix with nothing. */
export function takeColumns(index: i32): void {
  const from = slot(index);
  const rowBytes = (<usize>m.stride) << 2;
  for (let first = 0; first < viewStride; first += TILE) {
    const end = min(first + TILE, viewStride);
    for (let column = 0; column < m.stride; column += 4) {
      turn(from, rowBytes, byColumn, columnBytes(), first, end, column);
    }
  }
  memory.fill(isSorted, 0, <usize>m.stride);
  memory.fill(isChanged, 0, <usize>m.stride);
}

/** The changed columns of `byColumn` back into a held sinogram. */
export function storeColumns(index: i32): void {
  const to = slot(index);
  const rowBytes = (<usize>m.stride) << 2;
  for (let first = 0; first < m.columns; first += 4) {
    if (load<u32>(isChanged + <usize>first) == 0) continue;
    for (let view = 0; view < viewStride; view += 4) {
      turn(byColumn, columnBytes(), to, rowBytes, first, first + 4, view);
    }
  }
}

/** Lines that are turned before moving on: what they write stays in L1. */
const TILE: i32 = 64;

/** Transposes 4 values of lines `line` to `end`, from place `at` on; all are multiples of four. */
// @ts-ignore: decorator
@inline
function turn(
  from: usize,
  fromBytes: usize,
  to: usize,
  toBytes: usize,
  line: i32,
  end: i32,
  at: i32,
): void {
  const tile = m.transposed;
  for (; line < end; line += 4) {
    const source = from + <usize>line * fromBytes + ((<usize>at) << 2);
    const target = to + <usize>at * toBytes + ((<usize>line) << 2);
    if (ASC_FEATURE_SIMD) {
      const a = v128.load(source);
      const b = v128.load(source + fromBytes);
      const c = v128.load(source + 2 * fromBytes);
      const d = v128.load(source + 3 * fromBytes);
      const second = target + toBytes;
      const third = second + toBytes;
      storeTransposed(a, b, c, d, target, second, third, third + toBytes);
    } else {
      transpose(source, source + fromBytes, source + 2 * fromBytes, source + 3 * fromBytes, tile);
      for (let k: usize = 0; k < 4; k++) memory.copy(target + k * toBytes, tile + (k << 4), 16);
    }
  }
}

/** The column at a place that may lie beyond the detector, where columns are mirrored. */
// @ts-ignore: decorator
@inline
export function mirrored(column: i32): usize {
  if (<u32>column < <u32>m.columns) return <usize>column;
  const period = 2 * m.columns;
  let at = column % period;
  at = at < 0 ? at + period : at;
  return <usize>(at < m.columns ? at : period - 1 - at);
}

/** Where each value lies between the least (0) and the greatest (`most`) of them, u32. */
export function makeKeys(values: usize, count: usize, most: f32, to: usize): void {
  let least = load<f32>(values);
  let greatest = least;
  const whole = count & ~3;
  if (ASC_FEATURE_SIMD && count >= 4) {
    let low = v128.load(values);
    let high = low;
    for (let at: usize = 16; at < whole << 2; at += 16) {
      const value = v128.load(values + at);
      low = f32x4.pmin(low, value);
      high = f32x4.pmax(high, value);
    }
    v128.store(m.transposed, low);
    v128.store(m.transposed, high, 16);
    for (let lane: usize = 0; lane < 16; lane += 4) {
      least = min(least, load<f32>(m.transposed + lane));
      greatest = max(greatest, load<f32>(m.transposed + lane, 16));
    }
  }
  for (let at: usize = ASC_FEATURE_SIMD ? whole : 0; at < count; at++) {
    const value = load<f32>(values + (at << 2));
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
  }
  const scale: f32 = greatest > least ? most / (greatest - least) : 0;
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    const leasts = f32x4.splat(least);
    const scales = f32x4.splat(scale);
    const mosts = f32x4.splat(most);
    for (; at < whole << 2; at += 16) {
      const place = f32x4.mul(f32x4.sub(v128.load(values + at), leasts), scales);
      v128.store(to + at, i32x4.trunc_sat_f32x4_s(f32x4.pmin(mosts, place)));
    }
  }
  for (; at < count << 2; at += 4) {
    const place = (load<f32>(values + at) - least) * scale;
    store<i32>(to + at, <i32>(place < most ? place : most));
  }
}

/** Sum of the squares of `byColumn`. */
export function sumOfSquares(): f64 {
  let total: f64 = 0;
  for (let column = 0; column < m.columns; column++) {
    total += ASC_FEATURE_SIMD ? squaresOf<v128>(column) : squaresOf<f32>(column);
  }
  return total;
}

/** Four partial sums, in both builds. */
function squaresOf<T>(column: i32): f64 {
  const from = byColumn + <usize>column * columnBytes();
  const bytes = (<usize>views) << 2;
  const whole = bytes & ~15;
  let total: f64 = 0;
  for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
    let sum = splat<T>(0);
    for (let at = lane; at < whole; at += 16) {
      const value = load<T>(from + at);
      sum = add<T>(sum, mul<T>(value, value));
    }
    store<T>(m.transposed + lane, sum);
  }
  for (let lane: usize = 0; lane < 16; lane += 4) total += <f64>load<f32>(m.transposed + lane);
  for (let at = whole; at < bytes; at += 4) {
    total += <f64>load<f32>(from + at) * <f64>load<f32>(from + at);
  }
  return total;
}

/**
 * What the changed columns of `byColumn` have lost against the held sinogram: the mean over the
 * views into the column table (first of three), and the sum of squares as the result.
 */
export function tallyColumns(index: i32): f64 {
  let squares: f64 = 0;
  const rowBytes = (<usize>m.stride) << 2;
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    let sum: f64 = 0;
    if (load<u8>(isChanged + column) != 0) {
      let before = slot(index) + (column << 2);
      const after = byColumn + column * columnBytes();
      for (let view: usize = 0; view < <usize>views; view++, before += rowBytes) {
        const off = <f64>load<f32>(before) - <f64>load<f32>(after + (view << 2));
        sum += off;
        squares += off * off;
      }
    }
    store<f32>(columnTable + column * 12, <f32>(sum / <f64>views));
  }
  return squares;
}
