// Memory of the live kernel: one arena, laid out anew by `setLayout` for the detector and its
// planes. Nothing is ever allocated; what does not fit is refused.

/** Widest row of the detector, and most detector pixels per side of a pixel of the slices. */
export const COLUMNS_MAX: i32 = 4096;
export const BINNING_MAX: i32 = 8;
export const PLANES_MAX: i32 = 4;
/** Rows that are filtered together: four in the real and four in the imaginary parts. */
export const ROWS_PER_CALL: i32 = 8;
/** Zeros on each side of a filtered row, so that interpolation may run past its ends. */
export const PADDING: i32 = 8;
/** One row of a plane: see `PLANE_ROW_BYTES` in planes.ts. */
export const PLANE_ROW_BYTES: usize = 32;

/** Keeps the real and imaginary planes of a bundle out of the same cache sets. */
const PLANE_GAP_BYTES: usize = 192;
const PAGE_BYTES: usize = 65536;

/** The detector after binning. */
export let rows: i32 = 0;
export let columns: i32 = 0;
/** Columns rounded up to whole vectors: the stride of every unfiltered row. */
export let stride: i32 = 0;
/** Detector pixels per side, and columns of the detector itself. */
export let binning: i32 = 0;
export let rawColumns: i32 = 0;
export let filterSize: i32 = 0;

/** ROWS_PER_CALL x binning rows of the detector, u16 or f32. */
export let raw: usize = 0;
/** Sums over blocks of one row. */
export let sums: usize = 0;
/** For each pixel after binning, over its block: sum of the dark field, 1 / sum of the beam. */
export let dark: usize = 0;
export let gain: usize = 0;
/** ROWS_PER_CALL rows of -log data. */
export let attenuation: usize = 0;
export let twiddles: usize = 0;
/** filterSize / 2 + 1 values, with the transform's scale. */
export let ramp: usize = 0;
/** How the end of a row fades behind it: shares of its last value. */
export let blend: usize = 0;
let bundles: usize = 0;
let bundleBytes: usize = 0;
/** Two filtered frames: the new view and the one it replaces. */
let filtered: usize = 0;
export let filteredRowBytes: usize = 0;
let filteredBytes: usize = 0;
/** A row between two filtered rows. */
export let blended: usize = 0;
/** For each plane: address of its table, address of its pixels, rows, columns; u32 each. */
const planes: usize = memory.data(64, 16);
let top: usize = 0;

function take(bytes: usize): usize {
  const address = top;
  top += (bytes + 63) & ~63;
  return address;
}

/** Lays out everything but the planes; false when it does not fit in memory. */
export function setLayout(rawColumnCount: i32, rowCount: i32, bin: i32, filters: i32): bool {
  rawColumns = rawColumnCount;
  binning = bin;
  rows = rowCount;
  columns = rawColumnCount / bin;
  stride = (columns + 3) & ~3;
  filterSize = filters;
  const rowBytes = (<usize>stride) << 2;
  const paddedRows = <usize>((rows + ROWS_PER_CALL - 1) & ~(ROWS_PER_CALL - 1));

  top = (__heap_base + 63) & ~63;
  raw = take(<usize>(ROWS_PER_CALL * bin) * <usize>rawStride() * 4);
  sums = take(rowBytes);
  dark = take(paddedRows * rowBytes);
  gain = take(paddedRows * rowBytes);
  attenuation = take(<usize>ROWS_PER_CALL * rowBytes);
  twiddles = take((<usize>filters) << 3);
  ramp = take((<usize>(filters >> 1) + 1) << 2);
  blend = take((<usize>filters) << 2);
  bundleBytes = 2 * (((<usize>filters) << 4) + PLANE_GAP_BYTES);
  bundles = take(4 * bundleBytes);
  filteredRowBytes = ((<usize>(stride + 2 * PADDING)) << 2) + 64;
  // Rows a power of two apart would all fall into the same cache sets.
  if (filteredRowBytes % 4096 == 0) filteredRowBytes += 64;
  filteredBytes = paddedRows * filteredRowBytes;
  filtered = take(2 * filteredBytes);
  blended = take(filteredRowBytes);
  memory.fill(planes, 0, <usize>PLANES_MAX * 16);
  return top <= memoryEnd();
}

/** Room for a plane of this size behind all before it; false when it does not fit. */
export function placePlane(plane: i32, rowCount: i32, columnCount: i32): bool {
  const bytes = ((<usize>rowCount * <usize>columnCount) << 2) + 16;
  const entry = planes + ((<usize>plane) << 4);
  store<u32>(entry, <u32>take(<usize>rowCount * PLANE_ROW_BYTES));
  store<u32>(entry, <u32>take(bytes), 4);
  if (top > memoryEnd()) return false;
  store<i32>(entry, rowCount, 8);
  store<i32>(entry, columnCount, 12);
  return true;
}

function memoryEnd(): usize {
  return <usize>memory.size() * PAGE_BYTES;
}

/** Values from one row of the detector to the next: whole vectors of 8 counts. */
// @ts-ignore: decorator
@inline
export function rawStride(): i32 {
  return (rawColumns + 15) & ~7;
}

/** Distance from the real to the imaginary plane of a bundle. */
// @ts-ignore: decorator
@inline
export function planeBytes(): usize {
  return ((<usize>filterSize) << 4) + PLANE_GAP_BYTES;
}

// @ts-ignore: decorator
@inline
export function bundle(index: i32): usize {
  return bundles + <usize>index * bundleBytes;
}

/** First value of a filtered row, padding not counted. */
// @ts-ignore: decorator
@inline
export function filteredRow(frame: i32, row: i32): usize {
  return (
    filtered +
    <usize>frame * filteredBytes +
    <usize>row * filteredRowBytes +
    ((<usize>PADDING) << 2)
  );
}

export function planeTable(plane: i32): usize {
  return <usize>load<u32>(planes + ((<usize>plane) << 4));
}

export function pixels(plane: i32): usize {
  return <usize>load<u32>(planes + ((<usize>plane) << 4), 4);
}

export function planeRows(plane: i32): i32 {
  return load<i32>(planes + ((<usize>plane) << 4), 8);
}

export function planeColumns(plane: i32): i32 {
  return load<i32>(planes + ((<usize>plane) << 4), 12);
}

/** Puts the zeros beside every filtered row of both frames. */
export function clearPadding(): void {
  memory.fill(filtered, 0, 2 * filteredBytes);
  memory.fill(blended, 0, filteredRowBytes);
}

export function isPlaced(): bool {
  return columns > 0;
}

export function forget(): void {
  columns = 0;
}
