import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { Frame } from '../domain/scan.ts';
import type { VolumeWriter } from '../domain/volume-writer.ts';
import type { Executor } from './executor.ts';
import { VIEWS_MIN, VOLUME_BYTES_MAX } from './reconstruct.ts';
import type { TomographyJobs } from './tomography-jobs.ts';

/** The most that the frames of one scan may take in memory, and all frames that wait. */
export const SCAN_BYTES_MAX = 2 ** 30;
/** Scans whose volumes are still being made when another begins. */
export const SCANS_UNFINISHED_MAX = 2;

interface CurrentScan {
  readonly scanId: string;
  /** False when the scan is too large: it has a live slice, but no volume. */
  readonly keepsFrames: boolean;
  keptBytes: number;
  projections: number;
  picturesLeftOut: number;
  /** Set by the first trouble: nothing more is made of this scan. */
  failed: boolean;
}

/**
 * Turns projections into a live slice while they arrive and into a volume when the scan ends.
 * Frames wait in order; while more than one waits, pictures are left out and counted, projections
 * never are.
 */
export class TomographyService implements AnalysisService {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #executor: Executor<TomographyJobs>;
  readonly #volumeWriter: VolumeWriter;
  readonly #volumePath: (scanId: string) => string;
  readonly #volumeName: (scanId: string) => string;
  readonly #scanBytesMax: number;
  #unsubscribe: (() => void)[] = [];
  #scan: CurrentScan | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #unfinished = 0;
  #turn: Promise<void> = Promise.resolve();

  /**
   * @param options.executor answers calls in order; closed by whoever made it
   * @param options.volumePath where a scan's volume is written
   * @param options.volumeName what the volume is called in the `volume` event
   * @param options.scanBytesMax SCAN_BYTES_MAX unless given
   */
  constructor(options: {
    readonly bus: Bus;
    readonly clock: Clock;
    readonly executor: Executor<TomographyJobs>;
    readonly volumeWriter: VolumeWriter;
    readonly volumePath: (scanId: string) => string;
    readonly volumeName: (scanId: string) => string;
    readonly scanBytesMax?: number;
  }) {
    this.#bus = options.bus;
    this.#clock = options.clock;
    this.#executor = options.executor;
    this.#volumeWriter = options.volumeWriter;
    this.#volumePath = options.volumePath;
    this.#volumeName = options.volumeName;
    this.#scanBytesMax = options.scanBytesMax ?? SCAN_BYTES_MAX;
  }

  async start(): Promise<void> {
    this.#unsubscribe = [
      this.#bus.on('scanStarted', (event) => this.#begin(event)),
      this.#bus.on('frame', ({ frame }) => this.#take(frame)),
      this.#bus.on('scanEnded', ({ scanId }) => this.#end(scanId)),
    ];
  }

  async drain(): Promise<void> {
    while (this.#waiting > 0) await this.#turn;
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    await this.drain();
  }

  #begin({ plan, rows, columns }: BusEvents['scanStarted']): void {
    const { scanId } = plan;
    const problem = this.#tooLargeForVolume(plan.views * rows * columns, rows * columns * columns);
    const keepsFrames = problem === undefined;
    const scan: CurrentScan = {
      scanId,
      keepsFrames,
      keptBytes: 0,
      projections: 0,
      picturesLeftOut: 0,
      failed: false,
    };
    this.#scan = scan;
    if (this.#unfinished >= SCANS_UNFINISHED_MAX) {
      this.#fail(
        scan,
        `${this.#unfinished} scans are still being reconstructed, so this one is only recorded`,
      );
      return;
    }
    if (problem) this.#bus.publish('analysisFault', { where: scanId, message: problem });
    this.#queue(scan, () => this.#executor.call('startScan', { plan, rows, columns, keepsFrames }));
  }

  #take(frame: Frame): void {
    const scan = this.#scan;
    if (!scan || scan.scanId !== frame.scanId || scan.failed) return;
    const bytes = frame.pixels.byteLength;
    if (scan.keepsFrames || frame.kind !== 'projection') scan.keptBytes += bytes;
    if (scan.keptBytes > this.#scanBytesMax || this.#waitingBytes + bytes > this.#scanBytesMax) {
      const message = `its frames take more than the ${this.#scanBytesMax} bytes that are kept, so it is recorded but not reconstructed`;
      this.#fail(scan, message);
      return;
    }
    if (frame.kind === 'projection') scan.projections += 1;
    // The pixels stay the detector's own, so the worker is given a copy.
    const copy = { ...frame, pixels: frame.pixels.slice() };
    this.#waitingBytes += bytes;
    this.#queue(scan, async () => {
      const wantPicture = this.#waiting === 1;
      if (frame.kind === 'projection' && !wantPicture) scan.picturesLeftOut += 1;
      const transfer = [copy.pixels.buffer];
      const slice = await this.#executor.call('addFrame', { frame: copy, wantPicture }, transfer);
      if (slice) this.#bus.publish('liveSlice', { slice });
    }).finally(() => {
      this.#waitingBytes -= bytes;
    });
  }

  #end(scanId: string): void {
    const scan = this.#scan;
    if (scan?.scanId !== scanId) return;
    this.#scan = undefined;
    this.#unfinished += 1;
    this.#queue(scan, async () => {
      if (scan.picturesLeftOut > 0) {
        const what = `live slices of ${scanId}`;
        this.#bus.publish('dropped', { what, count: scan.picturesLeftOut });
      }
      if (!scan.keepsFrames) return;
      if (scan.projections < VIEWS_MIN) {
        this.#fail(scan, `${scan.projections} views; a volume needs at least ${VIEWS_MIN}`);
        return;
      }
      const { volume, summary } = await this.#executor.call('finishScan', scanId);
      await this.#volumeWriter.write(this.#volumePath(scanId), volume, summary);
      this.#bus.publish('volume', { scanId, summary, file: this.#volumeName(scanId) });
    }).finally(() => {
      this.#unfinished -= 1;
    });
  }

  /** Runs after all before it; simulated time waits. The first failure ends the scan's analysis. */
  #queue(scan: CurrentScan, task: () => Promise<void>): Promise<void> {
    const release = this.#clock.hold();
    this.#waiting += 1;
    this.#turn = this.#turn
      .then(() => (scan.failed ? undefined : task()))
      .catch((error: unknown) => {
        const fault = asFault(error, scan.scanId);
        for (const { where, message } of fault.problems) this.#fail(scan, message, where);
      })
      .finally(() => {
        this.#waiting -= 1;
        release();
      });
    return this.#turn;
  }

  #fail(scan: CurrentScan, message: string, where?: string): void {
    scan.failed = true;
    const place =
      where === undefined || where === scan.scanId ? scan.scanId : `${scan.scanId}, ${where}`;
    this.#bus.publish('analysisFault', { where: place, message });
  }

  #tooLargeForVolume(counts: number, voxels: number): string | undefined {
    const countBytes = counts * Uint16Array.BYTES_PER_ELEMENT;
    const voxelBytes = voxels * Float32Array.BYTES_PER_ELEMENT;
    if (countBytes <= this.#scanBytesMax && voxelBytes <= VOLUME_BYTES_MAX) return undefined;
    return `its projections take ${countBytes} bytes and its volume ${voxelBytes}; at most ${this.#scanBytesMax} and ${VOLUME_BYTES_MAX} are held, so it has a live slice but no volume`;
  }
}
