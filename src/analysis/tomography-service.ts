import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault, type Problem } from '../domain/fault.ts';
import type { Frame } from '../domain/scan.ts';
import type { ScanLibrary, ScanSource } from '../domain/scan-source.ts';
import type { VolumeWriter } from '../domain/volume-writer.ts';
import type { Executor } from './executor.ts';
import { LiveFeed } from './live-feed.ts';
import type { LiveJobs } from './live-jobs.ts';
import { ViewInspector } from './tomography-views.ts';
import type { VolumeEngine } from './volume-engine.ts';
import { VIEWS_MIN } from './volume-options.ts';

/** Scans whose volumes are still to be made when another ends. */
export const SCANS_UNFINISHED_MAX = 2;
/** Damaged frames of one scan that are named; of more, only the number. */
const PROBLEMS_TOLD_MAX = 10;

export interface TomographyServiceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Answers calls in order; closed by whoever made it. */
  readonly live: Executor<LiveJobs>;
  /** Where live slices may keep the projections of a scan for the scan after. */
  readonly liveScratchPath: string;
  readonly engine: VolumeEngine;
  /** Opens the frames of a scan that has ended. */
  readonly library: ScanLibrary;
  readonly volumeWriter: VolumeWriter;
  /** Where a scan's volume is written. */
  readonly volumePath: (scanId: string) => string;
  /** What the volume is called in the `volume` event. */
  readonly volumeName: (scanId: string) => string;
}

interface CurrentScan {
  readonly scanId: string;
  readonly inspector: ViewInspector;
}

/** A scan whose volume is to be made. */
interface EndedScan {
  readonly scanId: string;
  /** Absent when nobody has seen its views arrive: they are looked at once more then. */
  readonly inspector?: ViewInspector;
  /** Absent when it has no live slices. */
  readonly liveEnded?: Promise<unknown>;
}

/**
 * Turns projections into live slices while they arrive and, when the scan has ended, its frames on
 * disk into a volume. Scans wait for their volumes in order, and no more than two of them; live
 * slices never wait for a volume. No frames are kept in memory.
 */
export class TomographyService implements AnalysisService {
  readonly #options: TomographyServiceOptions;
  readonly #feed: LiveFeed;
  #unsubscribe: (() => void)[] = [];
  #scan: CurrentScan | undefined;
  #lastAxis: { readonly columns: number; readonly axisPixel: number } | undefined;
  #unfinished = 0;
  #turn: Promise<void> = Promise.resolve();
  #recalled: readonly string[] = [];

  constructor(options: TomographyServiceOptions) {
    const { bus, clock, live, liveScratchPath } = options;
    this.#options = options;
    this.#feed = new LiveFeed({
      executor: live,
      clock,
      scratchPath: liveScratchPath,
      onSlice: (slice) => bus.publish('liveSlice', { slice }),
      onProblem: ({ where, message }) => bus.publish('analysisFault', { where, message }),
      onDropped: (what, count) => bus.publish('dropped', { what, count }),
    });
  }

  /** Scans that an earlier start has taken and whose volumes it has not finished, oldest first. */
  recall(scanIds: readonly string[]): void {
    this.#recalled = scanIds.slice(-SCANS_UNFINISHED_MAX);
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#unsubscribe = [
      bus.on('scanStarted', (event) => this.#begin(event)),
      bus.on('frame', ({ frame }) => this.#take(frame)),
      bus.on('scanEnded', ({ scanId }) => this.#end(scanId)),
      bus.on('runBegun', () => {
        for (const scanId of this.#recalled) this.#enqueue({ scanId });
        this.#recalled = [];
      }),
    ];
  }

  async drain(): Promise<void> {
    do {
      await this.#feed.drain();
      await this.#turn;
    } while (this.#unfinished > 0);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    await this.drain();
  }

  #begin({ plan, rows, columns }: BusEvents['scanStarted']): void {
    this.#scan = { scanId: plan.scanId, inspector: new ViewInspector(rows * columns) };
    this.#feed.begin({ plan, rows, columns });
  }

  #take(frame: Frame): void {
    const scan = this.#scan;
    if (scan?.scanId !== frame.scanId) return;
    if (frame.kind === 'projection') scan.inspector.add(frame.pixels);
    this.#feed.take(frame);
  }

  #end(scanId: string): void {
    const scan = this.#scan;
    if (scan?.scanId !== scanId) return;
    this.#scan = undefined;
    const liveEnded = this.#feed.end(scanId, () => this.#options.library.open(scanId));
    if (this.#unfinished >= SCANS_UNFINISHED_MAX) {
      const message = `${this.#unfinished} scans before it still wait for their volumes, so this one is only recorded; "scan reconstruct" makes its volume later`;
      this.#tell({ where: scanId, message });
      return;
    }
    this.#enqueue({ ...scan, liveEnded });
  }

  #enqueue(scan: EndedScan): void {
    const { scanId } = scan;
    this.#unfinished += 1;
    // Simulated time waits for a result that the experiment may depend on.
    const release = this.#options.clock.hold();
    this.#turn = this.#turn
      .then(() => this.#makeVolume(scan))
      .catch((error: unknown) => {
        for (const problem of asFault(error, scanId).problems) this.#tell(problem, scanId);
      })
      .finally(() => {
        this.#unfinished -= 1;
        release();
      });
  }

  async #makeVolume(scan: EndedScan): Promise<void> {
    const source = await this.#options.library.open(scan.scanId);
    try {
      const views = source.anglesRadian.length;
      if (views < VIEWS_MIN) {
        const message = `${views} views; a volume needs at least ${VIEWS_MIN}`;
        this.#tell({ where: scan.scanId, message });
        return;
      }
      await this.#reconstruct(scan, source);
    } finally {
      await source.close();
    }
  }

  async #reconstruct(
    { scanId, inspector, liveEnded }: EndedScan,
    source: ScanSource,
  ): Promise<void> {
    const { bus, engine, volumeWriter, volumePath, volumeName } = this.#options;
    const { columns } = source;
    const known = this.#lastAxis?.columns === columns ? this.#lastAxis.axisPixel : undefined;
    const { volume, summary } = await engine.reconstruct(source, scanId, {
      algorithm: 'gridding',
      axis: 'auto',
      ...(known === undefined ? {} : { axisOtherwisePixel: known }),
      ...(inspector ? { inspector } : {}),
    });
    this.#tellDamage(source, scanId);
    if (summary.axisAgreed) this.#lastAxis = { columns, axisPixel: summary.axisPixel };
    try {
      await volumeWriter.write(volumePath(scanId), volume, summary);
      bus.publish('volume', { scanId, summary, file: volumeName(scanId) });
      if (liveEnded) {
        await liveEnded;
        await this.#feed.rezero(scanId, volume, summary);
      }
    } finally {
      await volume.remove();
    }
  }

  #tellDamage({ problems = [] }: ScanSource, scanId: string): void {
    for (const problem of problems.slice(0, PROBLEMS_TOLD_MAX)) this.#tell(problem, scanId);
    const more = problems.length - PROBLEMS_TOLD_MAX;
    if (more > 0) this.#tell({ where: scanId, message: `${more} more frames are damaged` });
  }

  #tell({ where, message }: Problem, scanId = where): void {
    const place = where === scanId ? scanId : `${scanId}, ${where}`;
    this.#options.bus.publish('analysisFault', { where: place, message });
  }
}
