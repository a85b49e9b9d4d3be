// The ramp filter on eight rows of a frame at once: rows 0 to 3 are the real parts and 4 to 7 the
// imaginary parts of one bundle; the ramp is real and even, so they do not mix.
import { continueRows } from '../edges';
import { loadSplat, mul, storeTransposed, transpose } from '../lanes';
import { transform } from '../tomography/fourier';
import * as m from './memory';

/** The attenuation rows, into the filtered rows of a frame from `firstRow` on. */
export function filterRows(frame: i32, firstRow: i32, extend: bool): void {
  const size = m.filterSize;
  const plane = m.planeBytes();
  const rowBytes = (<usize>m.stride) << 2;
  const bundle = m.bundle(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    let row = m.attenuation + at;
    const to = bundle + (at << 2);
    transpose(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, to);
    row += 4 * rowBytes;
    transpose(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, to + plane);
  }
  continueRows(bundle, plane, <usize>m.columns, <usize>size, m.blend, extend);
  const spectrum = transform(bundle, m.bundle(1), plane, m.twiddles, size);
  // Exchanged planes make the second transform the inverse one.
  const exchanged = m.bundle(2);
  if (ASC_FEATURE_SIMD) applyRamp<v128>(spectrum, exchanged, plane);
  else applyRamp<f32>(spectrum, exchanged, plane);
  const result = transform(exchanged, m.bundle(3), plane, m.twiddles, size);
  storeRows(result + plane, frame, firstRow);
  storeRows(result, frame, firstRow + 4);
}

function applyRamp<T>(from: usize, to: usize, plane: usize): void {
  const size = <usize>m.filterSize;
  for (let j: usize = 0; j < size; j++) {
    const index = j <= size / 2 ? j : size - j;
    const ramp = loadSplat<T>(m.ramp + (index << 2));
    for (let at = j << 4; at < (j + 1) << 4; at += sizeof<T>()) {
      store<T>(to + at + plane, mul<T>(load<T>(from + at), ramp));
      store<T>(to + at, mul<T>(load<T>(from + at + plane), ramp));
    }
  }
}

/** Four lanes into four rows. The padding behind the last column stays 0. */
function storeRows(plane: usize, frame: i32, firstRow: i32): void {
  const row0 = m.filteredRow(frame, firstRow);
  const whole = (<usize>m.columns & ~3) << 2;
  if (ASC_FEATURE_SIMD) {
    for (let at: usize = 0; at < whole; at += 16) {
      const from = plane + (at << 2);
      const to = row0 + at;
      storeTransposed(
        v128.load(from),
        v128.load(from, 16),
        v128.load(from, 32),
        v128.load(from, 48),
        to,
        to + m.filteredRowBytes,
        to + 2 * m.filteredRowBytes,
        to + 3 * m.filteredRowBytes,
      );
    }
    storeColumns(plane, row0, <usize>m.columns & ~3);
  } else {
    storeColumns(plane, row0, 0);
  }
}

function storeColumns(plane: usize, row0: usize, firstColumn: usize): void {
  for (let column = firstColumn; column < <usize>m.columns; column++) {
    const from = plane + (column << 4);
    let to = row0 + (column << 2);
    for (let lane: usize = 0; lane < 16; lane += 4, to += m.filteredRowBytes) {
      store<f32>(to, load<f32>(from + lane));
    }
  }
}
