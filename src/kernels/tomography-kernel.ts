import { Fault } from '../domain/fault.ts';
import {
  type ColumnDetails,
  columnDetails,
  filterPhase,
  type PhaseImages,
  removeZingers,
  type SortedSmoothing,
  smoothSorted,
} from './tomography-conditioning.ts';
import type { RawKernel } from './tomography-raw.ts';
import {
  COLUMNS_MAX,
  deapodisation,
  edgeBlend,
  filterRamp,
  filterSizeOf,
  gridRamp,
  gridSizeOf,
  kaiserWeights,
  twiddles,
} from './tomography-tables.ts';
import { instantiateKernel } from './wasm-module.ts';

/** How the rows of a sinogram were taken. Row v belongs to view v. */
export interface ScanGeometry {
  readonly columns: number;
  readonly anglesRadian: ArrayLike<number>;
  /** Share of the half turn each view stands for; they sum to pi. */
  readonly weightsRadian: ArrayLike<number>;
  /** Detector coordinate of the rotation axis, pixel centres at integers. */
  readonly axisPixel: number;
  /**
   * True when the sample is wider than the detector: rows then go on beyond its ends instead of
   * falling to 0 there.
   */
  readonly extendEdges?: boolean;
}

/** One view to add to a slice. */
export interface WeightedView {
  readonly angleRadian: number;
  readonly weightRadian: number;
  readonly axisPixel: number;
}

/** Dark field of one detector row, and 1 / (flat - dark): 0 for pixels that see nothing. */
export interface RowReference {
  readonly dark: Float32Array;
  readonly gain: Float32Array;
}

/** Views the kernel takes at once. */
const VIEWS_PER_CALL = 4;
const ROWS_PER_CALL = 2 * VIEWS_PER_CALL;

/**
 * Reconstructs slices of parallel-beam scans. Slices are [row, column] of columns x columns
 * pixels, in 1/pixel, with the rotation axis at (columns - 1) / 2; a ray at angle a and detector
 * coordinate t runs where t = axis + x cos a + y sin a. Pixels outside the inscribed disc are 0.
 */
export class TomographyKernel {
  readonly #raw: RawKernel;
  #columns = 0;
  #sliceExtendsEdges = false;

  /** @param module `loadKernelModule('tomography')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
  }

  /**
   * p = -ln((counts - dark) gain) for whole detector rows that share one reference row.
   * Transmissions are held within 1e-4 and 1e4, so no input gives a NaN.
   * @param target as long as `counts`: a whole number of rows
   */
  normalise(
    counts: Uint16Array | Float32Array,
    reference: RowReference,
    target: Float32Array,
  ): void {
    const columns = reference.dark.length;
    checkLength('gain', reference.gain.length, columns);
    checkLength('target', target.length, counts.length);
    checkLength('counts', counts.length, Math.floor(counts.length / columns) * columns);
    const raw = this.#configure(columns);
    this.#floats(raw.darkAddress(), columns).set(reference.dark);
    this.#floats(raw.gainAddress(), columns).set(reference.gain);
    const result = this.#floats(raw.attenuationAddress(), columns);
    const isCounts = counts instanceof Uint16Array;
    const input = isCounts
      ? new Uint16Array(raw.memory.buffer, raw.rawAddress(), columns)
      : this.#floats(raw.rawAddress(), columns);
    for (let at = 0; at < counts.length; at += columns) {
      input.set(counts.subarray(at, at + columns));
      if (isCounts) raw.normaliseCounts();
      else raw.normaliseFloats();
      target.set(result, at);
    }
  }

  /**
   * Slices of two sinograms [view, column] of -log data at once, by gridding.
   * @throws Fault badInput when lengths do not agree or a value is not finite, capacity when the
   * detector is wider than COLUMNS_MAX
   */
  reconstructPair(
    geometry: ScanGeometry,
    first: Float32Array,
    second: Float32Array,
  ): [Float32Array, Float32Array] {
    const { columns, anglesRadian } = geometry;
    checkGeometry(geometry);
    checkLength('first sinogram', first.length, anglesRadian.length * columns);
    checkLength('second sinogram', second.length, anglesRadian.length * columns);
    const raw = this.#configure(columns);
    raw.setEdges(geometry.extendEdges ? 1 : 0);
    raw.clearGrid();
    const order = byDirection(anglesRadian);
    for (let at = 0; at < order.length; at += VIEWS_PER_CALL) {
      const views = order.subarray(at, at + VIEWS_PER_CALL);
      this.#writeRows(first, views, 0);
      this.#writeRows(second, views, VIEWS_PER_CALL);
      this.#writeViews(geometry, views);
      raw.gridViews();
    }
    raw.gridToSlices();
    return [this.#readSlice(0), this.#readSlice(1)];
  }

  /**
   * Begins a slice that is filled view by view.
   * @param extendEdges as in ScanGeometry
   */
  clearSlice(columns: number, extendEdges = false): void {
    this.#configure(columns).clearSlice();
    this.#sliceExtendsEdges = extendEdges;
    this.#floats(this.#raw.rowsAddress(), ROWS_PER_CALL * this.#raw.stride()).fill(0);
  }

  /**
   * Filters rows of -log data and back-projects them into the slice begun with `clearSlice`.
   * @param rows [view, column]
   */
  addToSlice(rows: Float32Array, views: readonly WeightedView[]): void {
    const columns = this.#columns;
    checkLength('rows', rows.length, views.length * columns);
    for (const view of views) checkView(view, columns);
    this.#raw.setEdges(this.#sliceExtendsEdges ? 1 : 0);
    for (let first = 0; first < views.length; first += ROWS_PER_CALL) {
      const count = Math.min(ROWS_PER_CALL, views.length - first);
      const chosen = Int32Array.from({ length: count }, (_, k) => first + k);
      this.#writeRows(rows, chosen, 0);
      this.#raw.filterRows();
      for (const [row, view] of views.slice(first, first + count).entries()) {
        const { angleRadian, axisPixel, weightRadian } = view;
        const cosine = Math.cos(angleRadian);
        this.#raw.backproject(row, cosine, Math.sin(angleRadian), axisPixel, weightRadian);
      }
    }
  }

  /** A copy of the slice begun with `clearSlice`. */
  readSlice(): Float32Array {
    return this.#readSlice(0);
  }

  /** One row of -log data through the ramp filter, as `addToSlice` back-projects it. */
  filterRow(row: Float32Array, extendEdges = false): Float32Array {
    const raw = this.#configure(row.length);
    raw.setEdges(extendEdges ? 1 : 0);
    this.#writeRows(row, Int32Array.of(0), 0);
    raw.filterRows();
    return this.#floats(raw.filteredAddress(0), row.length).slice();
  }

  /**
   * Takes out zingers, in place: values of -log data more than `threshold` below the medians of
   * five views and of five columns become the former.
   * @param sinogram [view, column]
   * @returns how many there were
   * @throws Fault capacity when the sinogram does not fit
   */
  removeZingers(sinogram: Float32Array, columns: number, threshold: number): number {
    return removeZingers(this.#configure(columns), sinogram, columns, threshold);
  }

  /**
   * Sorts every column of a sinogram by value, takes the median across columns at every rank, and
   * sorts back, in place.
   * @throws Fault capacity when the sinogram does not fit, or the median is too wide
   */
  smoothSorted(sinogram: Float32Array, columns: number, smoothing: SortedSmoothing): void {
    smoothSorted(this.#configure(columns), sinogram, columns, smoothing);
  }

  /**
   * How each column differs from the median of 2 `half` + 1 columns around it.
   * @throws Fault capacity when the sinogram does not fit, or the median is too wide
   */
  columnDetails(sinogram: Float32Array, columns: number, half: number): ColumnDetails {
    return columnDetails(this.#configure(columns), sinogram, columns, half);
  }

  /** Paganin's filter on one or two transmission images, in place. @throws Fault capacity */
  filterPhase(images: PhaseImages): void {
    this.#columns = 0;
    filterPhase(this.#raw, images);
  }

  #configure(columns: number): RawKernel {
    const raw = this.#raw;
    if (columns === this.#columns) return raw;
    const gridSize = gridSizeOf(columns);
    const filterSize = filterSizeOf(columns);
    const status = raw.configure(columns, gridSize, filterSize);
    if (status !== 0) {
      this.#columns = 0;
      throw new Fault('capacity', {
        where: 'reconstruction',
        message: `${columns} detector columns; the kernel holds 2 to ${COLUMNS_MAX}`,
      });
    }
    this.#columns = columns;
    this.#floats(raw.gridTwiddlesAddress(), 2 * gridSize).set(twiddles(gridSize));
    this.#floats(raw.filterTwiddlesAddress(), 2 * filterSize).set(twiddles(filterSize));
    this.#floats(raw.gridRampAddress(), gridSize / 2).set(gridRamp(gridSize));
    this.#floats(raw.filterRampAddress(), filterSize / 2 + 1).set(filterRamp(filterSize));
    const weights = kaiserWeights(columns, gridSize);
    this.#floats(raw.weightsAddress(), weights.length).set(weights);
    this.#floats(raw.gridBlendAddress(), gridSize).set(edgeBlend(gridSize, columns));
    this.#floats(raw.filterBlendAddress(), filterSize).set(edgeBlend(filterSize, columns));
    // Padding columns: no light, no gain, no correction.
    for (const address of [raw.deapodisationAddress(), raw.darkAddress(), raw.gainAddress()]) {
      this.#floats(address, raw.stride()).fill(0);
    }
    this.#floats(raw.deapodisationAddress(), columns).set(deapodisation(columns, gridSize));
    this.#floats(raw.rowsAddress(), ROWS_PER_CALL * raw.stride()).fill(0);
    return raw;
  }

  /** The chosen rows of a sinogram into the kernel's rows from `firstRow` on. */
  #writeRows(sinogram: Float32Array, views: Int32Array, firstRow: number): void {
    const columns = this.#columns;
    const stride = this.#raw.stride();
    const rows = this.#floats(this.#raw.rowsAddress(), ROWS_PER_CALL * stride);
    for (const [lane, view] of views.entries()) {
      const row = sinogram.subarray(view * columns, (view + 1) * columns);
      rows.set(row, (firstRow + lane) * stride);
    }
  }

  /** A lane without a view has weight 0 and adds nothing. */
  #writeViews(geometry: ScanGeometry, views: Int32Array): void {
    const address = this.#raw.viewTableAddress();
    const table = new Float64Array(this.#raw.memory.buffer, address, 4 * VIEWS_PER_CALL);
    for (let lane = 0; lane < VIEWS_PER_CALL; lane++) {
      const view = views[lane];
      const angle = view === undefined ? 0 : (geometry.anglesRadian[view] ?? 0);
      const weight = view === undefined ? 0 : (geometry.weightsRadian[view] ?? 0);
      table.set([Math.cos(angle), Math.sin(angle), geometry.axisPixel, weight], 4 * lane);
    }
  }

  #readSlice(slice: number): Float32Array {
    const columns = this.#columns;
    const stride = this.#raw.stride();
    const padded = this.#floats(this.#raw.sliceAddress(slice), columns * stride);
    if (stride === columns) return padded.slice();
    const result = new Float32Array(columns * columns);
    for (let row = 0; row < columns; row++) {
      result.set(padded.subarray(row * stride, row * stride + columns), row * columns);
    }
    return result;
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#raw.memory.buffer, address, length);
  }
}

/** Views by ascending direction within the half turn: neighbours touch the same cells. */
function byDirection(anglesRadian: ArrayLike<number>): Int32Array {
  const directions = Float64Array.from(
    anglesRadian,
    (angle) => angle - Math.PI * Math.floor(angle / Math.PI),
  );
  return Int32Array.from(directions.keys()).sort(
    (a, b) => (directions[a] ?? 0) - (directions[b] ?? 0) || a - b,
  );
}

function checkGeometry({ columns, anglesRadian, weightsRadian, axisPixel }: ScanGeometry): void {
  checkLength('view weights', weightsRadian.length, anglesRadian.length);
  for (let view = 0; view < anglesRadian.length; view++) {
    const angleRadian = anglesRadian[view] ?? Number.NaN;
    const weightRadian = weightsRadian[view] ?? Number.NaN;
    checkView({ angleRadian, weightRadian, axisPixel }, columns);
  }
}

function checkView({ angleRadian, weightRadian, axisPixel }: WeightedView, columns: number): void {
  if (!Number.isFinite(angleRadian) || !Number.isFinite(weightRadian)) {
    throw new Fault('badInput', {
      where: 'view',
      message: `angle ${angleRadian} rad with weight ${weightRadian}; expected finite numbers`,
    });
  }
  if (!(axisPixel >= 0 && axisPixel <= columns - 1)) {
    throw new Fault('badInput', {
      where: 'rotation axis',
      message: `${axisPixel} is not on the detector; expected 0 to ${columns - 1}`,
    });
  }
}

function checkLength(where: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new Fault('badInput', { where, message: `${length} values; expected ${expected}` });
}
