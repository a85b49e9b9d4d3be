/** What a scan asks of a detector and its rotation stage. */
export interface ScanPlan {
  readonly scanId: string;
  readonly views: number;
  readonly startAngleRadian: number;
  readonly spanRadian: number;
  readonly durationSecond: number;
  /** A detector pixel at the sample; absent when nobody knows. */
  readonly pixelSizeUm?: number;
  /** Photon energy; whatever the beam has unless given. */
  readonly energyJoule?: number;
}

/** One exposure. The pixels are read-only for everyone: who keeps them copies them. */
export interface Frame {
  readonly scanId: string;
  readonly kind: 'flat' | 'dark' | 'projection';
  /** Counts from 0 within its kind. */
  readonly index: number;
  /** Read back from the stage at mid-exposure; 0 for flats and darks. */
  readonly angleRadian: number;
  readonly timeSecond: number;
  readonly rows: number;
  readonly columns: number;
  /** Detector counts, row-major [row, column]. */
  readonly pixels: Uint16Array;
}

/** The planes that are shown while a scan is taken: across the axis, along it twice, and tilted. */
export const LIVE_PLANES = ['horizontal', 'vertical', 'verticalCross', 'oblique'] as const;
export type LivePlane = (typeof LIVE_PLANES)[number];

/** x and y from the rotation axis and detector row, all in detector pixels. */
export type PixelPlace = readonly [x: number, y: number, row: number];

/** Where a plane lies. Both directions have length 1 and are square to each other. */
export interface PlaneGeometry {
  /** Middle of the picture. */
  readonly centrePixel: PixelPlace;
  /** Where the columns of the picture go: always square to the rotation axis. */
  readonly alongUnit: PixelPlace;
  /** Where the rows of the picture go. */
  readonly downUnit: PixelPlace;
}

/** Directions from `fromRadian` to `toRadian`, within 0 to pi. */
export interface DirectionRange {
  readonly fromRadian: number;
  readonly toRadian: number;
}

/** A live slice: one plane of the sample as far as it is known by now. */
export interface LiveSlice {
  readonly scanId: string;
  readonly plane: LivePlane;
  readonly geometry: PlaneGeometry;
  /**
   * fillIn: nothing was known before, so that a wedge is missing until the half turn is complete.
   * difference: each view replaces the one of the scan before, so that it is always a whole half
   * turn.
   */
  readonly mode: 'fillIn' | 'difference';
  readonly viewsDone: number;
  readonly viewsTotal: number;
  /** Share of the half turn that this scan has seen, 0 to 1. */
  readonly coverageFraction: number;
  /** The directions this scan has seen, ascending. */
  readonly seen: readonly DirectionRange[];
  readonly rows: number;
  readonly columns: number;
  /** Detector pixels per side of a pixel of the slice. */
  readonly binning: number;
  /** A detector pixel at the sample; absent when nobody knows. */
  readonly pixelSizeUm?: number;
  /** From the arrival of the frame to this slice. */
  readonly latencyMs: number;
  /** Attenuation in 1/(detector pixel), row-major [rows, columns]; 0 where no half turn sees. */
  readonly pixels: Float32Array;
}

/** A reconstructed volume in attenuation per pixel, [slice, row, column]. */
export interface Volume {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly voxels: Float32Array;
}

/** Every frame of a scan in memory, as a file reader yields it. */
export interface ScanData {
  readonly rows: number;
  readonly columns: number;
  readonly anglesRadian: Float64Array;
  /** [view, row, column] counts. */
  readonly projections: Uint16Array | Float32Array;
  /** [flat, row, column]; empty when the source has none. */
  readonly flats: Uint16Array | Float32Array;
  /** [dark, row, column]; empty when the source has none. */
  readonly darks: Uint16Array | Float32Array;
  /** For each flat, how many projections were taken before it; absent when nobody knows. */
  readonly flatsAfterViews?: ArrayLike<number>;
}

export type AxisSetting = 'auto' | number;
export const RECONSTRUCTION_ALGORITHMS = ['gridding', 'fbp', 'sirt'] as const;
export type ReconstructionAlgorithm = (typeof RECONSTRUCTION_ALGORITHMS)[number];

/** How stripes of the detector, which become rings, are removed. */
export const STRIPE_REMOVALS = ['none', 'filter', 'sort', 'large', 'all'] as const;
export type StripeRemoval = (typeof STRIPE_REMOVALS)[number];

/** What rows are beyond the detector: by what the detector's ends see, going on, or 0. */
export const EDGE_SETTINGS = ['auto', 'extend', 'zero'] as const;
export type EdgeSetting = (typeof EDGE_SETTINGS)[number];

/** What was found in the projections of a scan, and done to them before reconstruction. */
export interface ScanConditioning {
  /** Views without light, or with nothing but the brightest count: left out. */
  readonly viewsLost: number;
  /** Views with the pixels of the one before: left out. */
  readonly viewsRepeated: number;
  /** Views with more than a few pixels at the brightest count: kept. */
  readonly viewsSaturated: number;
  /** Pixels brighter than any ray could make them, replaced. */
  readonly zingers: number;
  readonly stripeRemoval: StripeRemoval;
  /** Detector columns changed, summed over the rows. */
  readonly stripedColumns: number;
  /** Root mean square of what stripe removal took off, over that of the attenuation. */
  readonly stripeFraction: number;
  /** Moments at which flat fields were taken; between them they are interpolated. */
  readonly flatMoments: number;
  /** True when views were scaled to the same beam. */
  readonly beamNormalised: boolean;
  /** Distance times delta / mu of the phase filter in square pixels; 0 without it. */
  readonly phaseAreaPixel: number;
  /** True when the sample is wider than the detector, so that rows go on beyond its ends. */
  readonly edgesExtended: boolean;
}

/** What a reconstruction says of itself. */
export interface ReconstructionSummary {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly views: number;
  /** Detector coordinate of the rotation axis, pixel centres at integers. */
  readonly axisPixel: number;
  /** False when the axis finders disagree or ran into the edge of their range. */
  readonly axisAgreed: boolean;
  readonly algorithm: ReconstructionAlgorithm;
  readonly durationMs: number;
  /** Voxels that the scale they are stored on could not hold; absent when they are as they are. */
  readonly voxelsClipped?: number;
  /** Absent in runs recorded before it was kept. */
  readonly conditioning?: ScanConditioning;
}
