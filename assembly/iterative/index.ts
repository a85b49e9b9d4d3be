// Iterative kernel: LANES slices of parallel-beam views at once, by SIRT on ordered subsets, held
// above 0 and smoothed by their total variation where asked for.
//
// Order of calls: configure; the views into the view table, the sinograms interleaved at
// `measuredAddress`; weigh; a start into the image if there is one; then passes of clearSums,
// stepOn for each subset, and smoothVariation. Pixel centres are at integers; a slice has the
// rotation axis in its middle, (size - 1) / 2.
import * as m from './memory';
import {
  backprojectAll as backprojectEvery,
  weigh as measure,
  projectAll as projectEvery,
  stepOn as step,
} from './subset';
import { clearDuals as forgetDuals, smoothVariation as smooth } from './variation';

/** Sets the sizes. Returns 0; -1 when one is out of range; -2 when they do not fit in memory. */
export function configure(columns: i32, size: i32, views: i32): i32 {
  m.forgetLayout();
  if (columns < 2 || columns > m.COLUMNS_MAX) return -1;
  if (size < columns || size > m.SIZE_MAX) return -1;
  if (views < 1 || views > m.VIEWS_MAX) return -1;
  if (m.setLayout(columns, size, views)) return 0;
  m.forgetLayout();
  return -2;
}

export function weigh(): void {
  measure();
}

/** Forgets the residuals of the last pass. */
export function clearSums(): void {
  memory.fill(m.laneSums, 0, 64);
}

/** One step on `count` views from `first` on; `positive` 1 holds the slices at 0 or above. */
export function stepOn(first: i32, count: i32, positive: i32): void {
  step(first, count, positive);
}

export function clearDuals(): void {
  forgetDuals();
}

/** Smooths the slices: `weight` in their unit, `steps` of the dual problem. */
export function smoothVariation(weight: f32, steps: i32, positive: i32): void {
  smooth(weight, steps, positive);
}

/** The image's projections in place of the measurements. */
export function projectAll(): void {
  projectEvery();
}

/** The back-projection of the measurements in place of the image. */
export function backprojectAll(): void {
  backprojectEvery();
}

export function viewTableAddress(): usize {
  return m.viewTable;
}
export function padding(): i32 {
  return m.padding;
}
export function measuredAddress(): usize {
  return m.measured;
}
export function imageAddress(): usize {
  return m.image;
}
/** Four sums of squared residuals, four of squared measurements; f64. */
export function laneSumsAddress(): usize {
  return m.laneSums;
}
