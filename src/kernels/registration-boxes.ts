/** A box of voxels [slice, row, column]. */
export interface Box {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly values: Float32Array;
}

export type BoxSize = Omit<Box, 'values'>;

/**
 * Where the voxels of a target box lie in a source box, both counted from their first voxels:
 * `first` is the place [x, y, z] of the target's first voxel, the others are the steps to the next
 * column, row and slice.
 */
export interface BoxMap {
  readonly first: readonly [number, number, number];
  readonly perColumn: readonly [number, number, number];
  readonly perRow: readonly [number, number, number];
  readonly perSlice: readonly [number, number, number];
}

/** How a box is resampled: see RegistrationKernel.warp. */
export type WarpWeights = 'keys' | 'spline';

/** Sums over the inner voxels of two boxes p and q: slopes of their mean, and r = q - p. */
export interface BoxSums {
  /** Products of the slopes: xx, yy, zz, xy, xz, yz. */
  readonly slopeProducts: readonly number[];
  /** Products of the slopes of p with those of q, in the same order, symmetric: without noise. */
  readonly crossProducts: readonly number[];
  /** Products of the slopes x, y, z with r. */
  readonly slopeTimesResidual: readonly number[];
  /** Sums of the slopes x, y, z. */
  readonly slopes: readonly number[];
  readonly residual: number;
  readonly residualSquare: number;
  readonly fixed: number;
  readonly moved: number;
  readonly fixedSquare: number;
  readonly movedSquare: number;
  readonly fixedTimesMoved: number;
  /** Voxels that were summed. */
  readonly count: number;
}

/** What one tile adds: sum of the differences, each within -2 and 2, and of the counts. */
export interface TileChange {
  readonly grey: number;
  readonly binary: number;
}

/** Differences and medians of every tile since the tally was cleared. */
export interface ChangeTally {
  /** Counts in bins over DIFFERENCE_RANGE; those beyond are in the bins at its ends. */
  readonly differenceCounts: Float64Array;
  /** Sum of the differences in each bin. */
  readonly differenceSums: Float64Array;
  /** Counts of the 3 x 3 x 3 medians in bins over MEDIAN_RANGE. */
  readonly mediansBefore: Float64Array;
  readonly mediansAfter: Float64Array;
  /** Sum of the slopes [x, y, z] after: how the grey sum answers to a shift. */
  readonly slopes: readonly [number, number, number];
}

export const DIFFERENCE_BINS = 1024;
export const DIFFERENCE_RANGE: readonly [low: number, high: number] = [-4, 4];
export const MEDIAN_BINS = 1024;
export const MEDIAN_RANGE: readonly [low: number, high: number] = [-1.5, 2.5];
/** Differences of a voxel count to this in the sum of a tile. */
export const TILE_CLIP = 2;

/** The number of voxels of a box. */
export function boxValues({ columns, rows, slices }: BoxSize): number {
  return columns * rows * slices;
}
