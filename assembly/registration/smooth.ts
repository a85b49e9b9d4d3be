// Binomial smoothing [1 4 6 4 1] / 16 along each axis: close to a Gaussian of one voxel. What a
// voxel needs beyond the box it does not get: the result is four voxels smaller on each axis.
import * as m from './memory';

/** The box in FIRST, smoothed into SECOND; THIRD holds what is between. */
export function smoothBox(columns: i32, rows: i32, slices: i32): void {
  const narrow = columns - 4;
  const low = rows - 4;
  const rowBytes = (<usize>columns) << 2;
  for (let line = 0; line < rows * slices; line++) {
    pass(m.FIRST + <usize>line * rowBytes, m.SECOND + (<usize>(line * narrow) << 2), narrow, 4);
  }
  const narrowBytes = (<usize>narrow) << 2;
  for (let slice = 0; slice < slices; slice++) {
    const from = m.SECOND + <usize>(slice * rows) * narrowBytes;
    const to = m.THIRD + <usize>(slice * low) * narrowBytes;
    for (let row = 0; row < low; row++) {
      const at = <usize>row * narrowBytes;
      pass(from + at, to + at, narrow, narrowBytes);
    }
  }
  const sliceBytes = <usize>low * narrowBytes;
  for (let slice = 0; slice < slices - 4; slice++) {
    const at = <usize>slice * sliceBytes;
    pass(m.THIRD + at, m.SECOND + at, narrow * low, sliceBytes);
  }
}

/** `count` sums of five values that are `step` bytes apart. */
// @ts-ignore: decorator
@inline
function pass(from: usize, to: usize, count: i32, step: usize): void {
  let k = 0;
  if (ASC_FEATURE_SIMD) {
    const sixteenth = f32x4.splat(0.0625);
    const four = f32x4.splat(4);
    const six = f32x4.splat(6);
    for (; k + 4 <= count; k += 4, from += 16, to += 16) {
      const ends = f32x4.add(v128.load(from), v128.load(from + 4 * step));
      const near = f32x4.add(v128.load(from + step), v128.load(from + 3 * step));
      const middle = f32x4.mul(six, v128.load(from + 2 * step));
      const sum = f32x4.add(f32x4.add(ends, f32x4.mul(four, near)), middle);
      v128.store(to, f32x4.mul(sixteenth, sum));
    }
  }
  for (; k < count; k++, from += 4, to += 4) {
    const ends = load<f32>(from) + load<f32>(from + 4 * step);
    const near = load<f32>(from + step) + load<f32>(from + 3 * step);
    const middle = <f32>6 * load<f32>(from + 2 * step);
    store<f32>(to, <f32>0.0625 * (ends + <f32>4 * near + middle));
  }
}
