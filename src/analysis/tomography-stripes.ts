import type { StripeRemoval } from '../domain/scan.ts';
import type { TomographyKernel } from '../kernels/tomography-kernel.ts';

/**
 * Stripes are what a detector column has over its neighbours whatever the view: they become rings.
 * Structure differs from its neighbours too, but not alike in every view. Only columns that are
 * found to be striped are changed, so that a clean sinogram stays as it is.
 */

/** Columns over which the mean of all views is taken to be smooth, on each side. */
const NEIGHBOURS = 2;
/** Narrow stripes: a median over nine columns sees stripes of up to four. */
const NARROW_HALF = 4;
/** On few columns structure is no wider than that: there a median over five. */
const FEW_COLUMNS = 160;
const FEW_COLUMNS_HALF = 2;
/** Wide stripes: a median over 61 columns, on detectors that have ten times as many. */
const WIDE_HALF_MAX = 30;
const WIDE_FRACTION = 0.05;
/** A median this many standard errors from 0 is no accident of noise and structure. */
const STANDARD_ERRORS = 5;
/** A column that differs by this many times what is usual around it is no structure. */
const SPREAD_RATIO = 3;
/** A column that flickers this many times more than those around it is dead. */
const FLICKER_RATIO = 3;
/** Less flicker than this share of the usual is no sign of anything. */
const FLICKER_FLOOR = 0.5;
/** Columns on each side that a column's flicker is held against. */
const SURROUNDINGS = 10;
/** Differences below this share of the sinogram's root mean square are left alone. */
const NEGLIGIBLE_FRACTION = 1e-3;
/** Share of the ranks, to each side, over which a stripe is taken to be constant. */
const RANK_FRACTION = 0.5;
/** From quartile to quartile of a normal distribution, in standard deviations. */
const QUARTILES = 1.349;
/** What lies further beyond the quartiles than this many of their distances is structure. */
const FENCES = 0.5;
/** Standard error of a median, in standard deviations over the root of the count. */
const MEDIAN_ERROR = 1.2533;

/**
 * A sinogram without the part of each column's mean that its neighbours do not share: the pattern
 * of the detector, which stands still while the sample turns and would pull an axis to the
 * detector's middle. Good enough to find an axis on; not a correction of the data.
 */
export function withoutStripes(sinogram: Float32Array, columns: number): Float32Array {
  const views = sinogram.length / columns;
  const mean = new Float64Array(columns);
  for (let at = 0; at < sinogram.length; at++) {
    const column = at % columns;
    mean[column] = (mean[column] ?? 0) + (sinogram[at] ?? 0) / views;
  }
  const stripe = mean.map((value, column) => value - medianAround(mean, column, NEIGHBOURS));
  return sinogram.map((value, at) => value - (stripe[at % columns] ?? 0));
}

/**
 * Removes stripes from -log data [view, column], in place.
 * - `filter`: a striped column loses its median difference from its neighbours.
 * - `sort`: it takes what its neighbours have at the same ranks (Vo, Atwood and Drakopoulos 2018).
 * - `large`: wide stripes first, then `sort`.
 * - `all`: flickering columns are bridged, then `large`. Bridging leaves streaks where it is wrong.
 * @returns how many columns were changed
 */
export function removeStripes(
  kernel: TomographyKernel,
  sinogram: Float32Array,
  columns: number,
  removal: StripeRemoval,
): number {
  if (removal === 'none') return 0;
  const changed = new Uint8Array(columns);
  const narrow = columns < FEW_COLUMNS ? FEW_COLUMNS_HALF : NARROW_HALF;
  const note = (chosen: Uint8Array) => {
    for (const [column, isChosen] of chosen.entries()) if (isChosen) changed[column] = 1;
  };
  if (removal === 'filter') note(takeOffMedians(kernel, sinogram, columns, narrow));
  if (removal === 'all') note(bridgeFlickering(sinogram, columns));
  if (removal === 'large' || removal === 'all') {
    const half = Math.min(WIDE_HALF_MAX, Math.floor(WIDE_FRACTION * columns));
    if (half > narrow) note(sortOut(kernel, sinogram, columns, half));
  }
  if (removal !== 'filter') note(sortOut(kernel, sinogram, columns, narrow));
  return changed.reduce((sum, isChanged) => sum + isChanged, 0);
}

function takeOffMedians(
  kernel: TomographyKernel,
  sinogram: Float32Array,
  columns: number,
  half: number,
): Uint8Array {
  const { steady, varying, medians } = findStripes(kernel, sinogram, columns, half);
  const chosen = steady.map((isSteady, column) => isSteady | (varying[column] ?? 0));
  for (let at = 0; at < sinogram.length; at++) {
    const column = at % columns;
    if (chosen[column]) sinogram[at] = (sinogram[at] ?? 0) - (medians[column] ?? 0);
  }
  return chosen;
}

/** Steady stripes lose an average over many ranks; those that depend on intensity, rank by rank. */
function sortOut(
  kernel: TomographyKernel,
  sinogram: Float32Array,
  columns: number,
  half: number,
): Uint8Array {
  const { steady, varying, bounds } = findStripes(kernel, sinogram, columns, half);
  if (varying.includes(1)) kernel.smoothSorted(sinogram, columns, { half, chosen: varying });
  if (steady.includes(1)) {
    const rankReach = Math.ceil((RANK_FRACTION * sinogram.length) / columns);
    kernel.smoothSorted(sinogram, columns, { half, rankReach, chosen: steady, bounds });
  }
  return steady.map((isSteady, column) => isSteady | (varying[column] ?? 0));
}

interface Stripes {
  /** 1 for columns that lie off their neighbours alike in all views. */
  readonly steady: Uint8Array;
  /** 1 for columns that lie off by what depends on the intensity. */
  readonly varying: Uint8Array;
  readonly medians: Float32Array;
  /** Between these lies what a steady stripe can be. */
  readonly bounds: { readonly lower: Float32Array; readonly upper: Float32Array };
}

function findStripes(
  kernel: TomographyKernel,
  sinogram: Float32Array,
  columns: number,
  half: number,
): Stripes {
  const { low, middle, high } = kernel.columnDetails(sinogram, columns, half);
  const negligible = NEGLIGIBLE_FRACTION * rootMeanSquare(sinogram);
  const spread = high.map((value, column) => (value - (low[column] ?? 0)) / QUARTILES);
  const error = MEDIAN_ERROR / Math.sqrt(sinogram.length / columns);
  const isWide = half > NARROW_HALF;
  const varying = Uint8Array.from(spread, (value, column) => {
    if (isWide) return 0;
    // At least half of the views differ by this much; at an edge of the sample fewer do.
    const off = Math.min(Math.abs(low[column] ?? 0), Math.abs(high[column] ?? 0));
    const around = medianAround(spread, column, half);
    const limit = SPREAD_RATIO * Math.max(around, 5 * negligible);
    return Math.min((2 * off) / QUARTILES, value) > limit ? 1 : 0;
  });
  const steady = Uint8Array.from(middle, (value, column) => {
    if (varying[column]) return 0;
    // A wide median cuts off structure, too: a wide stripe must stand out from what it cuts off.
    const limit = (isWide ? 1 : STANDARD_ERRORS * error) * (spread[column] ?? 0);
    return Math.abs(value) > Math.max(limit, negligible) ? 1 : 0;
  });
  const fence = (edge: Float32Array, sign: number) =>
    edge.map((value, column) => value + sign * FENCES * QUARTILES * (spread[column] ?? 0));
  const bounds = { lower: fence(low, -1), upper: fence(high, 1) };
  return { steady, varying, medians: middle, bounds };
}

/** Columns that flicker from view to view take what lies between those beside them. */
function bridgeFlickering(sinogram: Float32Array, columns: number): Uint8Array {
  const flicker = new Float64Array(columns);
  for (let at = columns; at < sinogram.length; at++) {
    const step = Math.abs((sinogram[at] ?? 0) - (sinogram[at - columns] ?? 0));
    flicker[at % columns] = (flicker[at % columns] ?? 0) + step;
  }
  const usual = medianAround(flicker, columns >> 1, columns);
  const dead = Uint8Array.from(flicker, (value, column) => {
    const around = medianAround(flicker, column, SURROUNDINGS);
    return value > FLICKER_RATIO * Math.max(around, FLICKER_FLOOR * usual) ? 1 : 0;
  });
  // A flickering end has a neighbour on one side only: it is left as it is.
  for (let column = dead.indexOf(1); column >= 0; column = dead.indexOf(1, column)) {
    const end = dead.indexOf(0, column);
    if (column > 0 && end > 0) bridge(sinogram, columns, column, end);
    else dead.fill(0, column, end < 0 ? columns : end);
    if (end < 0) break;
    column = end;
  }
  return dead;
}

/** Columns from `first` to before `end` on the line between those around them. */
function bridge(sinogram: Float32Array, columns: number, first: number, end: number): void {
  for (let row = 0; row < sinogram.length; row += columns) {
    const left = sinogram[row + first - 1] ?? 0;
    const slope = ((sinogram[row + end] ?? 0) - left) / (end - first + 1);
    for (let column = first; column < end; column++) {
      sinogram[row + column] = left + slope * (column - first + 1);
    }
  }
}

function medianAround(values: Float32Array | Float64Array, at: number, reach: number): number {
  const near = values.slice(Math.max(0, at - reach), at + reach + 1).sort();
  return near[near.length >> 1] ?? 0;
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / Math.max(1, values.length));
}
