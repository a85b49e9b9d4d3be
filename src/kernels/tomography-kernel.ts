import { Fault } from '../domain/fault.ts';
import type { VoxelScale, Voxels } from '../domain/volume.ts';
import { type ColumnDetails, SinogramColumns, type SortedSmoothing } from './tomography-columns.ts';
import { checkGeometry, checkLength, checkView } from './tomography-geometry.ts';
import { filterPhase, type PhaseImages } from './tomography-phase.ts';
import { floats, type RawKernel } from './tomography-raw.ts';
import { writeTables } from './tomography-setup.ts';
import {
  backprojectSlot,
  gridSlots,
  ROWS_PER_CALL,
  readSliceAs,
  withoutPadding,
  writeViews,
} from './tomography-slices.ts';
import {
  type BandRow,
  checkBandRow,
  loadSinogram,
  noiseOf,
  placeSinograms,
  type SinogramSlot,
  type SliceTally,
} from './tomography-slots.ts';
import { COLUMNS_MAX, filterSizeOf, gridSizeOf } from './tomography-tables.ts';
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

/**
 * Reconstructs slices of parallel-beam scans. Slices are [row, column] of columns x columns
 * pixels, in 1/pixel, with the rotation axis at (columns - 1) / 2; a ray at angle a and detector
 * coordinate t runs where t = axis + x cos a + y sin a. Pixels outside the inscribed disc are 0.
 */
export class TomographyKernel {
  readonly #raw: RawKernel;
  #columns = 0;
  #sliceExtendsEdges = false;
  /** Views of the sinograms in the slots, and which slots hold one. */
  #heldViews = 0;
  readonly #isHeld: [boolean, boolean] = [false, false];

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
   * Slices of two sinograms [view, column] of -log data at once, by gridding. Uses both slots.
   * @throws Fault badInput when lengths do not agree or a value is not finite, capacity when the
   * detector is wider than COLUMNS_MAX or the sinograms do not fit
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
    this.holdSinogram(0, first, columns);
    this.holdSinogram(1, second, columns);
    this.reconstructSlots(geometry, 2);
    return [this.#readSlice(0), this.#readSlice(1)];
  }

  /**
   * -log data of a row of a band into a slot: dark and flat fields, these interpolated in time;
   * dead pixels filled from their neighbours; beam. Slots hold sinograms of one size: one of
   * another size empties the other slot.
   * @throws Fault badInput when the row does not fit its band, capacity when it does not fit in
   * memory
   */
  loadSinogram(slot: SinogramSlot, row: BandRow): void {
    checkBandRow(row);
    loadSinogram(this.#place(slot, row.views.length, row.columns), slot, row);
  }

  /** -log data [view, column] as it is into a slot. @throws as loadSinogram */
  holdSinogram(slot: SinogramSlot, sinogram: Float32Array, columns: number): void {
    const views = sinogram.length / columns;
    if (!Number.isInteger(views) || views < 1) {
      const message = `${sinogram.length} values; expected whole views of ${columns} columns`;
      throw new Fault('badInput', { where: 'sinogram', message });
    }
    const raw = this.#place(slot, views, columns);
    const stride = raw.stride();
    const held = floats(raw, raw.sinogramAddress(slot), views * stride);
    if (stride === columns) held.set(sinogram);
    else {
      for (let view = 0; view < views; view++) {
        held.set(sinogram.subarray(view * columns, (view + 1) * columns), view * stride);
      }
    }
  }

  /** A copy of the sinogram in a slot, [view, column]. */
  readSinogram(slot: SinogramSlot): Float32Array {
    const [columns, stride] = [this.#columns, this.#raw.stride()];
    return withoutPadding(this.#held(slot), columns, stride);
  }

  /** Standard deviation of a held sinogram's noise, as it shows between neighbouring views. */
  noiseOf(slot: SinogramSlot): number {
    const [columns, stride] = [this.#columns, this.#raw.stride()];
    return noiseOf(this.#held(slot), { columns, stride, views: this.#heldViews });
  }

  /**
   * Takes zingers out of a held sinogram: values more than `threshold` below the medians of five
   * views and of five columns become the former.
   * @returns how many there were
   */
  takeOutZingers(slot: SinogramSlot, threshold: number): number {
    this.#checkHeld(slot);
    return this.#raw.removeZingers(slot, threshold);
  }

  /** The columns of a held sinogram, to take stripes out. Work in one slot at a time. */
  columnsOf(slot: SinogramSlot): SinogramColumns {
    this.#checkHeld(slot);
    this.#raw.takeColumns(slot);
    return new SinogramColumns(this.#raw, slot, this.#columns, this.#heldViews);
  }

  /**
   * Slices of the held sinograms, by gridding; they stay in the kernel for `readSliceAs`. The
   * sinograms are still held afterwards.
   * @param count 1: only slot 0 is used, and only slice 0 means anything
   * @throws Fault badInput when the geometry does not fit, or a slot is empty
   */
  reconstructSlots(geometry: ScanGeometry, count: 1 | 2 = 2): void {
    this.#checkHeldFits(geometry, 0);
    if (count === 2) this.#checkHeldFits(geometry, 1);
    gridSlots(this.#raw, geometry, count);
  }

  /**
   * The slice of a held sinogram by filtered back-projection; it stays in the kernel as slice 0.
   * @throws Fault as reconstructSlots
   */
  backprojectSlot(geometry: ScanGeometry, slot: SinogramSlot): void {
    this.#checkHeldFits(geometry, slot);
    backprojectSlot(this.#raw, geometry, slot);
  }

  /**
   * The slice that was made last, as it is stored: (value - offset) / step rounded, or as it is.
   * @param target columns * columns values of the scale's type
   */
  readSliceAs(slice: 0 | 1, scale: VoxelScale, target: Voxels): SliceTally {
    return readSliceAs(this.#raw, this.#columns, { slice, scale, target });
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
      this.#writeRows(rows.subarray(first * columns, (first + count) * columns));
      writeViews(this.#raw, views.slice(first, first + count));
      this.#raw.filterRows(count);
      this.#raw.backproject(count);
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
    this.#writeRows(row);
    writeViews(raw, [{ angleRadian: 0, weightRadian: 1, axisPixel: 0 }]);
    raw.filterRows(1);
    return this.#floats(raw.filteredAddress(0), row.length).slice();
  }

  /**
   * Takes zingers out of -log data, in place, as `takeOutZingers` does. Uses slot 0.
   * @param sinogram [view, column]
   * @throws Fault capacity when the sinogram does not fit
   */
  removeZingers(sinogram: Float32Array, columns: number, threshold: number): number {
    this.holdSinogram(0, sinogram, columns);
    const found = this.takeOutZingers(0, threshold);
    if (found > 0) sinogram.set(this.readSinogram(0));
    return found;
  }

  /**
   * Sorts every column of a sinogram by value, takes the median across columns at every rank, and
   * sorts back, in place. Uses slot 0.
   * @throws Fault capacity when the sinogram does not fit, or the median is too wide
   */
  smoothSorted(sinogram: Float32Array, columns: number, smoothing: SortedSmoothing): void {
    this.holdSinogram(0, sinogram, columns);
    const held = this.columnsOf(0);
    held.smoothSorted(smoothing);
    held.store();
    sinogram.set(this.readSinogram(0));
  }

  /**
   * How each column differs from the median of 2 `half` + 1 columns around it. Uses slot 0.
   * @throws Fault capacity when the sinogram does not fit, or the median is too wide
   */
  columnDetails(sinogram: Float32Array, columns: number, half: number): ColumnDetails {
    this.holdSinogram(0, sinogram, columns);
    return this.columnsOf(0).details(half);
  }

  /** Paganin's filter on one or two transmission images, in place. @throws Fault capacity */
  filterPhase(images: PhaseImages): void {
    this.#columns = 0;
    this.#forgetHeld();
    filterPhase(this.#raw, images);
  }

  #configure(columns: number): RawKernel {
    const raw = this.#raw;
    if (columns === this.#columns) return raw;
    const gridSize = gridSizeOf(columns);
    const filterSize = filterSizeOf(columns);
    this.#forgetHeld();
    const status = raw.configure(columns, gridSize, filterSize);
    if (status !== 0) {
      this.#columns = 0;
      throw new Fault('capacity', {
        where: 'reconstruction',
        message: `${columns} detector columns; the kernel holds 2 to ${COLUMNS_MAX}`,
      });
    }
    this.#columns = columns;
    writeTables(raw, columns);
    return raw;
  }

  #forgetHeld(): void {
    this.#heldViews = 0;
    this.#isHeld.fill(false);
  }

  /** Makes room in a slot; the other keeps what it holds when that is of the same size. */
  #place(slot: SinogramSlot, views: number, columns: number): RawKernel {
    const raw = this.#configure(columns);
    if (views !== this.#heldViews) {
      this.#forgetHeld();
      placeSinograms(raw, views, columns);
      this.#heldViews = views;
    }
    this.#isHeld[slot] = true;
    return raw;
  }

  #checkHeld(slot: SinogramSlot): void {
    if (this.#isHeld[slot]) return;
    const message = 'it holds no sinogram; expected loadSinogram before';
    throw new Fault('badInput', { where: `slot ${slot}`, message });
  }

  #checkHeldFits(geometry: ScanGeometry, slot: SinogramSlot): void {
    checkGeometry(geometry);
    this.#checkHeld(slot);
    checkLength('detector columns', geometry.columns, this.#columns);
    checkLength('angles', geometry.anglesRadian.length, this.#heldViews);
  }

  #held(slot: SinogramSlot): Float32Array {
    this.#checkHeld(slot);
    const raw = this.#raw;
    return floats(raw, raw.sinogramAddress(slot), this.#heldViews * raw.stride());
  }

  /** Up to ROWS_PER_CALL rows into the kernel's rows. */
  #writeRows(rows: Float32Array): void {
    const raw = this.#raw;
    const columns = this.#columns;
    const address = raw.rowsAddress();
    for (let row = 0; row < ROWS_PER_CALL; row++) raw.setRow(row, address + 4 * row * raw.stride());
    for (let at = 0; at < rows.length; at += columns) {
      const to = address + (4 * at * raw.stride()) / columns;
      this.#floats(to, columns).set(rows.subarray(at, at + columns));
    }
  }

  #readSlice(slice: number): Float32Array {
    const columns = this.#columns;
    const stride = this.#raw.stride();
    const padded = this.#floats(this.#raw.sliceAddress(slice), columns * stride);
    return withoutPadding(padded, columns, stride);
  }

  #floats(address: number, length: number): Float32Array {
    return floats(this.#raw, address, length);
  }
}
