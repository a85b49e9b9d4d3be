import { asFault, type Problem } from '../domain/fault.ts';
import type { LiveScratch, LiveScratchFactory } from '../domain/live-scratch.ts';
import type { FrameReference, FrameView, LiveKernel } from '../kernels/live-kernel.ts';
import type { PlaneDetector, PlanePicture } from '../kernels/live-planes.ts';
import { type FramePixels, reachesBeyond } from './live-light.ts';
import type { ContainedView } from './live-views.ts';

/** The most that the filtered projections kept for the next scan may take: 16 GiB. */
export const SCRATCH_BYTES_MAX = 16 * 2 ** 30;

/** Slots beyond those of a scan, for old views that wait for their turn. */
const SPARE_SLOTS_FRACTION = 0.25;
const SPARE_SLOTS_MIN = 16;

export interface SeriesOptions {
  readonly kernel: LiveKernel;
  readonly scratches: LiveScratchFactory;
  readonly scratchPath: string;
  readonly detector: PlaneDetector;
  readonly pictures: readonly PlanePicture[];
  /** Of the first scan. */
  readonly views: number;
}

/**
 * The slices of one detector, through any number of scans, and the filtered projections that are
 * in them. A projection is kept exactly as it was added, so taking it out leaves nothing behind
 * but rounding.
 */
export class LiveSeries {
  readonly detector: PlaneDetector;
  readonly pictures: readonly PlanePicture[];
  readonly #kernel: LiveKernel;
  readonly #scratch: LiveScratch | undefined;
  /** 0 when nothing is kept, or no more. */
  #slotsMax: number;
  readonly #freeSlots: number[] = [];
  #slotsUsed = 0;
  readonly #frame: Float32Array;
  #problems: readonly Problem[] = [];
  /** Decided by the first view and kept, so that what differs between scans is the sample. */
  #extendEdges: boolean | undefined;

  /**
   * Begins empty slices. Without room for a whole scan nothing is kept.
   * @throws Fault capacity when the detector does not fit, storage from the scratch
   */
  constructor(options: SeriesOptions) {
    const { kernel, detector, pictures, views } = options;
    this.detector = detector;
    this.pictures = pictures;
    this.#kernel = kernel;
    kernel.configure(detector, pictures);
    this.#frame = new Float32Array(kernel.frameLength);
    const wanted = views + Math.max(SPARE_SLOTS_MIN, Math.ceil(SPARE_SLOTS_FRACTION * views));
    const bytes = wanted * this.#frame.byteLength;
    this.#slotsMax = bytes <= SCRATCH_BYTES_MAX ? wanted : 0;
    this.#scratch =
      this.#slotsMax > 0
        ? options.scratches.open(options.scratchPath, this.#frame.length, this.#slotsMax)
        : undefined;
  }

  /**
   * Adds a projection. Its slot is -1 when it could not be kept: then the slices are as good as
   * ever, but the next scan has to begin new ones, and `takeProblems` says why.
   */
  put(pixels: FramePixels, reference: FrameReference, view: FrameView): ContainedView {
    this.#extendEdges ??= reachesBeyond(pixels, reference, this.detector);
    this.#kernel.filterFrame(pixels, this.#extendEdges);
    this.#kernel.addFrame('measured', view);
    return { ...view, slot: this.#keep() };
  }

  /** What went wrong since it was last asked. */
  takeProblems(): readonly Problem[] {
    const problems = this.#problems;
    this.#problems = [];
    return problems;
  }

  /** Takes a kept projection out again. @throws Fault storage */
  takeOut(view: ContainedView): void {
    this.#recall(view, -view.weightRadian);
    this.#freeSlots.push(view.slot);
  }

  /** Gives a kept projection another weight. @throws Fault storage */
  reweigh(view: ContainedView, weightRadian: number): ContainedView {
    this.#recall(view, weightRadian - view.weightRadian);
    return { ...view, weightRadian };
  }

  /** Forgets every projection and begins empty slices. */
  clear(): void {
    this.#kernel.clearPlanes();
    this.#freeSlots.length = 0;
    this.#slotsUsed = 0;
  }

  close(): void {
    this.#scratch?.close();
  }

  #recall(view: ContainedView, weightRadian: number): void {
    this.#scratch?.read(view.slot, this.#frame);
    this.#kernel.writeFrame(this.#frame);
    this.#kernel.addFrame('recalled', { ...view, weightRadian });
  }

  #keep(): number {
    const slot = this.#takeSlot();
    if (slot < 0) return slot;
    this.#kernel.readFrame(this.#frame);
    try {
      this.#scratch?.write(slot, this.#frame);
      return slot;
    } catch (error) {
      this.#problems = asFault(error, 'live slices', 'storage').problems;
      this.#slotsMax = 0;
      this.#freeSlots.length = 0;
      return -1;
    }
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    return this.#slotsUsed < this.#slotsMax ? this.#slotsUsed++ : -1;
  }
}
