// Memory of the registration kernel: three boxes of voxels and the tables of one call. Nothing is
// ever allocated. A box is f32 [slice, row, column], its sizes given with each call.

/** Floats of the largest box. */
export const BOX_VALUES_MAX: i32 = 262_144;
const BOX_BYTES: usize = (<usize>BOX_VALUES_MAX) << 2;
/** Vectors are read up to this far beyond the last voxel. */
const BOX_GAP_BYTES: usize = 64;

/** Tiles in a row of tiles. */
export const TILES_MAX: i32 = 64;
/** Bins of the differences, over DIFFERENCE_LOW to -DIFFERENCE_LOW. */
export const DIFFERENCE_BINS: i32 = 1024;
export const DIFFERENCE_LOW: f64 = -4;
/** Bins of the medians, over MEDIAN_LOW to MEDIAN_LOW + MEDIAN_SPAN. */
export const MEDIAN_BINS: i32 = 1024;
export const MEDIAN_LOW: f64 = -1.5;
export const MEDIAN_SPAN: f64 = 4;

const BASE: usize = (__heap_base + 63) & ~63;
export const FIRST: usize = BASE;
export const SECOND: usize = FIRST + BOX_BYTES + BOX_GAP_BYTES;
export const THIRD: usize = SECOND + BOX_BYTES + BOX_GAP_BYTES;
/** Twelve f64: where the target's first voxel lies in the source, then its steps. */
export const MAP: usize = THIRD + BOX_BYTES + BOX_GAP_BYTES;
/** Thirty-two f64: what a call sums up. */
export const SUMS: usize = MAP + 128;
/** Per tile two f64: sum of the clipped differences, difference of the counts. */
export const TILES: usize = SUMS + 256;
/** f64 counts and f64 sums of the differences in each bin. */
export const DIFFERENCE_COUNTS: usize = TILES + (<usize>TILES_MAX << 4);
export const DIFFERENCE_SUMS: usize = DIFFERENCE_COUNTS + (<usize>DIFFERENCE_BINS << 3);
/** f64 counts of the medians before, and after. */
export const MEDIANS_BEFORE: usize = DIFFERENCE_SUMS + (<usize>DIFFERENCE_BINS << 3);
export const MEDIANS_AFTER: usize = MEDIANS_BEFORE + (<usize>MEDIAN_BINS << 3);
/** Fifteen vectors of the median's selection. */
export const SELECTION: usize = MEDIANS_AFTER + (<usize>MEDIAN_BINS << 3);
/** Medians of one row, before and after. */
export const MEDIAN_ROW: usize = SELECTION + 256;
export const ROW_BYTES: usize = 4096;

// @ts-ignore: decorator
@inline
export function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}
