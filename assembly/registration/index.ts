// Registration kernel: boxes of two volumes of the same sample, smoothed, resampled and compared.
// A call reads the boxes at FIRST and SECOND and the tables, all written before it; sizes are
// checked by the wrapper, and once more here, since a wrong one would read beyond a box.
import { clearTally, tallyTiles } from './change';
import { sumEquations } from './equations';
import * as m from './memory';
import { smoothBox } from './smooth';
import { warpBox } from './warp';

export function boxValuesMax(): i32 {
  return m.BOX_VALUES_MAX;
}
export function tilesMax(): i32 {
  return m.TILES_MAX;
}
export function firstAddress(): usize {
  return m.FIRST;
}
export function secondAddress(): usize {
  return m.SECOND;
}
export function mapAddress(): usize {
  return m.MAP;
}
export function sumsAddress(): usize {
  return m.SUMS;
}
export function tilesAddress(): usize {
  return m.TILES;
}
export function differenceCountsAddress(): usize {
  return m.DIFFERENCE_COUNTS;
}
export function differenceSumsAddress(): usize {
  return m.DIFFERENCE_SUMS;
}
export function mediansBeforeAddress(): usize {
  return m.MEDIANS_BEFORE;
}
export function mediansAfterAddress(): usize {
  return m.MEDIANS_AFTER;
}

function fits(columns: i32, rows: i32, slices: i32): bool {
  const values = <i64>columns * <i64>rows * <i64>slices;
  return columns > 0 && rows > 0 && slices > 0 && values <= <i64>m.BOX_VALUES_MAX;
}

/** FIRST into SECOND through the map. Returns 0, or -1 when a box does not fit. */
export function warp(
  columns: i32,
  rows: i32,
  slices: i32,
  toColumns: i32,
  toRows: i32,
  toSlices: i32,
  splines: bool,
): i32 {
  if (!fits(columns, rows, slices) || !fits(toColumns, toRows, toSlices)) return -1;
  warpBox(columns, rows, toColumns, toRows, toSlices, splines);
  return 0;
}

/** FIRST into SECOND, four voxels smaller on each axis. Returns 0, or -1 when it does not fit. */
export function smooth(columns: i32, rows: i32, slices: i32): i32 {
  if (!fits(columns, rows, slices) || columns < 5 || rows < 5 || slices < 5) return -1;
  smoothBox(columns, rows, slices);
  return 0;
}

/** Equations of the shift from FIRST to SECOND. Returns 0, or -1 when they do not fit. */
export function equations(columns: i32, rows: i32, slices: i32): i32 {
  if (!fits(columns, rows, slices) || columns < 3 || rows < 3 || slices < 3) return -1;
  sumEquations(columns, rows, slices);
  return 0;
}

export function clear(): void {
  clearTally();
}

/** Adds a row of tiles to the tally. Returns 0, or -1 when it does not fit. */
export function tally(tiles: i32, side: i32, threshold: f64): i32 {
  if (tiles < 1 || tiles > m.TILES_MAX || side < 4 || side > 64) return -1;
  const columns = tiles * side;
  if (columns > <i32>(m.ROW_BYTES >> 2) || !fits(columns + 2, side + 2, side + 2)) return -1;
  tallyTiles(tiles, side, threshold);
  return 0;
}
