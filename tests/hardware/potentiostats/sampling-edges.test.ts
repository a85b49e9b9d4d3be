import { describe, expect, it } from 'vitest';
import { sleep } from '../../../src/domain/clock.ts';
import type { Potentiostat, Reading } from '../../../src/domain/instrument.ts';
import { readingsOf, type SamplingEdge } from '../../../src/domain/sampling.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import type { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { connectedKeithley } from './keithley-bench.ts';
import { connectedRodeostat } from './rodeostat-bench.ts';

interface Bench {
  readonly clock: VirtualClock;
  readonly driver: Potentiostat;
}

const SPAN = { sampleEverySecond: 10, durationSecond: 25 };
const LIMITS = { voltageVoltMin: -5, voltageVoltMax: 5 };

const REST = { kind: 'openCircuit', ...SPAN } as const;
const CURRENT = { kind: 'constantCurrent', currentAmpere: 1e-5, ...SPAN, ...LIMITS } as const;
const VOLTAGE = {
  kind: 'constantVoltage',
  voltageVolt: 0.6,
  currentAmpereMax: 5e-4,
  ...SPAN,
} as const;

const CASES: readonly {
  readonly name: string;
  readonly bench: () => Promise<Bench>;
  readonly everySecond: number;
  readonly techniques: readonly (typeof REST | typeof CURRENT | typeof VOLTAGE)[];
}[] = [
  {
    name: 'Keithley 2400',
    bench: () => connectedKeithley({ family: '2400' }),
    everySecond: 0.5,
    techniques: [REST, CURRENT],
  },
  {
    name: 'Keithley 2450',
    bench: () => connectedKeithley({ family: '2450' }),
    everySecond: 0.2,
    techniques: [REST, CURRENT],
  },
  {
    name: 'Rodeostat',
    bench: () => connectedRodeostat(),
    everySecond: 0.1,
    techniques: [REST, VOLTAGE],
  },
];

async function readingsWith(
  { clock, driver }: Bench,
  technique: ElectrochemicalTechnique,
): Promise<readonly Reading[]> {
  const work = collect(driver.measure(technique, new AbortController().signal));
  return runToEnd(clock, work, 0.1);
}

describe.each(CASES)('the edge of a technique on a $name', ({ bench: make, ...given }) => {
  const edge: SamplingEdge = { everySecond: given.everySecond, durationSecond: 2 };

  it.each(given.techniques)('is recorded finely: $kind', async (technique) => {
    const bench = await make();
    const startSecond = bench.clock.nowSecond();
    const readings = await readingsWith(bench, { ...technique, edge });
    expect(readings).toHaveLength(readingsOf({ ...technique, edge }));
    const times = readings.map(({ timeSecond }) => timeSecond - startSecond);
    // A reading is no older than the instrument takes for one.
    const fine = times.filter((time) => time < edge.durationSecond + 0.1);
    expect(fine).toHaveLength(readingsOf({ ...technique, durationSecond: 2, edge }));
    const steps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    // The usual rhythm begins after it, and the last one stands at the very end.
    expect(steps.filter((step) => step > 9)).toHaveLength(2);
    expect(times.at(-1)).toBeGreaterThan(24.3);
    expect(bench.clock.nowSecond() - startSecond).toBeLessThan(27);
  });

  it('is no reason for finer readings where there is none', async () => {
    const bench = await make();
    const [technique = REST] = given.techniques;
    expect(await readingsWith(bench, technique)).toHaveLength(2);
  });

  it('finer than it can be is refused by name, before anything is measured', async () => {
    const { driver } = await make();
    const [technique = REST] = given.techniques;
    const tooFine = { everySecond: 0.9e-3, durationSecond: 1 };
    const { signal } = new AbortController();
    const wanted = { ...technique, edge: tooFine };
    const fault = await caughtFault(() => collect(driver.measure(wanted, signal)));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain('a sample every 0.0009 s is faster than its');
  });
});

describe('the edge of a rest on a Rodeostat', () => {
  it('finer than it answers questions is refused by name', async () => {
    const { driver } = await connectedRodeostat();
    const edge = { everySecond: 0.005, durationSecond: 1 };
    const { signal } = new AbortController();
    const fault = await caughtFault(() => collect(driver.measure({ ...REST, edge }, signal)));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain('at rest a sample every 0.005 s is faster than its 0.02 s');
  });
});

describe.each(['2400', '2450'] as const)('the edge of a rest on a Keithley %s', (family) => {
  it.each([
    ['survives a host that waited a moment for its disk', 1.1, 'good'],
    ['says so when the host came much too late', 3, 'late'],
  ])('%s', async (_, awaySecond, quality) => {
    const { clock, driver } = await connectedKeithley({ family });
    const edge = { everySecond: 0.5, durationSecond: 5 };
    const found: string[] = [];
    const reading = (async () => {
      for await (const one of driver.measure({ ...REST, edge }, new AbortController().signal)) {
        found.push(one.quality);
        if (found.length === 3) await sleep(clock, awaySecond);
      }
    })();
    await runToEnd(clock, reading, 0.1);
    expect(found.slice(0, 3)).toEqual(['good', 'good', 'good']);
    expect(found.at(3)).toBe(quality);
    expect(new Set(found.slice(4))).toEqual(new Set(['good']));
  });
});
