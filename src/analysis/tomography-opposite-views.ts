import { type AttenuationData, AXIS_RANGE, type AxisFinding } from './tomography-axis-finding.ts';

/** Pairs of views that are compared. */
const PAIRS_MAX = 16;
/** Pairs are opposite to within so many usual steps. */
const STEPS_OFF_MAX = 5;
/** Closer than this part of a step, a pair is opposite without extrapolation. */
const STEPS_EXACT = 0.25;

interface Pair {
  readonly first: number;
  readonly second: number;
  /** What the angle between them lacks to half a turn, signed. */
  readonly offRadian: number;
}

/**
 * Two opposite views are mirror images about the axis. Each pair gives the mirror axis with the
 * least squared difference; where no pair is exactly opposite, the answers are extrapolated to
 * the exact opposite. Undefined when no two views face each other.
 */
export function oppositeViewsAxis(data: AttenuationData): AxisFinding | undefined {
  const { pairs, stepRadian } = oppositePairs(data.anglesRadian);
  if (pairs.length === 0) return undefined;
  const exact = pairs.filter((pair) => Math.abs(pair.offRadian) <= STEPS_EXACT * stepRadian);
  const chosen = spreadOut(exact.length > 0 ? exact : pairs);
  const answers = chosen.map((pair) => mirrorAxis(data, pair));
  const axes = answers.map((answer) => answer.axisPixel);
  const axisPixel =
    exact.length > 0
      ? median(axes)
      : atZero(
          chosen.map((pair) => pair.offRadian),
          axes,
        );
  const edges = answers.filter((answer) => answer.atRangeEdge).length;
  return { finder: 'opposite views', axisPixel, atRangeEdge: edges > answers.length / 2 };
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
  const reach = STEPS_OFF_MAX * stepRadian;
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

/** At most PAIRS_MAX of them: the most opposite ones, and of equal ones a spread over the turn. */
function spreadOut(pairs: readonly Pair[]): readonly Pair[] {
  if (pairs.length <= PAIRS_MAX) return pairs;
  return Array.from(
    { length: PAIRS_MAX },
    (_, k) => pairs[Math.floor((k * pairs.length) / PAIRS_MAX)],
  ).filter((pair) => pair !== undefined);
}

/** The axis about which the second view mirrored is most like the first, over all rows. */
function mirrorAxis(
  data: AttenuationData,
  pair: Pair,
): { readonly axisPixel: number; readonly atRangeEdge: boolean } {
  const { columns } = data;
  // Twice the axis is a whole number when no pixel needs to be interpolated.
  const first = Math.ceil(2 * AXIS_RANGE.firstFraction * (columns - 1));
  const last = Math.floor(2 * AXIS_RANGE.lastFraction * (columns - 1));
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

/** Value at 0 of the straight line through the points; their mean when they share one place. */
function atZero(places: readonly number[], values: readonly number[]): number {
  const count = places.length;
  const meanPlace = places.reduce((sum, place) => sum + place, 0) / count;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / count;
  let spread = 0;
  let rise = 0;
  for (const [at, place] of places.entries()) {
    spread += (place - meanPlace) ** 2;
    rise += (place - meanPlace) * ((values[at] ?? 0) - meanValue);
  }
  return spread > 1e-12 ? meanValue - (rise / spread) * meanPlace : meanValue;
}
