import { describe, expect, it } from 'vitest';
import { type Executor, inlineExecutor } from '../../src/analysis/executor.ts';
import { LiveFeed } from '../../src/analysis/live-feed.ts';
import { createLiveJobs, type LiveJobs, liveTransfer } from '../../src/analysis/live-jobs.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault, type Problem } from '../../src/domain/fault.ts';
import type { LiveSlice, ReconstructionSummary } from '../../src/domain/scan.ts';
import type { ScanSource } from '../../src/domain/scan-source.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { openScan } from '../../src/formats/read-scan.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import {
  AXIS,
  COLUMNS,
  countsOf,
  frame,
  MemoryScratches,
  planOf,
  ROWS,
  referenceFrames,
  SAMPLE,
} from './live-scan.ts';

const VIEWS = 30;
const ANGLES = evenAngles(VIEWS);
const FRAME_BYTES = 2 * ROWS * COLUMNS;

function liveJobs(): LiveJobs {
  const module = loadKernelModule('live');
  return createLiveJobs({ module, scratches: new MemoryScratches(), clock: new VirtualClock() });
}

/** Answers only when it is told to. */
class GatedExecutor implements Executor<LiveJobs> {
  readonly #inner = inlineExecutor(liveJobs());
  #open: () => void = () => {};
  #gate = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  release(): void {
    this.#open();
  }

  async call<K extends keyof LiveJobs>(job: K, argument: Parameters<LiveJobs[K]>[0]) {
    await this.#gate;
    return (await this.#inner.call(job, argument)) as never;
  }

  async close(): Promise<void> {}
}

function listen(
  executor: Executor<LiveJobs>,
  waitingBytesMax?: number,
  clock: Clock = new VirtualClock(),
) {
  const slices: LiveSlice[] = [];
  const problems: Problem[] = [];
  const dropped: string[] = [];
  const feed = new LiveFeed({
    executor,
    clock,
    scratchPath: '',
    onSlice: (slice) => slices.push(slice),
    onProblem: (problem) => problems.push(problem),
    onDropped: (what, count) => dropped.push(`${count} ${what}`),
    ...(waitingBytesMax === undefined ? {} : { waitingBytesMax }),
  });
  return { feed, slices, problems, dropped };
}

function takeScan(feed: LiveFeed, scanId: string): void {
  feed.begin({ plan: planOf(scanId, VIEWS), rows: ROWS, columns: COLUMNS, axisPixel: AXIS });
  for (const reference of referenceFrames(scanId)) feed.take(reference);
  for (const angle of ANGLES) {
    feed.take(frame(scanId, 'projection', countsOf(SAMPLE, angle), angle));
  }
}

function sourceOf(): ScanSource & { readonly closed: () => boolean; readonly read: number[] } {
  let closed = false;
  const read: number[] = [];
  const none = new Uint16Array(0);
  return {
    where: 'memory',
    rows: ROWS,
    columns: COLUMNS,
    anglesRadian: ANGLES,
    pixelType: 'uint16',
    flats: none,
    darks: none,
    read,
    closed: () => closed,
    readView: async (view, target) => {
      read.push(view);
      target.set(countsOf(SAMPLE, ANGLES[view] ?? 0));
    },
    readRows: async () => {},
    close: async () => {
      closed = true;
    },
  };
}

async function neverOpened(): Promise<ScanSource> {
  throw new Error('nothing was passed over, so nothing is read again');
}

function lastOf(slices: readonly LiveSlice[]): Float32Array {
  return slices.findLast(({ plane }) => plane === 'vertical')?.pixels ?? new Float32Array(0);
}

async function unhurried(): Promise<Float32Array> {
  const { feed, slices } = listen(inlineExecutor(liveJobs()));
  takeScan(feed, 'a');
  await feed.end('a', neverOpened);
  return lastOf(slices);
}

describe('the live lane', () => {
  it('leaves pictures out while frames wait, never projections', async () => {
    const executor = new GatedExecutor();
    const { feed, slices, dropped } = listen(executor);
    takeScan(feed, 'a');
    const ending = feed.end('a', neverOpened);
    executor.release();
    const ended = await ending;
    expect(ended?.viewsUsed).toBe(VIEWS);
    // All frames waited behind one another, and the end behind them.
    expect(dropped).toEqual([`${VIEWS} live slices of a`]);
    expect(slices).toHaveLength(4);
    expect(relativeDifference(lastOf(slices), await unhurried())).toBeLessThan(1e-6);
  });

  it('passes views over when too many wait, and reads them again at the end', async () => {
    const executor = new GatedExecutor();
    const { feed, slices, dropped, problems } = listen(executor, 9 * FRAME_BYTES);
    takeScan(feed, 'a');
    const source = sourceOf();
    const ending = feed.end('a', async () => source);
    executor.release();
    const ended = await ending;
    // Two of the nine that may wait are the flat and the dark.
    expect(source.read).toEqual(Array.from({ length: VIEWS - 7 }, (_, at) => at + 7));
    expect(source.closed()).toBe(true);
    expect(ended?.viewsUsed).toBe(VIEWS);
    expect(dropped).toEqual([
      '7 live slices of a',
      `${VIEWS - 7} live updates of a, made good at its end`,
    ]);
    expect(problems).toEqual([]);
    expect(relativeDifference(lastOf(slices), await unhurried())).toBeLessThan(1e-6);
  });

  it('says how late a picture is, from the arrival of its frame', async () => {
    let nowSecond = 100;
    const clock: Clock = {
      nowSecond: () => nowSecond,
      utcMs: () => 0,
      after: () => () => {},
      hold: () => () => {},
    };
    const executor = new GatedExecutor();
    const { feed, slices } = listen(executor, undefined, clock);
    feed.begin({ plan: planOf('a', VIEWS), rows: ROWS, columns: COLUMNS });
    for (const reference of referenceFrames('a')) feed.take(reference);
    const pixels = countsOf(SAMPLE, 0);
    feed.take(frame('a', 'projection', pixels, 0));
    // The detector's buffer is its own again.
    pixels.fill(0);
    nowSecond += 0.25;
    executor.release();
    await feed.drain();
    expect(slices.map(({ latencyMs }) => latencyMs)).toEqual([250, 250, 250, 250]);
    expect(slices[0]?.pixels.some((value) => value !== 0)).toBe(true);
  });

  it('ends the slices of a scan at its first trouble, and begins with the next', async () => {
    const { feed, slices, problems } = listen(inlineExecutor(liveJobs()));
    feed.begin({ plan: planOf('a', VIEWS), rows: ROWS, columns: COLUMNS });
    for (const angle of ANGLES) feed.take(frame('a', 'projection', countsOf(SAMPLE, angle), angle));
    expect(await feed.end('a', neverOpened)).toBeUndefined();
    expect(problems.map(({ where }) => where)).toEqual(['flat fields', 'dark fields']);
    expect(slices).toEqual([]);
    takeScan(feed, 'b');
    expect((await feed.end('b', neverOpened))?.viewsUsed).toBe(VIEWS);
  });

  it('says so when the views it passed over cannot be read again', async () => {
    const executor = new GatedExecutor();
    const { feed, problems } = listen(executor, 5 * FRAME_BYTES);
    takeScan(feed, 'a');
    const ending = feed.end('a', async () => {
      throw new Fault('fileMissing', { where: 'a.frames', message: 'is not there' });
    });
    executor.release();
    expect(await ending).toBeUndefined();
    expect(problems).toEqual([{ where: 'a.frames', message: 'is not there' }]);
  });

  it('takes no frames of another scan, nor an end that was not begun', async () => {
    const { feed, slices } = listen(inlineExecutor(liveJobs()));
    feed.take(frame('a', 'projection', countsOf(SAMPLE, 0), 0));
    expect(await feed.end('a', neverOpened)).toBeUndefined();
    takeScan(feed, 'b');
    feed.take(frame('a', 'projection', new Uint16Array(1), 0));
    expect((await feed.end('b', neverOpened))?.viewsUsed).toBe(VIEWS);
    expect(slices.every(({ scanId }) => scanId === 'b')).toBe(true);
  });

  it('hands the pixels of slices over instead of copying them', () => {
    const pixels = new Float32Array(3);
    expect(liveTransfer({ slices: [{ pixels }], problems: [] })).toEqual([pixels.buffer]);
    for (const other of [undefined, null, 7, { detector: {} }]) {
      expect(liveTransfer(other)).toEqual([]);
    }
  });
});

describe('setting the live lane right with a volume', () => {
  const summary = { axisPixel: AXIS } as ReconstructionSummary;
  const volume = {
    where: 'memory',
    slices: ROWS,
    rows: COLUMNS,
    columns: COLUMNS,
    scale: { type: 'uint8', offset: -0.01, step: 2e-4 },
    readSlices: async (_: number, count: number) =>
      new Uint8Array(count * COLUMNS * COLUMNS).fill(100),
    close: async () => {},
  } as const;

  it('publishes the planes of the volume, in attenuation', async () => {
    const { feed, slices } = listen(inlineExecutor(liveJobs()));
    takeScan(feed, 'a');
    await feed.end('a', neverOpened);
    expect(await feed.rezero('a', volume, summary)).toBe(true);
    const pixels = lastOf(slices);
    expect(pixels[20 * COLUMNS + 32]).toBeCloseTo(0.01, 6);
  });

  it('does nothing once the next scan has begun, or when it cannot be read', async () => {
    const { feed, problems } = listen(inlineExecutor(liveJobs()));
    takeScan(feed, 'a');
    await feed.end('a', neverOpened);
    const readSlices = async () => {
      throw new Fault('storage', { where: 'volume.h5', message: 'is cut off' });
    };
    expect(await feed.rezero('a', { ...volume, readSlices }, summary)).toBe(false);
    expect(problems).toEqual([{ where: 'volume.h5', message: 'is cut off' }]);
    takeScan(feed, 'b');
    await feed.drain();
    expect(await feed.rezero('a', volume, summary)).toBe(false);
  });
});

describeWithData('the live lane on a recorded stream', () => {
  it('takes every view of k11 however few may wait, and loses none', async () => {
    const path = sharedData('tomo/k11-18014.nxs');
    const results: Float32Array[] = [];
    for (const waitingFrames of [Number.POSITIVE_INFINITY, 40]) {
      const source = await openScan(path);
      const { rows, columns, anglesRadian, flats, darks } = source;
      const size = rows * columns;
      const views = anglesRadian.length;
      expect(views).toBe(3001);
      const executor = new GatedExecutor();
      const { feed, slices, dropped, problems } = listen(executor, 2 * size * waitingFrames);
      const plan = { ...planOf('k11', views), spanRadian: anglesRadian[views - 1] ?? 0 };
      feed.begin({ plan, rows, columns });
      const common = { scanId: 'k11', index: 0, timeSecond: 0, rows, columns } as const;
      const mean = (frames: ArrayLike<number>) =>
        Uint16Array.from({ length: size }, (_, at) => frames[at] ?? 0);
      feed.take({ ...common, kind: 'flat', angleRadian: 0, pixels: mean(flats) });
      feed.take({ ...common, kind: 'dark', angleRadian: 0, pixels: mean(darks) });
      const pixels = source.pixelType === 'uint16' ? new Uint16Array(size) : new Float32Array(size);
      for (const [view, angleRadian] of anglesRadian.entries()) {
        await source.readView(view, pixels);
        feed.take({ ...common, kind: 'projection', angleRadian, pixels });
      }
      await source.close();
      const ending = feed.end('k11', () => openScan(path));
      executor.release();
      const ended = await ending;
      expect(problems).toEqual([]);
      expect(ended).toMatchObject({ viewsUsed: 3001, viewsLost: 0, viewsRepeated: 0 });
      const passedOver = Number.isFinite(waitingFrames) ? [2963] : [];
      expect(dropped).toEqual([
        `${views - (passedOver[0] ?? 0)} live slices of k11`,
        ...passedOver.map((count) => `${count} live updates of k11, made good at its end`),
      ]);
      results.push(lastOf(slices));
    }
    const [all, caughtUp] = results;
    expect(all?.some((value) => value !== 0)).toBe(true);
    expect(relativeDifference(caughtUp ?? [], all ?? [])).toBeLessThan(1e-4);
  });
});
