import { Fault } from '../domain/fault.ts';
import type { Voxels } from '../domain/volume.ts';
import {
  type CodeRange,
  type Quantisation,
  type SlabComponents,
  type SliceLayout,
  type SliceRuns,
  VolumeKernel,
} from '../kernels/volume-kernel.ts';

/** Some slices of a volume and, where there are any, one more on each side for the median. */
export interface Slab {
  /** Slices as stored, [slice, row, column]. */
  readonly voxels: Voxels;
  /** Counted from the electrode's face, without the extra slice. */
  readonly firstSlice: number;
  readonly slices: number;
  readonly hasBefore: boolean;
  readonly hasBehind: boolean;
  /** True when the electrode's face is the volume's last slice: the last stored comes first. */
  readonly reversed: boolean;
}

export interface SegmentStart {
  readonly layout: SliceLayout;
  /** Absent for bytes, which are codes already. */
  readonly quantisation?: Quantisation;
  readonly usesMedian: boolean;
}

export interface LabelRequest {
  readonly slab: Slab;
  readonly targets: readonly CodeRange[];
  readonly wantsLeading: boolean;
  readonly wantsHistogram: boolean;
}

/** A slab, or a part of one too noisy to be labelled at once. */
export interface LabelledPart {
  readonly firstSlice: number;
  readonly slices: number;
  readonly targets: readonly {
    readonly components: SlabComponents;
    readonly firstRuns: SliceRuns;
    readonly lastRuns: SliceRuns;
  }[];
  /** Of target 0, [row, column]: how many slices of foreground from the part's first on. */
  readonly leading?: Uint16Array;
}

export interface LabelResult {
  readonly parts: readonly LabelledPart[];
  readonly histogram?: Float64Array;
}

export interface DepthTarget {
  /** At the threshold, looser, stricter; only the first when the threshold has no error. */
  readonly ranges: readonly CodeRange[];
  /** What foreground is that belongs to no component at the threshold. */
  readonly loneClass: number;
}

export interface DepthRequest {
  readonly slab: Slab;
  readonly targets: readonly DepthTarget[];
  /** The parts as they were labelled: slices, and for each target what its components are. */
  readonly parts: readonly { readonly slices: number; readonly classes: readonly Uint8Array[] }[];
  readonly binsPerVoxel: number;
  /** Label of the mask's other voxels; absent when no labels are wanted. */
  readonly background?: number;
}

export interface DepthTotals {
  /** [level][0: not electrode, 1: electrode][bin] */
  readonly levels: readonly (readonly Float64Array[])[];
  readonly mask: Float64Array;
  /** How far the electrode reaches in each column, one map per level. */
  readonly reaches: readonly Float32Array[];
}

/** The jobs of a segmentation worker. Depths are gathered between `beginDepths` and `endDepths`. */
export type SegmentJobs = {
  start(start: SegmentStart): void;
  countValues(slab: Slab): Float64Array;
  label(request: LabelRequest): LabelResult;
  beginDepths(surface: { readonly heights: Float32Array; readonly cosines: Float32Array }): void;
  /** Labels of the slab's slices in the order of the electrode's face, if asked for. */
  addDepths(request: DepthRequest): Uint8Array | undefined;
  /** @param mask.slices counts the mask's voxels of so many slices; 0: another worker does */
  endDepths(mask: {
    readonly slices: number;
    readonly bins: number;
    readonly binsPerVoxel: number;
    readonly levels: number;
  }): DepthTotals;
};

/** @param module `loadKernelModule('volume')` */
export function createSegmentJobs(module: WebAssembly.Module): SegmentJobs {
  const worker = new SegmentWorker(new VolumeKernel(module));
  return {
    start: (start) => worker.start(start),
    countValues: (slab) => worker.countValues(slab),
    label: (request) => worker.label(request),
    beginDepths: (surface) => worker.beginDepths(surface),
    addDepths: (request) => worker.addDepths(request),
    endDepths: (mask) => worker.endDepths(mask),
  };
}

class SegmentWorker {
  readonly #kernel: VolumeKernel;
  #start: SegmentStart | undefined;

  constructor(kernel: VolumeKernel) {
    this.#kernel = kernel;
  }

  start(start: SegmentStart): void {
    this.#kernel.configure(start.layout);
    this.#start = start;
  }

  countValues(slab: Slab): Float64Array {
    this.#kernel.clearHistogram();
    this.#eachSlice(slab, 0, slab.slices, () => {
      this.#kernel.countSlice();
      return true;
    });
    return this.#kernel.readHistogram();
  }

  label(request: LabelRequest): LabelResult {
    if (request.wantsHistogram) {
      const histogram = this.countValues(request.slab);
      return { parts: this.#labelParts(request, 0, request.slab.slices), histogram };
    }
    return { parts: this.#labelParts(request, 0, request.slab.slices) };
  }

  beginDepths(surface: { readonly heights: Float32Array; readonly cosines: Float32Array }): void {
    this.#kernel.beginDepths(surface);
  }

  addDepths(request: DepthRequest): Uint8Array | undefined {
    const { slab, targets, parts, binsPerVoxel, background } = request;
    const { rows, columns } = this.#layout;
    const labels =
      background === undefined ? undefined : new Uint8Array(slab.slices * rows * columns);
    let first = 0;
    for (const part of parts) {
      const ranges = targets.map((target) => target.ranges);
      if (!this.#collectRuns(slab, first, part.slices, ranges)) throw tooNoisy(slab);
      for (const [index, target] of targets.entries()) {
        this.#connect(index, part.slices, slab);
        this.#kernel.classify(index, part.classes[index] ?? new Uint8Array(0));
        this.#kernel.addDepths(index, {
          firstSlice: slab.firstSlice + first,
          slices: part.slices,
          levels: target.ranges.length === 3 ? 3 : 1,
          loneClass: target.loneClass,
          binsPerVoxel,
        });
      }
      for (let slice = 0; labels && slice < part.slices; slice++) {
        const painted = this.#kernel.paint(slice, background ?? 0, targets.length);
        labels.set(painted, (first + slice) * rows * columns);
      }
      first += part.slices;
    }
    return labels;
  }

  endDepths(mask: {
    readonly slices: number;
    readonly bins: number;
    readonly binsPerVoxel: number;
    readonly levels: number;
  }): DepthTotals {
    this.#kernel.countMask(mask.slices, mask.binsPerVoxel);
    const depths = this.#kernel.readDepths(mask.bins);
    const reaches = Array.from({ length: mask.levels }, (_, level) =>
      this.#kernel.readReach(level),
    );
    return { ...depths, reaches };
  }

  /** Halves what is too noisy, down to single slices. */
  #labelParts(request: LabelRequest, first: number, slices: number): LabelledPart[] {
    const part = this.#labelPart(request, first, slices);
    if (part) return [part];
    if (slices === 1) throw tooNoisy(request.slab);
    const half = slices >> 1;
    return [
      ...this.#labelParts(request, first, half),
      ...this.#labelParts(request, first + half, slices - half),
    ];
  }

  #labelPart(request: LabelRequest, first: number, slices: number): LabelledPart | undefined {
    const { slab, targets, wantsLeading } = request;
    const ranges = targets.map((range) => [range]);
    if (!this.#collectRuns(slab, first, slices, ranges)) return undefined;
    const labelled: LabelledPart['targets'][number][] = [];
    for (const index of targets.keys()) {
      const components = this.#kernel.connect(index, slices);
      if (!components) return undefined;
      labelled.push({
        components,
        firstRuns: this.#kernel.readRuns(index, 0),
        lastRuns: this.#kernel.readRuns(index, slices - 1),
      });
    }
    const firstSlice = slab.firstSlice + first;
    const leading = wantsLeading ? { leading: this.#kernel.leading(0, slices) } : {};
    return { firstSlice, slices, targets: labelled, ...leading };
  }

  #connect(target: number, slices: number, slab: Slab): void {
    if (!this.#kernel.connect(target, slices)) throw tooNoisy(slab);
  }

  #collectRuns(
    slab: Slab,
    first: number,
    slices: number,
    targets: readonly (readonly CodeRange[])[],
  ): boolean {
    return this.#eachSlice(slab, first, slices, (slice) =>
      targets.every((ranges, target) =>
        ranges.every((range, level) => this.#kernel.findRuns(target, level, slice, range)),
      ),
    );
  }

  /** Makes each slice of a part current in turn, until `use` says false. */
  #eachSlice(slab: Slab, first: number, slices: number, use: (slice: number) => boolean): boolean {
    const least = slab.hasBefore ? -1 : 0;
    const greatest = slab.hasBehind ? slab.slices : slab.slices - 1;
    const inside = (slice: number) => Math.max(least, Math.min(greatest, slice));
    const slotOf = (slice: number) => (inside(slice) + 3) % 3;
    let loaded = inside(first - 1) - 1;
    for (let slice = first; slice < first + slices; slice++) {
      while (loaded < inside(slice + 1)) {
        loaded += 1;
        this.#load(slab, loaded, slotOf(loaded));
      }
      if (this.#start?.usesMedian === false) this.#kernel.passSlice(slotOf(slice));
      else this.#kernel.medianSlice(slotOf(slice - 1), slotOf(slice), slotOf(slice + 1));
      if (!use(slice - first)) return false;
    }
    return true;
  }

  #load(slab: Slab, slice: number, slot: number): void {
    const { rows, columns } = this.#layout;
    const length = rows * columns;
    const stored = slab.slices + Number(slab.hasBefore) + Number(slab.hasBehind);
    const inOrder = slice + Number(slab.hasBefore);
    const at = (slab.reversed ? stored - 1 - inOrder : inOrder) * length;
    const voxels = slab.voxels.subarray(at, at + length);
    const unusable = this.#kernel.loadSlice(slot, voxels, this.#start?.quantisation);
    if (unusable === 0) return;
    const face = slab.reversed ? 'last' : 'first';
    throw new Fault('badInput', {
      where: `slice ${slab.firstSlice + slice + 1} from the ${face}`,
      message: `${unusable} voxels inside the mask are no finite numbers; expected attenuation`,
    });
  }

  get #layout(): SliceLayout {
    if (this.#start) return this.#start.layout;
    throw new Fault('analysis', { where: 'segmentation', message: 'has not been started' });
  }
}

function tooNoisy(slab: Slab): Fault {
  return new Fault('capacity', {
    where: `slices from ${slab.firstSlice}`,
    message:
      'one slice has more separate pieces than can be labelled; the threshold parts noise, not phases: give another one',
  });
}
