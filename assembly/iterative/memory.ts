// Memory of the iterative kernel: one arena, laid out anew by `setLayout` for the width of the
// detector, the side of the slices and the number of views. Nothing is ever allocated; what does
// not fit is refused. Every image and every detector row holds LANES slices interleaved, so that
// one position and one weight serve all of them.

export const COLUMNS_MAX: i32 = 2048;
export const SIZE_MAX: i32 = 2048;
export const VIEWS_MAX: i32 = 4096;
/** Slices that are reconstructed together, one in each lane of a vector. */
export const LANES: i32 = 4;
/** log2 of the bytes of one pixel or one detector bin: LANES floats. */
export const PIXEL_SHIFT: usize = 4;
/** log2 of the bytes of one bin that is back-projected: its value, and the step to the next. */
export const STEP_SHIFT: usize = 5;
/** Views that pass over a row of the image while that row is in the nearest cache. */
export const GROUP: i32 = 8;

/** Detector positions are held with this many binary places, 13 before them. */
export const FRACTION_BITS: i32 = 19;
export const FRACTION_ONE: f64 = 524288;
export const FRACTION_MASK: i32 = 0x7ffff;
export const FRACTION_UNIT: f32 = 1.0 / 524288.0;
/** Positions are computed afresh after this many pixels: rounding of the step stays below 2e-5. */
export const SEGMENT: i32 = 16;

const PAGE_BYTES: usize = 65536;

export let columns: i32 = 0;
/** Side of the slices: the width of the detector, or more when the sample is wider. */
export let size: i32 = 0;
export let views: i32 = 0;
/** Bins on each side of a detector row that catch what misses the detector. */
export let padding: i32 = 0;
/** Bins of a detector row with its padding. */
export let width: i32 = 0;

/** Per view: cosine, sine, and position of pixel (0, 0) on the padded row; f64 each. */
export let viewTable: usize = 0;
/** The sinograms, [view, column, lane], views in the order of their subsets. */
export let measured: usize = 0;
/** 1 / length of each ray within the disc, [view, column]; 0 for rays that miss it. */
export let inverseRows: usize = 0;
/** 1 / number of views that see each pixel, [row, column]; 0 for pixels that none sees. */
export let inverseColumns: usize = 0;
/** The slices, [row, column, lane]. */
export let image: usize = 0;
/** The slices, [column, row, lane]: steep views walk along its rows. */
export let turned: usize = 0;
/** What the views of a subset add to the slices; scratch of the total variation. */
export let update: usize = 0;
/** Dual variables of the total variation, along rows and along columns. */
export let dualX: usize = 0;
export let dualY: usize = 0;
/** GROUP projected rows, padded. */
export let projected: usize = 0;
/** GROUP rows to be back-projected, padded: values and steps. */
export let residual: usize = 0;
/** Sums over a pass: squared residuals of each lane, and squared measurements; f64. */
export const laneSums: usize = memory.data(64, 16);

export const VIEW_BYTES: usize = 24;

let top: usize = 0;

function take(bytes: usize): usize {
  const address = top;
  top += (bytes + 63) & ~63;
  return address;
}

export function forgetLayout(): void {
  views = 0;
}

/** Lays out the arena; false when it does not fit in memory. */
export function setLayout(columnCount: i32, side: i32, viewCount: i32): bool {
  columns = columnCount;
  size = side;
  views = viewCount;
  padding = (side >> 1) + 2;
  width = columnCount + 2 * padding;
  const imageBytes = (<usize>side * <usize>side) << PIXEL_SHIFT;
  const bins = <usize>viewCount * <usize>columnCount;
  top = (__heap_base + 63) & ~63;
  viewTable = take(<usize>viewCount * VIEW_BYTES);
  projected = take((<usize>GROUP * <usize>width) << PIXEL_SHIFT);
  residual = take((<usize>GROUP * <usize>width) << STEP_SHIFT);
  image = take(imageBytes);
  turned = take(imageBytes);
  update = take(imageBytes);
  dualX = take(imageBytes);
  dualY = take(imageBytes);
  inverseColumns = take(imageBytes >> 2);
  measured = take(bins << PIXEL_SHIFT);
  inverseRows = take(bins << 2);
  return top <= <usize>memory.size() * PAGE_BYTES;
}

// @ts-ignore: decorator
@inline
export function cosine(view: i32): f64 {
  return load<f64>(viewTable + <usize>view * VIEW_BYTES);
}

// @ts-ignore: decorator
@inline
export function sine(view: i32): f64 {
  return load<f64>(viewTable + <usize>view * VIEW_BYTES, 8);
}

// @ts-ignore: decorator
@inline
export function origin(view: i32): f64 {
  return load<f64>(viewTable + <usize>view * VIEW_BYTES, 16);
}

// @ts-ignore: decorator
@inline
export function projectedRow(slot: i32): usize {
  return projected + ((<usize>slot * <usize>width) << PIXEL_SHIFT);
}

// @ts-ignore: decorator
@inline
export function residualRow(slot: i32): usize {
  return residual + ((<usize>slot * <usize>width) << STEP_SHIFT);
}

// @ts-ignore: decorator
@inline
export function imageBytes(): usize {
  return (<usize>size * <usize>size) << PIXEL_SHIFT;
}

/** Position of pixel (x, y) on the padded row of a view, in units of 1 / FRACTION_ONE of a bin. */
// @ts-ignore: decorator
@inline
export function position(view: i32, x: i32, y: i32): i32 {
  const place = origin(view) + <f64>x * cosine(view) + <f64>y * sine(view);
  return <i32>(<u32>Math.floor(place * FRACTION_ONE + 0.5));
}

// @ts-ignore: decorator
@inline
export function fixedStep(step: f64): i32 {
  return <i32>Math.floor(step * FRACTION_ONE + 0.5);
}
