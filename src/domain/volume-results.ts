import type { ElectrodeFace, ElectrodePhase } from './segmentation.ts';

/**
 * What a run finds out from each of its volumes, in SI units: tied to the scan, to the time it was
 * taken in and to the charge that had passed.
 */

/** Fewer voxels along any axis show no phases worth telling apart, and cannot be compared. */
export const VOLUME_SIDE_MIN = 16;

/** Which earlier volume of the same cell a volume is compared with. */
export const COMPARED_WITH = ['first', 'previous'] as const;
export type ComparedWith = (typeof COMPARED_WITH)[number];

/** Derived quantities that a segmented volume gives. */
export const SEGMENTED_QUANTITIES = ['void-fraction', 'largest-void', 'protrusion-length'] as const;
/** Derived quantities that two volumes give. */
export const COMPARED_QUANTITIES = ['volume-change', 'lithium-volume'] as const;

/** Whether a derived quantity comes from the volumes of scans. */
export function isVolumeQuantity(name: string): boolean {
  const names: readonly string[] = [...SEGMENTED_QUANTITIES, ...COMPARED_QUANTITIES];
  return names.includes(name);
}

/** Sides of a voxel: across the rotation axis, and along it. */
export interface VoxelSize {
  readonly acrossMetre: number;
  readonly alongMetre: number;
}

/** What is to be found out from the volume of a scan. Plain data: it is kept with the scan. */
export interface VolumeAnalysis {
  /** Whether phases, voids and protrusions are told apart. */
  readonly segments: boolean;
  /** Null when the volume is compared with none. */
  readonly compareWith: ComparedWith | null;
  readonly electrode: ElectrodePhase;
  /** Between the phases, 1/m; null when it is found in the first volume of the cell. */
  readonly thresholdPerMetre: number | null;
  /** The face of the volume that lies in the electrode; null when none does. */
  readonly face: ElectrodeFace | null;
  /** Around the rotation axis: what lies beyond is no part of the cell. Null: all that is seen. */
  readonly radiusMetre: number | null;
  /** Of what the charge makes: lithium metal, or what an alloy grows by. */
  readonly molarVolumeCubicMetre: number;
  /** Null when the scanner does not know its pixels. */
  readonly voxel: VoxelSize | null;
}

/** When a scan was taken, and the charge that had passed at its beginning and end. */
export interface ScanSpan {
  readonly startSecond: number;
  readonly stopSecond: number;
  readonly startChargeCoulomb: number;
  readonly stopChargeCoulomb: number;
}

/** A number with one standard error; null where nothing is known about it. */
export interface MeasuredNumber {
  readonly value: number;
  readonly standardError: number | null;
}

/** Voids between two distances from the electrode. */
export interface VoidsAtDepth {
  readonly fromMetre: number;
  readonly toMetre: number;
  /** voids / (voids + solid). */
  readonly fraction: number;
  readonly standardError: number;
}

/** What the phases of one volume come to. */
export interface SegmentationResult {
  /** Attenuation in 1/pixel: the threshold of the first volume of the cell, for all of them. */
  readonly thresholdPerPixel: number;
  readonly thresholdErrorPerPixel: number;
  /** Share of the variance of grey values that lies between the phases, 0 to 1. */
  readonly separability: number;
  readonly electrodeVoxels: number;
  readonly voidVoxels: number;
  readonly solidVoxels: number;
  readonly voids: number;
  /** voids / (voids + solid), up to the other electrode; null where no voids are looked for. */
  readonly voidFraction: MeasuredNumber | null;
  /** m³; null without a void, or without the size of a voxel. */
  readonly largestVoid: MeasuredNumber | null;
  /** m; null without an electrode, or without the size of a voxel. */
  readonly protrusion: MeasuredNumber | null;
  /** Nearest to the electrode first; empty without the size of a voxel. */
  readonly depths: readonly VoidsAtDepth[];
  /** What was not as it should be, as sentences. */
  readonly remarks: readonly string[];
}

/** What has changed since an earlier volume. */
export interface VolumeChangeResult {
  readonly againstScanId: string;
  /** From the middle of the earlier scan to the middle of this one. */
  readonly chargeCoulomb: number;
  /** Of the brighter phase in voxels, from its grey level: counts the parts of a voxel. */
  readonly greyVoxels: MeasuredNumber;
  /** The same by counting the voxels above the threshold: blind to other shades of dark. */
  readonly countedVoxels: MeasuredNumber;
  /**
   * Of the brighter phase, m³: the mean of both, with half their difference in the error. Null
   * without the size of a voxel, like those below.
   */
  readonly growth: MeasuredNumber | null;
  /** Of the electrode's phase, m³: lithium that is seen where there was none. */
  readonly lithium: MeasuredNumber | null;
  /** What the charge makes by Faraday's law, m³. */
  readonly electrochemicalCubicMetre: number;
  /** Lithium that is seen over what the charge makes; null when next to none has passed. */
  readonly ratio: MeasuredNumber | null;
  /** How far the sample moved between the scans, in voxels. */
  readonly shiftVoxel: number;
  /** Empty when the motion can be relied on; else why not, one sentence each. */
  readonly doubts: readonly string[];
}
