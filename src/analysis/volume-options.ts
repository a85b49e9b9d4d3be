import type {
  AxisSetting,
  EdgeSetting,
  ReconstructionAlgorithm,
  ReconstructionSummary,
  StripeRemoval,
} from '../domain/scan.ts';
import type { VolumeSpool, VoxelType } from '../domain/volume.ts';
import type { IterativeOptions } from './iterative-reconstruction.ts';
import type { ViewInspector } from './tomography-views.ts';

/** The fewest views that make a slice worth its name. */
export const VIEWS_MIN = 3;
/** A volume up to this size keeps its voxels as they are; a larger one is stored in bytes. */
export const FLOAT_VOLUME_BYTES_MAX = 2 ** 30;
/** Largest volume that is made, as it is stored: four times a 2016 x 2016 x 2016 one in uint16. */
export const VOLUME_BYTES_MAX = 2 ** 36;

/** How slices are found step by step. */
export type IterativeSettings = Pick<
  IterativeOptions,
  'iterations' | 'subsets' | 'nonNegative' | 'totalVariation'
>;

/** What a reconstruction is asked to do, and how its data are conditioned before. */
export interface VolumeOptions {
  readonly algorithm: ReconstructionAlgorithm;
  readonly axis: AxisSetting;
  /** Taken when 'auto' finds none that is agreed on, such as the axis of the scan before. */
  readonly axisOtherwisePixel?: number;
  /** How voxels are stored; 'auto' unless given: float32 up to FLOAT_VOLUME_BYTES_MAX, else uint8. */
  readonly voxels?: VoxelType | 'auto';
  /** How rings are prevented; 'sort' unless given. */
  readonly stripes?: StripeRemoval;
  /** Whether rows go on beyond the detector; 'auto' unless given. */
  readonly edges?: EdgeSetting;
  /** False to keep zingers; they are taken out unless said otherwise. */
  readonly removesZingers?: boolean;
  /** Columns at each end of the detector that no sample ever covers: there the beam is measured. */
  readonly airMarginColumns?: number;
  /** Beam of each view relative to that of the flats, such as the ring current's. */
  readonly beamScale?: ArrayLike<number>;
  /** Distance times delta / mu in square pixels: filters the phase (Paganin et al. 2002). */
  readonly phaseAreaPixel?: number;
  /** How 'sirt' goes about it. */
  readonly iterative?: IterativeSettings;
  /** Saw every view while they were taken; otherwise all are read once before anything is made. */
  readonly inspector?: ViewInspector;
  /** Detector rows read at once; chosen from a memory budget unless given. Changes no voxel. */
  readonly bandRows?: number;
  /** Told the share that is done, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Ends the work between two pairs of slices, with its reason; what is on disk stays. */
  readonly signal?: AbortSignal;
}

/** A volume that is finished, on disk. Its owner closes or removes it. */
export interface ReconstructedVolume {
  readonly volume: VolumeSpool;
  readonly summary: ReconstructionSummary;
  /** What stripe removal took off the attenuation of each pixel, mean over views, [row, column]. */
  readonly stripeMap: Float32Array;
  /** Slices that an interrupted reconstruction had left on disk, and were not made again. */
  readonly slicesResumed: number;
}
