// Median of 27 values, by forgetful selection: of fifteen candidates neither the least nor the
// greatest can be the median, so both are dropped and one more value is taken in, until one is
// left. Four voxels at once in the SIMD build.
import * as m from './memory';

/** `count` medians of 3 x 3 x 3 voxels around those from `at` on; count is at least 4. */
export function medianRow(at: usize, row: usize, slice: usize, count: i32, to: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let k = 0; k < count; k += 4) {
      // The last vector goes back so far that it ends with the row.
      const first = <usize>min(k, count - 4) << 2;
      v128.store(to + first, median<v128>(at + first, row, slice));
    }
  } else {
    for (let k: usize = 0; k < <usize>count; k++) {
      store<f32>(to + (k << 2), median<f32>(at + (k << 2), row, slice));
    }
  }
}

function median<T>(at: usize, row: usize, slice: usize): T {
  let taken = 0;
  let size = 0;
  let result = load<T>(at);
  for (let dz = at - slice; dz <= at + slice; dz += slice) {
    for (let dy = dz - row; dy <= dz + row; dy += row) {
      for (let dx = dy - 4; dx <= dy + 4; dx += 4) {
        store<T>(m.SELECTION + (<usize>size << 4), load<T>(dx));
        size++;
        taken++;
        if (taken < 15) continue;
        if (size == 3) result = middleOfThree<T>();
        else size = dropExtremes<T>(size);
      }
    }
  }
  return result;
}

/** Takes the least and the greatest out of the candidates. */
function dropExtremes<T>(size: i32): i32 {
  let greatest = load<T>(m.SELECTION);
  let least = greatest;
  let at = m.SELECTION;
  const end = at + (<usize>(size - 1) << 4);
  // Every step passes the greatest on; what is left behind is one candidate fewer.
  for (; at < end; at += 16) {
    const next = load<T>(at + 16);
    store<T>(at, lesser<T>(greatest, next));
    greatest = greater<T>(greatest, next);
  }
  least = load<T>(m.SELECTION);
  at = m.SELECTION;
  for (; at < end - 16; at += 16) {
    const next = load<T>(at + 16);
    store<T>(at, greater<T>(least, next));
    least = lesser<T>(least, next);
  }
  return size - 2;
}

function middleOfThree<T>(): T {
  const a = load<T>(m.SELECTION);
  const b = load<T>(m.SELECTION, 16);
  const c = load<T>(m.SELECTION, 32);
  return greater<T>(lesser<T>(a, b), lesser<T>(greater<T>(a, b), c));
}

// @ts-ignore: decorator
@inline
function lesser<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.pmin(a, b);
  else return b < a ? b : a;
}

// @ts-ignore: decorator
@inline
function greater<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.pmax(a, b);
  else return a < b ? b : a;
}
