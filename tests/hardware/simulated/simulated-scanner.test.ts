import { describe, expect, test } from 'vitest';
import { Phantom } from '../../../hardware/simulated/phantom.ts';
import { scannedSample } from '../../../hardware/simulated/scanned-sample.ts';
import { SimulatedDetector } from '../../../hardware/simulated/simulated-detector.ts';
import {
  refuseNarrowDetector,
  SimulatedScanner,
  simulatedScannerSchema,
} from '../../../hardware/simulated/simulated-scanner.ts';
import { specimenSignal } from '../../../hardware/simulated/specimen-signal.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Frame, ScanPlan } from '../../../src/domain/scan.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LITHIUM_CELL, lithiumCell, PARK_CURRENT_AMPERE } from './support.ts';

const PLAN: ScanPlan = {
  scanId: 'scan-1',
  views: 12,
  startAngleRadian: 0,
  spanRadian: Math.PI,
  durationSecond: 90,
};

function makeScanner(
  options: {
    seed?: number;
    settings?: Record<string, unknown>;
    phases?: Record<string, number>;
  } = {},
) {
  const clock = new VirtualClock();
  const seed = options.seed ?? 1;
  const cell = lithiumCell(clock, seed);
  const phantom = new Phantom(
    {
      areaSquareMetre: LITHIUM_CELL.area,
      electrolyteMetre: 600e-6,
      lithiumAtShortMetre: 12.41e-6,
    },
    seed,
  );
  const settings = simulatedScannerSchema.parse({
    rows: 8,
    rowPitch: '100 µm',
    ...options.settings,
  });
  const signal = specimenSignal(() => ({ ...cell.interior(), phases: options.phases ?? {} }));
  const sample = scannedSample({ cell: () => phantom.solids(cell.interior()), signal });
  const scanner = new SimulatedScanner({ id: 'scanner', settings, sample, clock, seed });
  return { clock, cell, scanner };
}

async function collect(
  { clock, scanner }: ReturnType<typeof makeScanner>,
  plan = PLAN,
  signal = new AbortController().signal,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  const reading = (async () => {
    for await (const frame of scanner.scan(plan, signal)) frames.push(frame);
  })();
  await Promise.all([reading, clock.advance(plan.durationSecond)]);
  return frames;
}

/** Mean of the frames of a kind, pixel by pixel. */
function meanOf(frames: readonly Frame[], kind: Frame['kind']): Float64Array {
  const chosen = frames.filter((frame) => frame.kind === kind);
  const mean = new Float64Array(chosen[0]?.pixels.length ?? 0);
  for (const { pixels } of chosen) {
    for (const [at, count] of pixels.entries()) mean[at] = (mean[at] ?? 0) + count / chosen.length;
  }
  return mean;
}

/** -ln of the projection normalised by flats and darks, for one row. */
function normalisedRow(frames: readonly Frame[], view: number, row: number): number[] {
  const flat = meanOf(frames, 'flat');
  const dark = meanOf(frames, 'dark');
  const frame = frames.find(({ kind, index }) => kind === 'projection' && index === view);
  const columns = frame?.columns ?? 0;
  return Array.from({ length: columns }, (_, column) => {
    const at = row * columns + column;
    const open = (flat[at] ?? 0) - (dark[at] ?? 0);
    return -Math.log(((frame?.pixels[at] ?? 0) - (dark[at] ?? 0)) / open);
  });
}

/** The same, averaged over all views. */
function meanRow(frames: readonly Frame[], views: number, row: number): number[] {
  const rows = Array.from({ length: views }, (_, view) => normalisedRow(frames, view, row));
  return (rows[0] ?? []).map((_, column) => {
    return rows.reduce((sum, values) => sum + (values[column] ?? 0), 0) / views;
  });
}

describe('a simulated scan', () => {
  test('takes flats, darks, then views, each counted from 0 and ending on time', async () => {
    const frames = await collect(makeScanner());
    expect(frames.map(({ kind }) => kind)).toEqual([
      ...Array(10).fill('flat'),
      ...Array(5).fill('dark'),
      ...Array(12).fill('projection'),
    ]);
    expect(frames.slice(15).map(({ index }) => index)).toEqual([...Array(12).keys()]);
    for (const [at, { timeSecond }] of frames.entries()) {
      expect(timeSecond).toBeCloseTo((90 * (at + 1)) / 27, 9);
    }
  });

  test('reads back angles near where the stage was sent, the far end left out', async () => {
    const frames = await collect(makeScanner());
    const angles = frames.slice(15).map(({ angleRadian }) => angleRadian);
    for (const [at, angle] of angles.entries()) {
      expect(Math.abs(angle - (Math.PI * at) / 12)).toBeLessThan(2e-3);
    }
    expect(angles.some((angle, at) => angle !== (Math.PI * at) / 12)).toBe(true);
    expect(frames.slice(0, 15).every(({ angleRadian }) => angleRadian === 0)).toBe(true);
  });

  test('repeats itself count for count by seed', async () => {
    const [first, again, other] = await Promise.all([
      collect(makeScanner({ seed: 3 })),
      collect(makeScanner({ seed: 3 })),
      collect(makeScanner({ seed: 4 })),
    ]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('has stripes that flats divide out', async () => {
    const frames = await collect(makeScanner({ settings: { flats: 100 } }));
    const flat = meanOf(frames, 'flat').subarray(0, 192);
    const mean = flat.reduce((sum, count) => sum + count, 0) / flat.length;
    const worst = Math.max(...flat.map((count) => Math.abs(count / mean - 1)));
    expect(worst).toBeGreaterThan(0.05);
    // Air beside the tube: what is left of the gain is photon noise of 1/√30000.
    const row = normalisedRow(frames, 0, 4);
    for (const value of [...row.slice(0, 4), ...row.slice(-1)]) {
      expect(Math.abs(value)).toBeLessThan(0.03);
    }
  });

  test('puts the cell about an axis that is off the middle by the option', async () => {
    for (const axisOffsetPixel of [3.4, -2]) {
      const rig = makeScanner({ settings: { axisOffsetPixel, flats: 100 } });
      const frames = await collect(rig, { ...PLAN, views: 64 });
      // Row 0 has no voids, only the tube and the foil, both centred on the axis. Photon noise
      // moves the centre of mass of one view by 0.25 pixel, that of 64 views and 100 flats by
      // 0.04: the limit is four times that.
      const row = meanRow(frames, 64, 0);
      const total = row.reduce((sum, value) => sum + value, 0);
      const centre = row.reduce((sum, value, column) => sum + value * column, 0) / total;
      expect(Math.abs(centre - 95.5 - axisOffsetPixel)).toBeLessThan(0.16);
    }
  });

  test('sees less attenuation in the electrolyte after lithium has grown into it', async () => {
    const before = makeScanner();
    const after = makeScanner();
    after.cell.setCurrent(PARK_CURRENT_AMPERE);
    await after.clock.advance(4 * 3600);
    const mass = async (rig: ReturnType<typeof makeScanner>) =>
      normalisedRow(await collect(rig), 3, 5).reduce((sum, value) => sum + value, 0);
    expect(await mass(after)).toBeLessThan(0.99 * (await mass(before)));
  });

  test('stops at once when its signal aborts, with the reason', async () => {
    const rig = makeScanner();
    const abort = new AbortController();
    const scanning = collect(rig, PLAN, abort.signal);
    await rig.clock.advance(10);
    abort.abort(new Error('operator'));
    await expect(scanning).rejects.toThrow('operator');
  });

  test('stops on stop, may be stopped again, and can scan afterwards', async () => {
    const rig = makeScanner();
    const scanning = collect(rig);
    const refused = expect(scanning).rejects.toMatchObject({ code: 'instrumentLost' });
    await rig.clock.advance(10);
    await rig.scanner.stop();
    await rig.scanner.stop();
    await refused;
    expect(await collect(rig)).toHaveLength(27);
  });

  test('ends the exposures when the reader stops reading', async () => {
    const rig = makeScanner();
    const reading = (async () => {
      for await (const frame of rig.scanner.scan(PLAN, new AbortController().signal)) {
        if (frame.kind === 'dark') break;
      }
    })();
    await Promise.all([reading, rig.clock.advance(90)]);
    expect(await collect(rig)).toHaveLength(27);
  });

  test('refuses a second scan at a time and too many views', async () => {
    const rig = makeScanner({ settings: { viewsMax: 12 } });
    const first = collect(rig);
    const signal = new AbortController().signal;
    const second = rig.scanner.scan(PLAN, signal)[Symbol.asyncIterator]();
    await expect(second.next()).rejects.toMatchObject({ code: 'instrumentUnable' });
    await first;
    const many = rig.scanner.scan({ ...PLAN, views: 13 }, signal)[Symbol.asyncIterator]();
    await expect(many.next()).rejects.toThrow(/13 views.*12/);
  });

  test('does not begin when it is already called off', async () => {
    const rig = makeScanner();
    const scan = rig.scanner.scan(PLAN, AbortSignal.abort(new Error('too late')));
    await expect(scan[Symbol.asyncIterator]().next()).rejects.toThrow('too late');
  });
});

describe('the simulated detector', () => {
  const detector = (photons: number) =>
    new SimulatedDetector({ columns: 1, photons, darkCounts: 100, seed: 11 });

  test.each([5, 20, 1000])('has photon noise of variance %i for as many photons', (photons) => {
    const pixels = 40_000;
    const counts = [...detector(photons).expose(pixels, new Float64Array(pixels))];
    const dark = [...detector(photons).expose(pixels, undefined)];
    const mean = (values: number[]) => values.reduce((sum, it) => sum + it, 0) / values.length;
    const variance = (values: number[]) => {
      const centre = mean(values);
      return mean(values.map((value) => (value - centre) ** 2));
    };
    expect(mean(dark)).toBeCloseTo(100, 0);
    const gain = (mean(counts) - mean(dark)) / photons;
    expect(Math.abs(gain - 1)).toBeLessThan(0.3);
    const photonVariance = (variance(counts) - variance(dark)) / gain ** 2;
    expect(photonVariance / photons).toBeGreaterThan(0.93);
    expect(photonVariance / photons).toBeLessThan(1.07);
  });

  test('stops at the converter limits', () => {
    const bright = new SimulatedDetector({ columns: 1, photons: 1e6, darkCounts: 100, seed: 1 });
    expect(bright.expose(1, new Float64Array(1))[0]).toBe(65_535);
    const empty = new SimulatedDetector({ columns: 1, photons: 1, darkCounts: 0, seed: 1 });
    expect(Math.min(...empty.expose(100, undefined))).toBe(0);
  });
});

test('a detector too narrow for the turning sample is refused with both reaches', () => {
  const settings = simulatedScannerSchema.parse({ columns: 180 });
  expect(() => refuseNarrowDetector(settings, 11e-3)).toThrow(Fault);
  expect(() => refuseNarrowDetector(settings, 11e-3)).toThrow(/91\.7.*86\.6/);
  expect(() => refuseNarrowDetector(simulatedScannerSchema.parse({}), 11e-3)).not.toThrow();
});

describe('a scan at one photon energy', () => {
  const settings = { rows: 48, columns: 96, axisOffsetPixel: 0, particle: { pitch: '0.4 µm' } };
  const at = (electronvolt: number): ScanPlan => ({
    ...PLAN,
    views: 1,
    energyJoule: electronvolt * 1.602_176_634e-19,
  });
  const middle = (frames: readonly Frame[]): number => normalisedRow(frames, 0, 24)[48] ?? 0;

  test('sees a particle whose attenuation jumps at the edge of iron', async () => {
    const bench = makeScanner({ settings, phases: { FeS2: 1 } });
    const below = middle(await collect(bench, at(7050)));
    const above = middle(await collect(bench, at(7200)));
    // 16 µm of pyrite: 0.78 below the edge, more than twice that above it.
    expect(below).toBeGreaterThan(0.7);
    expect(below).toBeLessThan(0.9);
    expect(above / below).toBeGreaterThan(2);
  });

  test('tells pyrite from metal between their edges, in a linear combination', async () => {
    const seen = async (phases: Record<string, number>) =>
      middle(await collect(makeScanner({ settings, phases }), at(7114)));
    const pyrite = await seen({ FeS2: 1 });
    const metal = await seen({ Fe: 1 });
    expect(metal - pyrite).toBeGreaterThan(0.4);
    const half = await seen({ FeS2: 0.5, Fe: 0.5 });
    expect(half).toBeGreaterThan(pyrite);
    expect(half).toBeLessThan(metal);
  });

  test('is refused at once for a cell without iron', async () => {
    const bench = makeScanner({ settings });
    await expect(collect(bench, at(7120))).rejects.toMatchObject({ code: 'instrumentUnable' });
  });

  test('leaves a scan without an energy as it is', async () => {
    const bench = makeScanner({ settings: { ...settings, columns: 192 }, phases: { FeS2: 1 } });
    const frames = await collect(bench, { ...PLAN, views: 1 });
    expect(Math.max(...normalisedRow(frames, 0, 24))).toBeGreaterThan(0.2);
  });
});
