// A zinger is light that no ray brought: a particle that hit the sensor during one exposure. It
// stands out from the same pixel in the views before and after, and from its neighbours.
import { greaterOrEqual, median5, splat, sub } from '../lanes';
import * as m from './memory';
import * as s from './sinogram';

/** Where a zinger was found and what it becomes: an address and a value, 8 bytes. */
let found: usize = 0;

/**
 * Where a value of a held sinogram lies more than `threshold` below the median of five views and
 * also below that of five columns, it becomes the former. All are found before any is replaced.
 */
export function removeZingers(slot: i32, threshold: f32): i32 {
  found = s.byColumn;
  for (let view = 0; view < s.views; view++) findZingers(slot, view, threshold);
  for (let at = s.byColumn; at < found; at += 8) {
    store<f32>(<usize>load<u32>(at), load<f32>(at, 4));
  }
  return <i32>((found - s.byColumn) >> 3);
}

function findZingers(slot: i32, view: i32, threshold: f32): void {
  const row = s.row(slot, view);
  const above2 = rowAt(slot, view - 2);
  const above = rowAt(slot, view - 1);
  const below = rowAt(slot, view + 1);
  const below2 = rowAt(slot, view + 2);
  let at: usize = 8;
  const end = (<usize>m.columns) << 2;
  if (ASC_FEATURE_SIMD) {
    const limit = splat<v128>(threshold);
    for (; at + 24 <= end; at += 16) {
      const across = median5<v128>(
        v128.load(above2 + at),
        v128.load(above + at),
        v128.load(row + at),
        v128.load(below + at),
        v128.load(below2 + at),
      );
      const exceeds = greaterOrEqual<v128>(sub<v128>(across, v128.load(row + at)), limit);
      if (!v128.any_true(exceeds)) continue;
      for (let lane: usize = 0; lane < 16; lane += 4) {
        inspect(row, above2, above, below, below2, at + lane, threshold);
      }
    }
  }
  for (; at + 8 < end; at += 4) inspect(row, above2, above, below, below2, at, threshold);
}

function inspect(
  row: usize,
  above2: usize,
  above: usize,
  below: usize,
  below2: usize,
  at: usize,
  threshold: f32,
): void {
  const value = load<f32>(row + at);
  const across = median5<f32>(
    load<f32>(above2 + at),
    load<f32>(above + at),
    value,
    load<f32>(below + at),
    load<f32>(below2 + at),
  );
  if (!(across - value >= threshold)) return;
  const along = median5<f32>(
    load<f32>(row + at - 8),
    load<f32>(row + at - 4),
    value,
    load<f32>(row + at + 4),
    load<f32>(row + at + 8),
  );
  if (!(along - value >= threshold)) return;
  store<u32>(found, <u32>(row + at));
  store<f32>(found, across, 4);
  found += 8;
}

/** Views before the first and after the last are mirrored. */
function rowAt(slot: i32, view: i32): usize {
  const last = s.views - 1;
  let at = view < 0 ? -view : view;
  at = at > last ? 2 * last - at : at;
  at = at < 0 ? 0 : at;
  return s.row(slot, at);
}
