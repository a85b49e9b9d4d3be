/**
 * What is read from a finished volume: phases, voids and porosity behind the interface, and the
 * lengths of what grows through it. Lengths are in voxels; with the voxel's size known they are in
 * metres too.
 */

/** The side of the threshold on which the electrode lies: lithium is dark, indium is bright. */
export const ELECTRODE_PHASES = ['dark', 'bright'] as const;
export type ElectrodePhase = (typeof ELECTRODE_PHASES)[number];

/** The face of the volume that lies in the electrode: its first slice (top) or its last. */
export const ELECTRODE_FACES = ['top', 'bottom'] as const;
export type ElectrodeFace = (typeof ELECTRODE_FACES)[number];

/** Values of voxels in a label volume. */
export const VOXEL_LABELS = { outside: 0, void: 1, solid: 2, electrode: 3, particle: 4 } as const;
export type VoxelLabel = keyof typeof VOXEL_LABELS;

/** Grey values of the median-filtered volume: bin k begins at offset + k * step. */
export interface GreyHistogram {
  /** Attenuation in 1/pixel. */
  readonly offsetPerPixel: number;
  readonly stepPerPixel: number;
  readonly counts: readonly number[];
}

/** Where grey values are parted, and how well that is determined. */
export interface SegmentationThreshold {
  readonly origin: 'otsu' | 'given' | 'series';
  /** Attenuation in 1/pixel: voxels at or above it are bright. */
  readonly valuePerPixel: number;
  /** Standard error: jackknife over slabs, and half a bin. 0 for a given threshold. */
  readonly sigmaPerPixel: number;
  /** Second threshold, below it voids, when three classes are asked for. */
  readonly voidBelowPerPixel: number | null;
  /** Share of the variance that lies between the classes, 0 to 1. */
  readonly separability: number;
  /** Between-class variance over total variance, one for each bin of the histogram. */
  readonly curve: readonly number[];
  readonly histogram: GreyHistogram;
}

/** What a series of scans has in common: its grey values so far, and the threshold they give. */
export interface SegmentationSeries {
  readonly scans: number;
  readonly threshold: SegmentationThreshold;
}

/** A void, or a particle. Coordinates are voxel centres at whole numbers. */
export interface VolumeComponent {
  readonly voxels: number;
  readonly centroidColumn: number;
  readonly centroidRow: number;
  readonly centroidSlice: number;
  /** Least and greatest column, row and slice. */
  readonly bounds: readonly [number, number, number, number, number, number];
  /** Cut off by the mask, or by the first or last slice. */
  readonly touchesBorder: boolean;
  /** Distance of the centroid to the interface; null without one. */
  readonly depthVoxel: number | null;
}

/** Components of `2^exponent` to below `2^(exponent + 1)` voxels, listed or not. */
export interface ComponentSizeClass {
  readonly exponent: number;
  readonly components: number;
  readonly voxels: number;
}

/** The largest components one by one, all of them by size. */
export interface ComponentTable {
  readonly label: 'void' | 'particle';
  /** Largest first; at most as many as asked for. */
  readonly listed: readonly VolumeComponent[];
  readonly components: number;
  readonly voxels: number;
  /** Components that are only counted: smaller than the listed ones. */
  readonly unlisted: number;
  readonly sizes: readonly ComponentSizeClass[];
}

/**
 * Surface between electrode and electrolyte: slice = sum of coefficients times powers of
 * u = (column - centre) / half and v = (row - centre) / half.
 */
export interface InterfaceSurface {
  readonly face: ElectrodeFace;
  /** 1, u, v, and for a curved surface u², u v, v². */
  readonly coefficients: readonly number[];
  readonly centreColumn: number;
  readonly centreRow: number;
  readonly halfVoxel: number;
  /** Spread of the boundary about the surface (robust), in voxels. */
  readonly roughnessVoxel: number;
  /** Share of the boundary that was left out as not belonging to the surface. */
  readonly outlierFraction: number;
}

/** Porosity between two depths behind the interface. */
export interface PorosityBin {
  readonly depthFromVoxel: number;
  readonly depthToVoxel: number;
  readonly depthFromMetre: number | null;
  readonly depthToMetre: number | null;
  readonly voidVoxels: number;
  /** Voids and solid; the electrode is left out. */
  readonly voxels: number;
  /** voids / (voids + solid). */
  readonly fraction: number;
  /** Standard error of counting: voids are counted as wholes, not as independent voxels. */
  readonly countingSigma: number;
  /** Porosity with the threshold one standard error lower and higher, in ascending order. */
  readonly thresholdLow: number;
  readonly thresholdHigh: number;
  /** Voids whose centre lies here. */
  readonly voids: number;
}

/** A length with what it may be off by: half a voxel and one standard error of the threshold. */
export interface FeatureLength {
  readonly voxel: number;
  readonly sigmaVoxel: number;
  readonly metre: number | null;
  readonly sigmaMetre: number | null;
}

/** How far the electrode reaches beyond the fitted interface. */
export interface Protrusion {
  /** The single deepest voxel. */
  readonly greatest: FeatureLength;
  /** The depth that an area of 25 columns reaches: no single voxel decides. */
  readonly sustained: FeatureLength;
  /** The depth that 99 % of the columns do not reach. */
  readonly percentile99: FeatureLength;
  readonly column: number;
  readonly row: number;
  readonly slice: number;
}

/** A particle of an earlier scan, and where it is in this one. */
export interface TrackedParticle {
  readonly before: VolumeComponent;
  /** Null when it was not found again. */
  readonly after: VolumeComponent | null;
  /** Distance between the centroids. */
  readonly movedVoxel: number | null;
  /** From its lower side to the bottom of the field of view. */
  readonly toBottom: FeatureLength | null;
}

export interface PhaseFraction {
  readonly label: VoxelLabel;
  readonly voxels: number;
  readonly fraction: number;
  readonly volumeCubicMetre: number | null;
}

/** Everything that segmentation says of one volume. */
export interface Segmentation {
  readonly where: string;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly voxelSizeMetre: number | null;
  readonly maskVoxels: number;
  readonly threshold: SegmentationThreshold;
  readonly phases: readonly PhaseFraction[];
  readonly tables: readonly ComponentTable[];
  readonly interface: InterfaceSurface | null;
  readonly porosity: readonly PorosityBin[];
  readonly protrusion: Protrusion | null;
  /** What was not as it should be, as sentences. */
  readonly remarks: readonly string[];
}
