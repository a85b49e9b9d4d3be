import { describe, expect, it } from 'vitest';
import { SimulatedSpectrometer } from '../../../hardware/simulated/simulated-spectrometer.ts';
import { specimenSignal } from '../../../hardware/simulated/specimen-signal.ts';
import { simulatedSpectrometerSchema } from '../../../hardware/simulated/spectrometer-regions.ts';
import { levelNow } from '../../../hardware/simulated/spectrum-model.ts';
import type { DetectorSpectrum } from '../../../src/domain/detector-spectrum.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { readRig } from './support.ts';

const AXIS = { label: 'photon energy', unit: 'keV', from: 60, to: 70, channels: 1001 };
const LINE = { name: 'InLi 422', position: 64.2, width: 0.35, area: 100 };
const PLANES = { phase: 'InLi', planes: [4, 2, 2] };
const never = new AbortController().signal;

function make(region: Record<string, unknown>, options: Record<string, unknown> = {}) {
  const clock = new VirtualClock();
  const state: Record<string, number> = { InLi: 1 };
  const settings = simulatedSpectrometerSchema.parse({
    deadTimeMicrosecond: 0,
    regions: { edxrd: { axis: AXIS, ...region }, other: { axis: AXIS } },
    ...options,
  });
  const spectrometer = new SimulatedSpectrometer({
    id: 'edd',
    settings,
    signal: (name) => state[name] ?? 0,
    clock,
    seed: 3,
  });
  return { clock, state, spectrometer };
}

type Bench = ReturnType<typeof make>;

async function count(bench: Bench, durationSecond: number): Promise<DetectorSpectrum> {
  const work = bench.spectrometer.measure({ region: 'edxrd', durationSecond }, never);
  await bench.clock.advance(durationSecond);
  return work;
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, one) => total + one, 0);
}

/** Mean place of the counts on the axis. */
function centre({ axis, counts }: DetectorSpectrum): number {
  return axis.reduce((total, x, at) => total + x * (counts[at] ?? 0), 0) / sum(counts);
}

describe('what a simulated spectrometer counts', () => {
  it('is a peak of the area asked for at its place, with its width', async () => {
    const spectrum = await count(make({ peaks: [LINE] }), 1000);
    expect(Math.abs(sum(spectrum.counts) - 100_000)).toBeLessThan(4 * Math.sqrt(100_000));
    const sigma = 0.35 / 2.3548;
    expect(Math.abs(centre(spectrum) - 64.2)).toBeLessThan((4 * sigma) / Math.sqrt(100_000));
    const variance =
      spectrum.axis.reduce(
        (total, x, at) => total + (x - 64.2) ** 2 * (spectrum.counts[at] ?? 0),
        0,
      ) / sum(spectrum.counts);
    expect(Math.sqrt(variance)).toBeCloseTo(sigma, 3);
    expect(spectrum).toMatchObject({
      region: 'edxrd',
      axisLabel: 'photon energy',
      axisUnit: 'keV',
      liveSecond: 1000,
    });
    expect([spectrum.axis[0], spectrum.axis[1000], spectrum.axis.length]).toEqual([60, 70, 1001]);
  });

  it('keeps the area and the full width for any share of the Lorentzian', async () => {
    const wide = { ...LINE, position: 65, lorentzian: 1 };
    const { axis, counts } = await count(make({ peaks: [{ ...wide, area: 1e6 }] }), 100);
    // A Lorentzian has 2/π atan(5 / 0.175) of its area within 5 keV to both sides.
    const inside = (2 / Math.PI) * Math.atan(5 / 0.175);
    expect(sum(counts) / 1e8).toBeCloseTo(inside, 3);
    const middle = axis.findIndex((x) => x >= 65);
    const half = (counts[middle] ?? 0) / 2;
    const first = counts.findIndex((one) => one > half);
    const last = counts.findLastIndex((one) => one > half);
    expect((last - first) * 0.01).toBeCloseTo(0.35, 1);
  });

  it('has the second line of a doublet at its distance and with its share', async () => {
    const doublet = { ...LINE, position: 62, partner: { split: 4, ratio: 0.5 } };
    const { axis, counts } = await count(make({ peaks: [doublet] }), 1000);
    const upper = counts.reduce((total, one, at) => total + ((axis[at] ?? 0) > 64 ? one : 0), 0);
    expect(upper / 50_000).toBeCloseTo(1, 1);
    expect(sum(counts) / 150_000).toBeCloseTo(1, 1);
  });

  it('has the noise of counting: the variance over channels is the mean', async () => {
    const { counts } = await count(make({ background: [0.2, 0.2] }), 100);
    const mean = sum(counts) / counts.length;
    const variance = counts.reduce((total, one) => total + (one - mean) ** 2, 0) / counts.length;
    expect(Math.abs(mean - 20)).toBeLessThan(0.6);
    expect(variance / mean).toBeGreaterThan(0.85);
    expect(variance / mean).toBeLessThan(1.15);
    expect(counts.every((one) => Number.isInteger(one) && one >= 0)).toBe(true);
  });

  it('has a background from one end to the other and a step behind its peaks', async () => {
    const flat = await count(make({ background: [10, 30] }), 1000);
    expect((flat.counts[0] ?? 0) / 1e4).toBeCloseTo(1, 1);
    expect((flat.counts[1000] ?? 0) / 3e4).toBeCloseTo(1, 1);
    const stepped = await count(make({ peaks: [LINE], step: 0.01 }), 1000);
    expect(stepped.counts[0]).toBe(0);
    expect((stepped.counts[900] ?? 0) / 1000).toBeCloseTo(1, 0);
  });

  it('has planes of a crystal where Bragg puts them, and moves with the lattice', async () => {
    const { position: _, ...line } = LINE;
    const bench = make({ twoTheta: '8°', peaks: [{ ...line, reflection: PLANES }] });
    const keV = (spacing: number): number =>
      12.398_419_843 / (2 * spacing * Math.sin(Math.PI / 45));
    for (const spacing of [1.384, 1.397]) {
      bench.state['InLi.a'] = spacing * Math.sqrt(24) * 1e-10;
      bench.state['InLi.c'] = bench.state['InLi.a'];
      expect(Math.abs(centre(await count(bench, 1000)) - keV(spacing))).toBeLessThan(0.002);
    }
    bench.state['InLi.c'] = 6.9e-10;
    const a = bench.state['InLi.a'] ?? 0;
    const tetragonal = 1e10 / Math.sqrt((16 + 4) / a ** 2 + 4 / 6.9e-10 ** 2);
    expect(Math.abs(centre(await count(bench, 1000)) - keV(tetragonal))).toBeLessThan(0.002);
  });

  it('shows nothing of a crystal that the cell does not have', async () => {
    const { position: _, ...line } = LINE;
    const bench = make({ twoTheta: '8°', peaks: [{ ...line, reflection: PLANES }] });
    expect(sum((await count(bench, 100)).counts)).toBe(0);
  });

  it('moves photoelectrons, and nothing else, by the potential of the surface', async () => {
    const bench = make({ photoelectrons: true, peaks: [LINE] });
    bench.state.surfacePotential = 0.7;
    expect(centre(await count(bench, 1000))).toBeCloseTo(64.9, 2);
    const photons = make({ peaks: [LINE] });
    photons.state.surfacePotential = 0.7;
    expect(centre(await count(photons, 1000))).toBeCloseTo(64.2, 2);
  });

  it('tells its axis before it counts, and none for a region it does not have', () => {
    const { spectrometer } = make({});
    expect(spectrometer.axisOf('edxrd')).toMatchObject({ from: 60, to: 70, channels: 1001 });
    expect(spectrometer.axisOf('toString')).toBeUndefined();
  });

  it('follows the cell while it is counted', async () => {
    const peaks = [
      {
        ...LINE,
        area: {
          follows: 'InLi',
          points: [
            [0, 0],
            [1, 100],
          ],
        },
      },
    ];
    const bench = make({ peaks });
    const work = bench.spectrometer.measure({ region: 'edxrd', durationSecond: 600 }, never);
    await bench.clock.advance(315);
    bench.state.InLi = 0;
    await bench.clock.advance(285);
    expect(Math.abs(sum((await work).counts) - 31_500)).toBeLessThan(4 * Math.sqrt(31_500));
    bench.state.InLi = 0;
    expect(sum((await count(bench, 100)).counts)).toBe(0);
  });

  it('moves its peak with the state', async () => {
    const position = {
      follows: 'cycles',
      points: [
        [3, 64.212],
        [4, 63.614],
      ],
    };
    const bench = make({ peaks: [{ ...LINE, area: 1000, position }] });
    expect(centre(await count(bench, 100))).toBeCloseTo(64.212, 2);
    bench.state.cycles = 3.5;
    expect(centre(await count(bench, 100))).toBeCloseTo(63.913, 2);
    bench.state.cycles = 40;
    expect(centre(await count(bench, 100))).toBeCloseTo(63.614, 2);
  });

  it('counts for less than the real time when it is blind after each count', async () => {
    const bench = make({ peaks: [{ ...LINE, area: 1e5 }] }, { deadTimeMicrosecond: 5 });
    const { counts, liveSecond } = await count(bench, 100);
    expect(liveSecond).toBeCloseTo(100 / 1.5, 1);
    const expected = 1e5 * liveSecond;
    expect(Math.abs(sum(counts) - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('repeats itself for the same seed, and its noise is new in the next spectrum', async () => {
    const one = make({ background: [1, 1] });
    const other = make({ background: [1, 1] });
    const first = await count(one, 10);
    expect(await count(other, 10)).toEqual(first);
    expect(await count(one, 10)).not.toEqual(first);
  });
});

describe('the time and the end of counting', () => {
  it('takes the time it was asked for, on the clock', async () => {
    const { clock, spectrometer } = make({});
    let isDone = false;
    const work = spectrometer.measure({ region: 'edxrd', durationSecond: 90 }, never);
    void work.then(() => {
      isDone = true;
    });
    await clock.advance(89.9);
    expect(isDone).toBe(false);
    await clock.advance(0.2);
    expect(isDone).toBe(true);
  });

  it('ends with the reason of the signal, and can count again', async () => {
    const bench = make({ peaks: [LINE] });
    const abort = new AbortController();
    const work = bench.spectrometer.measure({ region: 'edxrd', durationSecond: 90 }, abort.signal);
    const reason = new Error('the step is over');
    abort.abort(reason);
    await expect(work).rejects.toBe(reason);
    expect(sum((await count(bench, 10)).counts)).toBeGreaterThan(0);
  });

  it('ends with a fault when it is stopped, twice or while idle without harm', async () => {
    const { spectrometer } = make({});
    await spectrometer.stop();
    const work = spectrometer.measure({ region: 'edxrd', durationSecond: 90 }, never);
    const refused = expect(work).rejects.toMatchObject({ code: 'instrumentLost' });
    await spectrometer.stop();
    await spectrometer.disconnect();
    await refused;
  });

  it('refuses a region it does not have, and names those it has', async () => {
    const { spectrometer } = make({});
    const work = spectrometer.measure({ region: 'toString', durationSecond: 1 }, never);
    await expect(work).rejects.toThrow('has no region "toString": expected edxrd, other');
  });

  it('refuses a second region while it counts, and a time that is none', async () => {
    const { clock, spectrometer } = make({});
    const first = spectrometer.measure({ region: 'edxrd', durationSecond: 5 }, never);
    const second = spectrometer.measure({ region: 'other', durationSecond: 5 }, never);
    await expect(second).rejects.toMatchObject({ code: 'instrumentUnable' });
    await clock.advance(5);
    expect((await first).liveSecond).toBe(5);
    const nothing = spectrometer.measure({ region: 'edxrd', durationSecond: 0 }, never);
    await expect(nothing).rejects.toThrow('expected a time above 0 s');
  });
});

describe('its options in the rig file', () => {
  const problemOf = (region: Record<string, unknown>): string =>
    simulatedSpectrometerSchema
      .safeParse({ regions: { edxrd: { axis: AXIS, ...region } } })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; ') ?? '';

  it.each([
    [{ axis: { ...AXIS, to: 60 } }, 'regions.edxrd.axis: expected from below to'],
    [{ peaks: [{ ...LINE, width: 0 }] }, 'regions.edxrd.peaks.0.width'],
    [{ peaks: [{ ...LINE, area: 'much' }] }, 'expected a number, or follows: and points:'],
    [{ peaks: [{ ...LINE, colour: 'red' }] }, 'regions.edxrd.peaks.0'],
    [{ background: [-1, 0] }, 'regions.edxrd.background.0'],
    [{ peaks: [{ ...LINE, position: undefined }] }, 'expected either position or reflection'],
    [{ peaks: [{ ...LINE, reflection: PLANES }] }, 'expected either position or reflection'],
    [
      { peaks: [{ ...LINE, position: undefined, reflection: PLANES }] },
      'reflections need twoTheta, and an axis in eV or keV',
    ],
  ])('%j is refused', (region, expected) => {
    expect(problemOf(region)).toContain(expected);
  });

  it('need at least one region', () => {
    const { error } = simulatedSpectrometerSchema.safeParse({ regions: {} });
    expect(error?.issues[0]?.message).toBe('expected 1 to 50 regions');
  });

  it.each(['simulated', 'simulated-small'])('are right in the rig %s', (name) => {
    const { spectrometer } = readRig(name).instruments;
    const { regions } = simulatedSpectrometerSchema.parse(spectrometer?.options);
    expect(Object.keys(regions)).toEqual([
      'edxrd',
      'Li 1s',
      'Ge 3d',
      'Al 2p',
      'P 2p',
      'S 2p',
      'C 1s',
      'O 1s',
    ]);
  });
});

describe('a level', () => {
  const level = {
    follows: 'x',
    points: [[1, 10] as [number, number], [3, 20] as [number, number]],
  };

  it.each([
    [0, 10],
    [1, 10],
    [2, 15],
    [3, 20],
    [4, 20],
  ])('at %d is %d', (x, expected) => {
    expect(levelNow(level, () => x)).toBe(expected);
  });

  it('that is a number asks the cell nothing', () => {
    const ask = (): number => {
      throw new Error('asked');
    };
    expect(levelNow(7, ask)).toBe(7);
  });
});

describe('the signals of a cell', () => {
  const signal = specimenSignal(() => ({
    stateOfCharge: 0.4,
    cycles: 2,
    platedCharge: 3.6e4,
    metallicCharge: 1.8e4,
    phases: { InLi: 0.7 },
    lattices: { InLi: { a: 6.78e-10, c: 6.78e-10 }, In: { a: 3.2e-10, c: 4.9e-10 } },
    surfacePotentialVolt: 0.4,
  }));

  it.each([
    ['stateOfCharge', 0.4],
    ['cycles', 2],
    ['platedCharge', 1],
    ['metallicCharge', 0.5],
    ['InLi', 0.7],
    ['In', 0],
    ['In.a', 3.2e-10],
    ['In.c', 4.9e-10],
    ['InLi.c', 6.78e-10],
    ['Sn.a', 0],
    ['constructor.a', 0],
    ['surfacePotential', 0.4],
    ['constructor', 0],
  ])('%s is %d', (name, expected) => {
    expect(signal(name)).toBe(expected);
  });
});
