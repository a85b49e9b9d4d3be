// A zinger is light that no ray brought: a particle that hit the sensor during one exposure. It
// stands out from the same pixel in the views before and after, and from its neighbours.
import { greaterOrEqual, max, min, select, splat, sub } from './lanes';
import * as m from './memory';
import * as s from './sinogram';

/**
 * Attenuation at `byView` into `byColumn` [view, column]: where a value lies more than `threshold`
 * below the median of five views and also below that of five columns, it becomes the former.
 */
export function removeZingers(threshold: f32): i32 {
  const rowBytes = (<usize>m.stride) << 2;
  let found = 0;
  for (let view = 0; view < s.views; view++) {
    const row = s.byView + <usize>view * rowBytes;
    const to = s.byColumn + <usize>view * rowBytes;
    memory.copy(to, row, rowBytes);
    const above2 = rowAt(view - 2);
    const above = rowAt(view - 1);
    const below = rowAt(view + 1);
    const below2 = rowAt(view + 2);
    let at: usize = 8;
    const end = (<usize>m.columns) << 2;
    if (ASC_FEATURE_SIMD) {
      const limit = splat<v128>(threshold);
      for (; at + 24 <= end; at += 16) {
        const value = v128.load(row + at);
        const across = median5<v128>(
          v128.load(above2 + at),
          v128.load(above + at),
          value,
          v128.load(below + at),
          v128.load(below2 + at),
        );
        const exceeds = greaterOrEqual<v128>(sub<v128>(across, value), limit);
        if (!v128.any_true(exceeds)) continue;
        const along = median5<v128>(
          v128.load(row + at - 8),
          v128.load(row + at - 4),
          value,
          v128.load(row + at + 4),
          v128.load(row + at + 8),
        );
        const isZinger = v128.and(
          exceeds,
          greaterOrEqual<v128>(sub<v128>(along, value), limit),
        );
        v128.store(to + at, select<v128>(across, value, isZinger));
        found += popcnt<i32>(i32x4.bitmask(isZinger));
      }
    }
    for (; at + 8 < end; at += 4) {
      const value = load<f32>(row + at);
      const across = median5<f32>(
        load<f32>(above2 + at),
        load<f32>(above + at),
        value,
        load<f32>(below + at),
        load<f32>(below2 + at),
      );
      const along = median5<f32>(
        load<f32>(row + at - 8),
        load<f32>(row + at - 4),
        value,
        load<f32>(row + at + 4),
        load<f32>(row + at + 8),
      );
      if (across - value >= threshold && along - value >= threshold) {
        store<f32>(to + at, across);
        found += 1;
      }
    }
  }
  return found;
}

/** Views before the first and after the last are mirrored. */
function rowAt(view: i32): usize {
  const last = s.views - 1;
  let at = view < 0 ? -view : view;
  at = at > last ? 2 * last - at : at;
  at = at < 0 ? 0 : at;
  return s.byView + <usize>at * ((<usize>m.stride) << 2);
}

/** The median of five: after two rounds the least and the greatest of four are set aside. */
// @ts-ignore: decorator
@inline
function median5<T>(a: T, b: T, c: T, d: T, e: T): T {
  const lowAB = min<T>(a, b);
  const highAB = max<T>(a, b);
  const lowCD = min<T>(c, d);
  const highCD = max<T>(c, d);
  const low = max<T>(lowAB, lowCD);
  const high = min<T>(highAB, highCD);
  // The median of low, high and e.
  return max<T>(min<T>(low, high), min<T>(max<T>(low, high), e));
}
