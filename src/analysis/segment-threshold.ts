import { Fault } from '../domain/fault.ts';
import type { GreyHistogram } from '../domain/segmentation.ts';

/** A split of a histogram: bins from `bin` on are bright. */
export interface OtsuSplit {
  readonly bin: number;
  /** Between-class variance at the split over total variance: 0 to 1. */
  readonly separability: number;
  /** The same for a split before each bin. */
  readonly curve: Float64Array;
}

/** Fewer slabs say nothing about the spread of their thresholds. */
const SLABS_MIN = 3;

/**
 * Otsu's threshold (IEEE Trans. SMC 9 (1979) 62): the split with the greatest variance between the
 * classes; in the middle of the range where several are equally good.
 * @throws Fault analysis when all values are the same
 */
export function otsuSplit(counts: ArrayLike<number>): OtsuSplit {
  const { total, mean, variance } = moments(counts);
  if (!(variance > 0)) {
    const message = 'all voxels of the mask have the same value: there is nothing to part';
    throw new Fault('analysis', { where: 'threshold', message });
  }
  const curve = new Float64Array(counts.length);
  let below = 0;
  let sumBelow = 0;
  let best = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const count = counts[bin - 1] ?? 0;
    below += count;
    sumBelow += count * (bin - 1);
    const share = below / total;
    if (below > 0 && below < total) {
      const gap = mean * share - sumBelow / total;
      curve[bin] = (gap * gap) / (share * (1 - share)) / variance;
    }
    best = Math.max(best, curve[bin] ?? 0);
  }
  const first = curve.findIndex((value) => value >= best * (1 - 1e-12));
  let last = first;
  while ((curve[last + 1] ?? 0) >= best * (1 - 1e-12)) last += 1;
  return { bin: Math.ceil((first + last) / 2), separability: Math.min(1, best), curve };
}

/**
 * Otsu's criterion for three classes: the two splits with the greatest variance between them.
 * @returns first bin of the middle class, then of the bright one
 */
export function otsuThreeClasses(counts: ArrayLike<number>): readonly [number, number] {
  const bins = counts.length;
  const weight = new Float64Array(bins + 1);
  const sum = new Float64Array(bins + 1);
  for (let bin = 0; bin < bins; bin++) {
    weight[bin + 1] = (weight[bin] ?? 0) + (counts[bin] ?? 0);
    sum[bin + 1] = (sum[bin] ?? 0) + bin * (counts[bin] ?? 0);
  }
  // The variance between classes grows with the sum of S^2 / W over them.
  const term = (from: number, to: number) => {
    const w = (weight[to] ?? 0) - (weight[from] ?? 0);
    const s = (sum[to] ?? 0) - (sum[from] ?? 0);
    return w > 0 ? (s * s) / w : 0;
  };
  let best = -1;
  let splits: [number, number] = [1, 2];
  const used = occupied(counts);
  for (let low = used.first + 1; low < used.last; low++) {
    const dark = term(0, low);
    for (let high = low + 1; high <= used.last; high++) {
      const value = dark + term(low, high) + term(high, bins);
      if (value > best) {
        best = value;
        splits = [low, high];
      }
    }
  }
  return [middleOfEmpty(counts, splits[0]), middleOfEmpty(counts, splits[1])];
}

/** A split may be anywhere in a range of empty bins: it belongs in its middle. */
function middleOfEmpty(counts: ArrayLike<number>, split: number): number {
  let end = split;
  while (end < counts.length - 1 && !counts[end]) end++;
  return split + ((end - split) >> 1);
}

/**
 * Standard error of Otsu's threshold in bins: jackknife over the histograms of slabs, and half a
 * bin, which is how finely it is looked for.
 */
export function thresholdSigmaBins(slabs: readonly Float64Array[]): number {
  const used = slabs.filter((slab) => slab.some((count) => count > 0));
  const half = 0.5;
  const bins = used[0]?.length ?? 0;
  if (used.length < SLABS_MIN) return half;
  const all = new Float64Array(bins);
  for (const slab of used) for (let k = 0; k < bins; k++) all[k] = (all[k] ?? 0) + (slab[k] ?? 0);
  const without = used.map((slab) => splitPosition(all.map((count, k) => count - (slab[k] ?? 0))));
  const mean = without.reduce((sum, value) => sum + value, 0) / used.length;
  const squares = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.hypot(half, Math.sqrt(((used.length - 1) / used.length) * squares));
}

/** Otsu's split between bins: a parabola through the curve's peak. */
function splitPosition(counts: Float64Array): number {
  const { bin, curve } = otsuSplit(counts);
  const [before = 0, at = 0, behind = 0] = [curve[bin - 1], curve[bin], curve[bin + 1]];
  const bend = before - 2 * at + behind;
  return bend < 0 ? bin + Math.max(-1, Math.min(1, (0.5 * (before - behind)) / bend)) : bin;
}

/** Counts of one histogram on the grid of another; what lies beyond its ends goes to its ends. */
export function onGrid(
  from: GreyHistogram,
  to: Pick<GreyHistogram, 'offsetPerPixel' | 'stepPerPixel'> & { readonly bins: number },
): Float64Array {
  const result = new Float64Array(to.bins);
  for (const [bin, count] of from.counts.entries()) {
    if (count === 0) continue;
    const low =
      (from.offsetPerPixel + bin * from.stepPerPixel - to.offsetPerPixel) / to.stepPerPixel;
    const width = from.stepPerPixel / to.stepPerPixel;
    const inside = (at: number) => Math.max(0, Math.min(to.bins - 1, at));
    // A bin is spread evenly over those it overlaps.
    for (let at = Math.floor(low + 1e-9); at < low + width - 1e-9; at++) {
      const share = (Math.min(at + 1, low + width) - Math.max(at, low)) / width;
      result[inside(at)] = (result[inside(at)] ?? 0) + share * count;
    }
  }
  return result;
}

function moments(counts: ArrayLike<number>) {
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] ?? 0;
    total += count;
    sum += count * bin;
    squares += count * bin * bin;
  }
  const mean = total > 0 ? sum / total : 0;
  return { total, mean, variance: total > 0 ? squares / total - mean * mean : 0 };
}

function occupied(counts: ArrayLike<number>): { readonly first: number; readonly last: number } {
  let first = 0;
  let last = counts.length - 1;
  while (first < last && !counts[first]) first++;
  while (last > first && !counts[last]) last--;
  return { first, last };
}
