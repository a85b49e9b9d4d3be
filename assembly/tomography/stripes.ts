// Stripes of a sinogram become rings in its slice. Sorted by value, each column of a sinogram is
// nearly that of its neighbours (Vo, Atwood and Drakopoulos 2018, algorithm 3): a running median
// across columns of every rank removes what only one column has, and sorting back restores the
// structure.
import * as m from './memory';
import { medianAcross } from './medians';
import { selectRanks } from './select';
import * as s from './sinogram';

const KEY_MAX: f32 = 65535;
const DIGITS: usize = 256;

/**
 * For each column, three values of its distribution over the views of what it has over the median
 * of 2 half + 1 columns around it, into the column table.
 */
export function rankDetails(half: i32, low: i32, middle: i32, high: i32): void {
  const bytes = s.columnBytes();
  medianAcross(s.byColumn, half, true);
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const medians = s.smoothed + column * bytes;
    subtract(s.byColumn + column * bytes, medians, medians);
    selectRanks(medians, low, middle, high, s.columnTable + column * 12);
  }
}

/** The sum of each column's changes from view to view, whatever their sign, into the table. */
export function sumFlicker(): void {
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const values = s.byColumn + column * s.columnBytes();
    let sum: f32 = 0;
    let before = load<f32>(values);
    for (let view: usize = 1; view < <usize>s.views; view++) {
      const value = load<f32>(values + (view << 2));
      sum += abs(value - before);
      before = value;
    }
    store<f32>(s.columnTable + column * 12, sum);
  }
}

/** For each column, three values of the distribution over the views of its step to the next. */
export function rankSteps(low: i32, middle: i32, high: i32): void {
  const bytes = s.columnBytes();
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const from = s.byColumn + column * bytes;
    subtract(s.byColumn + s.mirrored(<i32>column + 1) * bytes, from, s.smoothed);
    selectRanks(s.smoothed, low, middle, high, s.columnTable + column * 12);
  }
}

function subtract(a: usize, b: usize, to: usize): void {
  const bytes = s.columnBytes();
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(to + at, f32x4.sub(v128.load(a + at), v128.load(b + at)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 4) {
      store<f32>(to + at, load<f32>(a + at) - load<f32>(b + at));
    }
  }
}

/**
 * Columns that are not 0 in the column table take what the median across 2 half + 1 columns has at
 * their ranks. With a reach > 0 they lose instead what distinguishes them from it on average over
 * as many ranks, held between the second and the third value of the table.
 */
export function smoothSorted(half: i32, reach: i32): void {
  for (let column = 0; column < m.columns; column++) {
    if (!isChosen(column)) continue;
    for (let near = -half; near <= half; near++) sortOnce(<i32>s.mirrored(column + near));
  }
  medianAcross(s.sorted, half, false);
  const bytes = s.columnBytes();
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    if (!isChosen(<i32>column)) continue;
    const smoothed = s.smoothed + column * bytes;
    if (reach > 0) averageOverRanks(column, smoothed, reach);
    unsort(s.ranks + column * (bytes >> 1), smoothed, s.byColumn + column * bytes);
    store<u8>(s.isChanged + column, 1);
  }
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    if (isChosen(<i32>column)) store<u8>(s.isSorted + column, 0);
  }
}

// @ts-ignore: decorator
@inline
function isChosen(column: i32): bool {
  return load<f32>(s.columnTable + <usize>column * 12) != 0;
}

function sortOnce(column: i32): void {
  if (load<u8>(s.isSorted + <usize>column) != 0) return;
  store<u8>(s.isSorted + <usize>column, 1);
  sortColumn(<usize>column);
}

/**
 * A column of `byColumn` into `sorted`, and the view of each rank: radix sort, two digits, by
 * 16-bit keys over the column's own range. Values of one key keep the order of their views.
 */
function sortColumn(column: usize): void {
  const views = <usize>s.views;
  const values = s.byColumn + column * s.columnBytes();
  const sorted = s.sorted + column * s.columnBytes();
  const ranks = s.ranks + column * (s.columnBytes() >> 1);
  s.makeKeys(values, views, KEY_MAX, s.spareKeys);
  const low = m.histograms;
  const high = low + (DIGITS << 2);
  memory.fill(low, 0, DIGITS << 3);
  for (let view: usize = 0; view < views; view++) {
    const key = load<u32>(s.spareKeys + (view << 2));
    countDigit(low, <usize>(key & 0xff));
    countDigit(high, <usize>(key >>> 8));
  }
  startDigits(low);
  startDigits(high);
  for (let view: usize = 0; view < views; view++) {
    const digit = <usize>load<u8>(s.spareKeys + (view << 2));
    store<u16>(s.spareViews + (nextPlace(low, digit) << 1), <u16>view);
  }
  for (let at: usize = 0; at < views; at++) {
    const view = <usize>load<u16>(s.spareViews + (at << 1));
    const digit = <usize>load<u8>(s.spareKeys + (view << 2), 1);
    const rank = nextPlace(high, digit);
    store<u16>(ranks + (rank << 1), <u16>view);
    store<f32>(sorted + (rank << 2), load<f32>(values + (view << 2)));
  }
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
 * Leaves of a smoothed column only what a stripe can be: sorted less smoothed values, averaged over
 * ranks from -reach to reach and held within the column's bounds, are taken off the sorted ones.
 * What differs from rank to rank is structure or noise, and stays.
 */
function averageOverRanks(column: usize, smoothed: usize, reach: i32): void {
  const sorted = s.sorted + column * s.columnBytes();
  subtract(sorted, smoothed, s.spareValues);
  const lower = load<f32>(s.columnTable + column * 12, 4);
  const upper = load<f32>(s.columnTable + column * 12, 8);
  let sum: f64 = 0;
  let first = 0;
  let end = 0;
  for (let rank = 0; rank < s.views; rank++) {
    const until = min(rank + reach + 1, s.views);
    for (; end < until; end++) sum += <f64>load<f32>(s.spareValues + ((<usize>end) << 2));
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

/** Values by rank into the order of the views. */
function unsort(ranks: usize, from: usize, to: usize): void {
  for (let rank: usize = 0; rank < <usize>s.views; rank++) {
    const view = <usize>load<u16>(ranks + (rank << 1));
    store<f32>(to + (view << 2), load<f32>(from + (rank << 2)));
  }
}
