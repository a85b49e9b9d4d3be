import type { AttenuationData, AxisFinding, AxisRange } from './tomography-axis-finding.ts';

/** Pairs of views that are compared: on all of the range, and close to what those say. */
const PAIRS_MAX = 16;
const NEAR_PAIRS_MAX = 128;
const NEAR_PIXEL = 6;
/** Pairs are opposite to within so many usual steps, and to within this angle. */
const STEPS_OFF_MAX = 12;
const OFF_RADIAN_MAX = 0.12;
const STEPS_OFF_MIN = 3;
/** Root mean square error on one row of 256 columns at a signal-to-noise ratio of 20. */
const USUAL_ERROR_PIXEL = 0.2;
/** Fewer pairs cannot tell; and pattern and misalignment leave this much. */
const PAIRS_FOR_ERROR_MIN = 6;
const ERROR_PIXEL_MIN = 0.03;
/** Closer than this part of a step, a pair is opposite without extrapolation. */
const STEPS_EXACT = 0.25;

interface Pair {
  readonly first: number;
  readonly second: number;
  /** What the angle between them lacks to half a turn, signed. */
  readonly offRadian: number;
}

interface PixelRange {
  readonly firstPixel: number;
  readonly lastPixel: number;
}

/**
 * Two opposite views are mirror images about the axis. Each pair gives the mirror axis with the
 * least squared difference; where no pair is exactly opposite, the answers are extrapolated to
 * the exact opposite. Undefined when no two views face each other.
 */
export function oppositeViewsAxis(
  data: AttenuationData,
  range: AxisRange,
): AxisFinding | undefined {
  const { pairs, stepRadian } = oppositePairs(data.anglesRadian);
  if (pairs.length === 0) return undefined;
  const exact = pairs.filter((pair) => Math.abs(pair.offRadian) <= STEPS_EXACT * stepRadian);
  const usual = { usualErrorPixel: USUAL_ERROR_PIXEL };
  const usable = exact.length > 0 ? exact : pairs;
  const all = {
    firstPixel: range.firstFraction * (data.columns - 1),
    lastPixel: range.lastFraction * (data.columns - 1),
  };
  const answers = spreadOut(usable, PAIRS_MAX).map((pair) => mirrorAxis(data, pair, all));
  const edges = answers.filter((answer) => answer.atRangeEdge).length;
  const rough = median(answers.map((answer) => answer.axisPixel));
  if (edges > answers.length / 2) {
    return { finder: 'opposite views', axisPixel: rough, atRangeEdge: true, ...usual };
  }
  // Where angles must be extrapolated, neighbours in angle move the mirror axis steadily.
  const near = { firstPixel: rough - NEAR_PIXEL, lastPixel: rough + NEAR_PIXEL };
  const chosen = spreadOut(usable, NEAR_PAIRS_MAX);
  const axes = chosen.map((pair) => mirrorAxis(data, pair, near).axisPixel);
  const offsets = chosen.map((pair) => pair.offRadian);
  const axisPixel = exact.length > 0 ? median(axes) : lineThrough(offsets, axes)(0);
  const usualErrorPixel = errorOf(axes, offsets, exact.length > 0);
  return { finder: 'opposite views', axisPixel, atRangeEdge: false, usualErrorPixel };
}

/** Pairs within a few steps of opposite, the closest first when they must be extrapolated. */
function oppositePairs(anglesRadian: Float64Array): { pairs: Pair[]; stepRadian: number } {
  const order = Int32Array.from(anglesRadian.keys()).sort(
    (a, b) => (anglesRadian[a] ?? 0) - (anglesRadian[b] ?? 0),
  );
  const angles = Float64Array.from(order, (view) => anglesRadian[view] ?? 0);
  const steps = angles
    .subarray(1)
    .map((angle, at) => angle - (angles[at] ?? 0))
    .sort();
  const stepRadian = steps[steps.length >> 1] ?? 0;
  const stepsOff = Math.min(STEPS_OFF_MAX, Math.max(STEPS_OFF_MIN, OFF_RADIAN_MAX / stepRadian));
  const reach = stepsOff * stepRadian;
  const pairs: Pair[] = [];
  let from = 0;
  for (const [at, angle] of angles.entries()) {
    while (from < angles.length && (angles[from] ?? 0) < angle + Math.PI - reach) from += 1;
    for (let to = from; to < angles.length; to++) {
      const offRadian = (angles[to] ?? 0) - angle - Math.PI;
      if (offRadian > reach) break;
      pairs.push({ first: order[at] ?? 0, second: order[to] ?? 0, offRadian });
    }
  }
  return { pairs, stepRadian };
}

/** At most `count` of them, spread over the turn. */
function spreadOut(pairs: readonly Pair[], count: number): readonly Pair[] {
  if (pairs.length <= count) return pairs;
  return Array.from(
    { length: count },
    (_, k) => pairs[Math.floor((k * pairs.length) / count)],
  ).filter((pair) => pair !== undefined);
}

/** The axis about which the second view mirrored is most like the first, over all rows. */
function mirrorAxis(
  data: AttenuationData,
  pair: Pair,
  range: PixelRange,
): { readonly axisPixel: number; readonly atRangeEdge: boolean } {
  const { columns } = data;
  // Twice the axis is a whole number when no pixel needs to be interpolated.
  const first = Math.ceil(2 * Math.max(1, range.firstPixel));
  const last = Math.floor(2 * Math.min(columns - 2, range.lastPixel));
  let best = first;
  let least = Number.POSITIVE_INFINITY;
  for (let twice = first; twice <= last; twice++) {
    const value = mirrorDifference(data, pair, twice);
    if (value >= least) continue;
    least = value;
    best = twice;
  }
  const before = mirrorDifference(data, pair, best - 1);
  const after = mirrorDifference(data, pair, best + 1);
  const offset = vertexOffset(before, least, after);
  return { axisPixel: (best + offset) / 2, atRangeEdge: best === first || best === last };
}

/** Squared difference over the overlap, relative to the energy in it: 0 for a perfect mirror. */
function mirrorDifference(data: AttenuationData, pair: Pair, twiceAxis: number): number {
  const { columns } = data;
  const from = Math.max(0, twiceAxis - columns + 1);
  const end = Math.min(columns - 1, twiceAxis);
  let difference = 0;
  let energy = 0;
  for (const sinogram of data.sinograms) {
    const first = pair.first * columns;
    const second = pair.second * columns + twiceAxis;
    for (let t = from; t <= end; t++) {
      const a = sinogram[first + t] ?? 0;
      const b = sinogram[second - t] ?? 0;
      difference += (a - b) ** 2;
      energy += a * a + b * b;
    }
  }
  return energy > 0 ? difference / energy : Number.POSITIVE_INFINITY;
}

/**
 * From how much the pairs disagree: a straight line over the angle is taken off where they were
 * extrapolated along one. A view is in several pairs, so they count for half their number.
 */
function errorOf(axes: readonly number[], offsets: readonly number[], isExact: boolean): number {
  if (axes.length < PAIRS_FOR_ERROR_MIN) return USUAL_ERROR_PIXEL;
  const centre = isExact ? () => median(axes) : lineThrough(offsets, axes);
  const squares = axes.map((axis, at) => (axis - centre(offsets[at] ?? 0)) ** 2);
  const deviation = Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / (axes.length - 2));
  return Math.max(ERROR_PIXEL_MIN, (2 * deviation) / Math.sqrt(axes.length / 2));
}

/** Where the parabola through three equidistant values is least, in steps from the middle. */
export function vertexOffset(before: number, middle: number, after: number): number {
  const curvature = before - 2 * middle + after;
  return curvature > 0 && Number.isFinite(curvature) ? (before - after) / (2 * curvature) : 0;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}

/** The straight line through the points; their mean when they share one place. */
function lineThrough(
  places: readonly number[],
  values: readonly number[],
): (place: number) => number {
  const count = places.length;
  const meanPlace = places.reduce((sum, place) => sum + place, 0) / count;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / count;
  let spread = 0;
  let rise = 0;
  for (const [at, place] of places.entries()) {
    spread += (place - meanPlace) ** 2;
    rise += (place - meanPlace) * ((values[at] ?? 0) - meanValue);
  }
  const slope = spread > 1e-12 ? rise / spread : 0;
  return (place) => meanValue + slope * (place - meanPlace);
}
