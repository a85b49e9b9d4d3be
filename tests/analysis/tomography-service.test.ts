import { setTimeout as sleepMs } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Executor, inlineExecutor } from '../../src/analysis/executor.ts';
import { createLiveJobs, type LiveJobs } from '../../src/analysis/live-jobs.ts';
import { TomographyService } from '../../src/analysis/tomography-service.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Frame, ScanData } from '../../src/domain/scan.ts';
import type { ScanLibrary } from '../../src/domain/scan-source.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type { Voxels } from '../../src/domain/volume.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { memoryScan } from './memory-scan.ts';
import { inlineEngine, MemoryLiveScratches, MemorySpools, reconstructed } from './memory-volume.ts';
import { countedScan } from './tomography-scan.ts';

const COLUMNS = 64;
const ROWS = 3;
const VIEWS = 90;
const AXIS = 33.4;
const scan = countedScan({ rows: ROWS, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
const module = loadKernelModule('live');
const started: TomographyService[] = [];

afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

function liveExecutor(clock: VirtualClock): Executor<LiveJobs> {
  return inlineExecutor(createLiveJobs({ module, scratches: new MemoryLiveScratches(), clock }));
}

/** The frames of every scan that was published, as its file would have them. */
class FrameRecorder implements ScanLibrary {
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly #frames = new Map<string, Frame[]>();

  constructor(bus: Bus) {
    bus.on('frame', ({ frame }) => {
      const frames = this.#frames.get(frame.scanId) ?? [];
      frames.push({ ...frame, pixels: frame.pixels.slice() });
      this.#frames.set(frame.scanId, frames);
    });
  }

  async open(scanId: string) {
    const frames = this.#frames.get(scanId);
    const [first] = frames ?? [];
    if (!frames || !first) throw new Fault('fileMissing', { where: scanId, message: 'no file' });
    this.opened.push(scanId);
    const { rows, columns } = first;
    const of = (kind: Frame['kind']) => frames.filter((frame) => frame.kind === kind);
    const joined = (kind: Frame['kind']) => {
      const pixels = new Uint16Array(of(kind).length * rows * columns);
      for (const [at, frame] of of(kind).entries()) pixels.set(frame.pixels, at * rows * columns);
      return pixels;
    };
    const data = {
      rows,
      columns,
      anglesRadian: Float64Array.from(of('projection'), ({ angleRadian }) => angleRadian),
      projections: joined('projection'),
      flats: joined('flat'),
      darks: joined('dark'),
    };
    return { ...memoryScan(data), close: async () => void this.closed.push(scanId) };
  }
}

async function setUp(
  options: { live?: (clock: VirtualClock) => Executor<LiveJobs>; writeFails?: boolean } = {},
) {
  const errors: unknown[] = [];
  const bus = new Bus((_, error) => errors.push(error));
  const clock = new VirtualClock();
  const library = new FrameRecorder(bus);
  const spools = new MemorySpools();
  const written: { path: string; voxels: Voxels }[] = [];
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
    live: (options.live ?? liveExecutor)(clock),
    liveScratchPath: '/run/live.scratch',
    engine: inlineEngine({ workers: 2, spools }),
    library,
    volumeWriter: {
      async write(path, volume) {
        if (options.writeFails) throw new Error('no space left on device');
        written.push({ path, voxels: await volume.readSlices(0, volume.slices) });
      },
    },
    volumePath: (scanId) => `/run/${scanId}.h5`,
    volumeName: (scanId) => `${scanId}.h5`,
  });
  await service.start();
  started.push(service);
  return { bus, clock, service, library, spools, written, events, errors };
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

/** Slices of one plane. */
function horizontal({ events }: SetUp) {
  return events.liveSlice.map(({ slice }) => slice).filter(({ plane }) => plane === 'horizontal');
}

describe('tomography service', () => {
  it('publishes slices per projection, each more complete than the one before', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    const slices = horizontal(setup).slice(0, VIEWS);
    expect(slices.map((slice) => slice.viewsDone)).toEqual(
      Array.from({ length: VIEWS }, (_, k) => k + 1),
    );
    expect(slices.at(-1)).toMatchObject({ rows: COLUMNS, columns: COLUMNS, viewsTotal: VIEWS });
    expect(slices.at(-1)?.coverageFraction).toBeCloseTo(1, 3);
    expect(slices[44]?.coverageFraction).toBeCloseTo(0.5, 1);
    expect(new Set(setup.events.liveSlice.map(({ slice }) => slice.plane)).size).toBe(4);
    expect(setup.events.dropped).toEqual([]);
    expect(setup.events.analysisFault).toEqual([]);
    expect(setup.errors).toEqual([]);
  });

  it('shows a whole half turn from the second scan on', async () => {
    const setup = await setUp();
    for (const scanId of ['scan-1', 'scan-2']) {
      begin(setup, scanId);
      await play(setup, scanId, framesOf(scan, scanId));
    }
    const modes = (scanId: string) =>
      new Set(horizontal(setup).flatMap((slice) => (slice.scanId === scanId ? [slice.mode] : [])));
    expect(modes('scan-1').has('fillIn')).toBe(true);
    expect(modes('scan-2')).toEqual(new Set(['difference']));
  });

  it('puts the live slice right with the volume', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    const volume = setup.written[0]?.voxels.slice(COLUMNS ** 2, 2 * COLUMNS ** 2) ?? [];
    const last = horizontal(setup).at(-1)?.pixels ?? [];
    const middle = (COLUMNS - 1) / 2;
    for (let at = 0; at < COLUMNS ** 2; at += 7) {
      // At the rim of the disc the two may differ in what they call outside.
      const radius = Math.hypot((at % COLUMNS) - middle, Math.floor(at / COLUMNS) - middle);
      if (radius < 0.95 * middle) expect(last[at]).toBeCloseTo(volume[at] ?? 9, 5);
    }
  });

  it('makes the volume that the same scan gives from a file', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    const expected = await reconstructed(scan, { algorithm: 'gridding', axis: 'auto' });
    expect(setup.events.volume).toHaveLength(1);
    expect(setup.events.volume[0]).toMatchObject({ scanId: 'scan-1', file: 'scan-1.h5' });
    const { durationMs: _, ...summary } = expected.summary;
    expect(setup.events.volume[0]?.summary).toMatchObject(summary);
    expect(Math.abs(expected.summary.axisPixel - AXIS)).toBeLessThan(0.1);
    expect(setup.written[0]?.path).toBe('/run/scan-1.h5');
    expect(setup.written[0]?.voxels).toEqual(expected.stored);
  });

  it('leaves nothing behind but the volume file', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.spools.slicesWritten).toBe(2 * ROWS);
    expect(setup.spools.kept.size).toBe(0);
    expect(setup.library.closed).toEqual(setup.library.opened);
  });

  it('keeps simulated time still while it works', async () => {
    let busy = 0;
    const setup = await setUp({
      live: (clock) => {
        const inline = liveExecutor(clock);
        return {
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
      },
    });
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-1').slice(0, 8)) {
      setup.bus.publish('frame', { frame });
      await setup.clock.advance(1);
      expect(busy).toBe(0);
    }
    expect(horizontal(setup)).toHaveLength(3);
    setup.bus.publish('scanEnded', { scanId: 'scan-1', complete: false });
    await setup.clock.advance(1);
    expect(setup.events.volume).toHaveLength(1);
  });

  it('leaves out pictures, never projections, when frames come in a burst', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-1')) setup.bus.publish('frame', { frame });
    await setup.service.drain();
    expect(horizontal(setup)).toHaveLength(1);
    expect(horizontal(setup)[0]).toMatchObject({ viewsDone: VIEWS });
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

  it('says what is missing when projections come without flats, of slices and of the volume', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    const frames = framesOf(scan, 'scan-1').filter((frame) => frame.kind !== 'flat');
    await play(setup, 'scan-1', frames);
    expect(setup.events.analysisFault).toHaveLength(2);
    for (const { where } of setup.events.analysisFault) expect(where).toMatch(/flat fields/);
    expect(setup.events.volume).toEqual([]);
    expect(setup.library.closed).toEqual(['scan-1']);
  });

  it('goes on with the next scan after one whose frames were never written', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    setup.bus.publish('scanEnded', { scanId: 'scan-1', complete: false });
    await setup.service.drain();
    expect(setup.events.analysisFault).toEqual([{ where: 'scan-1', message: 'no file' }]);
    begin(setup, 'scan-2');
    await play(setup, 'scan-2', framesOf(scan, 'scan-2'));
    expect(setup.events.volume.map(({ scanId }) => scanId)).toEqual(['scan-2']);
  });

  it('only records a scan that ends while two others still wait for their volumes', async () => {
    const setup = await setUp();
    for (const scanId of ['scan-1', 'scan-2', 'scan-3']) {
      begin(setup, scanId);
      for (const frame of framesOf(scan, scanId)) setup.bus.publish('frame', { frame });
      setup.bus.publish('scanEnded', { scanId, complete: true });
    }
    await setup.service.drain();
    expect(setup.events.volume.map(({ scanId }) => scanId)).toEqual(['scan-1', 'scan-2']);
    expect(setup.events.analysisFault).toHaveLength(1);
    expect(setup.events.analysisFault[0]).toMatchObject({ where: 'scan-3' });
    expect(setup.events.analysisFault[0]?.message).toMatch(/2 scans before it still wait/);
    begin(setup, 'scan-4');
    await play(setup, 'scan-4', framesOf(scan, 'scan-4'));
    expect(setup.events.volume.at(-1)?.scanId).toBe('scan-4');
  });

  it('reports a volume that cannot be written, and keeps none of it', async () => {
    const setup = await setUp({ writeFails: true });
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.volume).toEqual([]);
    expect(setup.events.analysisFault).toEqual([
      { where: 'scan-1', message: 'no space left on device' },
    ]);
    expect(setup.spools.kept.size).toBe(0);
  });

  it('makes the volumes that an earlier start has left, two at most, when the run goes on', async () => {
    const setup = await setUp();
    const ids = ['scan-1', 'scan-2', 'scan-3'];
    // What the library knows of them, as if from their files.
    await setup.service.stop();
    for (const id of ids) await play(setup, id, framesOf(scan, id));
    setup.service.recall(ids);
    await setup.service.start();
    await setup.service.drain();
    expect(setup.events.volume).toEqual([]);
    setup.bus.publish('runBegun', {});
    await setup.service.drain();
    expect(setup.events.volume.map(({ scanId }) => scanId)).toEqual(['scan-2', 'scan-3']);
    expect(setup.events.analysisFault).toEqual([]);
    expect(setup.events.liveSlice).toEqual([]);
    setup.bus.publish('runBegun', {});
    await setup.service.drain();
    expect(setup.events.volume).toHaveLength(2);
  });

  it('names damaged frames, and only so many', async () => {
    const setup = await setUp();
    const problems = Array.from({ length: 14 }, (_, k) => ({
      where: `projection ${k}`,
      message: 'is damaged',
    }));
    const open = setup.library.open.bind(setup.library);
    setup.library.open = async (scanId) => Object.assign(await open(scanId), { problems });
    begin(setup, 'scan-1');
    await play(setup, 'scan-1', framesOf(scan, 'scan-1'));
    expect(setup.events.volume).toHaveLength(1);
    expect(setup.events.analysisFault).toHaveLength(11);
    expect(setup.events.analysisFault[0]?.where).toBe('scan-1, projection 0');
    expect(setup.events.analysisFault.at(-1)?.message).toBe('4 more frames are damaged');
  });

  it('ignores frames of other scans and hears nothing after stop', async () => {
    const setup = await setUp();
    begin(setup, 'scan-1');
    for (const frame of framesOf(scan, 'scan-9')) setup.bus.publish('frame', { frame });
    await setup.service.stop();
    await setup.service.stop();
    for (const frame of framesOf(scan, 'scan-1')) setup.bus.publish('frame', { frame });
    setup.bus.publish('scanEnded', { scanId: 'scan-1', complete: true });
    await setup.service.drain();
    expect(setup.events.liveSlice).toEqual([]);
    expect(setup.events.analysisFault).toEqual([]);
    expect(setup.library.opened).toEqual([]);
  });
});

describeWithData('a measured scan, replayed', () => {
  it('gives the volume of the file, bit for bit, and a whole live slice', async () => {
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
    const file = await reconstructed(rod, { algorithm: 'gridding', axis: 'auto' });
    const voxels = setup.written[0]?.voxels ?? new Float32Array(0);
    expect(Buffer.compare(Buffer.from(voxels.buffer), Buffer.from(file.stored.buffer))).toBe(0);
    const last = horizontal(setup).at(-1);
    expect(last).toMatchObject({ viewsDone: 91, rows: 160, columns: 160 });
    expect(last?.coverageFraction).toBeCloseTo(1, 3);
    expect(last?.pixels.every(Number.isFinite)).toBe(true);
  });
});
