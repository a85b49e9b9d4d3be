// A box of voxels seen through an affine map, over 4 x 4 x 4 voxels: by cubic convolution (Keys
// 1981, a = -1/2), which keeps the voxels, or by cubic B-splines as weights, which smooths them but
// hardly depends on where between the voxels a place lies. The x taps sit in the four lanes.
import * as m from './memory';

let smooths: bool = false;

/** The box in FIRST, resampled into SECOND. Every position must lie 1 to size - 2 in its axis. */
export function warpBox(
  columns: i32,
  rows: i32,
  toColumns: i32,
  toRows: i32,
  toSlices: i32,
  splines: bool,
): void {
  smooths = splines;
  const rowBytes = (<usize>columns) << 2;
  const sliceBytes = rowBytes * <usize>rows;
  const xx = map(3);
  const xy = map(4);
  const xz = map(5);
  let to = m.SECOND;
  for (let k = 0; k < toSlices; k++) {
    for (let j = 0; j < toRows; j++) {
      // Steps of the map: 3..5 per column, 6..8 per row, 9..11 per slice.
      const x0 = map(0) + map(6) * <f64>j + map(9) * <f64>k;
      const y0 = map(1) + map(7) * <f64>j + map(10) * <f64>k;
      const z0 = map(2) + map(8) * <f64>j + map(11) * <f64>k;
      for (let i = 0; i < toColumns; i++) {
        const x = x0 + xx * <f64>i;
        const y = y0 + xy * <f64>i;
        const z = z0 + xz * <f64>i;
        const column = <i32>Math.floor(x);
        const row = <i32>Math.floor(y);
        const slice = <i32>Math.floor(z);
        const corner =
          m.FIRST +
          <usize>(slice - 1) * sliceBytes +
          <usize>(row - 1) * rowBytes +
          ((<usize>(column - 1)) << 2);
        store<f32>(
          to,
          interpolate(
            corner,
            rowBytes,
            sliceBytes,
            <f32>(x - <f64>column),
            <f32>(y - <f64>row),
            <f32>(z - <f64>slice),
          ),
        );
        to += 4;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function map(index: i32): f64 {
  return load<f64>(m.MAP + ((<usize>index) << 3));
}

// @ts-ignore: decorator
@inline
function interpolate(
  corner: usize,
  rowBytes: usize,
  sliceBytes: usize,
  x: f32,
  y: f32,
  z: f32,
): f32 {
  const y0 = outerBefore(y);
  const y1 = innerBefore(y);
  const y2 = innerBefore(1 - y);
  const y3 = outerBefore(1 - y);
  const w0 = outerBefore(x);
  const w1 = innerBefore(x);
  const w2 = innerBefore(1 - x);
  const w3 = outerBefore(1 - x);
  const z0 = outerBefore(z);
  const z1 = innerBefore(z);
  const z2 = innerBefore(1 - z);
  const z3 = outerBefore(1 - z);
  if (ASC_FEATURE_SIMD) {
    let sum = f32x4.mul(f32x4.splat(z0), plane(corner, rowBytes, y0, y1, y2, y3));
    corner += sliceBytes;
    sum = f32x4.add(sum, f32x4.mul(f32x4.splat(z1), plane(corner, rowBytes, y0, y1, y2, y3)));
    corner += sliceBytes;
    sum = f32x4.add(sum, f32x4.mul(f32x4.splat(z2), plane(corner, rowBytes, y0, y1, y2, y3)));
    corner += sliceBytes;
    sum = f32x4.add(sum, f32x4.mul(f32x4.splat(z3), plane(corner, rowBytes, y0, y1, y2, y3)));
    return (
      f32x4.extract_lane(sum, 0) * w0 +
      f32x4.extract_lane(sum, 1) * w1 +
      (f32x4.extract_lane(sum, 2) * w2 + f32x4.extract_lane(sum, 3) * w3)
    );
  } else {
    return (
      lane(corner, rowBytes, sliceBytes, y0, y1, y2, y3, z0, z1, z2, z3) * w0 +
      lane(corner + 4, rowBytes, sliceBytes, y0, y1, y2, y3, z0, z1, z2, z3) * w1 +
      (lane(corner + 8, rowBytes, sliceBytes, y0, y1, y2, y3, z0, z1, z2, z3) * w2 +
        lane(corner + 12, rowBytes, sliceBytes, y0, y1, y2, y3, z0, z1, z2, z3) * w3)
    );
  }
}

/** Weight of the sample next to the nearest on this side, at a distance of 1 + t. */
// @ts-ignore: decorator
@inline
function outerBefore(t: f32): f32 {
  const rest: f32 = 1 - t;
  if (smooths) return rest * rest * rest * <f32>0.16666667;
  return t * (-0.5 + t * (1.0 - 0.5 * t));
}

/** Weight of the nearest sample on this side, at a distance of t. */
// @ts-ignore: decorator
@inline
function innerBefore(t: f32): f32 {
  if (smooths) return <f32>0.6666667 + t * t * (0.5 * t - 1);
  return 1 + t * t * (1.5 * t - 2.5);
}

// @ts-ignore: decorator
@inline
function plane(corner: usize, rowBytes: usize, y0: f32, y1: f32, y2: f32, y3: f32): v128 {
  let sum = f32x4.mul(f32x4.splat(y0), v128.load(corner));
  corner += rowBytes;
  sum = f32x4.add(sum, f32x4.mul(f32x4.splat(y1), v128.load(corner)));
  corner += rowBytes;
  sum = f32x4.add(sum, f32x4.mul(f32x4.splat(y2), v128.load(corner)));
  corner += rowBytes;
  return f32x4.add(sum, f32x4.mul(f32x4.splat(y3), v128.load(corner)));
}

/** What one lane of the vectors above computes. */
// @ts-ignore: decorator
@inline
function lane(
  corner: usize,
  rowBytes: usize,
  sliceBytes: usize,
  y0: f32,
  y1: f32,
  y2: f32,
  y3: f32,
  z0: f32,
  z1: f32,
  z2: f32,
  z3: f32,
): f32 {
  let sum = z0 * line(corner, rowBytes, y0, y1, y2, y3);
  sum += z1 * line(corner + sliceBytes, rowBytes, y0, y1, y2, y3);
  sum += z2 * line(corner + 2 * sliceBytes, rowBytes, y0, y1, y2, y3);
  return sum + z3 * line(corner + 3 * sliceBytes, rowBytes, y0, y1, y2, y3);
}

// @ts-ignore: decorator
@inline
function line(corner: usize, rowBytes: usize, y0: f32, y1: f32, y2: f32, y3: f32): f32 {
  let sum = y0 * load<f32>(corner);
  sum += y1 * load<f32>(corner + rowBytes);
  sum += y2 * load<f32>(corner + 2 * rowBytes);
  return sum + y3 * load<f32>(corner + 3 * rowBytes);
}
