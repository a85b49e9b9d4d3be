/** -log data: on transmissions the finders would be wrong by tens of pixels, so they are refused. */
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
