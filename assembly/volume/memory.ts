// Memory of the volume kernel: one arena, laid out anew by `setLayout` for the size of a slice.
// Nothing is ever allocated; what does not fit is refused. Pages that are never written cost
// nothing, so the capacities are those of the noisiest volume.

/** Phases that are looked for in one pass: the electrode, and voids where they differ from it. */
export const TARGETS: i32 = 2;
/** Lists of runs per target: at the threshold, and at one looser and one stricter. */
export const LEVELS: i32 = 3;
/** Runs of one list in one slab. */
export const RUNS_MAX: i32 = 4_194_304;
/** Components of one target in one slab. */
export const COMPONENTS_MAX: i32 = 1_048_576;
/** Slices of one slab. */
export const SLICES_MAX: i32 = 64;
export const BINS_MAX: i32 = 4096;
/** Tables that are counted into in turn, so that no count waits for the one before. */
export const HISTOGRAMS: i32 = 4;

/** A run: first voxel and voxel after the last (u16 each), then its label (u32). */
export const RUN_BYTES: usize = 8;
/** voxels u32, flags u32, sums of x, y, z f64, then least and greatest x, y, z u16. */
export const COMPONENT_BYTES: usize = 48;

export const TOUCHES_SIDE: u32 = 1;
export const TOUCHES_FIRST_SLICE: u32 = 2;
export const TOUCHES_LAST_SLICE: u32 = 4;

const PAGE_BYTES: usize = 65536;
/** Vectors may be read past the end of what they are needed for. */
const SLACK_BYTES: usize = 256;
/** Voxels beside a row of the sorted columns: one whole vector. */
const MARGIN_BYTES: usize = 16;
const SORTED_ROWS: usize = 9;

export let rows: i32 = 0;
export let columns: i32 = 0;
/** Bytes of a code: 1 or 2. */
export let codeBytes: i32 = 0;
/** Bytes of a row of codes: whole vectors. */
export let stride: usize = 0;

/** One slice as the source has it. */
export let raw: usize = 0;
/** First column and column after the last of the mask in each row, i32 each. */
export let spans: usize = 0;
/** Codes of three slices. */
let slots: usize = 0;
let sliceBytes: usize = 0;
/** Codes of one slice after the median. */
export let filtered: usize = 0;
/** Three rows of three values each, sorted along z. */
let alongZ: usize = 0;
/** Nine values for each column, sorted along z and y. */
export let sorted: usize = 0;
export let sortedBytes: usize = 0;
/** HISTOGRAMS tables of BINS_MAX counts. */
export let histograms: usize = 0;
let runs: usize = 0;
let rowStarts: usize = 0;
let rowStartBytes: usize = 0;
let parents: usize = 0;
let components: usize = 0;
let classes: usize = 0;
/** How many slices of foreground each column has from the first one on, u16. */
export let leading: usize = 0;
/** Where the interface is in each column, and the cosine of its slope, f32 each. */
export let heights: usize = 0;
export let cosines: usize = 0;
/** How far beyond the interface the electrode reaches in each column, f32, one map per level. */
let reaches: usize = 0;
let mapBytes: usize = 0;
/** Voxels per depth, f64: [level, electrode or not, bin], then the mask's [bin]. */
export let depthCounts: usize = 0;
/** Labels of one slice, u8, rows x columns. */
export let labels: usize = 0;

let top: usize = 0;

function take(bytes: usize): usize {
  const address = top;
  top += (bytes + 63) & ~63;
  return address;
}

/** Lays out the arena; false when it does not fit in memory. */
export function setLayout(rowCount: i32, columnCount: i32, bytesPerCode: i32): bool {
  rows = rowCount;
  columns = columnCount;
  codeBytes = bytesPerCode;
  stride = (<usize>(columnCount * bytesPerCode) + 15) & ~15;
  const voxels = <usize>rowCount * <usize>columnCount;
  top = (__heap_base + 63) & ~63;
  spans = take((<usize>rowCount) << 3);
  alongZ = take(9 * stride + SLACK_BYTES);
  sortedBytes = stride + 2 * MARGIN_BYTES;
  sorted = take(SORTED_ROWS * sortedBytes + SLACK_BYTES);
  histograms = take((<usize>(HISTOGRAMS * BINS_MAX)) << 2);
  depthCounts = take((<usize>((LEVELS * 2 + 1) * BINS_MAX)) << 3);
  raw = take((voxels << 2) + SLACK_BYTES);
  sliceBytes = (<usize>rowCount * stride + SLACK_BYTES + 63) & ~63;
  slots = take(3 * sliceBytes);
  filtered = take(sliceBytes);
  labels = take(voxels);
  leading = take((voxels << 1) + SLACK_BYTES);
  mapBytes = voxels << 2;
  heights = take(mapBytes);
  cosines = take(mapBytes);
  reaches = take(<usize>LEVELS * mapBytes);
  rowStartBytes = (<usize>(SLICES_MAX * rowCount + 1)) << 2;
  rowStarts = take(<usize>(TARGETS * LEVELS) * rowStartBytes);
  runs = take(<usize>(TARGETS * LEVELS * RUNS_MAX) * RUN_BYTES);
  parents = take((<usize>(TARGETS * RUNS_MAX)) << 2);
  components = take(<usize>(TARGETS * COMPONENTS_MAX) * COMPONENT_BYTES);
  classes = take(<usize>(TARGETS * COMPONENTS_MAX));
  return top <= <usize>memory.size() * PAGE_BYTES;
}

// @ts-ignore: decorator
@inline
export function slot(index: i32): usize {
  return slots + <usize>index * sliceBytes;
}

/** The k-th smallest of three values along z, of one of three rows. */
// @ts-ignore: decorator
@inline
export function alongZRow(row: i32, rank: i32): usize {
  return alongZ + <usize>(3 * row + rank) * stride;
}

/** The k-th smallest of nine values, at the first voxel of the row. */
// @ts-ignore: decorator
@inline
export function sortedRow(rank: i32): usize {
  return sorted + <usize>rank * sortedBytes + MARGIN_BYTES;
}

// @ts-ignore: decorator
@inline
export function list(target: i32, level: i32): i32 {
  return target * LEVELS + level;
}

// @ts-ignore: decorator
@inline
export function runsOf(listIndex: i32): usize {
  return runs + <usize>listIndex * (<usize>RUNS_MAX * RUN_BYTES);
}

/** Index of the first run of each row [slice, row], and at the end the number of runs. */
// @ts-ignore: decorator
@inline
export function rowStartsOf(listIndex: i32): usize {
  return rowStarts + <usize>listIndex * rowStartBytes;
}

// @ts-ignore: decorator
@inline
export function parentsOf(target: i32): usize {
  return parents + ((<usize>target * <usize>RUNS_MAX) << 2);
}

// @ts-ignore: decorator
@inline
export function componentsOf(target: i32): usize {
  return components + <usize>target * (<usize>COMPONENTS_MAX * COMPONENT_BYTES);
}

/** What each component is, u8: 0 nothing, else a label. */
// @ts-ignore: decorator
@inline
export function classesOf(target: i32): usize {
  return classes + <usize>target * <usize>COMPONENTS_MAX;
}

// @ts-ignore: decorator
@inline
export function reach(level: i32): usize {
  return reaches + <usize>level * mapBytes;
}

// @ts-ignore: decorator
@inline
export function spanStart(row: i32): i32 {
  return load<i32>(spans + ((<usize>row) << 3));
}

// @ts-ignore: decorator
@inline
export function spanEnd(row: i32): i32 {
  return load<i32>(spans + ((<usize>row) << 3), 4);
}
