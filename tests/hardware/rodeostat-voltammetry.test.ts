import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedInstrument } from '../../hardware/simulated/simulated-instrument.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Instruments, MeasuringRange } from '../../src/domain/instrument.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { planRun } from '../../src/run/planner.ts';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { recipeOf } from '../support/scripted-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { openPotentiostat, runRecipe } from './recipe-run.ts';
import { readCell } from './simulated/support.ts';

const CELL = readCell('li-li3ps4-li-25c');
const VERTEX_VOLT = 0.2;
const LIMIT_AMPERE = 1e-3;
const SAFETY = `
  voltage: { min: "-1 V", max: "1 V" }
  current: { max: "1 mA" }`;

const VOLTAMMETRY = recipeOf(
  `
  - name: rest
    technique: openCircuit
    record: { every: "5 s" }
    until: { any: [{ time: "30 s" }] }
  - name: sweep
    technique: cyclicVoltammetry
    start: "0 V"
    vertices: ["${VERTEX_VOLT} V", "-${VERTEX_VOLT} V"]
    rate: "5 mV/s"
    cycles: 2
  - name: hold
    technique: constantVoltage
    voltage: "100 mV"
    record: { every: "1 s" }
    until: { any: [{ time: "1 min" }] }`,
  SAFETY,
);

const EMSTAT = 'emstat4-simulated';
const RODEOSTAT = 'rodeostat-simulated';

/** A recipe by a real runner on a clock that only the test moves. */
async function run(driver: string, recipe = VOLTAMMETRY) {
  const clock = new CountingClock();
  const instruments = await openPotentiostat({ driver }, { clock, cell: CELL });
  return runWith(instruments, recipe, clock, (work) => advanceUntil(clock, work));
}

async function runWith(
  instruments: Instruments,
  recipe: Recipe,
  clock: Clock,
  ended: <T>(work: Promise<T>) => Promise<T>,
) {
  const finished = await runRecipe({ recipe, cell: CELL, instruments, clock, ended });
  const { outcome, samples, steps, endings, alarms } = finished;
  const during = (name: string) => {
    const own = steps.filter(({ stepId }) => stepId === name);
    const from = own.find(({ state }) => state !== 'ended')?.timeSecond ?? Number.NaN;
    const to = own.find(({ state }) => state === 'ended')?.timeSecond ?? Number.NaN;
    const of = (channel: string) =>
      samples.filter(
        (one) => one.channel === channel && one.timeSecond >= from && one.timeSecond <= to,
      );
    return { voltages: of('voltage_volt'), currents: of('current_ampere') };
  };
  return {
    status: outcome.status,
    endings,
    alarms,
    qualities: new Set(samples.map(({ quality }) => quality)),
    during,
    accuracy: instruments.potentiostat.capability.accuracy,
  };
}

type Run = Awaited<ReturnType<typeof run>>;

/** Conductance and current at 0 V of the sweep, by least squares. */
function line({ during }: Run) {
  const { voltages, currents } = during('sweep');
  const points = voltages.flatMap(({ timeSecond, value }) => {
    const current = currents.find((one) => one.timeSecond === timeSecond);
    return current ? [{ volt: value, ampere: current.value }] : [];
  });
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const middleVolt = mean(({ volt }) => volt);
  const middleAmpere = mean(({ ampere }) => ampere);
  const product = mean(({ volt, ampere }) => (volt - middleVolt) * (ampere - middleAmpere));
  const square = mean(({ volt }) => (volt - middleVolt) ** 2);
  const siemens = product / square;
  return { count: points.length, siemens, atZeroAmpere: middleAmpere - siemens * middleVolt };
}

function rangeFor(ranges: readonly MeasuringRange[], value: number): MeasuringRange {
  const found = ranges.find(({ fullScale }) => fullScale >= value) ?? ranges.at(-1);
  if (!found) throw new Error('no ranges');
  return found;
}

/** Ranges of the sweep: the potential fits the smallest, the current the limit. */
function limitsOf({ accuracy }: Run) {
  const volt = rangeFor(accuracy.voltageVolt, VERTEX_VOLT);
  const ampere = rangeFor(accuracy.currentAmpere, LIMIT_AMPERE);
  return { volt, ampere, gain: volt.gainRelative + ampere.gainRelative };
}

describe('a voltammetry recipe through the runner', () => {
  it('gives with a Rodeostat what it gives with an EmStat4, within what their makers state', async () => {
    const emStat = await run(EMSTAT);
    const rodeostat = await run(RODEOSTAT);
    for (const one of [emStat, rodeostat]) {
      expect(one.status).toBe('done');
      expect(one.endings).toEqual(['rest time: 30 s', 'sweep 2 cycles', 'hold time: 60 s']);
      expect(one.alarms).toEqual([]);
    }
    expect([...rodeostat.qualities]).toEqual(['good']);
    // Around 0 V an EmStat4 calls its current too small for the range.
    expect([...emStat.qualities].sort()).toEqual(['good', 'underload']);
    const [first, second] = [line(emStat), line(rodeostat)];
    const [own, other] = [limitsOf(emStat), limitsOf(rodeostat)];
    expect(Math.min(first.count, second.count)).toBeGreaterThan(1500);
    // The slope knows nothing of offsets: only the gains of both remain.
    const slopeAllowed = own.gain + other.gain;
    expect(slopeAllowed).toBeLessThan(0.02);
    expect(Math.abs(second.siemens / first.siemens - 1)).toBeLessThan(slopeAllowed);
    // And the current at 0 V only of offsets.
    const { siemens } = first;
    const offsetAllowed =
      own.ampere.offset + other.ampere.offset + siemens * (own.volt.offset + other.volt.offset);
    expect(Math.abs(second.atZeroAmpere - first.atZeroAmpere)).toBeLessThan(offsetAllowed);
    expect(offsetAllowed).toBeLessThan(0.3 * siemens * VERTEX_VOLT);
  }, 120_000);

  it('has the turning points and the rate that were asked for', async () => {
    const { voltages } = (await run(RODEOSTAT)).during('sweep');
    const volts = voltages.map(({ value }) => value);
    expect(Math.max(...volts)).toBeCloseTo(VERTEX_VOLT, 3);
    expect(Math.min(...volts)).toBeCloseTo(-VERTEX_VOLT, 3);
    const up = voltages[10];
    const later = voltages[60];
    if (!up || !later) throw new Error('no voltages');
    const rate = (later.value - up.value) / (later.timeSecond - up.timeSecond);
    expect(rate).toBeCloseTo(5e-3, 6);
  }, 60_000);

  it('is refused before it starts when it needs what a Rodeostat has not', async () => {
    const recipe = recipeOf(
      `
  - name: plate
    technique: constantCurrent
    current: "0.1 mA"
    record: { every: "1 s" }
    until: { any: [{ time: "1 min" }] }
  - name: spectrum
    technique: impedance
    from: "1 kHz"
    to: "1 Hz"
    mode: potentiostatic
    amplitude: "10 mV"`,
      SAFETY,
    );
    const clock = new CountingClock();
    const instruments = await openPotentiostat({ driver: RODEOSTAT }, { clock, cell: CELL });
    expect(() => planRun(recipe, CELL, instruments, [])).toThrow(/constantCurrent[\s\S]*impedance/);
  });
});

const SHORT = recipeOf(
  `
  - name: sweep
    technique: cyclicVoltammetry
    start: "0 V"
    vertices: ["100 mV", "-100 mV"]
    rate: "100 mV/s"`,
  SAFETY,
);

describeWithPty('a voltammetry recipe over a serial port', () => {
  it('gives what it gives in this process, within the limits of error', async () => {
    const clock = new SystemClock();
    const path = join(temporaryFolder(), 'rodeostat');
    const instrument = new SimulatedInstrument({
      instrument: 'rodeostat',
      cell: CELL,
      place: { kind: 'pty', path },
      clock,
      seed: 2,
      faults: [],
    });
    const inProcess = await run(RODEOSTAT, SHORT);
    await instrument.start(new AbortController().signal);
    try {
      const options = { serial: path, ...instrument.kind.driverOptions };
      const { driver } = instrument.kind;
      const instruments = await openPotentiostat({ driver, options }, { clock, cell: CELL });
      const onWire = await runWith(instruments, SHORT, clock, (work) => work);
      expect(onWire.status).toBe('done');
      expect([...onWire.qualities]).toEqual(['good']);
      const [first, second] = [line(inProcess), line(onWire)];
      expect(second.count).toBeGreaterThan(900);
      expect(Math.abs(second.count - first.count)).toBeLessThan(10);
      const { gain, ampere, volt } = limitsOf(onWire);
      expect(Math.abs(second.siemens / first.siemens - 1)).toBeLessThan(2 * gain);
      const offsetAllowed = 2 * (ampere.offset + first.siemens * volt.offset);
      expect(Math.abs(second.atZeroAmpere - first.atZeroAmpere)).toBeLessThan(offsetAllowed);
    } finally {
      await instrument.stop();
    }
  }, 60_000);
});
