import { setTimeout as sleepMs } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Executor, inlineExecutor } from '../../src/analysis/executor.ts';
import { reconstructScan } from '../../src/analysis/reconstruct.ts';
import { createTomographyJobs, type TomographyJobs } from '../../src/analysis/tomography-jobs.ts';
import { TomographyService } from '../../src/analysis/tomography-service.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import type { Frame, ScanData, Volume } from '../../src/domain/scan.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { countedScan } from './tomography-scan.ts';

const COLUMNS = 64;
const ROWS = 3;
const VIEWS = 90;
const AXIS = 33.4;
const FRAME_BYTES = 2 * ROWS * COLUMNS;
const scan = countedScan({ rows: ROWS, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
const module = loadKernelModule('tomography');
const started: TomographyService[] = [];

afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

async function setUp(
  options: {
    executor?: Executor<TomographyJobs>;
    scanBytesMax?: number;
    writeFails?: boolean;
  } = {},
) {
  const errors: unknown[] = [];
  const bus = new Bus((_, error) => errors.push(error));
  const clock = new VirtualClock();
  const written: { path: string; volume: Volume }[] = [];
  const events = {
    liveSlice: [] as BusEvents['liveSlice'][],
    volume: [] as BusEvents['volume'][],
    analysisFault: [] as BusEvents['analysisFault'][],
    dropped: [] as BusEvents['dropped'][],
  };
  bus.on('liveSlice', (event) => events.liveSlice.push(event));
  bus.on('volume', (event) => events.volume.push(event));
  bus.on('analysisFault', (event) => events.analysisFault.push(event));
  bus.on('dropped', (event) => events.dropped.push(event));
  const service = new TomographyService({
    bus,
    clock,
    executor: options.executor ?? inlineExecutor(createTomographyJobs(module)),
    volumeWriter: {
      async write(path, volume) {
        if (options.writeFails) throw new Error('no space left on device');
        written.push({ path, volume });
      },
    },
    volumePath: (scanId) => `/run/${scanId}.h5`,
    volumeName: (scanId) => `${scanId}.h5`,
    ...(options.scanBytesMax === undefined ? {} : { scanBytesMax: options.scanBytesMax }),
  });
  await service.start();
  started.push(service);
  return { bus, clock, service, written, events, errors };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

function begin(
  { bus }: SetUp,
  scanId: string,
  views = VIEWS,
  detector: { readonly rows: number; readonly columns: number } = scan,
): void {
  const plan = { scanId, views, startAngleRadian: 0, spanRadian: Math.PI, durationSecond: 90 };
  bus.publish('scanStarted', { plan, rows: detector.rows, columns: detector.columns });
}

function framesOf(data: ScanData, scanId: string): Frame[] {
  const size = data.rows * data.columns;
  return (['flat', 'dark', 'projection'] as const).flatMap((kind) => {
    const pixels = { flat: data.flats, dark: data.darks, projection: data.projections }[kind];
    return Array.from({ length: pixels.length / size }, (_, index) => ({
      scanId,
      kind,
      index,
      angleRadian: kind === 'projection' ? (data.anglesRadian[index] ?? 0) : 0,
      timeSecond: index,
      rows: data.rows,
      columns: data.columns,
      pixels: Uint16Array.from(pixels.subarray(index * size, (index + 1) * size)),
    }));
  });
}

/** Plays a scan at one frame per simulated second; the detector reuses one buffer. */
async function play(setup: SetUp, scanId: string, frames: readonly Frame[]): Promise<void> {
  const buffer = new Uint16Array(ROWS * COLUMNS);
  for (const frame of frames) {
    buffer.set(frame.pixels);
    setup.bus.publish('frame', { frame: { ...frame, pixels: buffer } });
    await setup.clock.advance(1);
  }
  setup.bus.publish('scanEnded', { scanId, complete: frames.length === 5 + VIEWS });
  await setup.service.drain();
}

describe('tomography service', () => {
  it('publishes a slice per projection, each more complete than the one before', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    const slices = setup.events.liveSlice.map(({ slice }) => slice);
    expect(slices.map((slice) => slice.viewsDone)).toEqual(
      Array.from({ length: VIEWS }, (_, k) => k + 1),
    );
    expect(slices.at(-1)).toMatchObject({
      row: 1,
      size: COLUMNS,
      viewsTotal: VIEWS,
      coverageFraction: 1,
    });
    expect(slices[44]?.coverageFraction).toBeCloseTo(0.5, 1);
    expect(setup.events.dropped).toEqual([]);
    expect(setup.events.analysisFault).toEqual([]);
    expect(setup.errors).toEqual([]);
  });

  it('ends with a live slice equal to the batch reconstruction', async () => {
    const setup = await setUp();
    for (const scanId of ['scan-1', 'scan-2']) {
      begin(setup, scanId);
      await play(setup, scanId, framesOf(scan, scanId));
    }
    const axis = setup.events.volume[0]?.summary.axisPixel ?? 0;
    const kernel = new TomographyKernel(module);
    const last = (scanId: string) =>
      setup.events.liveSlice.findLast(({ slice }) => slice.scanId === scanId)?.slice.pixels ?? [];
    // The first scan knows no axis yet; the second has the one that was found.
    for (const [scanId, axisPixel] of [
      ['scan-1', (COLUMNS - 1) / 2],
      ['scan-2', axis],
    ] as const) {
      const batch = reconstructScan(kernel, scan, {
        algorithm: 'fbp',
        axis: axisPixel,
        stripes: 'none',
      });
      const middle = batch.volume.voxels.subarray(COLUMNS ** 2, 2 * COLUMNS ** 2);
      expect(relativeDifference(last(scanId), middle)).toBeLessThan(2e-5);
    }
  });

  it('makes the volume that the same scan gives from a file', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    const options = { algorithm: 'gridding', axis: 'auto' } as const;
    const expected = reconstructScan(new TomographyKernel(module), scan, options);
    expect(setup.events.volume).toHaveLength(1);
    expect(setup.events.volume[0]).toMatchObject({ scanId: 'scan-1', file: 'scan-1.h5' });
    expect(setup.events.volume[0]?.summary.axisPixel).toBe(expected.summary.axisPixel);
    expect(Math.abs(expected.summary.axisPixel - AXIS)).toBeLessThan(0.1);
    expect(setup.written[0]?.path).toBe('/run/scan-1.h5');
    const voxels = setup.written[0]?.volume.voxels ?? [];
    expect(relativeDifference(voxels, expected.volume.voxels)).toBeLessThan(1e-5);
  });

  it('keeps simulated time still while it works', async () => {
    const inline = inlineExecutor(createTomographyJobs(module));
    let busy = 0;
    const slow: Executor<TomographyJobs> = {
      call: (job, argument) => {
        busy += 1;
        return sleepMs(5)
          .then(() => inline.call(job, argument))
          .finally(() => {
            busy -= 1;
          });
      },
      close: () => inline.close(),
    };
    const setup = await setUp({ executor: slow });
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-1').slice(0, 8)) {
      setup.bus.publish('frame', { frame });
      await setup.clock.advance(1);
      expect(busy).toBe(0);
    }
    expect(setup.events.liveSlice).toHaveLength(3);
  });

  it('leaves out pictures, never projections, when frames come in a burst', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-1')) setup.bus.publish('frame', { frame });
    await setup.service.drain();
    expect(setup.events.liveSlice).toHaveLength(1);
    expect(setup.events.liveSlice[0]?.slice).toMatchObject({
      viewsDone: VIEWS,
      coverageFraction: 1,
    });
    setup.bus.publish('scanEnded', { scanId: 'scan-1', complete: true });
    await setup.service.drain();
    expect(setup.events.dropped).toEqual([{ what: 'live slices of scan-1', count: VIEWS - 1 }]);
    expect(setup.events.volume[0]?.summary.views).toBe(VIEWS);
  });

  it('makes a volume of an incomplete scan', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1').slice(0, 5 + 60));
    expect(setup.events.volume[0]?.summary.views).toBe(60);
  });

  it('keeps to the axis of the scan before when a scan is cut too short to find its own', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    begin(setup, 'scan-2');
    await play(setup, 'scan-2', framesOf(scan, 'scan-2').slice(0, 5 + 30));
    const [first, second] = setup.events.volume.map(({ summary }) => summary);
    expect(first?.axisAgreed).toBe(true);
    expect(second).toMatchObject({ views: 30, axisAgreed: false, axisPixel: first?.axisPixel });
  });

  it('says so when there are too few views for a volume', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1').slice(0, 5 + 2));
    expect(setup.events.volume).toEqual([]);
    expect(setup.events.analysisFault).toEqual([
      { where: 'scan-1', message: '2 views; a volume needs at least 3' },
    ]);
  });

  it('says what is missing when projections come without flats, once', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    const frames = framesOf(scan, 'scan-1').filter((frame) => frame.kind !== 'flat');
    await play(setup, 'scan-1', frames);
    expect(setup.events.analysisFault).toHaveLength(1);
    expect(setup.events.analysisFault[0]?.where).toBe('scan-1, flat fields');
    expect(setup.events.volume).toEqual([]);
  });

  it('goes on with the next scan after one that failed', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    const wrong = framesOf(scan, 'scan-1').map((frame) => ({ ...frame, columns: 63 }));
    await play(setup, 'scan-1', wrong);
    expect(setup.events.analysisFault[0]?.message).toMatch(/3 x 63 .*began with 3 x 64/);
    begin(setup, 'scan-2');
    await play(setup, 'scan-2', framesOf(scan, 'scan-2'));
    expect(setup.events.volume.map(({ scanId }) => scanId)).toEqual(['scan-2']);
  });

  it('makes the live slice of a scan too large to keep, and says why it has no volume', async () => {
    const setup = await setUp({ scanBytesMax: 50 * FRAME_BYTES });
    begin(setup, 'scan-1');
    expect(setup.events.analysisFault[0]?.message).toMatch(
      /its projections take 34560 bytes .* at most 19200 .* a live slice but no volume/,
    );
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.liveSlice.at(-1)?.slice.coverageFraction).toBe(1);
    expect(setup.events.volume).toEqual([]);
    expect(setup.events.analysisFault).toHaveLength(1);
  });

  it('stops when the frames of a scan take more than is kept', async () => {
    const setup = await setUp({ scanBytesMax: 50 * FRAME_BYTES });
    begin(setup, 'scan-1', 50);
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.analysisFault).toHaveLength(1);
    expect(setup.events.analysisFault[0]?.message).toMatch(
      /more than the 19200 bytes that are kept/,
    );
    expect(setup.events.liveSlice).toHaveLength(45);
    expect(setup.events.volume).toEqual([]);
  });

  it('only records a scan that begins while two others are still being reconstructed', async () => {
    const setup = await setUp();
    for (const scanId of ['scan-1', 'scan-2', 'scan-3']) {
      begin(setup, scanId);
      for (const frame of framesOf(scan, scanId)) setup.bus.publish('frame', { frame });
      setup.bus.publish('scanEnded', { scanId, complete: true });
    }
    await setup.service.drain();
    expect(setup.events.volume.map(({ scanId }) => scanId)).toEqual(['scan-1', 'scan-2']);
    expect(setup.events.analysisFault).toEqual([
      {
        where: 'scan-3',
        message: '2 scans are still being reconstructed, so this one is only recorded',
      },
    ]);
    begin(setup, 'scan-4');
    await play(setup, 'scan-4', framesOf(scan, 'scan-4'));
    expect(setup.events.volume.at(-1)?.scanId).toBe('scan-4');
  });

  it('stops at more projections than planned', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1', 40);
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.analysisFault).toEqual([
      { where: 'scan-1', message: 'projection 41 of a scan planned with 40 views' },
    ]);
  });

  it('reports a volume that cannot be written', async () => {
    const setup = await setUp({ writeFails: true });
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.volume).toEqual([]);
    expect(setup.events.analysisFault).toEqual([
      { where: 'scan-1', message: 'no space left on device' },
    ]);
  });

  it('ignores frames of other scans and hears nothing after stop', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-9')) setup.bus.publish('frame', { frame });
    await setup.service.stop();
    await setup.service.stop();
    for (const frame of framesOf(scan, 'scan-1')) setup.bus.publish('frame', { frame });
    await setup.service.drain();
    expect(setup.events.liveSlice).toEqual([]);
    expect(setup.events.analysisFault).toEqual([]);
  });
});

describeWithData('a measured scan, replayed', () => {
  it('gives the volume of the file, and a whole live slice', async () => {
    const rod = await readScan(sharedData('tomo/savu-rod'));
    const setup = await setUp();
    begin(setup, 'rod', rod.anglesRadian.length, rod);
    for (const frame of framesOf(rod, 'rod')) {
      setup.bus.publish('frame', { frame });
      await setup.clock.advance(1);
    }
    setup.bus.publish('scanEnded', { scanId: 'rod', complete: true });
    await setup.service.drain();
    expect(setup.events.analysisFault).toEqual([]);
    const options = { algorithm: 'gridding', axis: 'auto' } as const;
    const file = reconstructScan(new TomographyKernel(module), rod, options);
    const voxels = setup.written[0]?.volume.voxels ?? [];
    expect(relativeDifference(voxels, file.volume.voxels)).toBeLessThan(1e-5);
    const last = setup.events.liveSlice.at(-1)?.slice;
    expect(last).toMatchObject({ viewsDone: 91, row: 67, size: 160 });
    expect(last?.coverageFraction).toBeCloseTo(1, 3);
    expect(last?.pixels.every(Number.isFinite)).toBe(true);
  });
});
