// Foreground as runs along rows: what follows then costs as much as there are runs, not voxels.
import { lanes } from './lanes';
import * as m from './memory';

const NO_LABEL: u32 = 0xffffffff;

/**
 * Appends the runs of the filtered slice to a list: voxels with low <= code <= low + width.
 * @returns false when the list is full; the slab then has to be taken in smaller parts
 */
export function findRuns(target: i32, level: i32, slice: i32, low: i32, width: i32): bool {
  const listIndex = m.list(target, level);
  const starts = m.rowStartsOf(listIndex);
  const runs = m.runsOf(listIndex);
  const first = (<usize>(slice * m.rows)) << 2;
  let count: u32 = slice == 0 ? 0 : load<u32>(starts + first);
  for (let row = 0; row < m.rows; row++) {
    store<u32>(starts + first + ((<usize>row) << 2), count);
    // A row has at most one run for every two voxels.
    if (count + <u32>(m.columns >> 1) + 1 > <u32>m.RUNS_MAX) return false;
    count =
      m.codeBytes == 1
        ? runsOfRow<u8>(row, low, width, runs, count)
        : runsOfRow<u16>(row, low, width, runs, count);
  }
  store<u32>(starts + first + ((<usize>m.rows) << 2), count);
  return true;
}

function runsOfRow<L>(row: i32, low: i32, width: i32, runs: usize, firstRun: u32): u32 {
  const start = m.spanStart(row);
  const end = m.spanEnd(row);
  const from = m.filtered + <usize>row * m.stride;
  let at = runs + <usize>firstRun * m.RUN_BYTES;
  let inside: u64 = 0;
  for (let column = start & ~63; column < end; column += 64) {
    let bits = foreground<L>(from + <usize>column * sizeof<L>(), low, width);
    if (column < start) bits &= (<u64>-1) << (<u64>(start - column));
    if (column + 64 > end) bits &= ~((<u64>-1) << (<u64>(end - column)));
    // Edges alternate: first voxel of a run, first voxel behind it.
    let edges = bits ^ ((bits << 1) | inside);
    while (edges != 0) {
      const edge = column + <i32>ctz(edges);
      edges &= edges - 1;
      if (inside == 0) store<u16>(at, <u16>edge);
      else {
        closeRun(at, edge);
        at += m.RUN_BYTES;
      }
      inside ^= 1;
    }
  }
  if (inside != 0) {
    closeRun(at, end);
    at += m.RUN_BYTES;
  }
  return <u32>((at - runs) / m.RUN_BYTES);
}

// @ts-ignore: decorator
@inline
function closeRun(at: usize, end: i32): void {
  store<u16>(at, <u16>end, 2);
  store<u32>(at, NO_LABEL, 4);
}

/** One bit for each of 64 voxels. */
// @ts-ignore: decorator
@inline
function foreground<L>(address: usize, low: i32, width: i32): u64 {
  let bits: u64 = 0;
  if (ASC_FEATURE_SIMD) {
    for (let part = 0; part < 4; part++) {
      const at = address + <usize>(part << 4) * sizeof<L>();
      bits |= (<u64>sixteen<L>(at, low, width)) << (<u64>(part << 4));
    }
  } else {
    for (let voxel = 0; voxel < 64; voxel++) {
      const code = <i32>load<L>(address + <usize>voxel * sizeof<L>());
      if (<u32>(code - low) <= <u32>width) bits |= (<u64>1) << (<u64>voxel);
    }
  }
  return bits;
}

// @ts-ignore: decorator
@inline
function sixteen<L>(at: usize, low: i32, width: i32): i32 {
  if (lanes<v128, L>() == 16) {
    const codes = i8x16.sub(v128.load(at), i8x16.splat(<i8>low));
    return i8x16.bitmask(i8x16.le_u(codes, i8x16.splat(<i8>width)));
  }
  const lows = i16x8.splat(<i16>low);
  const widths = i16x8.splat(<i16>width);
  const first = i16x8.le_u(i16x8.sub(v128.load(at), lows), widths);
  const second = i16x8.le_u(i16x8.sub(v128.load(at, 16), lows), widths);
  return i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
}

/** How many slices of foreground each column has, from the slab's first slice on. */
export function countLeading(target: i32, slices: i32): void {
  memory.fill(m.leading, 0, (<usize>m.rows * <usize>m.columns) << 1);
  const listIndex = m.list(target, 0);
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < m.rows; row++) {
      const map = m.leading + ((<usize>row * <usize>m.columns) << 1);
      const end = runEnd(listIndex, slice, row);
      for (let run = firstRun(listIndex, slice, row); run < end; run += m.RUN_BYTES) {
        extend(map, load<u16>(run), load<u16>(run, 2), slice);
      }
    }
  }
}

/** Columns that reached this slice go one further. */
function extend(map: usize, start: i32, end: i32, slice: i32): void {
  let column = start;
  if (ASC_FEATURE_SIMD) {
    const here = i16x8.splat(<i16>slice);
    for (; column + 8 <= end; column += 8) {
      const at = map + ((<usize>column) << 1);
      const value = v128.load(at);
      v128.store(at, i16x8.sub(value, i16x8.eq(value, here)));
    }
  }
  for (; column < end; column++) {
    const at = map + ((<usize>column) << 1);
    if (load<u16>(at) == <u16>slice) store<u16>(at, <u16>(slice + 1));
  }
}

/** Address of the first run of a row. */
// @ts-ignore: decorator
@inline
export function firstRun(listIndex: i32, slice: i32, row: i32): usize {
  const index = load<u32>(m.rowStartsOf(listIndex) + ((<usize>(slice * m.rows + row)) << 2));
  return m.runsOf(listIndex) + <usize>index * m.RUN_BYTES;
}

/** Address behind the last run of a row. */
// @ts-ignore: decorator
@inline
export function runEnd(listIndex: i32, slice: i32, row: i32): usize {
  const index = load<u32>(m.rowStartsOf(listIndex) + ((<usize>(slice * m.rows + row + 1)) << 2));
  return m.runsOf(listIndex) + <usize>index * m.RUN_BYTES;
}
