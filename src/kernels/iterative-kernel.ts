import { Fault } from '../domain/fault.ts';
import type { ScanGeometry } from './tomography-kernel.ts';
import { instantiateKernel } from './wasm-module.ts';

/** Slices that are reconstructed together at the cost of one. */
export const SLICES_MAX = 4;
/** The widest detector, and the largest side of a slice. */
export const ITERATIVE_COLUMNS_MAX = 2048;
export const ITERATIVE_VIEWS_MAX = 4096;
/** Slices of a sample wider than the detector reach this many times as far as it does. */
export const WIDER_FACTOR = 1.5;

/** How the rows of a sinogram were taken; the axis and wide samples as in ScanGeometry. */
export type IterativeGeometry = Omit<ScanGeometry, 'weightsRadian'>;

/** What a pass over all views does. */
export interface PassOptions {
  /** True to hold the slices at 0 or above. */
  readonly isNonNegative: boolean;
  /** Weight of the total variation in 1/pixel; 0 for none. */
  readonly variationWeight: number;
  /** Dual steps of the total variation. */
  readonly variationSteps: number;
}

/** What the compiled kernel exports; see assembly/iterative/index.ts. */
interface RawIterativeKernel {
  readonly memory: WebAssembly.Memory;
  configure(columns: number, size: number, views: number): number;
  weigh(): void;
  clearSums(): void;
  stepOn(first: number, count: number, positive: number): void;
  clearDuals(): void;
  smoothVariation(weight: number, steps: number, positive: number): void;
  projectAll(): void;
  backprojectAll(): void;
  viewTableAddress(): number;
  padding(): number;
  measuredAddress(): number;
  imageAddress(): number;
  laneSumsAddress(): number;
}

/**
 * Reconstructs up to SLICES_MAX slices of parallel-beam views at once by SIRT on ordered subsets.
 * Slices are as those of TomographyKernel: columns x columns pixels in 1/pixel, the axis at
 * (columns - 1) / 2, 0 outside the inscribed disc.
 */
export class IterativeKernel {
  readonly #raw: RawIterativeKernel;
  #columns = 0;
  #size = 0;
  /** Views in the order of their subsets, as indices of the caller's. */
  #order: Int32Array = new Int32Array(0);
  /** Subset s is of views `#bounds[s]` to before `#bounds[s + 1]`, in that order. */
  #bounds: readonly number[] = [];
  #hasDuals = false;
  /** What `begin` was last given: the same again costs nothing. */
  #begun = '';

  /** @param module `loadKernelModule('iterative')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawIterativeKernel;
  }

  /**
   * Begins slices from nothing.
   * @param subsets in how many ordered subsets the views are taken; 1 is SIRT
   * @throws Fault badInput when angles or axis make no sense; capacity when it does not fit
   */
  begin(geometry: IterativeGeometry, subsets: number): void {
    const { columns, anglesRadian, axisPixel } = geometry;
    checkGeometry(geometry, subsets);
    const size = sliceSize(geometry);
    const key = [columns, size, axisPixel, subsets, ...Array.from(anglesRadian)].join();
    if (key === this.#begun) {
      this.startFromNothing();
      return;
    }
    this.#begun = '';
    this.#order = new Int32Array(0);
    if (this.#raw.configure(columns, size, anglesRadian.length) !== 0) {
      const message = `${anglesRadian.length} views of ${columns} columns do not fit in the kernel's memory`;
      throw new Fault('capacity', { where: 'iterative reconstruction', message });
    }
    this.#columns = columns;
    this.#size = size;
    const { order, bounds } = orderedSubsets(anglesRadian, subsets);
    this.#order = order;
    this.#bounds = bounds;
    this.#hasDuals = false;
    this.#writeViews(geometry);
    this.#raw.weigh();
    this.#begun = key;
  }

  /**
   * The sinograms [view, column] of -log data of up to SLICES_MAX slices; slices without are 0.
   * @throws Fault badInput when lengths do not agree or a value is not finite
   */
  measure(sinograms: readonly Float32Array[]): void {
    const columns = this.#columns;
    checkCount('sinograms', sinograms.length);
    for (const [lane, sinogram] of sinograms.entries()) {
      checkLength(`sinogram ${lane + 1}`, sinogram.length, this.#order.length * columns);
      checkFinite(`sinogram ${lane + 1}`, sinogram, columns);
    }
    const held = this.#measured();
    held.fill(0);
    for (const [lane, sinogram] of sinograms.entries()) {
      for (const [at, view] of this.#order.entries()) {
        const from = view * columns;
        const to = at * columns * SLICES_MAX + lane;
        for (let column = 0; column < columns; column++) {
          held[to + column * SLICES_MAX] = sinogram[from + column] ?? 0;
        }
      }
    }
  }

  /**
   * Goes on from these slices, [row, column] of columns x columns; slices without start from 0.
   * @throws Fault badInput when lengths do not agree or a value is not finite
   */
  startFrom(slices: readonly Float32Array[]): void {
    const columns = this.#columns;
    checkCount('slices', slices.length);
    for (const [lane, slice] of slices.entries()) {
      checkLength(`slice ${lane + 1}`, slice.length, columns * columns);
      checkFinite(`slice ${lane + 1}`, slice, columns);
    }
    const image = this.#image();
    image.fill(0);
    const size = this.#size;
    const margin = (size - columns) / 2;
    const [middle, radius] = [(columns - 1) / 2, columns / 2];
    for (const [lane, slice] of slices.entries()) {
      for (let row = 0; row < columns; row++) {
        for (let column = 0; column < columns; column++) {
          if (Math.hypot(row - middle, column - middle) > radius) continue;
          const to = ((row + margin) * size + column + margin) * SLICES_MAX + lane;
          image[to] = slice[row * columns + column] ?? 0;
        }
      }
    }
    this.#hasDuals = false;
  }

  /** Begins anew with the geometry of `begin`. */
  startFromNothing(): void {
    this.#image().fill(0);
    this.#hasDuals = false;
  }

  /**
   * One pass over all views.
   * @returns for each slice, norm of what its rays lacked on the way over that of what they
   * measured; 0 when they measured nothing
   */
  pass({ isNonNegative, variationWeight, variationSteps }: PassOptions): Float64Array {
    const raw = this.#raw;
    const positive = isNonNegative ? 1 : 0;
    raw.clearSums();
    const subsets = this.#bounds.length - 1;
    for (const subset of bitReversed(subsets)) {
      const first = this.#bounds[subset] ?? 0;
      raw.stepOn(first, (this.#bounds[subset + 1] ?? first) - first, positive);
    }
    if (variationWeight > 0 && variationSteps > 0) {
      if (!this.#hasDuals) raw.clearDuals();
      this.#hasDuals = true;
      // A pass over n subsets goes as far as n steps over all views, each of which is smoothed.
      raw.smoothVariation(variationWeight * subsets, variationSteps, positive);
    }
    const sums = new Float64Array(raw.memory.buffer, raw.laneSumsAddress(), 2 * SLICES_MAX);
    return Float64Array.from({ length: SLICES_MAX }, (_, lane) => {
      const measured = sums[SLICES_MAX + lane] ?? 0;
      return measured > 0 ? Math.sqrt((sums[lane] ?? 0) / measured) : 0;
    });
  }

  /** A copy of one of the slices. */
  readSlice(lane: number): Float32Array {
    const [columns, size] = [this.#columns, this.#size];
    const image = this.#image();
    const margin = (size - columns) / 2;
    const slice = new Float32Array(columns * columns);
    for (let row = 0; row < columns; row++) {
      const from = ((row + margin) * size + margin) * SLICES_MAX + lane;
      for (let column = 0; column < columns; column++) {
        slice[row * columns + column] = image[from + column * SLICES_MAX] ?? 0;
      }
    }
    if (size > columns) clipToDisc(slice, columns);
    return slice;
  }

  /** What the slices of `startFrom` measure: sinograms [view, column], A x. Ends `measure`. */
  project(slices: readonly Float32Array[]): Float32Array[] {
    this.startFrom(slices);
    this.#raw.projectAll();
    return slices.map((_, lane) => this.#readSinogram(lane));
  }

  /** A^T b of up to SLICES_MAX sinograms: slices, unfiltered. Ends `startFrom`. */
  backproject(sinograms: readonly Float32Array[]): Float32Array[] {
    this.measure(sinograms);
    this.#raw.backprojectAll();
    return sinograms.map((_, lane) => this.readSlice(lane));
  }

  #readSinogram(lane: number): Float32Array {
    const columns = this.#columns;
    const held = this.#measured();
    const sinogram = new Float32Array(this.#order.length * columns);
    for (const [at, view] of this.#order.entries()) {
      for (let column = 0; column < columns; column++) {
        const value = held[(at * columns + column) * SLICES_MAX + lane];
        sinogram[view * columns + column] = value ?? 0;
      }
    }
    return sinogram;
  }

  /** Cosine, sine, and the place of pixel (0, 0) on the padded row. */
  #writeViews({ anglesRadian, axisPixel }: IterativeGeometry): void {
    const raw = this.#raw;
    const middle = (this.#size - 1) / 2;
    const table = new Float64Array(
      raw.memory.buffer,
      raw.viewTableAddress(),
      3 * this.#order.length,
    );
    for (const [at, view] of this.#order.entries()) {
      const angle = anglesRadian[view] ?? 0;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      const origin = axisPixel + raw.padding() - middle * (cosine + sine);
      table.set([cosine, sine, origin], 3 * at);
    }
  }

  #measured(): Float32Array {
    const length = this.#order.length * this.#columns * SLICES_MAX;
    return new Float32Array(this.#raw.memory.buffer, this.#raw.measuredAddress(), length);
  }

  #image(): Float32Array {
    const length = this.#size ** 2 * SLICES_MAX;
    return new Float32Array(this.#raw.memory.buffer, this.#raw.imageAddress(), length);
  }
}

/**
 * Views by direction within the half turn, dealt to the subsets in turn: every subset sees the
 * sample from all around. Subsets are next to each other in `order`, each in ascending direction.
 */
export function orderedSubsets(
  anglesRadian: ArrayLike<number>,
  subsets: number,
): { readonly order: Int32Array; readonly bounds: readonly number[] } {
  const directions = Float64Array.from(
    anglesRadian,
    (angle) => angle - Math.PI * Math.floor(angle / Math.PI),
  );
  const sorted = Int32Array.from(directions.keys()).sort(
    (a, b) => (directions[a] ?? 0) - (directions[b] ?? 0) || a - b,
  );
  const order: number[] = [];
  const bounds = [0];
  for (let subset = 0; subset < subsets; subset++) {
    for (let at = subset; at < sorted.length; at += subsets) order.push(sorted[at] ?? 0);
    bounds.push(order.length);
  }
  return { order: Int32Array.from(order), bounds };
}

/** 0 to below `count` in bit-reversed order: each far from the ones before. */
export function bitReversed(count: number): number[] {
  const bits = Math.ceil(Math.log2(Math.max(1, count)));
  return Array.from({ length: 2 ** bits }, (_, index) => {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) if (index & (1 << bit)) reversed |= 1 << (bits - 1 - bit);
    return reversed;
  }).filter((index) => index < count);
}

/** Side of the slices in the kernel: so that the detector's columns lie in their middle. */
export function sliceSize({ columns, extendEdges }: IterativeGeometry): number {
  if (!extendEdges) return columns;
  const margin = Math.ceil(((WIDER_FACTOR - 1) * columns) / 2);
  return columns + 2 * margin;
}

function clipToDisc(slice: Float32Array, columns: number): void {
  const middle = (columns - 1) / 2;
  for (let at = 0; at < slice.length; at++) {
    const [x, y] = [(at % columns) - middle, Math.floor(at / columns) - middle];
    if (x * x + y * y > (columns / 2) ** 2) slice[at] = 0;
  }
}

function checkGeometry(geometry: IterativeGeometry, subsets: number): void {
  const { columns, anglesRadian, axisPixel } = geometry;
  const where = 'iterative reconstruction';
  const views = anglesRadian.length;
  if (!Number.isInteger(columns) || columns < 2 || columns > ITERATIVE_COLUMNS_MAX) {
    const message = `${columns} detector columns; expected 2 to ${ITERATIVE_COLUMNS_MAX}: bin the detector, or use gridding`;
    throw new Fault('capacity', { where, message });
  }
  const size = sliceSize(geometry);
  if (size > ITERATIVE_COLUMNS_MAX) {
    const message = `the sample is wider than the detector, which takes slices of ${size} pixels for ${columns} columns; expected at most ${ITERATIVE_COLUMNS_MAX}: bin the detector, or use gridding`;
    throw new Fault('capacity', { where, message });
  }
  if (views < 1 || views > ITERATIVE_VIEWS_MAX) {
    const message = `${views} views; expected 1 to ${ITERATIVE_VIEWS_MAX}: leave out some, or use gridding`;
    throw new Fault(views < 1 ? 'badInput' : 'capacity', { where, message });
  }
  if (!Number.isInteger(subsets) || subsets < 1 || subsets > views) {
    const message = `${subsets} subsets of ${views} views; expected 1 to ${views}`;
    throw new Fault('badInput', { where, message });
  }
  if (!(axisPixel >= 0 && axisPixel <= columns - 1)) {
    const message = `${axisPixel} is not on the detector; expected 0 to ${columns - 1}`;
    throw new Fault('badInput', { where: 'rotation axis', message });
  }
  const bad = Array.from(anglesRadian).findIndex((angle) => !Number.isFinite(angle));
  if (bad < 0) return;
  const message = `angle ${bad + 1} is ${anglesRadian[bad]}; expected a finite number`;
  throw new Fault('badInput', { where: 'angles', message });
}

function checkCount(where: string, count: number): void {
  if (count >= 1 && count <= SLICES_MAX) return;
  const message = `${count} given; expected 1 to ${SLICES_MAX} at once`;
  throw new Fault('badInput', { where, message });
}

function checkLength(where: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new Fault('badInput', { where, message: `${length} values; expected ${expected}` });
}

function checkFinite(where: string, values: Float32Array, columns: number): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const message = `row ${Math.floor(bad / columns) + 1}, column ${(bad % columns) + 1} is ${values[bad]}; expected finite numbers`;
  throw new Fault('badInput', { where, message });
}
