/** -log data: on transmissions the finders would be wrong by tens of pixels. */
export interface AttenuationData {
  readonly kind: 'attenuation';
  readonly columns: number;
  readonly anglesRadian: Float64Array;
  /** One or more detector rows, each [view, column]. */
  readonly sinograms: readonly Float32Array[];
}

/** The ways there are to find an axis. */
export const AXIS_FINDERS = [
  'centre of mass',
  'opposite views',
  'double wedge',
  'slice metric',
] as const;
export type AxisFinder = (typeof AXIS_FINDERS)[number];

/** What one finder says. */
export interface AxisFinding {
  readonly finder: AxisFinder;
  readonly axisPixel: number;
  /** True when the best value lies at the edge of what was looked at: it may lie outside. */
  readonly atRangeEdge: boolean;
  /** What it is wrong by as a rule, on noisy views: how much it counts beside others. */
  readonly usualErrorPixel: number;
}

/** The part of the detector that is looked at, from 0 to 1. */
export interface AxisRange {
  readonly firstFraction: number;
  readonly lastFraction: number;
}

/** The axis is looked for in this part of the detector, */
export const AXIS_RANGE: AxisRange = { firstFraction: 0.25, lastFraction: 0.75 };
/** and if it seems to lie at its edge, once more in this part. */
export const AXIS_RANGE_WIDENED: AxisRange = { firstFraction: 0.1, lastFraction: 0.9 };

/** A finding held within the range; one that had to be held lies at its edge. */
export function withinRange(finding: AxisFinding, columns: number, range: AxisRange): AxisFinding {
  const first = range.firstFraction * (columns - 1);
  const last = range.lastFraction * (columns - 1);
  const axisPixel = Math.min(Math.max(finding.axisPixel, first), last);
  const isHeld = axisPixel !== finding.axisPixel;
  return { ...finding, axisPixel, atRangeEdge: finding.atRangeEdge || isHeld };
}

/** Means of `factor` columns each, [view, column]; columns that are left over are left out. */
export function binnedColumns(
  sinogram: Float32Array,
  columns: number,
  factor: number,
): Float32Array {
  if (factor === 1) return sinogram;
  const width = Math.floor(columns / factor);
  const views = sinogram.length / columns;
  const result = new Float32Array(views * width);
  for (let view = 0; view < views; view++) {
    for (let column = 0; column < width * factor; column++) {
      const at = view * width + Math.floor(column / factor);
      result[at] = (result[at] ?? 0) + (sinogram[view * columns + column] ?? 0) / factor;
    }
  }
  return result;
}
