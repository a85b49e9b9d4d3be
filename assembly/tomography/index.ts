// Tomography kernel: attenuation from counts, pairs of slices by Kaiser-Bessel gridding, and one
// slice by filtered back-projection of view after view.
//
// Order of calls: configure, then write the tables through the addresses below; then
// clearGrid, any number of gridViews, gridToSlices; or clearSlice, filterRows, backproject.
// Pixel centres are at integers; the middle of a slice is (columns - 1) / 2 for both engines.
import { backproject as addFiltered, filterRows as filter } from './backproject';
import { gridViews as addViews } from './gridding';
import { gridToSlices as makeSlices } from './image';
import * as m from './memory';
import * as p from './phase';
import * as q from './quantise';
import * as s from './sinogram';
import * as t from './stripes';
import { removeZingers as removeBright } from './zingers';
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
  return isTransformable(size);
}

/** Whole vectors, and 2^k or 3 x 2^k. */
function isTransformable(size: i32): bool {
  const odd = size >> ctz(size);
  return size >= 4 && size % 4 == 0 && (odd == 1 || odd == 3);
}

/** The counts at `rawAddress` into `attenuationAddress`. */
export function normaliseCounts(): void {
  fromCounts(m.attenuationRow, 0, 0);
}
export function normaliseFloats(): void {
  fromFloats(m.attenuationRow, 0, 0);
}

export function clearGrid(): void {
  memory.fill(m.grid, 0, <usize>m.gridSize * m.gridRowBytes);
}
/** Where the rows that `gridViews` and `filterRows` take begin: four of each slice. */
export function setRow(index: i32, address: usize): void {
  m.setRow(index, address);
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
/** Filters the rows that are set; keeps the first `count`, times the weights in the view table. */
export function filterRows(count: i32): void {
  filter(count);
}
/** Adds the first filtered rows, of the views in the view table, to slice 0. */
export function backproject(count: i32): void {
  addFiltered(count);
}

/** Whether rows go on beyond the detector's ends (1) or there is nothing there (0). */
export function setEdges(extend: i32): void {
  m.setEdges(extend);
}

/**
 * Makes room for two sinograms of the configured width, [view, column], `stride` values a row.
 * Returns 0, or -1 when they do not fit. What was held before is lost when the number of views
 * differs. Corrections use the memory of the grid.
 */
export function placeSinograms(views: i32): i32 {
  return s.placeSinograms(views) ? 0 : -1;
}
export function sinogramAddress(slot: i32): usize {
  return s.slot(slot);
}
/** The counts or intensities at `rawAddress` into a view of a held sinogram. */
export function loadCounts(slot: i32, view: i32, share: f32, beam: f32): void {
  fromCounts(s.row(slot, view), share, beam);
}
export function loadFloats(slot: i32, view: i32, share: f32, beam: f32): void {
  fromFloats(s.row(slot, view), share, beam);
}
/** Takes zingers out of a held sinogram. Returns how many there were. */
export function removeZingers(slot: i32, threshold: f32): i32 {
  return removeBright(slot, threshold);
}

/** The held sinogram becomes the columns that the following work on. */
export function takeColumns(slot: i32): void {
  s.takeColumns(slot);
}
export function columnsAddress(): usize {
  return s.byColumn;
}
export function viewStride(): i32 {
  return s.viewStride;
}
export function changedAddress(): usize {
  return s.isChanged;
}
export function columnTableAddress(): usize {
  return s.columnTable;
}
export function sumOfSquares(): f64 {
  return s.sumOfSquares();
}
/**
 * For each column, three values of its distribution over the views of what it has over the median
 * of its neighbours, at these ranks of the views: interleaved, in the column table.
 */
export function rankDetails(half: i32, low: i32, middle: i32, high: i32): void {
  t.rankDetails(half, low, middle, high);
}
/** What each column changes from view to view, summed, first of three in the column table. */
export function sumFlicker(): void {
  t.sumFlicker();
}
/** The same of what the next column has over each. The last column has no next, and no step. */
export function rankSteps(low: i32, middle: i32, high: i32): void {
  t.rankSteps(low, middle, high);
}
/**
 * Columns whose first value in the column table is not 0 take what their neighbours have at the
 * same ranks, or with a reach > 0 lose what distinguishes them from those on average over as many
 * ranks, held between the second and the third value.
 */
export function smoothSorted(half: i32, reach: i32): void {
  t.smoothSorted(half, reach);
}
/** What the changed columns lost: means into the table, sum of squares returned. */
export function tallyColumns(slot: i32): f64 {
  return s.tallyColumns(slot);
}
/** The changed columns back into the held sinogram. */
export function storeColumns(slot: i32): void {
  s.storeColumns(slot);
}

/** A slice as whole numbers, at `gridAddress`. Returns how many pixels the scale could not hold. */
export function quantise(slice: i32, levelMax: i32, offset: f32, perStep: f32): i32 {
  q.quantise(slice, levelMax, offset, perStep);
  return q.clipped;
}
export function sliceLeast(): f32 {
  return q.least;
}
export function sliceMost(): f32 {
  return q.most;
}
export function gridAddress(): usize {
  return m.grid;
}

/**
 * Makes room for two images and the lengths of their transforms. Returns 0; -2 when a length is
 * not 2^k or 3 x 2^k or is too short; -3 when it does not fit. Ends the validity of `configure`.
 */
export function placeImages(rows: i32, columns: i32, rowSize: i32, columnSize: i32): i32 {
  m.forgetLayout();
  if (rows < 1 || columns < 1 || rowSize < columns || columnSize < rows) return -2;
  if (!isTransformable(rowSize) || !isTransformable(columnSize)) return -2;
  return p.placeImages(rows, columns, rowSize, columnSize) ? 0 : -3;
}
export function filterImages(): void {
  p.filterImages();
}
export function imageAddress(image: i32): usize {
  return p.imageAddress(image);
}
export function imageStride(): i32 {
  return p.imageStride();
}
/** Twiddles along rows (0) and columns (1); 4 pi^2 a f^2 along rows (2) and columns (3). */
export function phaseTableAddress(table: i32): usize {
  return p.phaseTableAddress(table);
}

export function gridBlendAddress(): usize {
  return m.gridBlend;
}
export function filterBlendAddress(): usize {
  return m.filterBlend;
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
export function gainAfterAddress(): usize {
  return m.gainAfterRow;
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
