import { Fault } from '../domain/fault.ts';
import {
  type IterativeGeometry,
  type IterativeKernel,
  SLICES_MAX,
} from '../kernels/iterative-kernel.ts';

/** How views are turned into slices by iteration. Everything has a default. */
export interface IterativeOptions {
  /** Passes over all views at most; ITERATIONS unless given. */
  readonly iterations?: number;
  /** Ordered subsets a pass is made of: 1 is SIRT; as many as the views allow unless given. */
  readonly subsets?: number;
  /** True, unless given, to hold attenuation at 0 or above. */
  readonly nonNegative?: boolean;
  /**
   * Weight of the total variation in 1/pixel: steps in a slice that are well below it are taken
   * for noise. 0, for none, unless given.
   */
  readonly totalVariation?: number;
  /** A slice is finished when its residual changes by less than this share in a pass. */
  readonly residualChangeMin?: number;
  /** Slices to start from, one for each sinogram, such as those of gridding; else 0. */
  readonly start?: readonly Float32Array[];
  /** Told the share of the passes that are done, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** A slice, and how it came about. */
export interface IterativeSlice {
  /** [row, column] of columns x columns pixels, in 1/pixel. */
  readonly slice: Float32Array;
  /**
   * After each pass: norm of what the rays lacked on the way, over that of what they measured. On
   * subsets it is of every subset just before its step.
   */
  readonly residuals: readonly number[];
  readonly stoppedBy: 'iterations' | 'residual';
}

export const ITERATIONS = 20;
export const ITERATIONS_MAX = 10_000;
/** More ordered subsets than this make steps on too few views. */
export const SUBSETS_MAX = 10;
/** Fewer views than this in a subset, and it does not see the sample from all around. */
export const VIEWS_PER_SUBSET_MIN = 6;
export const RESIDUAL_CHANGE_MIN = 1e-3;
/** The dual problem goes on from pass to pass: a few steps each are enough. */
const VARIATION_STEPS = 8;

/**
 * Reconstructs slices of few, noisy or unevenly spread views, for which filtered methods show
 * streaks: SIRT, on ordered subsets, with non-negativity and total variation.
 * @param geometry as of gridding; the axis may lie between pixels
 * @param sinograms [view, column] of -log data, one per slice, any number
 * @throws Fault badInput when sizes, angles or options make no sense or a value is not finite;
 * capacity when the detector is too wide or the views are too many
 */
export function reconstructIteratively(
  kernel: IterativeKernel,
  sinograms: readonly Float32Array[],
  geometry: IterativeGeometry,
  options: IterativeOptions = {},
): IterativeSlice[] {
  checkOptions(options, sinograms.length);
  const subsets = options.subsets ?? subsetsFor(geometry.anglesRadian.length);
  const result: IterativeSlice[] = [];
  kernel.begin(geometry, subsets);
  for (let first = 0; first < sinograms.length; first += SLICES_MAX) {
    const group = sinograms.slice(first, first + SLICES_MAX);
    const start = options.start?.slice(first, first + SLICES_MAX);
    kernel.measure(group);
    if (start) kernel.startFrom(start);
    else kernel.startFromNothing();
    const onPass = (passes: number): void => {
      const groups = Math.ceil(sinograms.length / SLICES_MAX);
      options.onProgress?.((first / SLICES_MAX + passes) / groups);
    };
    result.push(...iterate(kernel, group.length, options, onPass));
  }
  return result;
}

/** The same, slices only: one for each sinogram. */
export function iterativeSlices(
  kernel: IterativeKernel,
  geometry: IterativeGeometry,
  sinograms: readonly Float32Array[],
  options: IterativeOptions = {},
): Float32Array[] {
  return reconstructIteratively(kernel, sinograms, geometry, options).map(({ slice }) => slice);
}

/** As many ordered subsets as leave each enough views. */
export function subsetsFor(views: number): number {
  return Math.max(1, Math.min(SUBSETS_MAX, Math.floor(views / VIEWS_PER_SUBSET_MIN)));
}

/** Passes until every slice is finished; each is read when it is, whatever the others do. */
function iterate(
  kernel: IterativeKernel,
  count: number,
  options: IterativeOptions,
  onPass: (fraction: number) => void,
): IterativeSlice[] {
  const iterations = options.iterations ?? ITERATIONS;
  const changeMin = options.residualChangeMin ?? RESIDUAL_CHANGE_MIN;
  const residuals: number[][] = Array.from({ length: count }, () => []);
  const finished: (IterativeSlice | undefined)[] = residuals.map(() => undefined);
  for (let pass = 1; pass <= iterations; pass++) {
    const norms = kernel.pass({
      isNonNegative: options.nonNegative ?? true,
      variationWeight: options.totalVariation ?? 0,
      variationSteps: VARIATION_STEPS,
    });
    for (const [lane, history] of residuals.entries()) {
      if (finished[lane]) continue;
      const before = history.at(-1);
      const norm = norms[lane] ?? 0;
      history.push(norm);
      const isStill = before !== undefined && Math.abs(before - norm) <= changeMin * before;
      if (!isStill && pass < iterations) continue;
      const stoppedBy = isStill ? 'residual' : 'iterations';
      finished[lane] = { slice: kernel.readSlice(lane), residuals: history, stoppedBy };
    }
    const areAll = finished.every((slice) => slice !== undefined);
    onPass(areAll ? 1 : pass / iterations);
    if (areAll) break;
  }
  return finished.filter((slice) => slice !== undefined);
}

function checkOptions(options: IterativeOptions, slices: number): void {
  const { iterations = ITERATIONS, totalVariation = 0, residualChangeMin = 0, start } = options;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > ITERATIONS_MAX) {
    refuse('iterations', `${iterations}; expected a whole number from 1 to ${ITERATIONS_MAX}`);
  }
  if (!(totalVariation >= 0 && Number.isFinite(totalVariation))) {
    refuse('total variation', `${totalVariation}; expected a weight in 1/pixel, 0 or more`);
  }
  if (!(residualChangeMin >= 0 && residualChangeMin < 1)) {
    refuse('residual change', `${residualChangeMin}; expected a share from 0 to below 1`);
  }
  if (slices === 0) refuse('sinograms', 'none given; expected at least one');
  if (start && start.length !== slices) {
    refuse('start', `${start.length} slices for ${slices} sinograms; expected one for each`);
  }
}

function refuse(where: string, message: string): never {
  throw new Fault('badInput', { where, message });
}
