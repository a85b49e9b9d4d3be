import { describe, expect, test } from 'vitest';
import { pointSecond, ReplayPotentiostat } from '../../../hardware/replay/replay-potentiostat.ts';
import { ReplayScanner } from '../../../hardware/replay/replay-scanner.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { Frame, ScanData, ScanPlan } from '../../../src/domain/scan.ts';
import type { Spectrum } from '../../../src/domain/spectrum.ts';
import type { ElectrochemicalTechnique, Impedance } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

const SWEEP: Impedance = {
  kind: 'impedance',
  frequencyHertzMax: 200e3,
  frequencyHertzMin: 0.1,
  pointCount: 51,
  excitation: {
    mode: 'potentiostatic',
    amplitudeVoltRms: 0.01,
    biasVolt: 0,
    versusOpenCircuit: true,
  },
};

const spectrum = (offset: number): Spectrum => ({
  points: [0.02, 9904.999, 10].map((frequencyHertz, at) => ({
    frequencyHertz,
    zRealOhm: 0.168_527_86 + offset + at,
    zImagOhm: -0.050_928_6 - at,
  })),
});

function makePotentiostat(pointDurationSecond?: number) {
  const clock = new VirtualClock();
  const spectra = [spectrum(0), spectrum(100)];
  const options = { id: 'potentiostat', spectra, clock, pointDurationSecond };
  return { clock, spectra, potentiostat: new ReplayPotentiostat(options) };
}

async function measure(
  { clock, potentiostat }: ReturnType<typeof makePotentiostat>,
  technique: ElectrochemicalTechnique = SWEEP,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  const reading = (async () => {
    for await (const it of potentiostat.measure(technique, never)) readings.push(it);
  })();
  await Promise.all([reading, clock.advance(1000)]);
  return readings;
}

describe('a replayed potentiostat', () => {
  test('plays each spectrum exactly, from high to low frequency, one for each sweep', async () => {
    const rig = makePotentiostat();
    for (const recorded of rig.spectra) {
      const readings = await measure(rig);
      const points = readings.map((it) => (it.kind === 'impedancePoint' ? it.point : undefined));
      expect(points).toEqual([recorded.points[1], recorded.points[2], recorded.points[0]]);
      expect(readings.every(({ quality }) => quality === 'good')).toBe(true);
    }
  });

  test('takes as long as an instrument needs, or as configured', async () => {
    const realistic = await measure(makePotentiostat());
    expect(realistic.at(-1)?.timeSecond).toBeCloseTo(3 / 9904.999 + 3 / 10 + 3 / 0.02 + 0.6, 9);
    const configured = await measure(makePotentiostat(0.5));
    expect(configured.map(({ timeSecond }) => timeSecond)).toEqual([0.5, 1, 1.5]);
    expect(pointSecond({ frequencyHertz: 3, zRealOhm: 0, zImagOhm: 0 })).toBeCloseTo(1.2, 12);
  });

  test('says how many spectra there were when it has played them all', async () => {
    const rig = makePotentiostat();
    await measure(rig);
    await measure(rig);
    const third = measure(rig);
    await expect(third).rejects.toMatchObject({ code: 'instrumentUnable' });
    await expect(measure(rig)).rejects.toThrow('all 2 recorded spectra');
  });

  test('declares impedance alone and refuses to pretend anything else', async () => {
    const rig = makePotentiostat();
    expect(rig.potentiostat.capability.techniques).toEqual(['impedance']);
    expect(rig.potentiostat.info.provenance).toBe('recorded');
    const rest = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 1 } as const;
    await expect(measure(rig, rest)).rejects.toMatchObject({ code: 'instrumentUnable' });
  });

  test('stops between points when its signal aborts', async () => {
    const { clock, potentiostat } = makePotentiostat(1);
    const abort = new AbortController();
    const seen: Reading[] = [];
    const reading = (async () => {
      for await (const it of potentiostat.measure(SWEEP, abort.signal)) seen.push(it);
    })();
    const refused = expect(reading).rejects.toThrow('operator');
    await clock.advance(1.5);
    abort.abort(new Error('operator'));
    await refused;
    expect(seen).toHaveLength(1);
  });
});

const VIEWS = 4;
const DEGREE = Math.PI / 180;
const RECORDED: ScanData = {
  rows: 2,
  columns: 3,
  anglesRadian: Float64Array.from([0, 60.01, 119.98, 180], (angle) => angle * DEGREE),
  projections: Uint16Array.from({ length: VIEWS * 6 }, (_, at) => 1000 + at),
  flats: Uint16Array.from({ length: 2 * 6 }, (_, at) => 60_000 + at),
  darks: Uint16Array.from({ length: 6 }, (_, at) => at),
};
const PLAN: ScanPlan = {
  scanId: 'scan-1',
  views: VIEWS,
  startAngleRadian: 0,
  spanRadian: Math.PI,
  durationSecond: 70,
};

function makeScanner(data: ScanData = RECORDED) {
  const clock = new VirtualClock();
  return { clock, scanner: new ReplayScanner({ id: 'scanner', source: 'tomo/rod', data, clock }) };
}

async function scan(
  { clock, scanner }: ReturnType<typeof makeScanner>,
  plan = PLAN,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  const reading = (async () => {
    for await (const frame of scanner.scan(plan, never)) frames.push(frame);
  })();
  await Promise.all([reading, clock.advance(plan.durationSecond)]);
  return frames;
}

describe('a replayed scanner', () => {
  test('plays flats, darks and views exactly, with their recorded angles', async () => {
    const rig = makeScanner();
    expect(rig.scanner).toMatchObject({ rows: 2, columns: 3, viewsMax: 4 });
    const frames = await scan(rig);
    const played = (kind: Frame['kind']) =>
      frames.filter((frame) => frame.kind === kind).flatMap(({ pixels }) => [...pixels]);
    expect(played('projection')).toEqual([...RECORDED.projections]);
    expect(played('flat')).toEqual([...RECORDED.flats]);
    expect(played('dark')).toEqual([...RECORDED.darks]);
    const angles = frames.filter(({ kind }) => kind === 'projection').map((it) => it.angleRadian);
    expect(angles).toEqual([...RECORDED.anglesRadian]);
    expect(frames.map(({ timeSecond }) => Math.round(timeSecond))).toEqual([
      10, 20, 30, 40, 50, 60, 70,
    ]);
  });

  test('plays the recording again at the next scan, in pixels of its own', async () => {
    const rig = makeScanner();
    const first = await scan(rig);
    first[0]?.pixels.fill(0);
    const second = await scan(rig, { ...PLAN, scanId: 'scan-2' });
    expect(second[0]?.pixels[0]).toBe(60_000);
    expect(second[0]?.scanId).toBe('scan-2');
  });

  test('plays whole counts that were stored as floats, and a scan without flats and darks', async () => {
    const floats = {
      ...RECORDED,
      projections: Float32Array.from(RECORDED.projections),
      flats: new Uint16Array(),
      darks: new Uint16Array(),
    };
    const frames = await scan(makeScanner(floats));
    expect(frames.map(({ kind }) => kind)).toEqual(Array(4).fill('projection'));
    expect(frames.flatMap(({ pixels }) => [...pixels])).toEqual([...RECORDED.projections]);
  });

  test.each([3, 5])('refuses a recipe that asks for %i views of 4, saying both', async (views) => {
    const asked = scan(makeScanner(), { ...PLAN, views });
    await expect(asked).rejects.toMatchObject({ code: 'instrumentUnable' });
    await expect(scan(makeScanner(), { ...PLAN, views })).rejects.toThrow(
      new RegExp(`4 views.*asks for ${views}`),
    );
  });

  test('refuses another span than recorded, but forgives one step', async () => {
    await expect(scan(makeScanner(), { ...PLAN, spanRadian: 2 * Math.PI })).rejects.toThrow(
      /spans 180\.0°.*360\.0°/,
    );
    expect(await scan(makeScanner(), { ...PLAN, spanRadian: Math.PI * 1.1 })).toHaveLength(7);
  });

  test.each([
    ['a fraction', 0.5],
    ['a negative number', -1],
    ['more than 16 bits', 65_536],
    ['not a number', Number.NaN],
  ])('refuses a recording with %s for a count', (_, value) => {
    const projections = Float32Array.from(RECORDED.projections);
    projections[7] = value;
    expect(() => makeScanner({ ...RECORDED, projections })).toThrow(/projection pixel 7/);
  });

  test('refuses a recording whose angles do not go with its projections', () => {
    const anglesRadian = RECORDED.anglesRadian.subarray(1);
    expect(() => makeScanner({ ...RECORDED, anglesRadian })).toThrow('3 angles');
  });

  test('stops on stop', async () => {
    const rig = makeScanner();
    const scanning = scan(rig);
    const refused = expect(scanning).rejects.toMatchObject({ code: 'instrumentLost' });
    await rig.clock.advance(15);
    await rig.scanner.stop();
    await refused;
  });
});
