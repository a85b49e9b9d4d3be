// Paganin's filter on two transmission images at once: one is the real, one the imaginary part of
// a complex image, and the filter, real and even, does not mix them. Beyond the detector's ends
// the images are mirrored.
import { transform } from './fourier';
import { add, loadSplat, mul, splat, transpose } from '../lanes';
import * as m from './memory';

const PAGE_GAP: usize = 192;

let rows: i32 = 0;
let columns: i32 = 0;
let rowsPadded: i32 = 0;
let stride: i32 = 0;
/** Lengths of the transforms along a row and along a column. */
let rowSize: i32 = 0;
let columnSize: i32 = 0;
/** Two images [row, column], in and out. */
let images: usize = 0;
let imageBytes: usize = 0;
/** Spectra of the rows: real and imaginary plane, [row, frequency]. */
let spectra: usize = 0;
let spectraBytes: usize = 0;
let rowTwiddles: usize = 0;
let columnTwiddles: usize = 0;
/** 4 pi^2 a f^2 for each frequency along a row and along a column. */
let rowSquares: usize = 0;
let columnSquares: usize = 0;
let bundles: usize = 0;
let bundleBytes: usize = 0;

/** Lays out the memory for images of this size; false when they do not fit. */
export function placeImages(
  imageRows: i32,
  imageColumns: i32,
  alongRow: i32,
  alongColumn: i32,
): bool {
  rows = imageRows;
  columns = imageColumns;
  rowsPadded = (rows + 3) & ~3;
  stride = (columns + 3) & ~3;
  rowSize = alongRow;
  columnSize = alongColumn;
  let top = (__heap_base + 63) & ~63;
  images = top;
  imageBytes = ((<usize>rowsPadded * <usize>stride) << 2) + 64;
  top += 2 * imageBytes;
  spectra = top;
  spectraBytes = ((<usize>rowsPadded * <usize>rowSize) << 2) + PAGE_GAP;
  top += 2 * spectraBytes;
  rowTwiddles = top;
  top += (<usize>rowSize) << 3;
  columnTwiddles = top;
  top += (<usize>columnSize) << 3;
  rowSquares = top;
  top += (<usize>rowSize) << 2;
  columnSquares = top;
  top += (<usize>columnSize) << 2;
  bundles = (top + 63) & ~63;
  bundleBytes = 2 * (((<usize>max<i32>(rowSize, columnSize)) << 4) + PAGE_GAP);
  // The rows that only pad the last four are read, so they must be something.
  const end = bundles + 2 * bundleBytes;
  if (end > m.memoryEnd()) return false;
  memory.fill(images, 0, 2 * imageBytes);
  return true;
}

export function imageAddress(image: i32): usize {
  return images + <usize>image * imageBytes;
}
export function imageStride(): i32 {
  return stride;
}
export function phaseTableAddress(table: i32): usize {
  if (table == 0) return rowTwiddles;
  if (table == 1) return columnTwiddles;
  return table == 2 ? rowSquares : columnSquares;
}

/** Divides the transform of both images by 1 + 4 pi^2 a |f|^2. */
export function filterImages(): void {
  const plane = m.planeBytes(rowSize);
  const back = bundles + bundleBytes;
  for (let row = 0; row < rowsPadded; row += 4) {
    loadRows(row, plane);
    keepSpectra(row, transform(bundles, back, plane, rowTwiddles, rowSize), plane);
  }
  for (let column = 0; column < rowSize; column += 4) {
    if (ASC_FEATURE_SIMD) filterColumns<v128>(column);
    else filterColumns<f32>(column);
  }
  for (let row = 0; row < rowsPadded; row += 4) {
    loadSpectra(row, plane);
    keepRows(row, transform(bundles, back, plane, rowTwiddles, rowSize), plane);
  }
}

/** Four rows of both images into the lanes of a bundle, mirrored at their ends. */
function loadRows(row: i32, plane: usize): void {
  const rowBytes = (<usize>stride) << 2;
  for (let image: usize = 0; image < 2; image++) {
    const to = bundles + image * plane;
    const from = images + image * imageBytes + <usize>row * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const first = from + at;
      transpose(first, first + rowBytes, first + 2 * rowBytes, first + 3 * rowBytes, to + (at << 2));
    }
    for (let at = columns; at < rowSize; at++) {
      const source = to + (mirrored(at, columns, rowSize) << 4);
      memory.copy(to + ((<usize>at) << 4), source, 16);
    }
  }
}

/**
 * The sample that stands for sample `at` of a signal of `count` samples on a circle of `size`: the
 * first half of what lies behind the signal mirrors its end, the second half its beginning.
 */
// @ts-ignore: decorator
@inline
function mirrored(at: i32, count: i32, size: i32): usize {
  let place = at < count + ((size - count) >> 1) ? at : at - size;
  const period = 2 * count;
  place = place % period;
  place = place < 0 ? place + period : place;
  return <usize>(place < count ? place : period - 1 - place);
}

/** Lanes of a bundle into four rows of the spectra. */
function keepSpectra(row: i32, result: usize, plane: usize): void {
  const rowBytes = (<usize>rowSize) << 2;
  for (let part: usize = 0; part < 2; part++) {
    let to = spectra + part * spectraBytes + <usize>row * rowBytes;
    const from = result + part * plane;
    for (let at: usize = 0; at < rowBytes; at += 16, to += 16) storeLanes(from + (at << 2), to, rowBytes);
  }
}

/** Four rows of the spectra into a bundle, its planes exchanged: the transform is inverse. */
function loadSpectra(row: i32, plane: usize): void {
  const rowBytes = (<usize>rowSize) << 2;
  for (let part: usize = 0; part < 2; part++) {
    const from = spectra + part * spectraBytes + <usize>row * rowBytes;
    const to = bundles + (1 - part) * plane;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const first = from + at;
      transpose(first, first + rowBytes, first + 2 * rowBytes, first + 3 * rowBytes, to + (at << 2));
    }
  }
}

/** Lanes of a bundle with exchanged planes into four rows of both images. */
function keepRows(row: i32, result: usize, plane: usize): void {
  const rowBytes = (<usize>stride) << 2;
  for (let image: usize = 0; image < 2; image++) {
    let to = images + image * imageBytes + <usize>row * rowBytes;
    const from = result + (1 - image) * plane;
    for (let at: usize = 0; at < rowBytes; at += 16, to += 16) storeLanes(from + (at << 2), to, rowBytes);
  }
}

/** Four samples of four lanes at `from` into four rows. */
// @ts-ignore: decorator
@inline
function storeLanes(from: usize, to: usize, rowBytes: usize): void {
  const tile = m.transposed;
  transpose(from, from + 16, from + 32, from + 48, tile);
  memory.copy(to, tile, 16);
  memory.copy(to + rowBytes, tile + 16, 16);
  memory.copy(to + 2 * rowBytes, tile + 32, 16);
  memory.copy(to + 3 * rowBytes, tile + 48, 16);
}

/** Four neighbouring columns of the spectra there, through the filter, and back. */
function filterColumns<T>(column: i32): void {
  const rowBytes = (<usize>rowSize) << 2;
  const plane = m.planeBytes(columnSize);
  const back = bundles + bundleBytes;
  const from = spectra + ((<usize>column) << 2);
  for (let at = 0; at < columnSize; at++) {
    const source = from + mirrored(at, rows, columnSize) * rowBytes;
    const to = bundles + ((<usize>at) << 4);
    memory.copy(to, source, 16);
    memory.copy(to + plane, source + spectraBytes, 16);
  }
  const result = transform(bundles, back, plane, columnTwiddles, columnSize);
  const exchanged = result == bundles ? back : bundles;
  const scale = splat<T>(<f32>1.0 / (<f32>rowSize * <f32>columnSize));
  for (let at: usize = 0; at < <usize>columnSize; at++) {
    const square = add<T>(loadSplat<T>(columnSquares + (at << 2)), splat<T>(1));
    for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
      const squares = add<T>(square, load<T>(rowSquares + ((<usize>column) << 2) + lane));
      const factor = div<T>(scale, squares);
      const p = result + (at << 4) + lane;
      const q = exchanged + (at << 4) + lane;
      store<T>(q + plane, mul<T>(load<T>(p), factor));
      store<T>(q, mul<T>(load<T>(p + plane), factor));
    }
  }
  const filtered = transform(exchanged, result, plane, columnTwiddles, columnSize);
  for (let row = 0; row < rows; row++) {
    const to = from + <usize>row * rowBytes;
    const at = filtered + ((<usize>row) << 4);
    memory.copy(to, at + plane, 16);
    memory.copy(to + spectraBytes, at, 16);
  }
}

// @ts-ignore: decorator
@inline
function div<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.div(a, b);
  else return a / b;
}
