import type { Clock } from '../domain/clock.ts';
import { asFault, type Problem } from '../domain/fault.ts';
import type { LiveSlice, ReconstructionSummary, ScanPlan } from '../domain/scan.ts';
import type { ScanSource } from '../domain/scan-source.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type { NamedPlane } from '../kernels/live-planes.ts';
import type { Executor } from './executor.ts';
import type { LiveFrame, LiveScanEnd, LiveUpdate } from './live-frames.ts';
import type { LiveJobs } from './live-jobs.ts';
import { slicePlanes } from './live-planes-of-volume.ts';

/** The most that the frames which wait for the live engine may take: 256 MiB. */
export const LIVE_WAITING_BYTES_MAX = 256 * 2 ** 20;

export interface LiveFeedOptions {
  readonly executor: Executor<LiveJobs>;
  readonly clock: Clock;
  /** Where the engine may keep projections for the scan after. */
  readonly scratchPath: string;
  readonly onSlice: (slice: LiveSlice) => void;
  readonly onProblem: (problem: Problem) => void;
  /** Told at the end of a scan, when something was left out. */
  readonly onDropped: (what: string, count: number) => void;
  /** LIVE_WAITING_BYTES_MAX unless given. */
  readonly waitingBytesMax?: number;
}

interface FeedScan {
  readonly plan: ScanPlan;
  /** Projections so far, and which of them found no room: those are read again at the end. */
  projections: number;
  readonly leftOut: number[];
  picturesLeftOut: number;
  /** Set by the first trouble: nothing more is made of this scan. */
  failed: boolean;
}

/**
 * The live lane of a run. Frames are copied and handed to the live engine in order. While more
 * than one waits pictures are left out; when those that wait take more than the bound, a
 * projection is passed over and read again from the scan's file when the scan has ended. So the
 * slices have every view in the end, and what was late is counted. Nothing here blocks or throws.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #waitingBytesMax: number;
  #scan: FeedScan | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#waitingBytesMax = options.waitingBytesMax ?? LIVE_WAITING_BYTES_MAX;
  }

  /** @param begun axisPixel and planes as in LiveScanStart */
  begin(begun: {
    readonly plan: ScanPlan;
    readonly rows: number;
    readonly columns: number;
    readonly axisPixel?: number;
    readonly planes?: readonly NamedPlane[];
  }): void {
    const { plan } = begun;
    const scan = { plan, projections: 0, leftOut: [], picturesLeftOut: 0, failed: false };
    this.#scan = scan;
    const { executor, scratchPath } = this.#options;
    void this.#queue(scan, () => executor.call('startScan', { ...begun, scratchPath }));
  }

  /** Takes a copy of a frame of the scan that was begun. */
  take(frame: LiveFrame): void {
    const scan = this.#scan;
    if (!scan || scan.plan.scanId !== frame.scanId || scan.failed) return;
    const isProjection = frame.kind === 'projection';
    if (isProjection) scan.projections += 1;
    const bytes = frame.pixels.byteLength;
    // Flats and darks are few, and without them there is nothing.
    if (isProjection && this.#waitingBytes + bytes > this.#waitingBytesMax) {
      scan.leftOut.push(scan.projections - 1);
      return;
    }
    const arrivedSecond = this.#options.clock.nowSecond();
    const copy = { ...frame, pixels: frame.pixels.slice() };
    this.#waitingBytes += bytes;
    void this.#queue(scan, async () => {
      const wantPictures = this.#waiting === 1;
      if (isProjection && !wantPictures) scan.picturesLeftOut += 1;
      await this.#add(copy, wantPictures, arrivedSecond);
    }).finally(() => {
      this.#waitingBytes -= bytes;
    });
  }

  /**
   * After the last frame of a scan.
   * @param open the scan's frames, asked for only when views were passed over
   * @returns what became of its views; undefined when nothing was made of the scan
   */
  async end(scanId: string, open: () => Promise<ScanSource>): Promise<LiveScanEnd | undefined> {
    const scan = this.#scan;
    if (scan?.plan.scanId !== scanId) return undefined;
    this.#scan = undefined;
    let ended: LiveScanEnd | undefined;
    await this.#queue(scan, async () => {
      if (scan.leftOut.length > 0) await this.#catchUp(scan, await open());
      ended = await this.#options.executor.call('finishScan', scanId);
      this.#publish(ended);
      this.#tellDropped(scan);
    });
    return ended;
  }

  /**
   * Puts the slices of an ended scan right with its volume, which is read once.
   * @returns false when another scan has begun on them
   */
  async rezero(
    scanId: string,
    volume: VolumeSource,
    summary: ReconstructionSummary,
  ): Promise<boolean> {
    const { executor, onProblem } = this.#options;
    try {
      const request = await executor.call('geometry', scanId);
      if (!request) return false;
      const planes = await slicePlanes(volume, request);
      const buffers = planes.map(({ buffer }) => buffer as ArrayBuffer);
      const { axisPixel } = summary;
      const update = await executor.call('rezero', { scanId, planes, axisPixel }, buffers);
      this.#publish(update);
      return update.slices.length > 0;
    } catch (error) {
      for (const problem of asFault(error, scanId).problems) onProblem(problem);
      return false;
    }
  }

  /** Resolves when everything taken so far has been worked on. */
  async drain(): Promise<void> {
    while (this.#waiting > 0) await this.#turn;
  }

  async #add(frame: LiveFrame, wantPictures: boolean, arrivedSecond: number): Promise<void> {
    const { executor, clock } = this.#options;
    const transfer = [frame.pixels.buffer as ArrayBuffer];
    const update = await executor.call('addFrame', { frame, wantPictures }, transfer);
    const latencyMs = (clock.nowSecond() - arrivedSecond) * 1000;
    this.#publish({
      ...update,
      slices: update.slices.map((slice) => ({ ...slice, latencyMs })),
    });
  }

  /** Adds the views that were passed over. */
  async #catchUp({ plan, leftOut }: FeedScan, source: ScanSource): Promise<void> {
    try {
      const { rows, columns } = source;
      for (const index of leftOut) {
        const size = rows * columns;
        const isCounts = source.pixelType === 'uint16';
        const pixels = isCounts ? new Uint16Array(size) : new Float32Array(size);
        await source.readView(index, pixels);
        const angleRadian = source.anglesRadian[index] ?? 0;
        const { scanId } = plan;
        const frame = { scanId, kind: 'projection', index, angleRadian, rows, columns } as const;
        const nowSecond = this.#options.clock.nowSecond();
        await this.#add({ ...frame, timeSecond: nowSecond, pixels }, false, nowSecond);
      }
    } finally {
      await source.close();
    }
  }

  #tellDropped({ plan, leftOut, picturesLeftOut }: FeedScan): void {
    const { onDropped } = this.#options;
    if (picturesLeftOut > 0) onDropped(`live slices of ${plan.scanId}`, picturesLeftOut);
    if (leftOut.length > 0) {
      onDropped(`live updates of ${plan.scanId}, made good at its end`, leftOut.length);
    }
  }

  #publish({ slices, problems }: LiveUpdate): void {
    for (const problem of problems) this.#options.onProblem(problem);
    for (const slice of slices) this.#options.onSlice(slice);
  }

  /** Runs after all before it; simulated time waits. The first failure ends the scan's slices. */
  #queue(scan: FeedScan, task: () => Promise<void>): Promise<void> {
    const release = this.#options.clock.hold();
    this.#waiting += 1;
    this.#turn = this.#turn
      .then(() => (scan.failed ? undefined : task()))
      .catch((error: unknown) => {
        scan.failed = true;
        const fault = asFault(error, scan.plan.scanId);
        for (const problem of fault.problems) this.#options.onProblem(problem);
      })
      .finally(() => {
        this.#waiting -= 1;
        release();
      });
    return this.#turn;
  }
}
