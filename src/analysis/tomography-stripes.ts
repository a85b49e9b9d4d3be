import type { StripeRemoval } from '../domain/scan.ts';
import type { SinogramColumns } from '../kernels/tomography-columns.ts';
import type { TomographyKernel } from '../kernels/tomography-kernel.ts';
import type { SinogramSlot, StripeTally } from '../kernels/tomography-slots.ts';

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
/** Wide stripes: up to 30 columns, on detectors that have twenty times as many. */
const WIDE_HALF_MAX = 30;
const WIDE_FRACTION = 0.05;
/** Steps from column to column are held against those of this many columns on each side. */
const EDGE_NEIGHBOURS = 4;
/** Columns on each side of an edge in which a slope is looked for. */
const SLOPE_COLUMNS = 5;
/** Slopes that differ by more than this share of the edge between them are an outline. */
const SLOPE_FRACTION = 0.3;
/** Median distance of normal values from 0, in standard deviations. */
const MEDIAN_DEVIATION = 0.6745;
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

/** A stripe to find an axis without stands out of the details of the columns by so much. */
const OUTSTANDING = 4;

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
  const detail = mean.map((value, column) => value - medianAround(mean, column, NEIGHBOURS));
  // What many columns have is structure: taking it off would move the sample's centre of mass.
  const usual = medianAround(detail.map(Math.abs), columns >> 1, columns);
  const stripe = detail.map((value) => (Math.abs(value) > OUTSTANDING * usual ? value : 0));
  return sinogram.map((value, at) => value - (stripe[at % columns] ?? 0));
}

/**
 * Removes stripes from -log data [view, column], in place, as `removeStripesFrom` does.
 * @returns how many columns were changed
 */
export function removeStripes(
  kernel: TomographyKernel,
  sinogram: Float32Array,
  columns: number,
  removal: StripeRemoval,
): number {
  if (removal === 'none') return 0;
  kernel.holdSinogram(0, sinogram, columns);
  const tally = removeStripesFrom(kernel, 0, removal);
  if (tally.columns > 0) sinogram.set(kernel.readSinogram(0));
  return tally.columns;
}

/**
 * Removes stripes from a sinogram the kernel holds.
 * - `filter`: a striped column loses its median difference from its neighbours.
 * - `sort`: it takes what its neighbours have at the same ranks (Vo, Atwood and Drakopoulos 2018).
 * - `large`: stripes of any width up to 30 columns by their edges, then `sort` for the rest.
 * - `all`: flickering columns are bridged, then `large`. Bridging leaves streaks where it is wrong.
 * @returns what was taken off, and the sum of the squares of the sinogram before
 */
export function removeStripesFrom(
  kernel: TomographyKernel,
  slot: SinogramSlot,
  removal: StripeRemoval,
): StripeTally & { readonly totalSquares: number } {
  const held = kernel.columnsOf(slot);
  const totalSquares = held.sumOfSquares();
  const { columns } = held;
  const narrow = columns < FEW_COLUMNS ? FEW_COLUMNS_HALF : NARROW_HALF;
  if (removal === 'filter') takeOffMedians(held, narrow);
  if (removal === 'all') bridgeFlickering(held);
  if (removal === 'large' || removal === 'all') {
    const half = Math.min(WIDE_HALF_MAX, Math.floor(WIDE_FRACTION * columns));
    if (half > narrow) levelPlateaus(held, half);
  }
  if (removal !== 'filter' && removal !== 'none') sortOut(held, narrow);
  return { ...held.store(), totalSquares };
}

function takeOffMedians(held: SinogramColumns, half: number): void {
  const { steady, varying, medians } = findStripes(held, half);
  for (let column = 0; column < held.columns; column++) {
    if (!steady[column] && !varying[column]) continue;
    takeOff(held, column, medians[column] ?? 0);
  }
}

/** Steady stripes lose an average over many ranks; those that depend on intensity, rank by rank. */
function sortOut(held: SinogramColumns, half: number): void {
  const { steady, varying, bounds } = findStripes(held, half);
  if (varying.includes(1)) held.smoothSorted({ half, chosen: varying });
  if (steady.includes(1)) {
    const rankReach = Math.ceil(RANK_FRACTION * held.views);
    held.smoothSorted({ half, rankReach, chosen: steady, bounds });
  }
}

/**
 * Wide stripes stand between two edges, where the step from column to column is off its
 * neighbours' in all views alike; structure passes a column in few views. The edges add up to the
 * plateaus of the detector. What is wider than `half` columns is none of them.
 */
function levelPlateaus(held: SinogramColumns, half: number): void {
  const { columns } = held;
  const { low, middle, high } = held.steps();
  const count = held.views * columns;
  const negligible = NEGLIGIBLE_FRACTION * Math.sqrt(held.sumOfSquares() / count);
  const error = MEDIAN_ERROR / Math.sqrt(held.views) / QUARTILES;
  const edges = middle.map((value, at) => value - medianAround(middle, at, EDGE_NEIGHBOURS));
  const sizes = edges.map(Math.abs);
  let level = 0;
  const levels = Float64Array.from({ length: columns }, (_, column) => {
    const at = column - 1;
    const size = sizes[at] ?? 0;
    const noise = error * ((high[at] ?? 0) - (low[at] ?? 0));
    const usual = medianAround(sizes, at, SURROUNDINGS) / MEDIAN_DEVIATION;
    const isClear = size > Math.max(STANDARD_ERRORS * Math.max(noise, usual), negligible);
    if (isClear && !isOutline(middle, edges[at] ?? 0, at)) level += edges[at] ?? 0;
    return level;
  });
  for (let column = 0; column < columns; column++) {
    const stripe = (levels[column] ?? 0) - medianAround(levels, column, half);
    if (Math.abs(stripe) > negligible) takeOff(held, column, stripe);
  }
}

/** The outline of a round part that turns about its middle rises on one side only of its edge. */
function isOutline(steps: Float32Array, edge: number, at: number): boolean {
  const before = medianOf(steps.slice(Math.max(0, at - SLOPE_COLUMNS), at));
  const after = medianOf(steps.slice(at + 1, at + 1 + SLOPE_COLUMNS));
  return Math.abs(after - before) > SLOPE_FRACTION * Math.abs(edge);
}

function takeOff(held: SinogramColumns, column: number, stripe: number): void {
  const values = held.values(column);
  for (let view = 0; view < values.length; view++) values[view] = (values[view] ?? 0) - stripe;
  held.noteChange(column);
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

function findStripes(held: SinogramColumns, half: number): Stripes {
  const { low, middle, high } = held.details(half);
  const count = held.views * held.columns;
  const negligible = NEGLIGIBLE_FRACTION * Math.sqrt(held.sumOfSquares() / count);
  const spread = high.map((value, column) => (value - (low[column] ?? 0)) / QUARTILES);
  const error = MEDIAN_ERROR / Math.sqrt(held.views);
  const varying = Uint8Array.from(spread, (value, column) => {
    // At least half of the views differ by this much; at an edge of the sample fewer do.
    const off = Math.min(Math.abs(low[column] ?? 0), Math.abs(high[column] ?? 0));
    const around = medianAround(spread, column, half);
    const limit = SPREAD_RATIO * Math.max(around, 5 * negligible);
    return Math.min((2 * off) / QUARTILES, value) > limit ? 1 : 0;
  });
  const steady = Uint8Array.from(middle, (value, column) => {
    if (varying[column]) return 0;
    const limit = STANDARD_ERRORS * error * (spread[column] ?? 0);
    return Math.abs(value) > Math.max(limit, negligible) ? 1 : 0;
  });
  const fence = (edge: Float32Array, sign: number) =>
    edge.map((value, column) => value + sign * FENCES * QUARTILES * (spread[column] ?? 0));
  const bounds = { lower: fence(low, -1), upper: fence(high, 1) };
  return { steady, varying, medians: middle, bounds };
}

/** Columns that flicker from view to view take what lies between those beside them. */
function bridgeFlickering(held: SinogramColumns): void {
  const { columns } = held;
  const flicker = held.flicker();
  const usual = medianAround(flicker, columns >> 1, columns);
  const dead = Uint8Array.from(flicker, (value, column) => {
    const around = medianAround(flicker, column, SURROUNDINGS);
    return value > FLICKER_RATIO * Math.max(around, FLICKER_FLOOR * usual) ? 1 : 0;
  });
  // A flickering end has a neighbour on one side only: it is left as it is.
  for (let column = dead.indexOf(1); column >= 0; column = dead.indexOf(1, column)) {
    const end = dead.indexOf(0, column);
    if (end < 0) break;
    if (column > 0) bridge(held, column, end);
    column = end;
  }
}

/** Columns from `first` to before `end` on the line between those around them. */
function bridge(held: SinogramColumns, first: number, end: number): void {
  const left = held.values(first - 1);
  const right = held.values(end);
  for (let column = first; column < end; column++) {
    const share = (column - first + 1) / (end - first + 1);
    const values = held.values(column);
    for (let view = 0; view < values.length; view++) {
      const from = left[view] ?? 0;
      values[view] = from + share * ((right[view] ?? 0) - from);
    }
    held.noteChange(column);
  }
}

function medianAround(values: Float32Array | Float64Array, at: number, reach: number): number {
  return medianOf(values.slice(Math.max(0, at - reach), Math.max(0, at + reach + 1)));
}

/** Sorts the values. */
function medianOf(values: Float32Array | Float64Array): number {
  return values.sort()[values.length >> 1] ?? 0;
}
