// One step of the simultaneous iterative reconstruction technique on a subset of the views:
// x <- max(0, x + C A^T R (b - A x)), R and C the inverse sums of the rows and columns of A
// (Gilbert 1972, J. Theor. Biol. 36, 105; Gregor and Benson 2008, IEEE Trans. Med. Imaging 27,
// 918). A step on all views is SIRT itself; steps on ordered subsets reach the same in fewer
// passes over the data.
import { backprojectGroup } from './backproject';
import { discEnd, discFirst } from './disc';
import { add, max, loadSplat, mul, splat, sub } from '../lanes';
import * as m from './memory';
import { needsTurned, projectGroup } from './project';

/** Rays shorter than this many pixels, at the rim of the disc, count for no more. */
const RAY_MIN: f32 = 1;

/** Measures rays and pixels: the inverse sums, from views and disc. Clears the image. */
export function weigh(): void {
  fillDisc(1);
  if (needsTurned(0, m.views)) turnImage();
  memory.fill(m.update, 0, m.imageBytes());
  for (let first = 0; first < m.views; first += m.GROUP) {
    const count = min(m.GROUP, m.views - first);
    projectGroup(first, count);
    for (let slot = 0; slot < count; slot++) keepLengths(first + slot, slot);
    fillResiduals(count);
    backprojectGroup(first, count);
  }
  const pixels = <usize>m.size * <usize>m.size;
  for (let pixel: usize = 0; pixel < pixels; pixel++) {
    const seen = load<f32>(m.update + (pixel << m.PIXEL_SHIFT));
    store<f32>(m.inverseColumns + (pixel << 2), seen > 0 ? 1 / seen : 0);
  }
  memory.fill(m.image, 0, m.imageBytes());
}

function fillDisc(value: f32): void {
  memory.fill(m.image, 0, m.imageBytes());
  for (let y = 0; y < m.size; y++) {
    const line = m.image + ((<usize>y * <usize>m.size) << m.PIXEL_SHIFT);
    const end = line + ((<usize>discEnd(y)) << m.PIXEL_SHIFT);
    for (let at = line + ((<usize>discFirst(y)) << m.PIXEL_SHIFT); at < end; at += 4) {
      store<f32>(at, value);
    }
  }
}

function keepLengths(view: i32, slot: i32): void {
  const from = m.projectedRow(slot) + ((<usize>m.padding) << m.PIXEL_SHIFT);
  const to = m.inverseRows + ((<usize>view * <usize>m.columns) << 2);
  for (let column: usize = 0; column < <usize>m.columns; column++) {
    const length = load<f32>(from + (column << m.PIXEL_SHIFT));
    store<f32>(to + (column << 2), length > 0 ? 1 / max(length, RAY_MIN) : 0);
  }
}

/** Ones on the detector, nothing beside it. */
function fillResiduals(count: i32): void {
  memory.fill(m.residual, 0, (<usize>m.GROUP * <usize>m.width) << m.STEP_SHIFT);
  for (let slot = 0; slot < count; slot++) {
    const row = m.residualRow(slot) + ((<usize>m.padding) << m.STEP_SHIFT);
    for (let column: usize = 0; column < <usize>m.columns; column++) {
      for (let lane: usize = 0; lane < 16; lane += 4) {
        store<f32>(row + (column << m.STEP_SHIFT) + lane, 1);
      }
    }
    if (ASC_FEATURE_SIMD) keepSteps<v128>(row);
    else keepSteps<f32>(row);
  }
}

/**
 * One step on `count` views from `first` on. Squared residuals and measurements of the rays that
 * meet the disc are added to the lane sums.
 * @param positive 1 to hold the slices at 0 or above
 */
export function stepOn(first: i32, count: i32, positive: i32): void {
  if (needsTurned(first, count)) turnImage();
  memory.fill(m.update, 0, m.imageBytes());
  for (let view = first; view < first + count; view += m.GROUP) {
    const group = min(m.GROUP, first + count - view);
    projectGroup(view, group);
    memory.fill(m.residual, 0, (<usize>m.GROUP * <usize>m.width) << m.STEP_SHIFT);
    for (let slot = 0; slot < group; slot++) {
      if (ASC_FEATURE_SIMD) keepResiduals<v128>(view + slot, slot);
      else keepResiduals<f32>(view + slot, slot);
      sumSquares(view + slot, slot);
    }
    backprojectGroup(view, group);
  }
  const share = <f32>m.views / <f32>count;
  if (ASC_FEATURE_SIMD) applyUpdate<v128>(share, positive);
  else applyUpdate<f32>(share, positive);
}

/** R (b - A x) of a view: what its rays lack, per pixel of their length. */
function keepResiduals<T>(view: i32, slot: i32): void {
  const bins = (<usize>m.padding) << m.PIXEL_SHIFT;
  let from = m.projectedRow(slot) + bins;
  let weight = m.inverseRows + ((<usize>view * <usize>m.columns) << 2);
  let target = m.measured + ((<usize>view * <usize>m.columns) << m.PIXEL_SHIFT);
  const row = m.residualRow(slot) + ((<usize>m.padding) << m.STEP_SHIFT);
  let to = row;
  for (let column = 0; column < m.columns; column++) {
    const inverse = loadSplat<T>(weight);
    for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
      const lack = sub<T>(load<T>(target + lane), load<T>(from + lane));
      store<T>(to + lane, mul<T>(lack, inverse));
    }
    from += 16;
    target += 16;
    weight += 4;
    to += 32;
  }
  if (ASC_FEATURE_SIMD) keepSteps<v128>(row);
  else keepSteps<f32>(row);
}

/** Steps from each bin to the next, from the one before the detector to its last. */
export function keepSteps<T>(row: usize): void {
  const unit = splat<T>(m.FRACTION_UNIT);
  let at = row - 32;
  for (let column = -1; column < m.columns; column++, at += 32) {
    for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
      const step = sub<T>(load<T>(at + lane, 32), load<T>(at + lane));
      store<T>(at + lane, mul<T>(step, unit), 16);
    }
  }
}

/** In double precision: a pass sums up to eight million squares. */
function sumSquares(view: i32, slot: i32): void {
  const from = m.projectedRow(slot) + ((<usize>m.padding) << m.PIXEL_SHIFT);
  const weight = m.inverseRows + ((<usize>view * <usize>m.columns) << 2);
  const target = m.measured + ((<usize>view * <usize>m.columns) << m.PIXEL_SHIFT);
  for (let lane: usize = 0; lane < <usize>m.LANES; lane++) {
    let lacks: f64 = 0;
    let squares: f64 = 0;
    for (let column: usize = 0; column < <usize>m.columns; column++) {
      if (load<f32>(weight + (column << 2)) == 0) continue;
      const at = (column << m.PIXEL_SHIFT) + (lane << 2);
      const value = <f64>load<f32>(target + at);
      const lack = value - <f64>load<f32>(from + at);
      lacks += lack * lack;
      squares += value * value;
    }
    const sums = m.laneSums + (lane << 3);
    store<f64>(sums, load<f64>(sums) + lacks);
    store<f64>(sums, load<f64>(sums, 32) + squares, 32);
  }
}

/**
 * A pixel that n of all views see is seen by about n / share of a subset's; by one of them, at
 * most 1 is granted.
 */
function applyUpdate<T>(share: f32, positive: i32): void {
  const floor = splat<T>(positive ? 0 : -f32.MAX_VALUE);
  for (let y = 0; y < m.size; y++) {
    const first = <usize>y * <usize>m.size;
    const end = first + <usize>discEnd(y);
    for (let pixel = first + <usize>discFirst(y); pixel < end; pixel++) {
      const inverse = min(share * load<f32>(m.inverseColumns + (pixel << 2)), 1);
      const at = pixel << m.PIXEL_SHIFT;
      for (let lane = at; lane < at + 16; lane += sizeof<T>()) {
        const change = mul<T>(load<T>(m.update + lane), splat<T>(inverse));
        store<T>(m.image + lane, max<T>(add<T>(load<T>(m.image + lane), change), floor));
      }
    }
  }
}

/** The image with rows and columns exchanged, in tiles that stay in the nearest cache. */
export function turnImage(): void {
  const tile = 16;
  for (let top = 0; top < m.size; top += tile) {
    for (let left = 0; left < m.size; left += tile) {
      for (let y = top; y < min(top + tile, m.size); y++) {
        for (let x = left; x < min(left + tile, m.size); x++) {
          const from = m.image + ((<usize>y * <usize>m.size + <usize>x) << m.PIXEL_SHIFT);
          const to = m.turned + ((<usize>x * <usize>m.size + <usize>y) << m.PIXEL_SHIFT);
          if (ASC_FEATURE_SIMD) v128.store(to, v128.load(from));
          else {
            store<u64>(to, load<u64>(from));
            store<u64>(to, load<u64>(from, 8), 8);
          }
        }
      }
    }
  }
}

/** A x of every view, in place of the measurements. */
export function projectAll(): void {
  if (needsTurned(0, m.views)) turnImage();
  for (let first = 0; first < m.views; first += m.GROUP) {
    const count = min(m.GROUP, m.views - first);
    projectGroup(first, count);
    for (let slot = 0; slot < count; slot++) {
      const from = m.projectedRow(slot) + ((<usize>m.padding) << m.PIXEL_SHIFT);
      const bins = (<usize>m.columns) << m.PIXEL_SHIFT;
      memory.copy(m.measured + <usize>(first + slot) * bins, from, bins);
    }
  }
}

/** A^T b, in place of the image. */
export function backprojectAll(): void {
  memory.fill(m.update, 0, m.imageBytes());
  for (let first = 0; first < m.views; first += m.GROUP) {
    const count = min(m.GROUP, m.views - first);
    memory.fill(m.residual, 0, (<usize>m.GROUP * <usize>m.width) << m.STEP_SHIFT);
    for (let slot = 0; slot < count; slot++) {
      const bins = (<usize>m.columns) << m.PIXEL_SHIFT;
      const from = m.measured + <usize>(first + slot) * bins;
      const row = m.residualRow(slot) + ((<usize>m.padding) << m.STEP_SHIFT);
      for (let at: usize = 0; at < bins; at += 16) memory.copy(row + 2 * at, from + at, 16);
      if (ASC_FEATURE_SIMD) keepSteps<v128>(row);
      else keepSteps<f32>(row);
    }
    backprojectGroup(first, count);
  }
  memory.copy(m.image, m.update, m.imageBytes());
}
