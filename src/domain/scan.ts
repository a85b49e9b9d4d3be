/** What a scan asks of a detector and its rotation stage. */
export interface ScanPlan {
  readonly scanId: string;
  readonly views: number;
  readonly startAngleRadian: number;
  readonly spanRadian: number;
  readonly durationSecond: number;
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

/** A live slice: one horizontal plane as far as it is known by now. */
export interface LiveSlice {
  readonly scanId: string;
  readonly viewsDone: number;
  readonly viewsTotal: number;
  /** Share of the half turn that has been seen, 0 to 1. */
  readonly coverageFraction: number;
  /** Detector row of the slice. */
  readonly row: number;
  readonly size: number;
  /** Attenuation in 1/pixel, row-major [size, size]. */
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
}

export type AxisSetting = 'auto' | number;
export const RECONSTRUCTION_ALGORITHMS = ['gridding', 'fbp'] as const;
export type ReconstructionAlgorithm = (typeof RECONSTRUCTION_ALGORITHMS)[number];

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
}
