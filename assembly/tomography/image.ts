// From the Fourier grid to the pair of slices: inverse transforms of all columns, then of the rows
// that lie in the slice, divided by the transform of the gridding's weights.
import { clipToDisc } from './disc';
import { transform } from './fourier';
import { storeTransposed, transpose } from '../lanes';
import * as m from './memory';

/** Turns the grid into slices 0 and 1. The grid is used up. */
export function gridToSlices(): void {
  for (let column = 0; column < m.gridSize; column += m.COLUMNS_PER_VISIT) {
    transformColumns(column);
  }
  for (let row = 0; row < m.stride; row += m.LANES) transformRows(row);
  clipToDisc(0);
  clipToDisc(1);
}

/**
 * Columns in place. Afterwards four neighbouring cells are four values of the one plane and four
 * of the other, the shape in which the rows are taken up.
 */
function transformColumns(column: i32): void {
  const visits = m.COLUMNS_PER_VISIT / m.LANES;
  const plane = m.planeBytes(m.gridSize);
  const top = m.grid + ((<usize>column) << 3);
  let from = top;
  for (let row = 0; row < m.gridSize; row++, from += m.gridRowBytes) {
    for (let visit = 0; visit < visits; visit++) {
      const to = m.bundle(2 * visit) + ((<usize>row) << 4);
      splitPlanes(from + ((<usize>visit) << 5), to, plane);
    }
  }
  const above = m.columns >> 1;
  const below = m.stride - above;
  for (let visit = 0; visit < visits; visit++) {
    const spare = m.bundle(2 * visit + 1);
    const result = transform(m.bundle(2 * visit), spare, plane, m.gridTwiddles, m.gridSize);
    const to = top + ((<usize>visit) << 5);
    storeRows(result, plane, to, 0, below);
    storeRows(result, plane, to, m.gridSize - above, m.gridSize);
  }
}

/** Four complex cells into the bundle, real and imaginary exchanged: the transform is inverse. */
// @ts-ignore: decorator
@inline
function splitPlanes(from: usize, to: usize, plane: usize): void {
  if (ASC_FEATURE_SIMD) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    v128.store(to, v128.shuffle<i32>(a, b, 1, 3, 5, 7));
    v128.store(to + plane, v128.shuffle<i32>(a, b, 0, 2, 4, 6));
  } else {
    for (let k: usize = 0; k < 4; k++) {
      store<f32>(to + (k << 2), load<f32>(from + (k << 3), 4));
      store<f32>(to + plane + (k << 2), load<f32>(from + (k << 3)));
    }
  }
}

/** Only rows of the slice are stored: the others are never read. */
function storeRows(from: usize, plane: usize, to: usize, first: i32, end: i32): void {
  from += (<usize>first) << 4;
  to += <usize>first * m.gridRowBytes;
  for (let row = first; row < end; row++, from += 16, to += m.gridRowBytes) {
    memory.copy(to, from, 16);
    memory.copy(to + 16, from + plane, 16);
  }
}

/** Where row or column `index` of the slice is in the grid: the origin is its middle. */
// @ts-ignore: decorator
@inline
function gridIndex(index: i32): i32 {
  const offset = index - (m.columns >> 1);
  return offset < 0 ? offset + m.gridSize : offset;
}

/** Four rows of both slices. */
function transformRows(firstRow: i32): void {
  const plane = m.planeBytes(m.gridSize);
  const bundle = m.bundle(0);
  const row0 = m.grid + <usize>gridIndex(firstRow) * m.gridRowBytes;
  const row1 = m.grid + <usize>gridIndex(firstRow + 1) * m.gridRowBytes;
  const row2 = m.grid + <usize>gridIndex(firstRow + 2) * m.gridRowBytes;
  const row3 = m.grid + <usize>gridIndex(firstRow + 3) * m.gridRowBytes;
  const bytes = (<usize>m.gridSize) << 3;
  for (let at: usize = 0; at < bytes; at += 32) {
    const to = bundle + (at << 1);
    transpose(row0 + at, row1 + at, row2 + at, row3 + at, to);
    const next = at + 16;
    transpose(row0 + next, row1 + next, row2 + next, row3 + next, to + plane);
  }
  const result = transform(bundle, m.bundle(1), plane, m.gridTwiddles, m.gridSize);
  // The planes are exchanged, so the first slice is in the second plane.
  storeSliceRows(result + plane, m.slice(0), firstRow);
  storeSliceRows(result, m.slice(1), firstRow);
}

function storeSliceRows(plane: usize, slice: usize, firstRow: i32): void {
  const rowBytes = (<usize>m.stride) << 2;
  const rowCorrection = m.deapodisation + ((<usize>firstRow) << 2);
  for (let column = 0; column < m.stride; column += 4) {
    const at0 = plane + ((<usize>gridIndex(column)) << 4);
    const at1 = plane + ((<usize>gridIndex(column + 1)) << 4);
    const at2 = plane + ((<usize>gridIndex(column + 2)) << 4);
    const at3 = plane + ((<usize>gridIndex(column + 3)) << 4);
    const corrections = m.deapodisation + ((<usize>column) << 2);
    const to = slice + <usize>firstRow * rowBytes + ((<usize>column) << 2);
    if (ASC_FEATURE_SIMD) {
      const rows = v128.load(rowCorrection);
      storeTransposed(
        f32x4.mul(f32x4.mul(v128.load(at0), rows), v128.load32_splat(corrections)),
        f32x4.mul(f32x4.mul(v128.load(at1), rows), v128.load32_splat(corrections, 4)),
        f32x4.mul(f32x4.mul(v128.load(at2), rows), v128.load32_splat(corrections, 8)),
        f32x4.mul(f32x4.mul(v128.load(at3), rows), v128.load32_splat(corrections, 12)),
        to,
        to + rowBytes,
        to + 2 * rowBytes,
        to + 3 * rowBytes,
      );
    } else {
      for (let row: usize = 0; row < 4; row++) {
        const lane = row << 2;
        const correction = load<f32>(rowCorrection + lane);
        const out = to + row * rowBytes;
        store<f32>(out, load<f32>(at0 + lane) * correction * load<f32>(corrections));
        store<f32>(out, load<f32>(at1 + lane) * correction * load<f32>(corrections, 4), 4);
        store<f32>(out, load<f32>(at2 + lane) * correction * load<f32>(corrections, 8), 8);
        store<f32>(out, load<f32>(at3 + lane) * correction * load<f32>(corrections, 12), 12);
      }
    }
  }
}
