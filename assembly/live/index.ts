// Live kernel: a frame of counts becomes filtered rows, and those are added to planes through the
// sample, view after view.
//
// Order of calls: configure, placePlane for each plane, then write the tables through the
// addresses below; then for each frame, in steps of ROWS_PER_CALL rows: write raw rows, attenuate,
// filter; then addPlane for each plane.
import { attenuateRows } from './attenuation';
import { filterRows } from './filter';
import * as m from './memory';
import { addPlane as addToPlane } from './planes';

/**
 * Sets the sizes; `rows` is after binning. Returns 0; -1 when the detector or the binning is out
 * of range; -2 when the transform's length is not 2^k or 3 x 2^k or is too short; -3 when it does
 * not fit in memory.
 */
export function configure(rawColumns: i32, rows: i32, binning: i32, filterSize: i32): i32 {
  m.forget();
  if (binning < 1 || binning > m.BINNING_MAX || rows < 1 || rows > m.COLUMNS_MAX) return -1;
  if (rawColumns > m.COLUMNS_MAX || rawColumns / binning < 2) return -1;
  const odd = filterSize >> ctz(filterSize);
  if (filterSize % 4 != 0 || (odd != 1 && odd != 3)) return -2;
  if (filterSize < 2 * (rawColumns / binning)) return -2;
  if (!m.setLayout(rawColumns, rows, binning, filterSize)) {
    m.forget();
    return -3;
  }
  m.clearPadding();
  return 0;
}

/** Planes are placed in order. Returns 0, or -1 when it does not fit. */
export function placePlane(plane: i32, rows: i32, columns: i32): i32 {
  if (!m.isPlaced() || plane < 0 || plane >= m.PLANES_MAX || rows < 1 || columns < 1) return -1;
  if (!m.placePlane(plane, rows, columns)) return -1;
  clearPlane(plane);
  return 0;
}

export function clearPlane(plane: i32): void {
  const count = <usize>m.planeRows(plane) * <usize>m.planeColumns(plane);
  memory.fill(m.pixels(plane), 0, count << 2);
}

/** `count` rows of blocks in the raw rows, u16 (1) or f32 (0), into the attenuation rows. */
export function attenuate(firstRow: i32, count: i32, isCounts: i32): void {
  attenuateRows(firstRow, count, isCounts != 0);
}

/** The attenuation rows into frame 0 or 1; edges go on (1) or there is nothing (0). */
export function filter(frame: i32, firstRow: i32, extend: i32): void {
  filterRows(frame, firstRow, extend != 0);
}

export function addPlane(
  plane: i32,
  frame: i32,
  cosine: f64,
  sine: f64,
  axis: f64,
  step: f64,
  weight: f32,
): void {
  addToPlane(plane, frame, cosine, sine, axis, step, weight);
}

export function rawAddress(): usize {
  return m.raw;
}
/** Values from one raw row to the next. */
export function rawStride(): i32 {
  return m.rawStride();
}
/** Values from one row of references or attenuation to the next. */
export function stride(): i32 {
  return m.stride;
}
export function darkAddress(): usize {
  return m.dark;
}
export function gainAddress(): usize {
  return m.gain;
}
export function attenuationAddress(): usize {
  return m.attenuation;
}
export function twiddlesAddress(): usize {
  return m.twiddles;
}
export function rampAddress(): usize {
  return m.ramp;
}
export function blendAddress(): usize {
  return m.blend;
}
/** First value of a filtered row; the next is `filteredStride` values on. */
export function filteredAddress(frame: i32, row: i32): usize {
  return m.filteredRow(frame, row);
}
export function filteredStride(): i32 {
  return <i32>(m.filteredRowBytes >> 2);
}
export function planeTableAddress(plane: i32): usize {
  return m.planeTable(plane);
}
export function planeAddress(plane: i32): usize {
  return m.pixels(plane);
}
