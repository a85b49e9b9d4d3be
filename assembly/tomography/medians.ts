// Medians across neighbouring columns, at every view or every rank, four views at once.
import { greaterOrEqual, max, median3, median5, min, select } from '../lanes';
import * as m from './memory';
import * as s from './sinogram';

/**
 * Median across 2 half + 1 columns at every place of the columns at `from`, into `smoothed`; beyond
 * the detector's ends the columns are mirrored. Only for columns chosen in the table, or for all.
 */
export function medianAcross(from: usize, half: i32, ofAll: bool): void {
  if (ASC_FEATURE_SIMD) across<v128>(from, half, ofAll);
  else across<f32>(from, half, ofAll);
}

function across<T>(from: usize, half: i32, ofAll: bool): void {
  if (half == 2 || half == 4) {
    for (let column = 0; column < m.columns; column++) {
      if (!ofAll && load<f32>(s.columnTable + <usize>column * 12) == 0) continue;
      if (half == 2) ofFive<T>(from, column);
      else ofNine<T>(from, column);
    }
  } else {
    const bytes = s.columnBytes();
    for (let lane: usize = 0; lane < bytes; lane += sizeof<T>()) {
      running<T>(from + lane, lane, half, ofAll);
    }
  }
}

function ofFive<T>(from: usize, column: i32): void {
  const bytes = s.columnBytes();
  const a = from + s.mirrored(column - 2) * bytes;
  const b = from + s.mirrored(column - 1) * bytes;
  const c = from + s.mirrored(column) * bytes;
  const d = from + s.mirrored(column + 1) * bytes;
  const e = from + s.mirrored(column + 2) * bytes;
  const to = s.smoothed + <usize>column * bytes;
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    store<T>(
      to + at,
      median5<T>(
        load<T>(a + at),
        load<T>(b + at),
        load<T>(c + at),
        load<T>(d + at),
        load<T>(e + at),
      ),
    );
  }
}

/** Of three sorted triples: the median of greatest least, middle middle and least greatest. */
function ofNine<T>(from: usize, column: i32): void {
  const bytes = s.columnBytes();
  const a = from + s.mirrored(column - 4) * bytes;
  const b = from + s.mirrored(column - 3) * bytes;
  const c = from + s.mirrored(column - 2) * bytes;
  const d = from + s.mirrored(column - 1) * bytes;
  const e = from + s.mirrored(column) * bytes;
  const f = from + s.mirrored(column + 1) * bytes;
  const g = from + s.mirrored(column + 2) * bytes;
  const h = from + s.mirrored(column + 3) * bytes;
  const i = from + s.mirrored(column + 4) * bytes;
  const to = s.smoothed + <usize>column * bytes;
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    let low = min<T>(load<T>(a + at), load<T>(b + at));
    let high = max<T>(load<T>(a + at), load<T>(b + at));
    let other = load<T>(c + at);
    let least = min<T>(low, other);
    let middle = max<T>(low, min<T>(high, other));
    let most = max<T>(high, other);
    low = min<T>(load<T>(d + at), load<T>(e + at));
    high = max<T>(load<T>(d + at), load<T>(e + at));
    other = load<T>(f + at);
    least = max<T>(least, min<T>(low, other));
    const second = max<T>(low, min<T>(high, other));
    most = min<T>(most, max<T>(high, other));
    low = min<T>(load<T>(g + at), load<T>(h + at));
    high = max<T>(load<T>(g + at), load<T>(h + at));
    other = load<T>(i + at);
    least = max<T>(least, min<T>(low, other));
    middle = median3<T>(middle, second, max<T>(low, min<T>(high, other)));
    most = min<T>(most, max<T>(high, other));
    store<T>(to + at, median3<T>(least, middle, most));
  }
}

/** Columns from left to right at one place; the window's values are kept sorted. */
function running<T>(from: usize, lane: usize, half: i32, ofAll: bool): void {
  const bytes = s.columnBytes();
  const middle = s.medianWindow + ((<usize>half) << 4);
  let last = -2;
  for (let column = 0; column < m.columns; column++) {
    if (!ofAll && load<f32>(s.columnTable + <usize>column * 12) == 0) continue;
    if (last == column - 1) {
      const leaving = load<T>(from + s.mirrored(column - 1 - half) * bytes);
      const entering = load<T>(from + s.mirrored(column + half) * bytes);
      replace<T>(leaving, entering, (<usize>(2 * half)) << 4);
    } else {
      let count: usize = 0;
      for (let near = -half; near <= half; near++, count++) {
        insert<T>(load<T>(from + s.mirrored(column + near) * bytes), count);
      }
    }
    last = column;
    store<T>(s.smoothed + <usize>column * bytes + lane, load<T>(middle));
  }
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
  let held = load<T>(at);
  for (const end = at + lastBytes; at < end; at += 16) {
    const next = load<T>(at, 16);
    const kept = select<T>(next, held, greaterOrEqual<T>(held, leaving));
    store<T>(at, min<T>(kept, x));
    x = max<T>(kept, x);
    held = next;
  }
  store<T>(at, x);
}
