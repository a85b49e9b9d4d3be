import { Fault } from '../domain/fault.ts';
import type { Frame, LiveSlice, ReconstructionSummary, ScanPlan, Volume } from '../domain/scan.ts';
import { TomographyKernel } from '../kernels/tomography-kernel.ts';
import { reconstructScan } from './reconstruct.ts';
import { AngularCoverage } from './tomography-angles.ts';
import {
  attenuationOf,
  type FlatField,
  flatFieldOf,
  rowReference,
} from './tomography-flat-field.ts';

/** What the detector sends in one scan. */
export interface ScanStart {
  readonly plan: ScanPlan;
  readonly rows: number;
  readonly columns: number;
  /** False for a scan without a volume: only its live slice is made. */
  readonly keepsFrames: boolean;
}

export interface FrameArrival {
  readonly frame: Frame;
  /** False to add the projection to the slice without sending the slice back. */
  readonly wantPicture: boolean;
}

export interface FinishedVolume {
  readonly volume: Volume;
  readonly summary: ReconstructionSummary;
}

/** The jobs of the tomography worker, called in the order of a scan. */
export type TomographyJobs = {
  startScan(start: ScanStart): void;
  addFrame(arrival: FrameArrival): LiveSlice | undefined;
  finishScan(scanId: string): FinishedVolume;
};

/**
 * The state behind the jobs: the frames of one scan and its live slice.
 * @param module `loadKernelModule('tomography')`
 */
export function createTomographyJobs(module: WebAssembly.Module): TomographyJobs {
  // Two kernels, so that a volume in the making never touches the live slice.
  const liveKernel = new TomographyKernel(module);
  const volumeKernel = new TomographyKernel(module);
  let scan: ScanInProgress | undefined;
  let lastAxis: { readonly columns: number; readonly axisPixel: number } | undefined;
  return {
    startScan(start) {
      // The frames of a scan that was never finished are let go before the next ones are kept.
      scan = undefined;
      const knownAxisPixel = lastAxis?.columns === start.columns ? lastAxis.axisPixel : undefined;
      scan = new ScanInProgress(liveKernel, start, knownAxisPixel);
    },
    addFrame({ frame, wantPicture }) {
      return scanOf(scan, frame.scanId).add(frame, wantPicture);
    },
    finishScan(scanId) {
      const finished = scanOf(scan, scanId).finish(volumeKernel);
      scan = undefined;
      const { columns, axisPixel, axisAgreed } = finished.summary;
      if (axisAgreed) lastAxis = { columns, axisPixel };
      return finished;
    },
  };
}

function scanOf(scan: ScanInProgress | undefined, scanId: string): ScanInProgress {
  if (scan?.scanId === scanId) return scan;
  throw new Fault('analysis', { where: scanId, message: 'this scan is not in progress' });
}

class ScanInProgress {
  readonly scanId: string;
  readonly #kernel: TomographyKernel;
  readonly #start: ScanStart;
  readonly #knownAxisPixel: number | undefined;
  readonly #row: number;
  readonly #coverage: AngularCoverage;
  readonly #flats: Uint16Array[] = [];
  readonly #darks: Uint16Array[] = [];
  readonly #flatsAfterViews: number[] = [];
  readonly #projections: Uint16Array;
  readonly #anglesRadian: number[] = [];
  #reference: FlatField | undefined;

  /** @param knownAxisPixel axis of the scan before; the detector's middle stands in for it. */
  constructor(kernel: TomographyKernel, start: ScanStart, knownAxisPixel: number | undefined) {
    const { plan, rows, columns, keepsFrames } = start;
    this.scanId = plan.scanId;
    this.#kernel = kernel;
    this.#start = start;
    this.#knownAxisPixel = knownAxisPixel;
    this.#row = rows >> 1;
    this.#coverage = new AngularCoverage(plan.spanRadian / plan.views);
    this.#projections = new Uint16Array(keepsFrames ? plan.views * rows * columns : 0);
    kernel.clearSlice(columns);
  }

  add(frame: Frame, wantPicture: boolean): LiveSlice | undefined {
    this.#check(frame);
    if (frame.kind === 'flat') {
      this.#flats.push(frame.pixels);
      this.#flatsAfterViews.push(this.#anglesRadian.length);
    } else if (frame.kind === 'dark') this.#darks.push(frame.pixels);
    if (frame.kind !== 'projection') {
      this.#reference = undefined;
      return undefined;
    }
    this.#keep(frame);
    this.#addToSlice(frame);
    return wantPicture ? this.#picture() : undefined;
  }

  finish(kernel: TomographyKernel): FinishedVolume {
    const { rows, columns } = this.#start;
    const views = this.#anglesRadian.length;
    const scan = {
      rows,
      columns,
      anglesRadian: Float64Array.from(this.#anglesRadian),
      projections: this.#projections.subarray(0, views * rows * columns),
      flats: joined(this.#flats),
      darks: joined(this.#darks),
      flatsAfterViews: this.#flatsAfterViews,
    };
    const known = this.#knownAxisPixel;
    const { volume, summary } = reconstructScan(kernel, scan, {
      algorithm: 'gridding',
      axis: 'auto',
      ...(known === undefined ? {} : { axisOtherwisePixel: known }),
    });
    return { volume, summary };
  }

  #check({ rows, columns, pixels }: Frame): void {
    const start = this.#start;
    if (rows === start.rows && columns === start.columns && pixels.length === rows * columns)
      return;
    throw new Fault('badInput', {
      where: this.scanId,
      message: `a frame of ${rows} x ${columns} (${pixels.length} values); the scan began with ${start.rows} x ${start.columns}`,
    });
  }

  #keep(frame: Frame): void {
    const { plan, keepsFrames } = this.#start;
    if (this.#anglesRadian.length >= plan.views) {
      const message = `projection ${this.#anglesRadian.length + 1} of a scan planned with ${plan.views} views`;
      throw new Fault('capacity', { where: this.scanId, message });
    }
    const at = this.#anglesRadian.length * frame.pixels.length;
    if (keepsFrames) this.#projections.set(frame.pixels, at);
    this.#anglesRadian.push(frame.angleRadian);
  }

  #addToSlice({ pixels, angleRadian }: Frame): void {
    const { plan, rows, columns } = this.#start;
    this.#reference ??= rowReference(
      flatFieldOf({ rows, columns, flats: joined(this.#flats), darks: joined(this.#darks) }),
      this.#row,
      columns,
    );
    const counts = pixels.subarray(this.#row * columns, (this.#row + 1) * columns);
    const attenuation = attenuationOf(this.#kernel, counts, this.#reference);
    // Each direction is seen once per half turn, and the weights of one half turn sum to pi.
    const halfTurns = Math.max(1, Math.round(Math.abs(plan.spanRadian) / Math.PI));
    const weightRadian = Math.min(Math.abs(plan.spanRadian) / halfTurns, Math.PI) / plan.views;
    const axisPixel = this.#knownAxisPixel ?? (columns - 1) / 2;
    this.#kernel.addToSlice(attenuation, [{ angleRadian, weightRadian, axisPixel }]);
    this.#coverage.add(angleRadian);
  }

  #picture(): LiveSlice {
    return {
      scanId: this.scanId,
      viewsDone: this.#anglesRadian.length,
      viewsTotal: this.#start.plan.views,
      coverageFraction: this.#coverage.fraction,
      row: this.#row,
      size: this.#start.columns,
      pixels: this.#kernel.readSlice(),
    };
  }
}

function joined(frames: readonly Uint16Array[]): Uint16Array {
  const result = new Uint16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    result.set(frame, at);
    at += frame.length;
  }
  return result;
}
