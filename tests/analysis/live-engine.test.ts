import { describe, expect, it } from 'vitest';
import { LiveEngine } from '../../src/analysis/live-engine.ts';
import type { LiveFrame, LiveUpdate } from '../../src/analysis/live-frames.ts';
import { LiveReference } from '../../src/analysis/live-light.ts';
import { slicePlanes } from '../../src/analysis/live-planes-of-volume.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { LIVE_PLANES, type PixelPlace } from '../../src/domain/scan.ts';
import type { ScanSource } from '../../src/domain/scan-source.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type { VolumeSource } from '../../src/domain/volume.ts';
import { openScan } from '../../src/formats/read-scan.ts';
import { LiveKernel } from '../../src/kernels/live-kernel.ts';
import type { NamedPlane } from '../../src/kernels/live-planes.ts';
import { attenuationTwin } from '../../src/kernels/live-twin.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import {
  AXIS,
  addScan,
  type Ball,
  CHANGED_SAMPLE,
  COLUMNS,
  countsOf,
  DARK_COUNTS,
  FLAT_COUNTS,
  frame,
  MemoryScratches,
  makeEngine,
  planOf,
  ROWS,
  referenceFrames,
  SAMPLE,
  sliceOf,
} from './live-scan.ts';

/** Single precision, in another order of additions. */
const BATCH_TOLERANCE = 2e-5;
const FULL_TURN_TOLERANCE = 1e-4;
const VIEWS = 60;

/** Slices of every detector row by filtered back-projection of all views at once. */
function batchVolume(
  sample: readonly Ball[],
  anglesRadian: ArrayLike<number>,
  axisPixel = AXIS,
): Float32Array {
  const size = ROWS * COLUMNS;
  const reference = {
    dark: new Float32Array(size).fill(DARK_COUNTS),
    gain: new Float32Array(size).fill(1 / (FLAT_COUNTS - DARK_COUNTS)),
  };
  const detector = { rows: ROWS, columns: COLUMNS, binning: 1 };
  const angles = Array.from(anglesRadian);
  const frames = angles.map((angle) =>
    attenuationTwin(countsOf(sample, angle), reference, detector),
  );
  const weightRadian = Math.PI / angles.length;
  const views = angles.map((angleRadian) => ({ angleRadian, axisPixel, weightRadian }));
  const kernel = new TomographyKernel(loadKernelModule('tomography'));
  const voxels = new Float32Array(ROWS * COLUMNS * COLUMNS);
  for (let row = 0; row < ROWS; row++) {
    const sinogram = new Float32Array(angles.length * COLUMNS);
    for (const [view, attenuation] of frames.entries()) {
      sinogram.set(attenuation.subarray(row * COLUMNS, (row + 1) * COLUMNS), view * COLUMNS);
    }
    kernel.clearSlice(COLUMNS);
    kernel.addToSlice(sinogram, views);
    voxels.set(kernel.readSlice(), row * COLUMNS * COLUMNS);
  }
  return voxels;
}

function volumeSource(voxels: Float32Array): VolumeSource {
  const size = COLUMNS * COLUMNS;
  return {
    where: 'memory',
    slices: ROWS,
    rows: COLUMNS,
    columns: COLUMNS,
    scale: { type: 'float32', offset: 0, step: 1 },
    readSlices: async (first, count) => voxels.slice(first * size, (first + count) * size),
    close: async () => {},
  };
}

/** The slices of a scan of its own, finished. */
function fresh(options: Parameters<typeof addScan>[1]): LiveUpdate {
  const { engine } = makeEngine();
  addScan(engine, options);
  return engine.finish(options.scanId);
}

function expectSame(update: LiveUpdate, expected: LiveUpdate, tolerance: number): void {
  for (const plane of LIVE_PLANES) {
    const difference = relativeDifference(
      sliceOf(update, plane).pixels,
      sliceOf(expected, plane).pixels,
    );
    expect(difference, plane).toBeLessThan(tolerance);
  }
}

function jittered(views: number, purpose: string, stepFraction = 0.15): Float64Array {
  const random = new Random(deriveSeed(23, purpose));
  const step = Math.PI / views;
  return evenAngles(views).map((angle) => angle + stepFraction * step * (2 * random.uniform() - 1));
}

describe('the live slices of a first scan', () => {
  it('are what filtered back-projection of all views at once gives', async () => {
    const { engine } = makeEngine();
    const anglesRadian = evenAngles(VIEWS);
    const update = addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    const volume = batchVolume(SAMPLE, anglesRadian);
    const horizontal = sliceOf(update, 'horizontal');
    const row = horizontal.geometry.centrePixel[2];
    const expected = volume.subarray(row * COLUMNS ** 2, (row + 1) * COLUMNS ** 2);
    expect(row).toBe(ROWS / 2);
    expect(relativeDifference(horizontal.pixels, expected)).toBeLessThan(BATCH_TOLERANCE);
  });

  it('stand upright or tilted in the volume of such slices', async () => {
    const { engine } = makeEngine();
    const anglesRadian = evenAngles(VIEWS);
    const update = addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    const request = engine.geometry('a');
    expect(request).toBeDefined();
    if (!request) return;
    const planes = await slicePlanes(volumeSource(batchVolume(SAMPLE, anglesRadian)), request);
    // The voxels between which a tilted pixel lies are interpolated; an upright one is on them.
    const differences = planes.map((pixels, at) =>
      relativeDifference(update.slices[at]?.pixels ?? [], pixels),
    );
    expect(differences[0]).toBeLessThan(BATCH_TOLERANCE);
    // An upright plane through the axis lies half-way between two columns of even slices.
    expect(differences[1]).toBeLessThan(0.06);
    expect(differences[2]).toBeLessThan(0.06);
    expect(differences[3]).toBeLessThan(0.1);
  });

  it('say how much of the half turn they have, and where', () => {
    const { engine } = makeEngine();
    const anglesRadian = evenAngles(VIEWS).subarray(0, VIEWS / 4);
    const update = addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian, views: VIEWS });
    const { mode, coverageFraction, seen, viewsDone, viewsTotal } = sliceOf(update, 'vertical');
    expect({ mode, viewsDone, viewsTotal }).toEqual({
      mode: 'fillIn',
      viewsDone: VIEWS / 4,
      viewsTotal: VIEWS,
    });
    expect(coverageFraction).toBeCloseTo(0.25, 1);
    const total = seen.reduce((sum, { fromRadian, toRadian }) => sum + toRadian - fromRadian, 0);
    expect(total / Math.PI).toBeCloseTo(0.25, 1);
  });

  it('have the same values in larger pixels', () => {
    const anglesRadian = evenAngles(VIEWS);
    const scan = { scanId: 'a', sample: SAMPLE, anglesRadian };
    const update = addScan(makeEngine(2).engine, scan);
    const { rows, columns, binning, pixels } = sliceOf(update, 'horizontal');
    expect({ rows, columns, binning }).toEqual({ rows: 32, columns: 32, binning: 2 });
    // Middle of the large ball, away from the others.
    const middle = pixels[9 * 32 + 9] ?? 0;
    expect(middle).toBeGreaterThan(0.018);
    expect(middle).toBeLessThan(0.022);
  });

  it('get the weights of the angles that were really taken when the scan ends', () => {
    const anglesRadian = jittered(VIEWS, 'weights', 0.4);
    const { engine } = makeEngine();
    const before = addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    const ended = engine.finish('a');
    expect(ended.weightsCorrected).toBeGreaterThan(VIEWS / 2);
    const even = fresh({ scanId: 'b', sample: SAMPLE, anglesRadian: evenAngles(VIEWS) });
    const error = (update: LiveUpdate) =>
      relativeDifference(sliceOf(update, 'horizontal').pixels, sliceOf(even, 'horizontal').pixels);
    expect(error(ended)).toBeLessThan(0.8 * error(before));
  });
});

describe('the live slices of a later scan', () => {
  it('are after a full turn what the scan alone would give', () => {
    const anglesRadian = evenAngles(VIEWS);
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    engine.finish('a');
    const scan = { scanId: 'b', sample: CHANGED_SAMPLE, anglesRadian };
    const update = addScan(engine, scan);
    expect(sliceOf(update, 'vertical').mode).toBe('difference');
    expectSame(update, fresh(scan), FULL_TURN_TOLERANCE);
    const ended = engine.finish('b');
    expect(ended.viewsTakenOut).toBe(0);
    expectSame(ended, fresh(scan), FULL_TURN_TOLERANCE);
  });

  it('are that also with jitter of the stage, lost and repeated views in both scans', () => {
    const first = jittered(VIEWS, 'first').filter((_, view) => view % 13 !== 4);
    const second = jittered(VIEWS, 'second').filter((_, view) => view < 20 || view > 24);
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian: first, views: VIEWS });
    engine.finish('a');
    const scan = { scanId: 'b', sample: CHANGED_SAMPLE, anglesRadian: second, views: VIEWS };
    addScan(engine, scan);
    const angle = second.at(-1) ?? 0;
    const repeated = frame('b', 'projection', countsOf(CHANGED_SAMPLE, angle), angle + 0.05);
    engine.add(repeated, false);
    const dark = new Uint16Array(ROWS * COLUMNS).fill(DARK_COUNTS);
    engine.add(frame('b', 'projection', dark, 1), false);
    const ended = engine.finish('b');
    expect(ended).toMatchObject({
      viewsUsed: second.length,
      viewsLost: 1,
      viewsRepeated: 1,
    });
    expect(ended.viewsTakenOut).toBeGreaterThan(0);
    expectSame(ended, fresh(scan), FULL_TURN_TOLERANCE);
  });

  it.each([
    ['half as many views', VIEWS / 2, Math.PI],
    ['twice as many views', 2 * VIEWS, Math.PI],
    ['a full turn', 2 * VIEWS, 2 * Math.PI],
    ['the turn backwards', VIEWS, -Math.PI],
  ])('are that also when they have %s', (_, views, spanRadian) => {
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian: evenAngles(VIEWS) });
    engine.finish('a');
    const anglesRadian = evenAngles(views, spanRadian);
    const scan = { scanId: 'b', sample: CHANGED_SAMPLE, anglesRadian, spanRadian };
    addScan(engine, scan);
    expectSame(engine.finish('b'), fresh(scan), FULL_TURN_TOLERANCE);
  });

  it('are a whole half turn at any moment, never a wedge', () => {
    const anglesRadian = evenAngles(VIEWS);
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    const whole = engine.finish('a');
    for (const share of [0.2, 0.5, 0.8]) {
      const scanId = `b${share}`;
      const part = anglesRadian.subarray(0, Math.round(share * VIEWS));
      const update = addScan(engine, { scanId, sample: SAMPLE, anglesRadian: part, views: VIEWS });
      expectSame(update, whole, 1e-4);
      expect(sliceOf(update, 'oblique').coverageFraction).toBeCloseTo(share, 1);
      // Cut short, so the old views stay for the next.
      expect(engine.finish(scanId).viewsTakenOut).toBe(0);
    }
  });

  it('drift by a few millionths in a thousand updates', () => {
    const anglesRadian = evenAngles(20);
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'scan-0', sample: SAMPLE, anglesRadian });
    engine.finish('scan-0');
    const scan = (at: number) => ({
      scanId: `scan-${at}`,
      sample: at % 2 === 0 ? SAMPLE : CHANGED_SAMPLE,
      anglesRadian,
    });
    for (let at = 1; at <= 50; at++) {
      addScan(engine, scan(at));
      if (at < 50) engine.finish(`scan-${at}`);
    }
    expectSame(engine.finish('scan-50'), fresh(scan(0)), 1e-5);
  });

  it('begin anew when the detector or its binning is another', () => {
    const { engine, scratches } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian: evenAngles(12) });
    engine.finish('a');
    engine.startScan({
      plan: planOf('b', 3),
      rows: ROWS / 2,
      columns: COLUMNS,
      scratchPath: '',
    });
    expect(scratches).toMatchObject({ opened: 2, closed: 1 });
    expect(engine.geometry('a')).toBeUndefined();
    expect(engine.geometry('b')?.detector.rows).toBe(ROWS / 2);
  });
});

describe('live slices of chosen planes', () => {
  const start = { rows: ROWS, columns: COLUMNS, scratchPath: '', axisPixel: AXIS };
  const along = (alongUnit: PixelPlace): NamedPlane => ({
    plane: 'vertical',
    geometry: { centrePixel: [3, -2, 18], alongUnit, downUnit: [0, 0, 1] },
  });

  it('go anywhere, and other planes begin anew', () => {
    const { engine } = makeEngine();
    const plan = planOf('a', VIEWS);
    engine.startScan({ ...start, plan, planes: [along([0, 1, 0])] });
    for (const reference of referenceFrames('a')) engine.add(reference, false);
    let update: LiveUpdate = { slices: [], problems: [] };
    for (const angle of evenAngles(VIEWS)) {
      update = engine.add(frame('a', 'projection', countsOf(SAMPLE, angle), angle), true);
    }
    expect(update.slices.map(({ plane, rows, columns }) => [plane, rows, columns])).toEqual([
      ['vertical', ROWS, COLUMNS],
    ]);
    // The middle of the picture is at x = 3, y = -2 and detector row 18, within the large ball.
    const pixels = update.slices[0]?.pixels ?? new Float32Array(0);
    const around = pixels.subarray(20 * COLUMNS + 28, 20 * COLUMNS + 36);
    const mean = around.reduce((sum, value) => sum + value, 0) / around.length;
    expect(mean).toBeGreaterThan(0.017);
    expect(mean).toBeLessThan(0.024);
    engine.finish('a');
    engine.startScan({ ...start, plan: planOf('b', VIEWS), planes: [along([0, 1, 0])] });
    for (const reference of referenceFrames('b')) engine.add(reference, false);
    const next = engine.add(frame('b', 'projection', countsOf(SAMPLE, 0), 0), true);
    expect(next.slices[0]?.mode).toBe('difference');
    engine.startScan({ ...start, plan: planOf('c', VIEWS), planes: [along([1, 0, 0])] });
    for (const reference of referenceFrames('c')) engine.add(reference, false);
    const other = engine.add(frame('c', 'projection', countsOf(SAMPLE, 0), 0), true);
    expect(other.slices[0]?.mode).toBe('fillIn');
  });

  it('refuse what is no plane before anything is lost', () => {
    const { engine } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian: evenAngles(12) });
    engine.finish('a');
    const planes = [along([0, 2, 0])];
    expect(() => engine.startScan({ ...start, plan: planOf('b', 9), planes })).toThrow(
      /vertical plane: directions/,
    );
    expect(engine.geometry('a')).toBeDefined();
  });
});

describe('setting live slices right with a volume', () => {
  it('makes volume - old views + new views of them', async () => {
    const anglesRadian = evenAngles(VIEWS);
    const { engine } = makeEngine();
    // The first scan does not know the axis yet.
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian, axisPixel: AXIS + 2 });
    engine.finish('a');
    const request = engine.geometry('a');
    if (!request) throw new Error('no geometry');
    const volume = batchVolume(SAMPLE, anglesRadian).map((value, at) => value + 1e-3 * (at % 3));
    const planes = await slicePlanes(volumeSource(volume), request);
    const update = engine.rezero({ scanId: 'a', planes, axisPixel: AXIS });
    for (const [at, plane] of planes.entries()) {
      expect(update.slices[at]?.pixels).toEqual(plane);
    }
    const scan = { scanId: 'b', sample: CHANGED_SAMPLE, anglesRadian };
    addScan(engine, scan);
    const ended = engine.finish('b');
    const [old, young] = [fresh({ ...scan, sample: SAMPLE }), fresh(scan)];
    for (const [at, plane] of planes.entries()) {
      const expected = plane.map(
        (value, k) => value - (old.slices[at]?.pixels[k] ?? 0) + (young.slices[at]?.pixels[k] ?? 0),
      );
      const pixels = ended.slices[at]?.pixels ?? [];
      expect(relativeDifference(pixels, expected)).toBeLessThan(FULL_TURN_TOLERANCE);
    }
  });

  it('comes too late once another scan has begun, which then gives the axis for the next', () => {
    const { engine } = makeEngine();
    const anglesRadian = evenAngles(12);
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    const { slices } = engine.finish('a');
    const planes = slices.map(({ pixels }) => new Float32Array(pixels.length));
    const update = addScan(engine, { scanId: 'b', sample: SAMPLE, anglesRadian });
    expect(engine.rezero({ scanId: 'a', planes, axisPixel: 20 }).slices).toEqual([]);
    expectSame(engine.finish('b'), update, 1e-5);
    expect(() => engine.rezero({ scanId: 'b', planes, axisPixel: Number.NaN })).toThrow(
      /rotation axis: NaN/,
    );
  });

  it('is not done with the volume of a scan that was cut short', () => {
    const { engine } = makeEngine();
    const anglesRadian = evenAngles(VIEWS).subarray(0, 20);
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian, views: VIEWS });
    const { slices } = engine.finish('a');
    const planes = slices.map(({ pixels }) => new Float32Array(pixels.length));
    expect(engine.rezero({ scanId: 'a', planes, axisPixel: AXIS }).slices).toEqual([]);
  });
});

describe('live slices in trouble', () => {
  it('begin anew, and say so, when old projections cannot be read', () => {
    const anglesRadian = evenAngles(VIEWS);
    const { engine, scratches } = makeEngine();
    addScan(engine, { scanId: 'a', sample: SAMPLE, anglesRadian });
    engine.finish('a');
    engine.startScan({ plan: planOf('b', VIEWS), rows: ROWS, columns: COLUMNS, scratchPath: '' });
    for (const reference of referenceFrames('b')) engine.add(reference, false);
    scratches.failing = 'read';
    const update = engine.add(frame('b', 'projection', countsOf(SAMPLE, 0), 0), true);
    expect(update.problems.map(({ message }) => message)).toEqual(['no read today']);
    expect(sliceOf(update, 'horizontal').mode).toBe('fillIn');
    scratches.failing = undefined;
    const next = engine.add(frame('b', 'projection', countsOf(SAMPLE, 1), 1), true);
    expect(next.problems).toEqual([]);
  });

  it('go on when projections cannot be kept, and the scan after begins anew', () => {
    const anglesRadian = evenAngles(VIEWS);
    const scan = { scanId: 'a', sample: SAMPLE, anglesRadian };
    const { engine, scratches } = makeEngine();
    scratches.failing = 'write';
    const update = addScan(engine, scan);
    expectSame(update, fresh(scan), BATCH_TOLERANCE);
    engine.finish('a');
    scratches.failing = undefined;
    const after = addScan(engine, { ...scan, scanId: 'b', sample: CHANGED_SAMPLE });
    expect(sliceOf(after, 'horizontal').mode).toBe('fillIn');
    expectSame(after, fresh({ ...scan, sample: CHANGED_SAMPLE }), BATCH_TOLERANCE);
  });

  it('refuse frames without flats, of another size or another scan', () => {
    const { engine } = makeEngine();
    const projection = frame('a', 'projection', countsOf(SAMPLE, 0), 0);
    expect(() => engine.add(projection, true)).toThrow(/a: this scan is not in progress/);
    engine.startScan({ plan: planOf('a', 9), rows: ROWS, columns: COLUMNS, scratchPath: '' });
    expect(() => engine.add(projection, true)).toThrow(
      /flat fields: none came before the first projection[\s\S]*dark fields: none/,
    );
    expect(() => engine.add({ ...projection, rows: 3 }, true)).toThrow(
      /the scan began with 40 x 64/,
    );
    expect(() => engine.add({ ...projection, scanId: 'b' }, true)).toThrow(/b: this scan is not/);
    const [flat, dark] = referenceFrames('a');
    if (!flat || !dark) throw new Error('no references');
    engine.add(flat, false);
    engine.add({ ...flat, kind: 'dark' }, false);
    expect(() => engine.add(projection, true)).toThrow(/no pixel is brighter than in the dark/);
  });

  it('are left at nothing by a scan of which every view is lost', () => {
    const { engine } = makeEngine();
    engine.startScan({ plan: planOf('a', 4), rows: ROWS, columns: COLUMNS, scratchPath: '' });
    for (const reference of referenceFrames('a')) engine.add(reference, false);
    for (const count of [0, DARK_COUNTS, 65_535, 65_535]) {
      const pixels = new Uint16Array(ROWS * COLUMNS).fill(count);
      engine.add(frame('a', 'projection', pixels, count), false);
    }
    const ended = engine.finish('a');
    expect(ended).toMatchObject({ viewsUsed: 0, viewsLost: 4 });
    for (const { pixels } of ended.slices) expect(pixels.every((value) => value === 0)).toBe(true);
  });
});

describeWithData('live slices of measured scans', () => {
  it('are those of filtered back-projection for the tooth', async () => {
    const source = await openScan(sharedData('tomo/tooth-row0.h5'));
    const { rows, columns, anglesRadian } = source;
    const axisPixel = 296;
    const kernel = new LiveKernel(loadKernelModule('live'));
    const clock = new VirtualClock();
    const engine = new LiveEngine({ kernel, scratches: new MemoryScratches(), clock });
    const views = anglesRadian.length;
    const plan = planOf('tooth', views);
    engine.startScan({ plan, rows, columns, scratchPath: '', axisPixel });
    const light = new LiveReference(rows * columns);
    const counts = new Uint16Array(rows * columns);
    const sinogram = new Float32Array(views * columns);
    for (const sent of framesInOrder(source)) {
      if (sent.kind !== 'projection') light.add(sent.kind, sent.pixels);
      engine.add({ ...sent, scanId: 'tooth' }, false);
    }
    const reference = light.reference();
    let update: LiveUpdate = { slices: [], problems: [] };
    const detector = { rows, columns, binning: 1 };
    for (const [view, angleRadian] of anglesRadian.entries()) {
      await source.readView(view, counts);
      sinogram.set(attenuationTwin(counts, reference, detector), view * columns);
      const common = { scanId: 'tooth', index: view, timeSecond: 0, rows, columns };
      update = engine.add(
        { ...common, kind: 'projection', angleRadian, pixels: counts.slice() },
        true,
      );
    }
    await source.close();
    const batch = new TomographyKernel(loadKernelModule('tomography'));
    // The tooth is narrower than the detector.
    batch.clearSlice(columns);
    batch.addToSlice(
      sinogram,
      Array.from(anglesRadian, (angleRadian) => ({
        angleRadian,
        axisPixel,
        weightRadian: Math.PI / views,
      })),
    );
    const { pixels } = sliceOf(update, 'horizontal');
    expect(relativeDifference(pixels, batch.readSlice())).toBeLessThan(BATCH_TOLERANCE);
  });
});

/** Flats and darks of a source as frames. */
function* framesInOrder({ rows, columns, flats, darks }: ScanSource): Generator<LiveFrame> {
  const size = rows * columns;
  const common = { scanId: '', index: 0, angleRadian: 0, timeSecond: 0, rows, columns };
  for (const [kind, frames] of [
    ['flat', flats],
    ['dark', darks],
  ] as const) {
    for (let at = 0; at < frames.length; at += size) {
      yield { ...common, kind, pixels: frames.subarray(at, at + size) };
    }
  }
}
