import type { AttenuationData, AxisFinding, AxisRange } from './tomography-axis-finding.ts';

/** Columns at each end that must see next to nothing, or the sample goes on beyond the detector. */
const END_COLUMNS = 4;
const END_FRACTION_MAX = 0.02;
/** The mass of a row that lies within the detector is the same from everywhere, to this share. */
const MASS_SPREAD_MAX = 0.02;
/** Standard errors are never taken to be smaller: stripes and scatter remain. */
const ERROR_PIXEL_MIN = 0.02;
/** A centre that is less certain than this says nothing. */
const ERROR_PIXEL_MAX = 0.5;
const VIEWS_MIN = 8;
/** Over less than half a turn, a sinusoid and an offset are hard to tell apart. */
const SPAN_RADIAN_MIN = 0.9 * Math.PI;
/** Below this a determinant is that of views that do not tell a turn from a shift. */
const DETERMINANT_MIN = 1e-3;

/**
 * The centre of mass of each view of a row that lies within the detector runs on a sinusoid about
 * the axis, a + x cos + y sin (Azevedo et al. 1990, IEEE Trans. Nucl. Sci. 37, 1525): every view
 * and every column counts, so noise moves it less than any mirror. Undefined when the sample goes
 * beyond the detector, its mass changes with the angle, or the views cover too little.
 */
export function centreOfMassAxis(data: AttenuationData, range: AxisRange): AxisFinding | undefined {
  const { anglesRadian } = data;
  if (anglesRadian.length < VIEWS_MIN) return undefined;
  const span = Math.max(...anglesRadian) - Math.min(...anglesRadian);
  if (span < SPAN_RADIAN_MIN) return undefined;
  let [sum, weights] = [0, 0];
  for (const sinogram of data.sinograms) {
    const row = rowCentre(sinogram, data);
    if (!row) continue;
    const variance = Math.max(row.variance, ERROR_PIXEL_MIN ** 2);
    sum += row.axisPixel / variance;
    weights += 1 / variance;
  }
  const errorPixel = Math.max(ERROR_PIXEL_MIN, 1 / Math.sqrt(weights));
  if (!(weights > 0) || errorPixel > ERROR_PIXEL_MAX) return undefined;
  const axisPixel = sum / weights;
  const last = data.columns - 1;
  const atRangeEdge =
    axisPixel <= range.firstFraction * last || axisPixel >= range.lastFraction * last;
  return { finder: 'centre of mass', axisPixel, atRangeEdge, usualErrorPixel: errorPixel };
}

function rowCentre(
  sinogram: Float32Array,
  { columns, anglesRadian }: AttenuationData,
): { readonly axisPixel: number; readonly variance: number } | undefined {
  // Moments about the middle of the detector: noise of the ends then has the shortest levers.
  const middle = (columns - 1) / 2;
  const views = anglesRadian.length;
  const masses = new Float64Array(views);
  const moments = new Float64Array(views);
  let ends = 0;
  for (let view = 0; view < views; view++) {
    for (let column = 0; column < columns; column++) {
      const value = sinogram[view * columns + column] ?? 0;
      masses[view] = (masses[view] ?? 0) + value;
      moments[view] = (moments[view] ?? 0) + value * (column - middle);
      if (column < END_COLUMNS || column >= columns - END_COLUMNS) ends += value;
    }
  }
  const mass = mean(masses);
  if (!(mass > 0)) return undefined;
  const usualEnds = (mass * views * 2 * END_COLUMNS) / columns;
  if (Math.abs(ends) > END_FRACTION_MAX * usualEnds) return undefined;
  const spread = Math.sqrt(mean(masses.map((one) => (one - mass) ** 2)));
  if (spread > MASS_SPREAD_MAX * mass) return undefined;
  const fit = sinusoidOffset(anglesRadian, moments);
  if (!fit) return undefined;
  const variance = (fit.variance + patternVariance(sinogram, columns)) / mass ** 2;
  return { axisPixel: middle + fit.offset / mass, variance };
}

/**
 * What a pattern of the detector that is left in every view may add to the first moment: columns
 * differ from the mean of both neighbours, in the mean over the views, by its deviation times
 * the root of 3 / 2.
 */
function patternVariance(sinogram: Float32Array, columns: number): number {
  const views = sinogram.length / columns;
  const profile = new Float64Array(columns);
  for (let at = 0; at < sinogram.length; at++) {
    const column = at % columns;
    profile[column] = (profile[column] ?? 0) + (sinogram[at] ?? 0) / views;
  }
  const squares = profile
    .slice(1, -1)
    .map((value, at) => (value - ((profile[at] ?? 0) + (profile[at + 2] ?? 0)) / 2) ** 2 / 1.5);
  return (mean(squares) * columns ** 3) / 12;
}

/** Least squares of a + x cos + y sin: a and its variance from what is left over. */
function sinusoidOffset(
  anglesRadian: Float64Array,
  values: Float64Array,
): { readonly offset: number; readonly variance: number } | undefined {
  const count = values.length;
  const cos = anglesRadian.map(Math.cos);
  const sin = anglesRadian.map(Math.sin);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((s, x, at) => s + x * (b[at] ?? 0), 0);
  const one = new Float64Array(count).fill(1);
  const [c1, s1] = [dot(one, cos), dot(one, sin)];
  const [cc, cs, ss] = [dot(cos, cos), dot(cos, sin), dot(sin, sin)];
  // The offset after cos and sin have taken what they can explain of it.
  const inner = cc * ss - cs * cs;
  if (inner < DETERMINANT_MIN * count * count) return undefined;
  const towardsCos = (c1 * ss - s1 * cs) / inner;
  const towardsSin = (s1 * cc - c1 * cs) / inner;
  const free = one.map((_, at) => 1 - towardsCos * (cos[at] ?? 0) - towardsSin * (sin[at] ?? 0));
  const left = dot(free, one);
  if (left < DETERMINANT_MIN * count) return undefined;
  const offset = dot(free, values) / left;
  const rest = values.map((value) => value - offset);
  const x = (dot(rest, cos) * ss - dot(rest, sin) * cs) / inner;
  const y = (dot(rest, sin) * cc - dot(rest, cos) * cs) / inner;
  const residual = rest.reduce(
    (sum, value, at) => sum + (value - x * (cos[at] ?? 0) - y * (sin[at] ?? 0)) ** 2,
    0,
  );
  return { offset, variance: residual / (count - 3) / left };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
