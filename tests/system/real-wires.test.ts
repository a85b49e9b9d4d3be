import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openRig } from '../../hardware/registry.ts';
import { Bus } from '../../src/domain/bus.ts';
import type { MeasuringRange, PotentiostatAccuracy } from '../../src/domain/instrument.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import type { RecordBody, RecordKind, RecordOf } from '../../src/domain/run-record.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { openRun } from '../../src/store/run-database.ts';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { readCell } from '../hardware/simulated/support.ts';
import { operando, type RunningProgram, startOperando } from '../support/built.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { recordsOf } from '../support/experiment-run.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';

/**
 * Three programs that know nothing of each other: the simulated instrument, the run, and between
 * them a serial port or a socket. The same recipe in one process, on simulated time, is what the
 * results are compared with: within the limits of error of both instruments.
 */

interface Experiment {
  readonly instrument: string;
  readonly place: 'pty' | 'tcp';
  /** Options of the real driver besides its link. */
  readonly driver: string;
  readonly options: string;
  /** The driver with its twin in the process. */
  readonly simulatedDriver: string;
  readonly cell: string;
  readonly recipe: string;
}

type Recorded<K extends RecordKind> = { readonly timeSecond: number } & Extract<
  RecordBody,
  { readonly kind: K }
>;

interface Results {
  readonly samples: readonly Recorded<'sample'>[];
  readonly steps: readonly Recorded<'step'>[];
  readonly sweeps: readonly Recorded<'spectrum'>[];
  readonly points: readonly Recorded<'spectrumPoint'>[];
  readonly alarms: readonly string[];
  readonly accuracy: PotentiostatAccuracy;
}

const programs: RunningProgram[] = [];
/** Of all tests, which run side by side. */
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'operando-wires-'));
});
afterAll(() => {
  for (const { child } of programs) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function simulatedPort({ instrument, place, cell }: Experiment): Promise<string> {
  const where = place === 'tcp' ? ['--tcp', '0'] : ['--pty', join(folder, instrument)];
  const program = startOperando([
    ...['simulate', instrument, '--cell', `recipes/cells/${cell}.yaml`, ...where],
  ]);
  programs.push(program);
  const [, port = ''] = await program.seen(/A SIMULATED .* answers at (\S+)\. Ctrl-C/);
  return port;
}

async function overTheWire(experiment: Experiment): Promise<Omit<Results, 'accuracy'>> {
  const port = await simulatedPort(experiment);
  const link = port.startsWith('tcp:') ? `tcp: "${port.slice(4)}"` : `serial: ${port}`;
  const [recipe, rig, out] = ['recipe.yaml', 'rig.yaml', 'runs'].map((file) =>
    join(folder, `${experiment.instrument}-${file}`),
  );
  if (!recipe || !rig || !out) throw new Error('no files');
  writeFileSync(recipe, experiment.recipe);
  writeFileSync(
    rig,
    `rig: wire
title: One instrument
instruments:
  potentiostat:
    driver: ${experiment.driver}
    options: { ${[...(experiment.options ? [experiment.options] : []), link].join(', ')} }
`,
  );
  const { code, errors } = await operando(
    ...['run', recipe, '--rig', rig],
    ...['--cell', `recipes/cells/${experiment.cell}.yaml`, '--out', out],
    ...['--no-panel', '--broker', 'none'],
  );
  expect(code, errors).toBe(0);
  const [run = ''] = readdirSync(out);
  const { reader, close } = openRun(join(out, run));
  try {
    const of = <K extends RecordKind>(kind: K) =>
      recordsOf(reader, kind).map(flat) as unknown as readonly Recorded<K>[];
    return resultsOf(of('sample'), of('step'), of('spectrum'), of('spectrumPoint'), of('event'));
  } finally {
    close();
  }
}

function flat<K extends RecordKind>({ timeSecond, body }: RecordOf<K>) {
  return { timeSecond, ...body };
}

async function inOneProcess(experiment: Experiment): Promise<Results> {
  const clock = new CountingClock();
  const cell = readCell(experiment.cell);
  const rig = rigSchema.parse({
    rig: 'in-process',
    title: 'In process',
    instruments: { potentiostat: { driver: experiment.simulatedDriver } },
  });
  const instruments = await openRig(rig, { clock, cell, seed: 1, recordings: undefined });
  const writer = new MemoryWriter(clock);
  const runner = new Runner({
    plan: planRun(recipeSchema.parse(parse(experiment.recipe)), cell, instruments),
    instruments,
    clock,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: memoryRunInfo(),
    analyses: [],
  });
  const outcome = await advanceUntil(clock, runner.run());
  expect(outcome.status, outcome.message).toBe('done');
  const { accuracy } = instruments.potentiostat.capability;
  const results = resultsOf(
    writer.of('sample'),
    writer.of('step'),
    writer.of('spectrum'),
    writer.of('spectrumPoint'),
    writer.of('event'),
  );
  return { ...results, accuracy };
}

function resultsOf(
  samples: readonly Recorded<'sample'>[],
  steps: readonly Recorded<'step'>[],
  sweeps: readonly Recorded<'spectrum'>[],
  points: readonly Recorded<'spectrumPoint'>[],
  events: readonly Recorded<'event'>[],
): Omit<Results, 'accuracy'> {
  return {
    samples,
    steps,
    sweeps,
    points,
    alarms: events.filter(({ severity }) => severity === 'alarm').map(({ message }) => message),
  };
}

async function both(experiment: Experiment) {
  const [wire, process] = await Promise.all([overTheWire(experiment), inOneProcess(experiment)]);
  expect(wire.alarms).toEqual([]);
  expect(endings(wire)).toEqual(endings(process));
  expect([...new Set(wire.samples.map(({ quality }) => quality))]).toEqual(['good']);
  return { wire, process };
}

function endings({ steps }: Omit<Results, 'accuracy'>): readonly string[] {
  return steps.map(({ stepId, endedBy, state }) => `${stepId} ${endedBy ?? state}`);
}

interface Curve {
  /** Since the first value. */
  readonly second: number;
  readonly value: number;
  /** Long enough after a sweep, or after the current was switched on. */
  readonly isSettled: boolean;
}

/** The cell has forgotten by then that the current was switched. */
const SETTLE_SECOND = 0.6;

/** A channel while a step ran. */
function curveOf(
  { samples, steps, sweeps }: Omit<Results, 'accuracy'>,
  step: string,
  channel: string,
): readonly Curve[] {
  const [begun, ended] = steps.filter(({ stepId }) => stepId === step);
  if (!begun || !ended) throw new Error(`the step ${step} has not run`);
  const own = samples.filter(
    (one) =>
      one.channel === channel &&
      one.timeSecond >= begun.timeSecond &&
      one.timeSecond <= ended.timeSecond,
  );
  const firstSecond = own[0]?.timeSecond ?? 0;
  const isSettled = (second: number): boolean =>
    second > firstSecond + SETTLE_SECOND &&
    sweeps.every(
      ({ startSecond, stopSecond }) => second < startSecond || second > stopSecond + SETTLE_SECOND,
    );
  return own.map(({ timeSecond, value }) => ({
    second: timeSecond - firstSecond,
    value,
    isSettled: isSettled(timeSecond),
  }));
}

interface Comparison {
  readonly wire: Omit<Results, 'accuracy'>;
  readonly process: Results;
  readonly step: string;
  readonly channel: 'voltage_volt' | 'current_ampere';
  /** Limit of error of one of both, for a value. */
  readonly limit: (value: number) => number;
  /** What else may differ at a moment: the clock of a real machine is not the instrument's. */
  readonly besides?: (second: number) => number;
}

/** Both within the limits of error of both. */
function expectSame({ wire, process, step, channel, ...options }: Comparison): void {
  const { limit, besides = () => 0 } = options;
  const curve = curveOf(wire, step, channel);
  const other = curveOf(process, step, channel);
  expect(Math.abs(curve.length - other.length)).toBeLessThanOrEqual(2 + 0.05 * other.length);
  let compared = 0;
  for (const { second, value, isSettled } of curve) {
    const expected = valueAt(other, second);
    if (!isSettled || expected === undefined) continue;
    compared += 1;
    const allowed = 2 * limit(expected) + besides(second);
    expect(Math.abs(value - expected), `${step} ${channel} at ${second} s`).toBeLessThan(allowed);
  }
  expect(compared).toBeGreaterThan(other.length / 3);
}

/** Between two settled values; undefined where there is none. */
function valueAt(curve: readonly Curve[], second: number): number | undefined {
  const next = curve.findIndex((one) => one.second >= second);
  const [before, after] = [curve[next - 1], curve[next]];
  if (!before?.isSettled || !after?.isSettled) return undefined;
  const share = (second - before.second) / (after.second - before.second);
  return before.value + share * (after.value - before.value);
}

/** How long the readings of the current of the plating pause in all, beyond their period. */
function pauseSecond(results: Omit<Results, 'accuracy'>): number {
  const curve = curveOf(results, 'plate', 'current_ampere');
  return curve.reduce((sum, { second }, at) => {
    const before = curve[at - 1]?.second ?? second;
    return sum + Math.max(0, second - before - PERIOD_SECOND);
  }, 0);
}

/** Of the smallest range that holds so much. */
function limitOf(ranges: readonly MeasuringRange[], fullScale: number) {
  const range = ranges.find((one) => one.fullScale >= fullScale * (1 - 1e-6)) ?? ranges.at(-1);
  if (!range) throw new Error('no range');
  return (value: number): number => range.gainRelative * Math.abs(value) + range.offset;
}

function chargeOf({ steps }: Omit<Results, 'accuracy'>): number {
  return steps.at(-1)?.chargeCoulomb ?? Number.NaN;
}

const SAFETY = `
safety:
  voltage: { min: "-2 V", max: "4.5 V" }
  current: { max: "5 mA" }`;

const PERIOD_SECOND = 0.2;
const PLATING_SECOND = 9;

const PLATING: Experiment = {
  instrument: 'emstat4-hr',
  place: 'pty',
  driver: 'emstat',
  options: 'model: EmStat4 HR',
  simulatedDriver: 'emstat4-simulated',
  cell: 'li-li3ps4-li',
  recipe: `
recipe: plating
title: Plating with galvanostatic impedance${SAFETY}
steps:
  - name: rest
    technique: openCircuit
    record: { every: "500 ms" }
    until: { any: [{ time: "1 s" }] }
  - name: plate
    technique: constantCurrent
    current: "0.4 mA/cm²"
    record: { every: "${PERIOD_SECOND} s" }
    until: { any: [{ time: "${PLATING_SECOND} s" }] }
    during:
      - { technique: impedance, mode: galvanostatic, from: "10 kHz", to: "100 Hz", pointsPerDecade: 4, amplitude: "20 µA", every: "4 s" }
`,
};

const VOLTAMMETRY: Experiment = {
  instrument: 'rodeostat',
  place: 'pty',
  driver: 'rodeostat',
  options: 'variant: 10V_10MilliAmpV0.2',
  simulatedDriver: 'rodeostat-simulated',
  cell: 'li-li3ps4-li',
  recipe: `
recipe: voltammetry
title: Voltammetry${SAFETY.replace('5 mA', '1 mA')}
steps:
  - name: sweep
    technique: cyclicVoltammetry
    start: "0 V"
    vertices: ["200 mV", "-200 mV"]
    rate: "100 mV/s"
`,
};

/** Reached in the middle of it. */
const HELD_VOLT = 3.11;

const READING_SECOND = 0.5;
/** Of the voltage source, 20 V range, the wider one of both: ± 0.02 % ± 2.4 mV. */
const HELD_LIMIT_VOLT = 0.02e-2 * HELD_VOLT + 2.4e-3;

function chargeTo(heldVolt: number): string {
  return `
recipe: charge
title: Charge${SAFETY}
steps:
  - name: charge
    technique: constantCurrentConstantVoltage
    current: "0.2 mA"
    voltage: "${heldVolt} V"
    record: { every: "500 ms" }
    until: { any: [{ time: "10 s" }] }
`;
}

const CHARGES: readonly Experiment[] = [
  {
    instrument: 'keithley-2400',
    place: 'pty',
    driver: 'keithley-2400',
    options: '',
    simulatedDriver: 'keithley-2400-simulated',
    cell: 'nmc-lgps-lnto350',
    recipe: chargeTo(HELD_VOLT),
  },
  {
    instrument: 'keithley-2450',
    place: 'tcp',
    driver: 'keithley-2450',
    options: '',
    simulatedDriver: 'keithley-2450-simulated',
    cell: 'nmc-lgps-lnto350',
    recipe: chargeTo(HELD_VOLT),
  },
];

describeWithPty('against a simulated instrument in its own process', () => {
  it.concurrent('a whole plating with galvanostatic impedance over a serial port gives what it gives in one process', async () => {
    const { wire, process } = await both(PLATING);
    const { voltageVolt, currentAmpere, impedance } = process.accuracy;
    const common = { wire, process, step: 'plate' } as const;
    expectSame({
      ...common,
      channel: 'voltage_volt',
      limit: limitOf(voltageVolt, 6),
    });
    expectSame({ ...common, channel: 'current_ampere', limit: limitOf(currentAmpere, 1e-3) });
    const relative = limitOf(currentAmpere, 1e-3)(3.14e-4) / 3.14e-4;
    // Without current while one thing is ended and the next begun: longer on a busy machine.
    const offSecond = Math.abs(pauseSecond(wire) - pauseSecond(process));
    const allowed = 2 * relative + (offSecond + PERIOD_SECOND) / PLATING_SECOND;
    expect(Math.abs(chargeOf(wire) / chargeOf(process) - 1)).toBeLessThan(allowed);
    expect(offSecond).toBeLessThan(PLATING_SECOND / 4);
    expect(wire.points).toHaveLength(process.points.length);
    expect(wire.points.length).toBe(3 * 9);
    for (const [at, { point }] of wire.points.entries()) {
      const other = process.points[at]?.point;
      if (!other || !impedance) throw new Error('no point to compare with');
      const ohm = Math.hypot(other.zRealOhm, other.zImagOhm);
      const difference = Math.hypot(
        point.zRealOhm - other.zRealOhm,
        point.zImagOhm - other.zImagOhm,
      );
      const { modulusRelative, phaseDegree } = impedance;
      const limit = ohm * Math.hypot(modulusRelative, (phaseDegree * Math.PI) / 180);
      expect(difference).toBeLessThan(2 * limit);
    }
  });

  it.concurrent('a voltammogram over a serial port gives what it gives in one process', async () => {
    const { wire, process } = await both(VOLTAMMETRY);
    const { voltageVolt, currentAmpere } = process.accuracy;
    const common = { wire, process, step: 'sweep' } as const;
    expectSame({
      ...common,
      channel: 'voltage_volt',
      limit: limitOf(voltageVolt, 1),
      besides: () => 0.1 * 0.1,
    });
    // Its output errs too, and the cell turns that into current: at 10 Hz it has about 1 kΩ.
    const voltLimit = limitOf(voltageVolt, 1)(0.2);
    expectSame({
      ...common,
      channel: 'current_ampere',
      limit: (ampere) => limitOf(currentAmpere, 1e-3)(ampere) + voltLimit / 1000,
      besides: () => (0.1 * 0.1) / 1000,
    });
    const volts = curveOf(wire, 'sweep', 'voltage_volt').map(({ value }) => value);
    expect(Math.max(...volts)).toBeCloseTo(0.2, 2);
    expect(Math.min(...volts)).toBeCloseTo(-0.2, 2);
  });

  it.concurrent.each(
    CHARGES.map((experiment) => [experiment.instrument, experiment.place, experiment] as const),
  )('a charge by a %s over %s gives what it gives in one process', async (_, __, experiment) => {
    const [{ wire, process }, higher] = await Promise.all([
      both(experiment),
      inOneProcess({ ...experiment, recipe: chargeTo(HELD_VOLT + 0.01) }),
    ]);
    const { voltageVolt, currentAmpere } = process.accuracy;
    const held = curveOf(process, 'charge', 'current_ampere');
    const heldHigher = curveOf(higher, 'charge', 'current_ampere');
    // What the current comes to when the voltage that is held is wrong by its limits of error, and
    // when it is held from one reading later on.
    const besides = (second: number): number => {
      const now = valueAt(held, second) ?? 0;
      const perVolt = ((valueAt(heldHigher, second) ?? now) - now) / 0.01;
      const before = valueAt(held, second - READING_SECOND) ?? now;
      return 2 * HELD_LIMIT_VOLT * Math.abs(perVolt) + Math.abs(before - now);
    };
    const common = { wire, process, step: 'charge' } as const;
    const slope = curveOf(process, 'charge', 'voltage_volt');
    expectSame({
      ...common,
      channel: 'voltage_volt',
      limit: (volt) => Math.max(limitOf(voltageVolt, 20)(volt), HELD_LIMIT_VOLT),
      besides: (second) =>
        0.1 * Math.abs((valueAt(slope, second + 1) ?? HELD_VOLT) - (valueAt(slope, second) ?? 0)),
    });
    expectSame({
      ...common,
      channel: 'current_ampere',
      limit: limitOf(currentAmpere, 1e-3),
      besides,
    });
    const last = held.at(-1)?.value ?? Number.NaN;
    // It was held: less flows in the end than in the beginning.
    expect(last).toBeLessThan(0.95 * 0.2e-3);
    const relative = limitOf(currentAmpere, 1e-3)(last) / last + besides(9) / last;
    expect(Math.abs(chargeOf(wire) / chargeOf(process) - 1)).toBeLessThan(2 * relative);
  });
});
