import { rampKernel } from '../kernels/tomography-tables.ts';
import { viewWeights } from './tomography-angles.ts';
import {
  type AttenuationData,
  type AxisFinding,
  type AxisRange,
  binnedColumns,
} from './tomography-axis-finding.ts';

/** Wider detectors are binned to no more columns than this. */
const COLUMNS_MAX = 512;
/** Views that are looked at, spread over the scan; and detector rows. */
const VIEWS_MAX = 180;
const ROWS_MAX = 3;
/** Points of the slices that are looked at, over all rows. */
const POINTS = 12_000;
/** More to a square column tell nothing new: neighbours see the same columns. */
const POINTS_PER_SQUARE_COLUMN = 16;
/** Points keep this far from the rim of what every view sees, in columns. */
const MARGIN = 2;
/** The best axis is looked for this far to each side; once more, and further, if it is the last. */
const REACH_PIXEL = 2;
const REACH_WIDENED_PIXEL = 6;
const COARSE_STEP_PIXEL = 0.5;
const FINE_STEP_PIXEL = 0.05;
/** The vertex is that of a parabola through what lies this close to the best coarse step. */
const FINE_REACH_PIXEL = 0.6;
/** A minimum shallower than this share of the metric may be noise. */
const DEPTH_MIN = 0.03;
/** Times that rows are smoothed over three columns: attenuation below 0 would show the noise. */
const SMOOTHINGS = { halfTurn: 4, fullTurn: 1 } as const;
/** Root mean square error on one row of 256 columns at a signal-to-noise ratio of 20. */
const USUAL_ERROR_PIXEL = { halfTurn: 0.3, fullTurn: 0.05 } as const;
/** Trial axes of a search without a place to begin at. */
const TRIALS_MAX = 64;
/** Less of the half turn than this has been seen, and it is not taken for one. */
const HALF_TURN_MIN = 0.9 * Math.PI;
/** Angle by which each point of a sunflower is turned from the one before: they cover a disc. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/**
 * Reconstructs points of a slice for trial axes. On a half turn, a wrong axis makes arcs of points
 * and, beside them, attenuation below 0: the axis is where least is (Donath, Beckmann and
 * Schreyer 2006, J. Opt. Soc. Am. A 23, 1048). On a full turn, it bends what the one half shows
 * and what the other half shows to opposite sides: the axis is where they differ least.
 * Undefined where no axis is better than those around it.
 * @param aroundPixel where to begin; else everywhere in `range`, coarsely
 */
export function sliceMetricAxis(
  data: AttenuationData,
  range: AxisRange,
  aroundPixel?: number,
): AxisFinding | undefined {
  const factor = Math.ceil(data.columns / COLUMNS_MAX);
  const shown = filteredViews(data, factor);
  // Column c of a binned row is the mean of columns from factor c to factor (c + 1) - 1.
  const binned = (pixel: number): number => (pixel - (factor - 1) / 2) / factor;
  const unbinned = (pixel: number): number => pixel * factor + (factor - 1) / 2;
  const first = range.firstFraction * (shown.columns - 1);
  const last = range.lastFraction * (shown.columns - 1);
  const around = aroundPixel === undefined ? bestOfAll(shown, first, last) : binned(aroundPixel);
  const found = leastAround(shown, Math.min(Math.max(around, first), last));
  if (!found) return undefined;
  const { axis, atRangeEdge } = found;
  const isFullTurn = shown.firstHalf < shown.cosines.length;
  const usualErrorPixel = factor * USUAL_ERROR_PIXEL[isFullTurn ? 'fullTurn' : 'halfTurn'];
  return { finder: 'slice metric', axisPixel: unbinned(axis), atRangeEdge, usualErrorPixel };
}

/** Views through the ramp filter, weighted, and in which half of a full turn they are. */
interface FilteredViews {
  readonly columns: number;
  /** One per detector row, each [view, column]. */
  readonly rows: readonly Float32Array[];
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
  /** Views of the first half turn; all views unless there is a second. */
  readonly firstHalf: number;
}

type Metric = (axis: number) => number;

function filteredViews(data: AttenuationData, factor: number): FilteredViews {
  const columns = Math.floor(data.columns / factor);
  const views = data.anglesRadian.length;
  const count = Math.min(VIEWS_MAX, views);
  const spread = Int32Array.from({ length: count }, (_, k) => Math.floor((k * views) / count));
  const halves = byHalves(data.anglesRadian, spread);
  const { order, firstHalf } = halves;
  const angles = Float64Array.from(order, (view) => data.anglesRadian[view] ?? 0);
  const rowCount = Math.min(ROWS_MAX, data.sinograms.length);
  const rows = Array.from({ length: rowCount }, (_, k) => {
    const row = Math.floor(((k + 0.5) * data.sinograms.length) / rowCount);
    const sinogram = data.sinograms[row] ?? new Float32Array(0);
    return filtered(binnedColumns(sinogram, data.columns, factor), columns, halves);
  });
  return { columns, rows, cosines: angles.map(Math.cos), sines: angles.map(Math.sin), firstHalf };
}

interface ViewHalves {
  /** Views of the first half turn, then those of the second. */
  readonly order: Int32Array;
  readonly firstHalf: number;
  readonly weights: Float64Array;
}

/** A full turn split where its angles begin; anything else as one part. */
function byHalves(anglesRadian: Float64Array, views: Int32Array): ViewHalves {
  const turn = 2 * Math.PI;
  const start = views.reduce(
    (least, view) => Math.min(least, anglesRadian[view] ?? 0),
    Number.POSITIVE_INFINITY,
  );
  const isFirst = (view: number): boolean => ((anglesRadian[view] ?? 0) - start) % turn < Math.PI;
  const halves = [views.filter(isFirst), views.filter((view) => !isFirst(view))];
  const weightsOf = (chosen: Int32Array): Float64Array =>
    viewWeights(Float64Array.from(chosen, (view) => anglesRadian[view] ?? 0));
  const weights = halves.map(weightsOf);
  const isFull = weights.every((half) => half.reduce((sum, w) => sum + w, 0) > HALF_TURN_MIN);
  if (!isFull) {
    return { order: views, firstHalf: views.length, weights: weightsOf(views) };
  }
  return {
    order: Int32Array.from(halves.flatMap((half) => Array.from(half))),
    firstHalf: halves[0]?.length ?? 0,
    weights: Float64Array.from(weights.flatMap((half) => Array.from(half))),
  };
}

/**
 * Rows through the ramp, smoothed. They go on beyond the detector, fading, or the rim of a sample
 * that does would outshine everything.
 */
function filtered(
  sinogram: Float32Array,
  columns: number,
  { order: views, weights, firstHalf }: ViewHalves,
): Float32Array {
  const smoothings = SMOOTHINGS[firstHalf < views.length ? 'fullTurn' : 'halfTurn'];
  const fade = columns >> 2;
  const width = columns + 2 * fade;
  const smoothRamp = smoothedRamp(width, smoothings);
  const shares = Float64Array.from(
    { length: fade },
    (_, k) => (1 + Math.cos((Math.PI * (k + 1)) / (fade + 1))) / 2,
  );
  const result = new Float32Array(views.length * columns);
  const row = new Float64Array(width);
  for (const [at, view] of views.entries()) {
    row.set(sinogram.subarray(view * columns, (view + 1) * columns), fade);
    const [first, last] = [row[fade] ?? 0, row[fade + columns - 1] ?? 0];
    for (const [k, share] of shares.entries()) {
      row[fade - 1 - k] = share * first;
      row[fade + columns + k] = share * last;
    }
    const weight = weights[at] ?? 0;
    for (let column = 0; column < columns; column++) {
      const start = width - 1 - fade - column;
      const ramp = smoothRamp.subarray(start, start + width);
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (row[k] ?? 0) * (ramp[k] ?? 0);
      result[at * columns + column] = weight * sum;
    }
  }
  return result;
}

/** From offset -(width - 1) to width - 1, smoothed by a binomial of variance smoothings / 2. */
function smoothedRamp(width: number, smoothings: number): Float64Array {
  const reach = width - 1 + smoothings;
  let ramp = Float64Array.from({ length: 2 * reach + 1 }, (_, k) => rampKernel(k - reach));
  for (let smoothing = 0; smoothing < smoothings; smoothing++) {
    const before = ramp;
    ramp = before
      .subarray(1, -1)
      .map((value, k) => value / 2 + ((before[k] ?? 0) + (before[k + 2] ?? 0)) / 4);
  }
  return ramp;
}

/** Points of the disc that all trial axes see in all views. */
function metricOver(shown: FilteredViews, first: number, last: number): Metric {
  const { columns, rows, cosines, sines, firstHalf } = shown;
  const radius = Math.min(first, columns - 1 - last) - MARGIN;
  const enough = POINTS_PER_SQUARE_COLUMN * Math.PI * radius ** 2;
  const count = Math.max(1, Math.floor(Math.min(enough, POINTS / Math.max(1, rows.length))));
  const radii = Float64Array.from(
    { length: count },
    (_, k) => radius * Math.sqrt((k + 0.5) / count),
  );
  const x = radii.map((r, k) => r * Math.cos(k * GOLDEN_ANGLE));
  const y = radii.map((r, k) => r * Math.sin(k * GOLDEN_ANGLE));
  const isFullTurn = firstHalf < cosines.length;
  const places = { columns: new Int32Array(count), fractions: new Float64Array(count) };
  const slices = rows.map(() => [new Float64Array(count), new Float64Array(count)] as const);
  return (axis) => {
    for (const halves of slices) for (const half of halves) half.fill(0);
    for (const [view, cosine] of cosines.entries()) {
      // Every row sees the points in the same places.
      findPlaces(places, { x, y, cosine, sine: sines[view] ?? 0, axis });
      for (const [at, row] of rows.entries()) {
        const values = slices[at]?.[view < firstHalf ? 0 : 1];
        if (values) addView(values, row.subarray(view * columns, (view + 1) * columns), places);
      }
    }
    let [bad, all] = [0, 0];
    for (const halves of slices) {
      const [badHere, allHere] = isFullTurn ? halvesApart(...halves) : belowZero(halves[0]);
      bad += badHere;
      all += allHere;
    }
    return all > 0 ? bad / all : 1;
  };
}

interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly cosine: number;
  readonly sine: number;
  readonly axis: number;
}

/** Where points are on the detector: the column before each, and how far behind it. */
interface Places {
  readonly columns: Int32Array;
  readonly fractions: Float64Array;
}

function findPlaces({ columns, fractions }: Places, points: Points): void {
  const { x, y, cosine, sine, axis } = points;
  for (let k = 0; k < columns.length; k++) {
    const place = axis + (x[k] ?? 0) * cosine + (y[k] ?? 0) * sine;
    const column = Math.floor(place);
    columns[k] = column;
    fractions[k] = place - column;
  }
}

function addView(values: Float64Array, line: Float32Array, { columns, fractions }: Places): void {
  for (let k = 0; k < values.length; k++) {
    const column = columns[k] ?? 0;
    const here = line[column] ?? 0;
    const next = line[column + 1] ?? 0;
    values[k] = (values[k] ?? 0) + here + (fractions[k] ?? 0) * (next - here);
  }
}

/** Negative mass, and the sum of absolute values. */
function belowZero(values: Float64Array): [number, number] {
  let [negative, all] = [0, 0];
  for (const value of values) {
    if (value < 0) negative -= value;
    all += Math.abs(value);
  }
  return [negative, all];
}

/** Energy of the difference between what two half turns show, and that of both. */
function halvesApart(first: Float64Array, second: Float64Array): [number, number] {
  let [apart, all] = [0, 0];
  for (const [k, a] of first.entries()) {
    const b = second[k] ?? 0;
    apart += (a - b) ** 2;
    all += a * a + b * b;
  }
  return [apart, all];
}

/** Where to begin when nobody knows: the best of evenly spread trials. */
function bestOfAll(shown: FilteredViews, first: number, last: number): number {
  const step = Math.max(1, (last - first) / TRIALS_MAX);
  const metric = metricOver(shown, first, last);
  const trials = Array.from(
    { length: Math.floor((last - first) / step) + 1 },
    (_, k) => first + k * step,
  );
  const values = trials.map(metric);
  return trials[values.indexOf(Math.min(...values))] ?? (first + last) / 2;
}

/** The minimum around a place; looked for further away, once, where it is the last looked at. */
function leastAround(
  shown: FilteredViews,
  around: number,
): { readonly axis: number; readonly atRangeEdge: boolean } | undefined {
  const near = coarseLeast(shown, around, REACH_PIXEL);
  const { best, atRangeEdge, depth } = near.atRangeEdge
    ? coarseLeast(shown, around, REACH_WIDENED_PIXEL)
    : near;
  if (atRangeEdge) return { axis: best, atRangeEdge };
  if (depth < DEPTH_MIN) return undefined;
  return { axis: vertexNear(shown, best), atRangeEdge };
}

function coarseLeast(shown: FilteredViews, around: number, reach: number) {
  const steps = Math.round(reach / COARSE_STEP_PIXEL);
  const first = Math.max(MARGIN + 2, around - reach);
  const last = Math.min(shown.columns - 3 - MARGIN, around + reach);
  const metric = metricOver(shown, first, last);
  const step = (last - first) / (2 * steps);
  const values = Array.from({ length: 2 * steps + 1 }, (_, k) => metric(first + k * step));
  const least = Math.min(...values);
  const at = values.indexOf(least);
  const rim = Math.min(values[0] ?? 0, values.at(-1) ?? 0);
  return {
    best: first + at * step,
    atRangeEdge: at === 0 || at === 2 * steps,
    depth: least > 0 ? rim / least - 1 : rim > 0 ? 1 : 0,
  };
}

/** Vertex of the least-squares parabola through fine steps: single values are noisy. */
function vertexNear(shown: FilteredViews, best: number): number {
  const first = best - FINE_REACH_PIXEL;
  const metric = metricOver(shown, first, best + FINE_REACH_PIXEL);
  const count = Math.round((2 * FINE_REACH_PIXEL) / FINE_STEP_PIXEL) + 1;
  const offsets = Array.from({ length: count }, (_, k) => k * FINE_STEP_PIXEL - FINE_REACH_PIXEL);
  const values = offsets.map((offset) => metric(best + offset));
  const moment = (power: number): number =>
    offsets.reduce((sum, offset) => sum + offset ** power, 0) / count;
  const product = (power: number): number =>
    offsets.reduce((sum, offset, k) => sum + offset ** power * (values[k] ?? 0), 0) / count;
  // The offsets are symmetric: odd moments vanish, so slope and curvature are found by themselves.
  const slope = product(1) / moment(2);
  const curvature = (product(2) - moment(2) * product(0)) / (moment(4) - moment(2) ** 2);
  if (!(curvature > 0)) return best;
  const vertex = -slope / (2 * curvature);
  return best + Math.max(-FINE_REACH_PIXEL, Math.min(FINE_REACH_PIXEL, vertex));
}
