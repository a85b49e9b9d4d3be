import { Fault } from '../domain/fault.ts';
import type { Voxels } from '../domain/volume.ts';
import type { RawVolumeKernel } from './volume-raw.ts';
import { instantiateKernel } from './wasm-module.ts';

/** Codes of two bytes go from 0 to one below this: the bins of the histogram. */
export const CODES_MAX = 4096;
/** Codes of one byte. */
export const BYTE_CODES = 256;
/** Slices whose runs are kept at a time. */
export const SLAB_SLICES_MAX = 64;
/** Bins of depth. */
export const DEPTH_BINS_MAX = 4096;
const HISTOGRAM_TABLES = 4;
/** u16 coordinates of runs. */
const SIDE_MAX = 65_535;
const RUN_WORDS = 2;
const COMPONENT_BYTES = 48;

/** Slices of a volume, and where its sample is. */
export interface SliceLayout {
  readonly rows: number;
  readonly columns: number;
  /** 1: codes are the bytes of a volume of bytes; 2: codes from 0 to CODES_MAX - 1. */
  readonly codeBytes: 1 | 2;
  /** First column and column after the last of the mask in each row. */
  readonly spans: Int32Array;
}

/** From stored values to codes: floor((value - low) * perValue), 0 to `codeMax`. */
export interface Quantisation {
  readonly low: number;
  readonly perValue: number;
  readonly codeMax: number;
}

/** Codes that are foreground, both included. */
export interface CodeRange {
  readonly first: number;
  readonly last: number;
}

/** The components of one slab; coordinates in voxels, slices counted from the slab's first. */
export interface SlabComponents {
  readonly count: number;
  readonly voxels: Uint32Array;
  /** Bits: 1 touches the mask's side, 2 the first slice, 4 the last slice of the slab. */
  readonly flags: Uint32Array;
  /** Sums of column, row and slice over the voxels, three of each. */
  readonly sums: Float64Array;
  /** Least and greatest column, row and slice, six of each. */
  readonly bounds: Uint16Array;
}

export const TOUCHES_SIDE = 1;
export const TOUCHES_FIRST_SLICE = 2;
export const TOUCHES_LAST_SLICE = 4;

/** The runs of one slice: where rows begin, first and last-but-one column, component. */
export interface SliceRuns {
  /** Index of the first run of each row, and at the end the number of runs. */
  readonly rowStarts: Uint32Array;
  /** First column, column after the last; two of each. */
  readonly columns: Uint16Array;
  readonly components: Uint32Array;
}

/**
 * Median, histogram, components and depths of a volume, a slab at a time. Slices go into one of
 * three slots, the median of three slots becomes the current slice, and runs of the current slice
 * are kept until the slab is done.
 */
export class VolumeKernel {
  readonly #raw: RawVolumeKernel;
  #layout: SliceLayout = { rows: 0, columns: 0, codeBytes: 1, spans: new Int32Array(0) };

  /** @param module `loadKernelModule('volume')` */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawVolumeKernel;
  }

  /** @throws Fault capacity when slices of this size do not fit; badInput for a wrong mask */
  configure(layout: SliceLayout): void {
    const { rows, columns, codeBytes, spans } = layout;
    const fits = rows > 0 && columns > 0 && rows <= SIDE_MAX && columns <= SIDE_MAX;
    if (!fits || this.#raw.configure(rows, columns, codeBytes) !== 0) {
      const message = `slices of ${rows} x ${columns} voxels do not fit in the kernel's memory`;
      throw new Fault('capacity', { where: 'segmentation', message });
    }
    const isSpan = (row: number) => {
      const [first = -1, end = -1] = [spans[2 * row], spans[2 * row + 1]];
      return first >= 0 && end >= first && end <= columns;
    };
    if (spans.length !== 2 * rows || !Array.from({ length: rows }, (_, y) => y).every(isSpan)) {
      const message = `${spans.length / 2} spans; expected one inside 0 to ${columns} for each of ${rows} rows`;
      throw new Fault('badInput', { where: 'mask', message });
    }
    new Int32Array(this.#buffer, this.#raw.spansAddress(), 2 * rows).set(spans);
    this.#layout = layout;
  }

  /**
   * One slice into a slot, as codes.
   * @param quantisation needed for floats; of two-byte values, which otherwise are codes already
   * @returns how many values inside the mask are no finite numbers
   */
  loadSlice(slot: number, voxels: Voxels, quantisation?: Quantisation): number {
    const { rows, columns, codeBytes } = this.#layout;
    const count = rows * columns;
    if (voxels.length !== count || voxels instanceof Uint8Array !== (codeBytes === 1)) {
      const message = `${voxels.length} voxels of ${voxels.BYTES_PER_ELEMENT} bytes; expected ${count} for codes of ${codeBytes} bytes`;
      throw new Fault('badInput', { where: 'slice', message });
    }
    const address = this.#raw.rawAddress();
    if (voxels instanceof Uint8Array) {
      new Uint8Array(this.#buffer, address, count).set(voxels);
      this.#raw.loadBytes(slot);
      return 0;
    }
    const { low = 0, perValue = 1, codeMax = CODES_MAX - 1 } = quantisation ?? {};
    if (voxels instanceof Float32Array) {
      new Float32Array(this.#buffer, address, count).set(voxels);
      return this.#raw.quantiseFloats(slot, low, perValue, codeMax);
    }
    new Uint16Array(this.#buffer, address, count).set(voxels);
    if (quantisation) this.#raw.quantiseShorts(slot, low, perValue, codeMax);
    else this.#raw.loadShorts(slot);
    return 0;
  }

  /** The median of 3 x 3 x 3 voxels around each voxel of slot `here` becomes the current slice. */
  medianSlice(above: number, here: number, below: number): void {
    this.#raw.medianSlice(above, here, below);
  }

  /** The slice of a slot becomes the current one as it is. */
  passSlice(slot: number): void {
    this.#raw.passSlice(slot);
  }

  /** The current slice's codes, [row, column]; only the mask's voxels mean anything. */
  readSlice(): Uint8Array | Uint16Array {
    const { rows, columns, codeBytes } = this.#layout;
    const stride = this.#raw.strideBytes() / codeBytes;
    const Codes = codeBytes === 1 ? Uint8Array : Uint16Array;
    const held = new Codes(this.#buffer, this.#raw.filteredAddress(), rows * stride);
    const result = new Codes(rows * columns);
    for (let row = 0; row < rows; row++) {
      result.set(held.subarray(row * stride, row * stride + columns), row * columns);
    }
    return result;
  }

  clearHistogram(): void {
    this.#raw.clearHistogram();
  }

  /** Counts the current slice inside the mask. */
  countSlice(): void {
    this.#raw.countSlice();
  }

  /** Counts since `clearHistogram`, one for each code. */
  readHistogram(): Float64Array {
    const bins = this.#layout.codeBytes === 1 ? BYTE_CODES : CODES_MAX;
    const result = new Float64Array(bins);
    for (let table = 0; table < HISTOGRAM_TABLES; table++) {
      const counts = new Uint32Array(this.#buffer, this.#raw.histogramAddress(table), bins);
      for (let bin = 0; bin < bins; bin++) result[bin] = (result[bin] ?? 0) + (counts[bin] ?? 0);
    }
    return result;
  }

  /**
   * Keeps the current slice's runs of codes within a range; an empty range has none.
   * @param target 0 or 1: which phase
   * @param level 0: at the threshold, 1: at a looser, 2: at a stricter one
   * @param slice of the slab, in ascending order
   * @returns false when there are too many: the slab must be taken in smaller parts
   */
  findRuns(target: number, level: number, slice: number, range: CodeRange): boolean {
    const { first, last } = range;
    if (slice >= SLAB_SLICES_MAX) {
      const message = `slice ${slice + 1} of a slab; at most ${SLAB_SLICES_MAX} are kept`;
      throw new Fault('capacity', { where: 'segmentation', message });
    }
    if (last < first) return this.#findNothing(target, level, slice);
    return this.#raw.findRuns(target, level, slice, first, last - first) !== 0;
  }

  /**
   * Connects the runs of the slab at the threshold.
   * @returns undefined when there are too many components: the slab must be taken in smaller parts
   */
  connect(target: number, slices: number): SlabComponents | undefined {
    const count = this.#raw.connect(target, slices);
    if (count < 0) return undefined;
    const held = new DataView(this.#buffer, this.#raw.componentsAddress(target));
    const voxels = new Uint32Array(count);
    const flags = new Uint32Array(count);
    const sums = new Float64Array(3 * count);
    const bounds = new Uint16Array(6 * count);
    for (let component = 0; component < count; component++) {
      const at = component * COMPONENT_BYTES;
      voxels[component] = held.getUint32(at, true);
      flags[component] = held.getUint32(at + 4, true);
      for (let k = 0; k < 3; k++) sums[3 * component + k] = held.getFloat64(at + 8 + 8 * k, true);
      for (let k = 0; k < 6; k++) bounds[6 * component + k] = held.getUint16(at + 32 + 2 * k, true);
    }
    return { count, voxels, flags, sums, bounds };
  }

  /** The runs of one slice of the slab, once they are connected. */
  readRuns(target: number, slice: number): SliceRuns {
    const { rows } = this.#layout;
    const starts = this.#raw.rowStartsAddress(target) + 4 * slice * rows;
    const rowStarts = new Uint32Array(this.#buffer, starts, rows + 1).slice();
    const first = rowStarts[0] ?? 0;
    const count = (rowStarts[rows] ?? 0) - first;
    const address = this.#raw.runsAddress(target) + first * RUN_WORDS * 4;
    const words = new Uint32Array(this.#buffer, address, RUN_WORDS * count);
    const columns = new Uint16Array(2 * count);
    const components = new Uint32Array(count);
    for (let run = 0; run < count; run++) {
      const pair = words[RUN_WORDS * run] ?? 0;
      columns[2 * run] = pair & 0xffff;
      columns[2 * run + 1] = pair >>> 16;
      components[run] = words[RUN_WORDS * run + 1] ?? 0;
    }
    return { rowStarts: rowStarts.map((start) => start - first), columns, components };
  }

  /** How many slices of foreground each column has from the slab's first slice on. */
  leading(target: number, slices: number): Uint16Array {
    this.#raw.countLeading(target, slices);
    const { rows, columns } = this.#layout;
    return new Uint16Array(this.#buffer, this.#raw.leadingAddress(), rows * columns).slice();
  }

  /** Says what each component of the slab is: 0 nothing, else its label. */
  classify(target: number, classes: Uint8Array): void {
    new Uint8Array(this.#buffer, this.#raw.classesAddress(target), classes.length).set(classes);
  }

  /**
   * Begins to count depths behind a surface.
   * @param surface height (slice) and cosine of the slope in each column, [row, column]
   */
  beginDepths(surface: { readonly heights: Float32Array; readonly cosines: Float32Array }): void {
    const { rows, columns } = this.#layout;
    for (const [address, map] of [
      [this.#raw.heightsAddress(), surface.heights],
      [this.#raw.cosinesAddress(), surface.cosines],
    ] as const) {
      if (map.length !== rows * columns) {
        const message = `${map.length} values; expected ${rows} x ${columns}`;
        throw new Fault('badInput', { where: 'interface', message });
      }
      new Float32Array(this.#buffer, address, rows * columns).set(map);
    }
    this.#raw.clearDepth();
  }

  /**
   * Counts the slab's runs by depth.
   * @param slab.loneClass of foreground that only a looser threshold sees
   */
  addDepths(
    target: number,
    slab: {
      readonly firstSlice: number;
      readonly slices: number;
      readonly levels: 1 | 3;
      readonly loneClass: number;
      readonly binsPerVoxel: number;
    },
  ): void {
    const { slices, firstSlice, levels, loneClass, binsPerVoxel } = slab;
    this.#raw.addDepths(target, slices, firstSlice, levels, loneClass, binsPerVoxel);
  }

  /** Counts the mask's voxels of the first `slices` slices by depth. */
  countMask(slices: number, binsPerVoxel: number): void {
    this.#raw.countMask(slices, binsPerVoxel);
  }

  /** Voxels by depth: [level][0: not electrode, 1: electrode], then of the mask. */
  readDepths(bins: number): { readonly levels: Float64Array[][]; readonly mask: Float64Array } {
    const table = (index: number) =>
      new Float64Array(
        this.#buffer,
        this.#raw.depthCountsAddress() + 8 * DEPTH_BINS_MAX * index,
        bins,
      ).slice();
    return {
      levels: [0, 1, 2].map((level) => [table(2 * level), table(2 * level + 1)]),
      mask: table(6),
    };
  }

  /** How far beyond the surface the electrode reaches in each column, in voxels; 0: not at all. */
  readReach(level: number): Float32Array {
    const { rows, columns } = this.#layout;
    return new Float32Array(this.#buffer, this.#raw.reachAddress(level), rows * columns).slice();
  }

  /** Labels of one slice of the slab: 0 outside the mask, `background`, or a component's label. */
  paint(slice: number, background: number, targets: number): Uint8Array {
    const { rows, columns } = this.#layout;
    this.#raw.paintMask(background);
    for (let target = 0; target < targets; target++) this.#raw.paintRuns(target, slice);
    return new Uint8Array(this.#buffer, this.#raw.labelsAddress(), rows * columns).slice();
  }

  /** The runs of an empty range: those of an empty mask. */
  #findNothing(target: number, level: number, slice: number): boolean {
    const { spans } = this.#layout;
    const held = new Int32Array(this.#buffer, this.#raw.spansAddress(), spans.length);
    held.fill(0);
    const done = this.#raw.findRuns(target, level, slice, 0, 0);
    held.set(spans);
    return done !== 0;
  }

  get #buffer(): ArrayBuffer {
    return this.#raw.memory.buffer as ArrayBuffer;
  }
}
