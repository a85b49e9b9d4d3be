// Memory of the tomography kernel: one arena, laid out anew by `setLayout` for the detector's
// width. Nothing is ever allocated; what does not fit is refused.

export const COLUMNS_MAX: i32 = 4096;
/** Complex signals that are transformed together, one in each lane of a vector. */
export const LANES: i32 = 4;
/** Slices that share one complex grid: one in the real parts, one in the imaginary parts. */
export const SLICES: i32 = 2;
/** Grid columns taken per visit of the column transforms: a whole number of cache lines. */
export const COLUMNS_PER_VISIT: i32 = 8;
/** Kaiser-Bessel weights are tabulated at this many positions within a grid cell. */
export const WEIGHT_STEPS: i32 = 1024;
/** Samples of a phase ramp between two exactly computed ones. */
export const PHASE_BLOCK: i32 = 32;

/** Keeps the real and imaginary planes of a bundle out of the same cache sets. */
const PLANE_GAP_BYTES: usize = 192;
/** Keeps the rows of the grid out of the same cache sets. */
const ROW_GAP_BYTES: usize = 64;
const PAGE_BYTES: usize = 65536;

export let columns: i32 = 0;
/** Columns rounded up to whole vectors: the stride of every row of floats. */
export let stride: i32 = 0;
/** Side of the Fourier grid of the slices. */
export let gridSize: i32 = 0;
/** Length of the transform that filters rows for back-projection. */
export let filterSize: i32 = 0;
/** Zeros on each side of a filtered row, so that no ray of the disc runs past its end. */
export let rowPadding: i32 = 0;

export let rawRow: usize = 0;
export let darkRow: usize = 0;
export let gainRow: usize = 0;
/** Gain of the flats after a view; gainRow is then that of the flats before it. */
export let gainAfterRow: usize = 0;
export let attenuationRow: usize = 0;
/** Addresses of the SLICES x LANES rows that are transformed next. */
const rowAddresses: usize = memory.data(32, 16);

export function setRow(index: i32, address: usize): void {
  store<u32>(rowAddresses + ((<usize>index) << 2), <u32>address);
}

// @ts-ignore: decorator
@inline
export function rowAt(index: i32): usize {
  return <usize>load<u32>(rowAddresses + ((<usize>index) << 2));
}

/** SLICES x LANES rows of -log data. */
export let rows: usize = 0;
export let viewTable: usize = 0;
export let gridTwiddles: usize = 0;
export let filterTwiddles: usize = 0;
/** Ramp of the gridding, gridSize / 2 values, with the transform's scale. */
export let gridRamp: usize = 0;
/** Ramp of the back-projection, filterSize / 2 + 1 values, with the transform's scale. */
export let filterRamp: usize = 0;
export let weights: usize = 0;
/** Correction of the gridding's weights in the image, one value per column. */
export let deapodisation: usize = 0;
export let phaseAnchors: usize = 0;
/** LANES spectra of [P(j), P(-j)], both complex. */
export let spectra: usize = 0;
export let spectrumBytes: usize = 0;
/** Two ping-pong bundles for each bundle of a visit. */
export let bundles: usize = 0;
let bundleBytes: usize = 0;
/** SLICES x LANES filtered rows: values, then differences to the next value. */
export let filtered: usize = 0;
export let filteredBytes: usize = 0;
export let slices: usize = 0;
export let sliceBytes: usize = 0;
export let grid: usize = 0;
export let gridRowBytes: usize = 0;
/** Sixteen floats of a transposition, at a fixed place whatever the layout. */
export const transposed: usize = memory.data(64, 16);
/** Two histograms of 256 counts. */
export let histograms: usize = 0;
/** How the end of a row fades behind it: shares of its last value. */
export let gridBlend: usize = 0;
export let filterBlend: usize = 0;
/** 1 when rows go on beyond the detector's ends, 0 when there is nothing there. */
export let extendsEdges: i32 = 0;

export function setEdges(extend: i32): void {
  extendsEdges = extend;
}

/** Until the next `setLayout` there is no detector. */
export function forgetLayout(): void {
  columns = 0;
}

export function memoryEnd(): usize {
  return <usize>memory.size() * PAGE_BYTES;
}

let top: usize = 0;

function take(bytes: usize): usize {
  const address = top;
  top += (bytes + 63) & ~63;
  return address;
}

/** Lays out the arena; false when it does not fit in memory. */
export function setLayout(columnCount: i32, grids: i32, filters: i32): bool {
  columns = columnCount;
  stride = (columnCount + 3) & ~3;
  gridSize = grids;
  filterSize = filters;
  rowPadding = (columnCount >> 1) + 8;
  const rowBytes = (<usize>stride) << 2;
  const longest = <usize>max(grids, filters);

  top = (__heap_base + 63) & ~63;
  rawRow = take(rowBytes);
  darkRow = take(rowBytes);
  gainRow = take(rowBytes);
  gainAfterRow = take(rowBytes);
  attenuationRow = take(rowBytes);
  rows = take(<usize>(SLICES * LANES) * rowBytes);
  viewTable = take(<usize>(SLICES * LANES) * VIEW_BYTES);
  gridTwiddles = take((<usize>grids) << 3);
  filterTwiddles = take((<usize>filters) << 3);
  gridRamp = take((<usize>grids) << 1);
  filterRamp = take((<usize>(filters >> 1) + 1) << 2);
  weights = take((<usize>(WEIGHT_STEPS + 1)) << 4);
  deapodisation = take(rowBytes);
  phaseAnchors = take((<usize>(grids / 2 / PHASE_BLOCK) + 1) << 5);
  spectrumBytes = ((<usize>grids) << 3) + 64;
  spectra = take(<usize>LANES * spectrumBytes);
  bundleBytes = 2 * ((longest << 4) + PLANE_GAP_BYTES);
  bundles = take(<usize>(COLUMNS_PER_VISIT / LANES) * 2 * bundleBytes);
  filteredBytes = <usize>(((2 * columnCount + 24) & ~3) << 2);
  filtered = take(<usize>(2 * SLICES * LANES) * filteredBytes);
  sliceBytes = rowBytes * <usize>stride;
  slices = take(<usize>SLICES * sliceBytes);
  histograms = take(2048);
  gridBlend = take((<usize>grids) << 2);
  filterBlend = take((<usize>filters) << 2);
  gridRowBytes = ((<usize>grids) << 3) + ROW_GAP_BYTES;
  grid = take(<usize>grids * gridRowBytes);
  return top <= memoryEnd();
}

export function gridEnd(): usize {
  return top;
}

/** One view: cosine and sine of its angle, axis on the detector, weight; f64 each. */
export const VIEW_BYTES: usize = 32;

// @ts-ignore: decorator
@inline
export function viewValue(view: i32, index: i32): f64 {
  return load<f64>(viewTable + <usize>view * VIEW_BYTES + ((<usize>index) << 3));
}

/** Distance from the real to the imaginary plane of a bundle of this many samples. */
// @ts-ignore: decorator
@inline
export function planeBytes(size: i32): usize {
  return ((<usize>size) << 4) + PLANE_GAP_BYTES;
}

// @ts-ignore: decorator
@inline
export function bundle(index: i32): usize {
  return bundles + <usize>index * bundleBytes;
}

// @ts-ignore: decorator
@inline
export function slice(index: i32): usize {
  return slices + <usize>index * sliceBytes;
}
