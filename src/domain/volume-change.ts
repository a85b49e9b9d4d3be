/** A quantity along each axis of a volume: x along columns, y along rows, z along slices. */
export interface AlongAxes {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/**
 * Where the parts of a sample that do not change lie in the volume after, relative to the volume
 * before: a point that was at c + r is at c + r + shift + rotation x r, c the middle of the volume.
 */
export interface VolumeRegistration {
  readonly shiftVoxel: AlongAxes;
  /** One standard deviation. */
  readonly shiftErrorVoxel: AlongAxes;
  /** Zero on every axis when the rotation is not significant. */
  readonly rotationRadian: AlongAxes;
  /** One standard deviation. */
  readonly rotationErrorRadian: AlongAxes;
  /** Places that were compared, and those that move as one. */
  readonly places: number;
  readonly placesAgreeing: number;
  /** Correlation of the agreeing places once moved, -1 to 1. */
  readonly correlation: number;
  /** Share of the volume before that the volume after also shows. */
  readonly overlapFraction: number;
  /** Empty when the motion can be relied on; else why not, one sentence each. */
  readonly doubts: readonly string[];
}

/** A value with the half width of its interval. */
export interface MeasuredVolume {
  readonly voxels: number;
  /** Half width of the 95 % interval in voxels: the parts below, added in quadrature. */
  readonly halfWidthVoxels: number;
  /** 1.96 standard deviations of noise and counting. */
  readonly noiseVoxels: number;
  /** What the 95 % bound of the registration's error changes. */
  readonly registrationVoxels: number;
  /** What the 95 % bounds of the threshold, or of the grey levels, change. */
  readonly thresholdVoxels: number;
  /** As above in cubic micrometre; absent when the size of a voxel is not known. */
  readonly volumeUm3?: number;
  readonly halfWidthUm3?: number;
}

/** Attenuation of the two phases in one volume, in its own unit. */
export interface PhaseLevels {
  readonly dark: number;
  readonly bright: number;
}

/** The brighter phase of two volumes of one sample: how much more of it there is in the second. */
export interface VolumeChange {
  readonly voxelSizeUm?: number;
  readonly registration: VolumeRegistration;
  /** Boundary between the phases in the unit of the volume before; the same for both. */
  readonly threshold: number;
  /** True when it was found (Otsu 1979), false when it was given. */
  readonly thresholdFound: boolean;
  readonly levelsBefore: PhaseLevels;
  readonly levelsAfter: PhaseLevels;
  /** Noise of the difference of a voxel, both interpolated, over the difference of the phases. */
  readonly noiseToContrast: number;
  /** From the grey level, which counts the parts of a voxel. */
  readonly grey: MeasuredVolume;
  /** From the number of voxels above the threshold. */
  readonly binary: MeasuredVolume;
  /** Voxels near a boundary of the phases or a change: only these were counted. */
  readonly voxelsCounted: number;
  /** Voxels that ought to be counted, but that the volume after does not show. */
  readonly voxelsOutside: number;
}

/** What the charge says of the volume that an image shows. */
export interface ElectrochemicalBalance {
  readonly chargeCoulomb: number;
  readonly molarVolumeUm3PerMol: number;
  /** Q / F times the molar volume. */
  readonly electrochemicalUm3: number;
  /** Volume in the image over electrochemical volume, with half the width of its 95 % interval. */
  readonly ratio: number;
  readonly ratioHalfWidth: number;
}
