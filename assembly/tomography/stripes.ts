// Stripes of a sinogram become rings in its slice. Sorted by value, each column of a sinogram is
// nearly that of its neighbours (Vo, Atwood and Drakopoulos 2018, algorithm 3): a running median
// across columns of every rank removes what only one column has, and sorting back restores the
// structure.
import { greaterOrEqual, max, min, select } from './lanes';
import * as m from './memory';
import * as s from './sinogram';

const KEY_MAX: f32 = 65535;
const DIGITS: usize = 256;

/** Sorts the columns at `byColumn` and notes the view of each rank. Radix sort, two digits. */
export function sortColumns(): void {
  for (let column = 0; column < m.columns; column++) sortColumn(column);
}

/**
 * Values are sorted by 16-bit keys over the column's own range; values of one key keep the order
 * of their views.
 */
function sortColumn(column: i32): void {
  const views = <usize>s.views;
  const values = s.byColumn + <usize>column * ((<usize>s.viewStride) << 2);
  const ranks = s.ranks + <usize>column * ((<usize>s.viewStride) << 1);
  let least = load<f32>(values);
  let most = least;
  for (let view: usize = 1; view < views; view++) {
    const value = load<f32>(values + (view << 2));
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  const scale: f32 = most > least ? KEY_MAX / (most - least) : 0;
  const low = m.histograms;
  const high = low + (DIGITS << 2);
  memory.fill(low, 0, DIGITS << 3);
  for (let view: usize = 0; view < views; view++) {
    const place = (load<f32>(values + (view << 2)) - least) * scale;
    const key = <usize>(<u32>(<i32>(place < KEY_MAX ? place : KEY_MAX)));
    store<u16>(s.spareKeys + (view << 1), <u16>key);
    countDigit(low, key & 0xff);
    countDigit(high, key >> 8);
  }
  startDigits(low);
  startDigits(high);
  for (let view: usize = 0; view < views; view++) {
    const digit = <usize>load<u16>(s.spareKeys + (view << 1)) & 0xff;
    store<u16>(s.spareViews + (nextPlace(low, digit) << 1), <u16>view);
  }
  for (let at: usize = 0; at < views; at++) {
    const view = <usize>load<u16>(s.spareViews + (at << 1));
    const digit = <usize>load<u16>(s.spareKeys + (view << 1)) >> 8;
    const rank = nextPlace(high, digit);
    store<u16>(ranks + (rank << 1), <u16>view);
    store<f32>(s.spareValues + (rank << 2), load<f32>(values + (view << 2)));
  }
  memory.copy(values, s.spareValues, views << 2);
}

// @ts-ignore: decorator
@inline
function countDigit(histogram: usize, digit: usize): void {
  const at = histogram + (digit << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Counts into the place of the first of each digit. */
function startDigits(histogram: usize): void {
  let sum: u32 = 0;
  for (let digit: usize = 0; digit < DIGITS; digit++) {
    const at = histogram + (digit << 2);
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
}

// @ts-ignore: decorator
@inline
function nextPlace(histogram: usize, digit: usize): usize {
  const at = histogram + (digit << 2);
  const place = load<u32>(at);
  store<u32>(at, place + 1);
  return <usize>place;
}

/**
 * Median across 2 half + 1 columns of every rank, from `byColumn` into `byView` [column, rank];
 * beyond the detector's ends the columns are mirrored.
 */
export function smoothRanks(half: i32): void {
  if (ASC_FEATURE_SIMD) smooth<v128>(half);
  else smooth<f32>(half);
}

function smooth<T>(half: i32): void {
  const bytes = (<usize>s.viewStride) << 2;
  for (let lane: usize = 0; lane < bytes; lane += sizeof<T>()) {
    const from = s.byColumn + lane;
    let count: usize = 0;
    for (let column = -half; column <= half; column++, count++) {
      insert<T>(load<T>(from + mirrored(column) * bytes), count);
    }
    store<T>(s.byView + lane, load<T>(s.medianWindow + ((<usize>half) << 4)));
    for (let column = 1; column < m.columns; column++) {
      const leaving = load<T>(from + mirrored(column - 1 - half) * bytes);
      const entering = load<T>(from + mirrored(column + half) * bytes);
      replace<T>(leaving, entering, (<usize>(2 * half)) << 4);
      const to = s.byView + <usize>column * bytes + lane;
      store<T>(to, load<T>(s.medianWindow + ((<usize>half) << 4)));
    }
  }
}

// @ts-ignore: decorator
@inline
function mirrored(column: i32): usize {
  const period = 2 * m.columns;
  let at = column % period;
  at = at < 0 ? at + period : at;
  return <usize>(at < m.columns ? at : period - 1 - at);
}

// @ts-ignore: decorator
@inline
function insert<T>(value: T, count: usize): void {
  let x = value;
  let at = s.medianWindow;
  for (const end = at + (count << 4); at < end; at += 16) {
    const held = load<T>(at);
    store<T>(at, min<T>(held, x));
    x = max<T>(held, x);
  }
  store<T>(at, x);
}

/** From the leaving value on, the sorted values move down by one; the entering one moves up. */
// @ts-ignore: decorator
@inline
function replace<T>(leaving: T, entering: T, lastBytes: usize): void {
  let x = entering;
  let at = s.medianWindow;
  for (const end = at + lastBytes; at < end; at += 16) {
    const held = load<T>(at);
    const kept = select<T>(load<T>(at, 16), held, greaterOrEqual<T>(held, leaving));
    store<T>(at, min<T>(kept, x));
    x = max<T>(kept, x);
  }
  store<T>(at, x);
}

/** What each value of `byColumn` [column, view] has over the median across columns at its view. */
export function keepDetails(half: i32): void {
  smoothRanks(half);
  const bytes = (<usize>s.viewStride) << 2;
  const end = s.byColumn + <usize>m.columns * bytes;
  for (let at = s.byColumn, other = s.byView; at < end; at += 4, other += 4) {
    store<f32>(at, load<f32>(at) - load<f32>(other));
  }
}

/** The values of the sorted columns at three ranks, into `columnTable`. */
export function readRanks(low: i32, middle: i32, high: i32): void {
  const bytes = (<usize>s.viewStride) << 2;
  let to = s.columnTable;
  for (let column = 0; column < m.columns; column++, to += 12) {
    const from = s.byColumn + <usize>column * bytes;
    store<f32>(to, load<f32>(from + ((<usize>low) << 2)));
    store<f32>(to, load<f32>(from + ((<usize>middle) << 2)), 4);
    store<f32>(to, load<f32>(from + ((<usize>high) << 2)), 8);
  }
}

/**
 * Leaves of a smoothed column only what a stripe can be: sorted less smoothed values, averaged over
 * ranks from -reach to reach and held within the column's bounds, are taken off the sorted ones.
 * What differs from rank to rank is structure or noise, and stays. With reach 0 the columns stay
 * as they were smoothed.
 */
export function averageOverRanks(reach: i32): void {
  if (reach < 1) return;
  const bytes = (<usize>s.viewStride) << 2;
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const sorted = s.byColumn + column * bytes;
    const smoothed = s.byView + column * bytes;
    for (let rank: usize = 0; rank < <usize>s.views; rank++) {
      const at = rank << 2;
      store<f32>(s.spareValues + at, load<f32>(sorted + at) - load<f32>(smoothed + at));
    }
    const lower = load<f32>(s.columnTable + column * 12, 4);
    const upper = load<f32>(s.columnTable + column * 12, 8);
    let sum: f64 = 0;
    let first = 0;
    let end = 0;
    for (let rank = 0; rank < s.views; rank++) {
      const until = rank + reach + 1 < s.views ? rank + reach + 1 : s.views;
      for (; end < until; end++) {
        sum += <f64>load<f32>(s.spareValues + ((<usize>end) << 2));
      }
      for (; first < rank - reach; first++) {
        sum -= <f64>load<f32>(s.spareValues + ((<usize>first) << 2));
      }
      const at = (<usize>rank) << 2;
      let stripe = <f32>(sum / <f64>(end - first));
      stripe = stripe < upper ? stripe : upper;
      stripe = stripe > lower ? stripe : lower;
      store<f32>(smoothed + at, load<f32>(sorted + at) - stripe);
    }
  }
}

/**
 * Puts smoothed values back into the order of the views, [column, view] at `byView`. Columns that
 * are 0 in `columnTable` keep the values they had.
 */
export function unsortColumns(): void {
  const bytes = (<usize>s.viewStride) << 2;
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const isChosen = load<f32>(s.columnTable + column * 12) != 0;
    const to = s.byView + column * bytes;
    const from = isChosen ? to : s.byColumn + column * bytes;
    const ranks = s.ranks + column * (bytes >> 1);
    for (let rank: usize = 0; rank < <usize>s.views; rank++) {
      const view = <usize>load<u16>(ranks + (rank << 1));
      store<f32>(s.spareValues + (view << 2), load<f32>(from + (rank << 2)));
    }
    memory.copy(to, s.spareValues, (<usize>s.views) << 2);
  }
}
