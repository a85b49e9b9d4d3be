import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../domain/clock.ts';
import { asFault, Fault, type Problem } from '../domain/fault.ts';
import type { LiveScratchFactory } from '../domain/live-scratch.ts';
import type { LiveSlice } from '../domain/scan.ts';
import type { FrameReference, LiveKernel } from '../kernels/live-kernel.ts';
import { planePicture, standardPlanes } from '../kernels/live-planes.ts';
import { LiveCoverage } from './live-coverage.ts';
import type {
  LiveFrame,
  LivePlaneRequest,
  LiveRezero,
  LiveScanEnd,
  LiveScanStart,
  LiveUpdate,
} from './live-frames.ts';
import { LiveReference, ViewWatch } from './live-light.ts';
import { LiveSeries } from './live-series.ts';
import { type ContainedView, OldViews } from './live-views.ts';
import { viewWeights } from './tomography-angles.ts';

/** Frames are binned until the slices are not wider than this. */
export const SLICE_COLUMNS_MAX = 1024;

/** A scan that saw less of the half turn than this leaves the old views where it has none. */
const COMPLETE_FRACTION = 0.9;
/** A view's weight is put right when it is wrong by more than this share of a step. */
const WEIGHT_TOLERANCE = 1e-3;

interface Scan {
  readonly start: LiveScanStart;
  readonly weightRadian: number;
  readonly axisPixel: number;
  readonly watch: ViewWatch;
  coverage: LiveCoverage;
  mode: LiveSlice['mode'];
  /** Those of this scan that are in the slices. */
  views: ContainedView[];
  viewsSeen: number;
  lost: number;
  repeated: number;
}

/**
 * Slices that grow with every projection. Filtered back-projection is linear, so a view is added
 * by its weight times the back-projection of its filtered rows, and taken out again by the same
 * with the opposite sign. The first scan of a detector fills empty slices; in every later one each
 * view takes the place of the nearest of the scan before, so the slices are always a whole half
 * turn. What is taken out is read back as it was put in, with its own angle, weight and axis.
 */
export class LiveEngine {
  readonly #kernel: LiveKernel;
  readonly #scratches: LiveScratchFactory;
  readonly #clock: Clock;
  readonly #binning: number | undefined;
  #series: LiveSeries | undefined;
  #scan: Scan | undefined;
  /** The last scan, until the next begins. */
  #ended: Scan | undefined;
  #old = new OldViews([]);
  #axisPixel: number | undefined;
  #light: LiveReference | undefined;
  #reference: FrameReference | undefined;
  #problems: Problem[] = [];

  /**
   * @param options.binning detector pixels per side; as SLICE_COLUMNS_MAX asks unless given
   */
  constructor(options: {
    readonly kernel: LiveKernel;
    readonly scratches: LiveScratchFactory;
    readonly clock: Clock;
    readonly binning?: number;
  }) {
    this.#kernel = options.kernel;
    this.#scratches = options.scratches;
    this.#clock = options.clock;
    this.#binning = options.binning;
  }

  /**
   * Goes on from the slices of the scan before when detector and planes are the same, else begins
   * anew.
   * @throws Fault badInput for a plane that is none, capacity when the detector does not fit, storage when the scratch cannot be made
   */
  startScan(start: LiveScanStart): void {
    if (this.#scan) this.finish(this.#scan.start.plan.scanId);
    this.#goOnOrBegin(start);
    const { plan } = start;
    // Each direction is seen once per half turn, and the weights of one half turn sum to pi.
    const spanRadian = Math.abs(plan.spanRadian);
    const halfTurns = Math.max(1, Math.round(spanRadian / Math.PI));
    this.#light = undefined;
    this.#ended = undefined;
    this.#scan = {
      start,
      weightRadian: Math.min(spanRadian / halfTurns, Math.PI) / plan.views,
      axisPixel: start.axisPixel ?? this.#axisPixel ?? (start.columns - 1) / 2,
      mode: this.#old.count > 0 ? 'difference' : 'fillIn',
      coverage: coverageOf(start),
      watch: new ViewWatch(),
      views: [],
      viewsSeen: 0,
      lost: 0,
      repeated: 0,
    };
  }

  /**
   * Takes a frame. Flats and darks that come later change the projections after them alone.
   * @throws Fault badInput when it does not belong to the scan, or no flats and darks came before
   */
  add(frame: LiveFrame, wantPictures: boolean): LiveUpdate {
    const begunSecond = this.#clock.nowSecond();
    const scan = this.#inProgress(frame.scanId);
    checkFrame(scan.start, frame);
    if (frame.kind === 'projection') {
      this.#addProjection(scan, frame);
      return this.#update(wantPictures ? this.#pictures(scan, begunSecond) : []);
    }
    this.#light ??= new LiveReference(frame.rows * frame.columns);
    this.#light.add(frame.kind, frame.pixels);
    this.#reference = undefined;
    return this.#update([]);
  }

  /**
   * After the last projection: old views that none replaced are taken out, and each view gets the
   * weight that its neighbours' angles leave it. A scan that was cut short keeps the old views.
   */
  finish(scanId: string): LiveScanEnd {
    const begunSecond = this.#clock.nowSecond();
    const scan = this.#inProgress(scanId);
    this.#scan = undefined;
    this.#ended = scan;
    const series = this.#series;
    let [viewsTakenOut, weightsCorrected] = [0, 0];
    if (series && isComplete(scan)) {
      this.#attempt(scan, () => {
        for (const view of this.#old.rest()) {
          series.takeOut(view);
          viewsTakenOut += 1;
        }
        weightsCorrected = correctWeights(scan, series);
      });
    }
    this.#old = new OldViews([...this.#old.rest(), ...scan.views]);
    const { lost, repeated, views } = scan;
    return {
      ...this.#update(this.#pictures(scan, begunSecond)),
      viewsUsed: views.length,
      viewsLost: lost,
      viewsRepeated: repeated,
      viewsTakenOut,
      weightsCorrected,
    };
  }

  /** What `slicePlanes` needs; undefined unless it is this scan that the slices show. */
  geometry(scanId: string): LivePlaneRequest | undefined {
    const shown = this.#ended ?? this.#scan;
    if (shown?.start.plan.scanId !== scanId || !this.#series) return undefined;
    const { detector, pictures } = this.#series;
    return { detector, pictures };
  }

  /**
   * Puts planes of the finished volume in the place of the slices, which ends all rounding that
   * added up. From here on its views count as having been added with the volume's axis and with
   * the weights of the whole scan, so a later scan makes of it
   * volume - back-projection(old views) + back-projection(new views).
   * No slices come back when another scan has begun on them, or the scan was cut short: then only
   * the axis is taken over, from the next scan on.
   */
  rezero({ scanId, planes, axisPixel }: LiveRezero): LiveUpdate {
    const begunSecond = this.#clock.nowSecond();
    if (!Number.isFinite(axisPixel)) {
      const message = `${axisPixel}; expected a detector column`;
      throw new Fault('badInput', { where: 'rotation axis', message });
    }
    this.#axisPixel = axisPixel;
    const scan = this.#ended;
    if (scan?.start.plan.scanId !== scanId || !isComplete(scan)) return this.#update([]);
    for (const [at, pixels] of planes.entries()) this.#kernel.writePlane(at, pixels);
    const weights = viewWeights(scan.views.map(({ angleRadian }) => angleRadian));
    scan.views = scan.views.map((view, at) => ({
      ...view,
      axisPixel,
      weightRadian: weights[at] ?? 0,
    }));
    this.#old = new OldViews(scan.views);
    return this.#update(this.#pictures(scan, begunSecond));
  }

  /** Lets go of slices and scratch. */
  close(): void {
    this.#series?.close();
    this.#series = undefined;
    this.#scan = undefined;
    this.#ended = undefined;
    this.#old = new OldViews([]);
  }

  #goOnOrBegin({ rows, columns, plan, scratchPath, planes }: LiveScanStart): void {
    const known = this.#series?.detector;
    const isSame = known?.rows === rows && known.columns === columns;
    const binning = this.#binning ?? liveBinning(rows, columns);
    const detector = { rows, columns, binning };
    const pictures = planes
      ? planes.map(({ plane, geometry }) => planePicture(plane, geometry, detector))
      : standardPlanes(detector);
    const areSamePlanes = isDeepStrictEqual(this.#series?.pictures, pictures);
    // Views that were not kept can never be taken out.
    const isKept = this.#old.count > 0 && this.#old.areKept;
    if (isSame && areSamePlanes && isKept) return;
    this.close();
    if (!isSame) {
      this.#reference = undefined;
      this.#axisPixel = undefined;
    }
    this.#series = new LiveSeries({
      kernel: this.#kernel,
      scratches: this.#scratches,
      scratchPath,
      detector,
      pictures,
      views: plan.views,
    });
    if (this.#reference) this.#kernel.setReference(this.#reference);
  }

  #addProjection(scan: Scan, { pixels, angleRadian }: LiveFrame): void {
    const reference = this.#currentReference();
    const series = this.#series;
    scan.viewsSeen += 1;
    const flaw = scan.watch.flawOf(pixels, reference);
    if (flaw === 'lost') scan.lost += 1;
    if (flaw === 'repeated') scan.repeated += 1;
    if (flaw || !series) return;
    const { weightRadian, axisPixel } = scan;
    this.#attempt(scan, () => {
      for (const old of this.#old.replacedBy(angleRadian, weightRadian)) series.takeOut(old);
    });
    scan.views.push(series.put(pixels, reference, { angleRadian, weightRadian, axisPixel }));
    this.#problems.push(...series.takeProblems());
    scan.coverage.add(angleRadian);
  }

  #currentReference(): FrameReference {
    if (this.#reference) return this.#reference;
    const light = this.#light ?? new LiveReference(0);
    this.#reference = light.reference();
    this.#kernel.setReference(this.#reference);
    return this.#reference;
  }

  /**
   * Does work that needs projections of before. Where they cannot be read the slices cannot be put
   * right: they begin anew with the views that are still to come.
   */
  #attempt(scan: Scan, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      const fault = asFault(error, 'live slices', 'storage');
      if (fault.code !== 'storage') throw fault;
      this.#problems.push(...fault.problems);
      this.#series?.clear();
      this.#old = new OldViews([]);
      scan.views = [];
      scan.mode = 'fillIn';
      scan.coverage = coverageOf(scan.start);
      return false;
    }
  }

  #update(slices: readonly LiveSlice[]): LiveUpdate {
    const problems = this.#problems;
    this.#problems = [];
    return { slices, problems };
  }

  #pictures(scan: Scan, begunSecond: number): LiveSlice[] {
    const series = this.#series;
    if (!series) return [];
    const { plan } = scan.start;
    const facts = {
      scanId: plan.scanId,
      mode: scan.mode,
      viewsDone: scan.viewsSeen,
      viewsTotal: plan.views,
      coverageFraction: scan.coverage.fraction,
      seen: scan.coverage.ranges(),
      binning: series.detector.binning,
      ...(plan.pixelSizeUm === undefined ? {} : { pixelSizeUm: plan.pixelSizeUm }),
    };
    return series.pictures.map(({ plane, geometry, rows, columns }, at) => {
      const pixels = this.#kernel.readPlane(at);
      const latencyMs = (this.#clock.nowSecond() - begunSecond) * 1000;
      return { ...facts, plane, geometry, rows, columns, latencyMs, pixels };
    });
  }

  #inProgress(scanId: string): Scan {
    const scan = this.#scan;
    if (scan?.start.plan.scanId === scanId) return scan;
    throw new Fault('analysis', { where: scanId, message: 'this scan is not in progress' });
  }
}

function coverageOf({ plan }: LiveScanStart): LiveCoverage {
  return new LiveCoverage(plan.spanRadian / plan.views);
}

function isComplete(scan: Scan): boolean {
  return scan.coverage.fraction >= COMPLETE_FRACTION;
}

/** Detector pixels per side, so that no slice is wider or higher than SLICE_COLUMNS_MAX. */
export function liveBinning(rows: number, columns: number): number {
  return Math.max(1, Math.ceil(Math.max(rows, columns) / SLICE_COLUMNS_MAX));
}

/** Gives every view the share of the half turn that its neighbours leave it. */
function correctWeights(scan: Scan, series: LiveSeries): number {
  const weights = viewWeights(scan.views.map(({ angleRadian }) => angleRadian));
  let corrected = 0;
  for (const [at, view] of scan.views.entries()) {
    const weightRadian = weights[at] ?? view.weightRadian;
    const wrong = Math.abs(weightRadian - view.weightRadian);
    if (wrong <= WEIGHT_TOLERANCE * scan.weightRadian || view.slot < 0) continue;
    scan.views[at] = series.reweigh(view, weightRadian);
    corrected += 1;
  }
  return corrected;
}

function checkFrame(start: LiveScanStart, { rows, columns, pixels }: LiveFrame): void {
  if (rows === start.rows && columns === start.columns && pixels.length === rows * columns) return;
  throw new Fault('badInput', {
    where: start.plan.scanId,
    message: `a frame of ${rows} x ${columns} (${pixels.length} values); the scan began with ${start.rows} x ${start.columns}`,
  });
}
