// One whole sinogram in the memory behind the tables, for corrections that look across views and
// columns. It shares that memory with the Fourier grid: a sinogram is corrected before its slice
// is begun.
import { transpose } from './lanes';
import * as m from './memory';

/** Ranks of views are held in 16 bits. */
export const VIEWS_MAX: i32 = 65535;
/** Values a running median may look at. */
export const MEDIAN_WIDTH_MAX: i32 = 127;

export let views: i32 = 0;
/** Views rounded up to whole vectors: the stride of a column. */
export let viewStride: i32 = 0;
/** [view, column], or a correction of it. */
export let byView: usize = 0;
/** [column, view], later [column, rank]. */
export let byColumn: usize = 0;
/** View of each rank, u16 [column, rank]. */
export let ranks: usize = 0;
/** One column of values, of keys and of views in between. */
export let spareValues: usize = 0;
export let spareKeys: usize = 0;
export let spareViews: usize = 0;
/** Three f32 for each column: values at three ranks; or whether it is chosen, and bounds. */
export let columnTable: usize = 0;
/** Sorted values under a running median, one vector each. */
export let medianWindow: usize = 0;

/** Places a sinogram of the configured width; false when it does not fit in memory. */
export function placeSinogram(viewCount: i32): bool {
  if (viewCount < 1 || viewCount > VIEWS_MAX || m.columns == 0) return false;
  views = viewCount;
  viewStride = (viewCount + 3) & ~3;
  const bytes = ((<usize>viewStride * <usize>m.stride) << 2) + 64;
  byView = m.grid;
  byColumn = byView + bytes;
  ranks = byColumn + bytes;
  spareValues = ranks + ((bytes >> 1) & ~63) + 64;
  const column = ((<usize>viewStride) << 2) + 64;
  spareKeys = spareValues + column;
  spareViews = spareKeys + column;
  columnTable = spareViews + column;
  medianWindow = columnTable + <usize>m.stride * 12 + 64;
  medianWindow = (medianWindow + 15) & ~15;
  return medianWindow + ((<usize>MEDIAN_WIDTH_MAX + 1) << 4) <= m.memoryEnd();
}

/** [view, column] into [column, view]; padding views are copies of nothing in particular. */
export function turnToColumns(): void {
  const rowBytes = (<usize>m.stride) << 2;
  const columnBytes = (<usize>viewStride) << 2;
  turn(byView, rowBytes, byColumn, columnBytes, viewStride, m.stride);
}

/** Columns at `byView` into rows at `byColumn`. */
export function turnToViews(): void {
  const rowBytes = (<usize>m.stride) << 2;
  const columnBytes = (<usize>viewStride) << 2;
  turn(byView, columnBytes, byColumn, rowBytes, m.stride, viewStride);
}

/** Transposes `lines` x `length` floats, both multiples of four, in tiles that stay in L1. */
function turn(
  from: usize,
  fromBytes: usize,
  to: usize,
  toBytes: usize,
  lines: i32,
  length: i32,
): void {
  const tile = m.transposed;
  for (let line = 0; line < lines; line += 4) {
    for (let at = 0; at < length; at += 4) {
      const source = from + <usize>line * fromBytes + ((<usize>at) << 2);
      transpose(
        source,
        source + fromBytes,
        source + 2 * fromBytes,
        source + 3 * fromBytes,
        tile,
      );
      let target = to + <usize>at * toBytes + ((<usize>line) << 2);
      for (let k: usize = 0; k < 64; k += 16, target += toBytes) memory.copy(target, tile + k, 16);
    }
  }
}
