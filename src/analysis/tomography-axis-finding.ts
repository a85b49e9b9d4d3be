/** -log data: on transmissions the finders would be wrong by tens of pixels. */
export interface AttenuationData {
  readonly kind: 'attenuation';
  readonly columns: number;
  readonly anglesRadian: Float64Array;
  /** One or more detector rows, each [view, column]. */
  readonly sinograms: readonly Float32Array[];
}

/** What one finder says. */
export interface AxisFinding {
  readonly finder: 'opposite views' | 'double wedge';
  readonly axisPixel: number;
  /** True when the best value lies at the edge of what was looked at: it may lie outside. */
  readonly atRangeEdge: boolean;
}

/** The axis is looked for in this part of the detector. */
export const AXIS_RANGE = { firstFraction: 0.25, lastFraction: 0.75 } as const;

/** A finding held within the range; one that had to be held lies at its edge. */
export function withinRange(finding: AxisFinding, columns: number): AxisFinding {
  const first = AXIS_RANGE.firstFraction * (columns - 1);
  const last = AXIS_RANGE.lastFraction * (columns - 1);
  const axisPixel = Math.min(Math.max(finding.axisPixel, first), last);
  const isHeld = axisPixel !== finding.axisPixel;
  return { ...finding, axisPixel, atRangeEdge: finding.atRangeEdge || isHeld };
}
