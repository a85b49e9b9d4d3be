// Tomography kernel: attenuation from counts, pairs of slices by Kaiser-Bessel gridding, and one
// slice by filtered back-projection of view after view.
//
// Order of calls: configure, then write the tables through the addresses below; then
// clearGrid, any number of gridViews, gridToSlices; or clearSlice, filterRows, backproject.
// Pixel centres are at integers; the middle of a slice is (columns - 1) / 2 for both engines.
import { backproject as addView, filterRows as filter } from './backproject';
import { gridViews as addViews } from './gridding';
import { gridToSlices as makeSlices } from './image';
import * as m from './memory';
import { normaliseCounts as fromCounts, normaliseFloats as fromFloats } from './normalise';

/**
 * Sets the sizes. Returns 0; -1 when there are too few or too many columns; -2 when a transform's
 * length is not 2^k or 3 x 2^k or is too short; -3 when it does not fit in memory.
 */
export function configure(columns: i32, gridSize: i32, filterSize: i32): i32 {
  if (columns < 2 || columns > m.COLUMNS_MAX) return -1;
  if (!isLength(gridSize) || gridSize < columns + 8) return -2;
  if (!isLength(filterSize) || filterSize < 2 * columns) return -2;
  return m.setLayout(columns, gridSize, filterSize) ? 0 : -3;
}

function isLength(size: i32): bool {
  if (size < 2 * m.PHASE_BLOCK || size % (2 * m.PHASE_BLOCK) != 0) return false;
  const odd = size >> ctz(size);
  return odd == 1 || odd == 3;
}

export function normaliseCounts(): void {
  fromCounts();
}
export function normaliseFloats(): void {
  fromFloats();
}

export function clearGrid(): void {
  memory.fill(m.grid, 0, <usize>m.gridSize * m.gridRowBytes);
}
export function gridViews(): void {
  addViews();
}
export function gridToSlices(): void {
  makeSlices();
}

export function clearSlice(): void {
  memory.fill(m.slice(0), 0, m.sliceBytes);
}
export function filterRows(): void {
  filter();
}
export function backproject(row: i32, cosine: f64, sine: f64, axis: f64, weight: f32): void {
  addView(row, cosine, sine, axis, weight);
}

export function stride(): i32 {
  return m.stride;
}
export function rawAddress(): usize {
  return m.rawRow;
}
export function darkAddress(): usize {
  return m.darkRow;
}
export function gainAddress(): usize {
  return m.gainRow;
}
export function attenuationAddress(): usize {
  return m.attenuationRow;
}
export function rowsAddress(): usize {
  return m.rows;
}
export function viewTableAddress(): usize {
  return m.viewTable;
}
export function gridTwiddlesAddress(): usize {
  return m.gridTwiddles;
}
export function filterTwiddlesAddress(): usize {
  return m.filterTwiddles;
}
export function gridRampAddress(): usize {
  return m.gridRamp;
}
export function filterRampAddress(): usize {
  return m.filterRamp;
}
export function weightsAddress(): usize {
  return m.weights;
}
export function deapodisationAddress(): usize {
  return m.deapodisation;
}
/** Values of a filtered row, padding included; its differences follow. */
export function filteredAddress(row: i32): usize {
  return m.filtered + <usize>(2 * row) * m.filteredBytes + ((<usize>m.rowPadding) << 2);
}
export function sliceAddress(slice: i32): usize {
  return m.slice(slice);
}
