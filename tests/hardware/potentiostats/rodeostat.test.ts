import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import type { CyclicVoltammetry, ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { connectedRodeostat, makeRodeostatBench, type RodeostatBench } from './rodeostat-bench.ts';

const never = new AbortController().signal;
const CYCLIC: CyclicVoltammetry = {
  kind: 'cyclicVoltammetry',
  startVolt: 0.5,
  verticesVolt: [0.8, 0.2],
  rateVoltPerSecond: 0.1,
  cycles: 1,
  stepVolt: 0.01,
  currentAmpereMax: 1e-3,
};
const HOLD = {
  kind: 'constantVoltage',
  voltageVolt: 1,
  sampleEverySecond: 0.1,
  durationSecond: 5,
  currentAmpereMax: 1e-3,
} as const;
const RESTING = { kind: 'openCircuit', sampleEverySecond: 0.5, durationSecond: 3 } as const;

async function measured(bench: RodeostatBench, technique: ElectrochemicalTechnique) {
  const { clock, driver } = bench;
  return electrical(await runToEnd(clock, collect(driver.measure(technique, never)), 0.1));
}

/** What the driver has asked for since it was connected, in order. */
function commandsOf(heard: readonly string[]): string[] {
  return heard.filter((line) => line !== '').map((line) => JSON.parse(line).command);
}

const AT_REST = [
  'stopTest',
  'setAllElectConnected',
  'getCtrElectConnected',
  'getWrkElectConnected',
  'setVolt',
];

describe('a Rodeostat with a cell', () => {
  it('holds a potential and shows the current through the cell, within its limits of error', async () => {
    const bench = await connectedRodeostat();
    const readings = await measured(bench, HOLD);
    expect(readings).toHaveLength(50);
    const last = readings.at(-1);
    // 0.5 V over 5 kΩ.
    const errorAmpere = Math.abs((last?.currentAmpere ?? 0) - 1e-4);
    const { voltageErrorVolt = 0, currentErrorAmpere = 0 } = last ?? {};
    expect(errorAmpere).toBeLessThan(Math.sqrt(3) * (currentErrorAmpere + voltageErrorVolt / 5000));
    expect(last).toMatchObject({ voltageVolt: 1, quality: 'good', currentRangeAmpere: 1e-3 });
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('sweeps a voltammogram through the vertices in order', async () => {
    const bench = await connectedRodeostat();
    const readings = await measured(bench, CYCLIC);
    const volts = readings.map(({ voltageVolt }) => voltageVolt);
    expect(volts).toHaveLength(120);
    expect(volts[29]).toBeCloseTo(0.8, 5);
    expect(volts[89]).toBeCloseTo(0.2, 5);
    expect(volts[119]).toBeCloseTo(0.5, 5);
    const steps = volts.slice(1).map((volt, at) => Math.abs(volt - (volts[at] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(0.01 + 1e-5);
    // The current follows the potential: 5 kΩ on 0.5 V.
    for (const { voltageVolt, currentAmpere, currentErrorAmpere, voltageErrorVolt } of readings) {
      const wanted = (voltageVolt - 0.5) / 5000;
      const allowed = Math.sqrt(3) * ((currentErrorAmpere ?? 0) + (voltageErrorVolt ?? 0) / 5000);
      // The arc of 40 ms lags behind the sweep by 0.1 V/s × 10 µF.
      expect(Math.abs(currentAmpere - wanted)).toBeLessThan(allowed + 1e-6);
    }
  });

  it('sweeps once', async () => {
    const bench = await connectedRodeostat();
    const readings = await measured(bench, {
      kind: 'linearSweep',
      startVolt: 0.7,
      endVolt: 0.3,
      rateVoltPerSecond: 0.05,
      stepVolt: 0.02,
      currentAmpereMax: 1e-3,
    });
    expect(readings.map(({ voltageVolt }) => voltageVolt)).toEqual(
      Array.from({ length: 20 }, (_, at) => expect.closeTo(0.68 - 0.02 * at, 5)),
    );
  });

  it('reads the potential at rest without any current', async () => {
    const bench = await connectedRodeostat();
    bench.terminals.history.length = 0;
    const readings = await measured(bench, RESTING);
    expect(readings).toHaveLength(6);
    for (const { voltageVolt, currentAmpere, voltageErrorVolt = 0 } of readings) {
      expect(Math.abs(voltageVolt - 0.5)).toBeLessThan(Math.sqrt(3) * voltageErrorVolt);
      expect(currentAmpere).toBe(0);
    }
    expect(new Set(bench.terminals.history)).toEqual(new Set(['open']));
  });

  it('stamps readings with the clock of the instrument', async () => {
    const bench = await connectedRodeostat();
    const startSecond = bench.clock.nowSecond();
    const readings = await measured(bench, HOLD);
    const times = readings.map(({ timeSecond }) => timeSecond - startSecond);
    // What the host adds is the same for all: not one reading is moved by the steps of its clock.
    const first = times[0] ?? 0;
    expect(first).toBeCloseTo(0.1, 6);
    for (const [at, time] of times.entries()) expect(time - first).toBeCloseTo(0.1 * at, 6);
  });

  it('gives one reading in so many samples when few are wanted', async () => {
    const bench = await connectedRodeostat();
    const readings = await measured(bench, { ...HOLD, sampleEverySecond: 2, durationSecond: 7 });
    expect(readings.map(({ timeSecond }) => timeSecond - (readings[0]?.timeSecond ?? 0))).toEqual([
      0,
      expect.closeTo(2, 6),
      expect.closeTo(4, 6),
    ]);
    expect(bench.heard).toContain('{"command":"setSamplePeriod","samplePeriod":500}');
  });

  it.each([
    '10V_nanoAmpV0.2',
    '10V_microAmpV0.2',
    '10V_10MilliAmpV0.2',
    '10V_24MilliAmpV0.2',
  ])('also as %s', async (variant) => {
    const bench = await connectedRodeostat({
      variant,
      circuit: { openCircuitVolt: 0.5, seriesOhm: 1e5, parallelOhm: 1e4, capacitanceFarad: 1e-7 },
    });
    const readings = await measured(bench, { ...HOLD, currentAmpereMax: 10e-6 });
    const {
      currentAmpere = 0,
      currentErrorAmpere = 0,
      voltageErrorVolt = 0,
    } = readings.at(-1) ?? {};
    const allowed = Math.sqrt(3) * (currentErrorAmpere + voltageErrorVolt / 110e3);
    expect(Math.abs(currentAmpere - 0.5 / 110e3)).toBeLessThan(allowed);
  });
});

describe('the limit of the current', () => {
  it('ends a sweep with the sample that is past it', async () => {
    const bench = await connectedRodeostat();
    const readings = await measured(bench, { ...CYCLIC, currentAmpereMax: 30e-6 });
    const currents = readings.map(({ currentAmpere }) => Math.abs(currentAmpere));
    expect(currents.at(-1)).toBeGreaterThanOrEqual(30e-6);
    expect(Math.max(...currents.slice(0, -1))).toBeLessThan(30e-6);
    expect(readings.length).toBeLessThan(30);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('ends it with an overload where the current leaves its range', async () => {
    const bench = await connectedRodeostat({
      circuit: { openCircuitVolt: 0, seriesOhm: 100, parallelOhm: 100, capacitanceFarad: 1e-6 },
    });
    // 1 V over 200 Ω: five times what it can measure.
    const readings = await measured(bench, HOLD);
    expect(readings.map(({ quality }) => quality)).toEqual(['overload']);
    expect(readings[0]?.currentAmpere).toBeCloseTo(1e-3, 6);
    expect(bench.terminals.isOpen).toBe(true);
  });
});

describe('what it cannot do it refuses by name, and sends nothing', () => {
  it.each([
    [
      'constant current',
      {
        kind: 'constantCurrent',
        currentAmpere: 1e-4,
        sampleEverySecond: 1,
        durationSecond: 10,
        voltageVoltMin: 0,
        voltageVoltMax: 1,
      },
      'it cannot run the technique constantCurrent',
    ],
    [
      'impedance',
      {
        kind: 'impedance',
        frequencyHertzMax: 1000,
        frequencyHertzMin: 1,
        pointCount: 10,
        excitation: {
          mode: 'potentiostatic',
          amplitudeVoltRms: 0.01,
          biasVolt: 0,
          versusOpenCircuit: true,
        },
      },
      'it cannot run the technique impedance',
    ],
    ['a potential beyond 10 V', { ...HOLD, voltageVolt: 11 }, '11 V is outside its -10 V to 10 V'],
    ['a limit beyond its ranges', { ...HOLD, currentAmpereMax: 5e-3 }, 'above its largest range'],
    ['a sample each 0.5 ms', { ...HOLD, sampleEverySecond: 5e-4 }, 'faster than its 0.001 s'],
    ['a sample each 1 ms at rest', { ...RESTING, sampleEverySecond: 1e-3 }, 'at rest a sample'],
    ['a step without end', { ...HOLD, durationSecond: Number.POSITIVE_INFINITY }, 'an end'],
    ['a start beyond the vertices', { ...CYCLIC, startVolt: 0.9 }, 'begins between the vertices'],
  ] as const)('%s', async (_, technique, words) => {
    const bench = await connectedRodeostat();
    bench.heard.length = 0;
    const fault = await caughtFault(() => measured(bench, technique));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain(words);
    expect(bench.heard).toEqual([]);
  });

  it('a rest with hardware 0.1, which cannot disconnect the counter electrode', async () => {
    const bench = await connectedRodeostat({ variant: 'microAmpV0.1' });
    const fault = await caughtFault(() => measured(bench, RESTING));
    expect(fault.message).toContain('it cannot run the technique openCircuit');
  });

  it('another variant than the rig file names', async () => {
    const bench = makeRodeostatBench({ expected: '10V_nanoAmpV0.2' });
    await bench.twin.start();
    const fault = await caughtFault(() => runToEnd(bench.clock, bench.driver.connect(never), 0.1));
    expect(fault.message).toContain('write variant: 10V_microAmpV0.2 into the rig file');
    expect(bench.hostEnd.isOpen).toBe(false);
  });
});

describe('the cell is open', () => {
  it('before anything is measured', async () => {
    const bench = await connectedRodeostat();
    expect(bench.terminals.isOpen).toBe(true);
    expect(bench.terminals.history.every((one) => one === 'open')).toBe(true);
  });

  it('after the end of a technique, the electrodes before the potential', async () => {
    const bench = await connectedRodeostat();
    await measured(bench, HOLD);
    expect(commandsOf(bench.heard).slice(-5)).toEqual(AT_REST);
    // Never was the cell pulled to 0 V.
    expect(bench.terminals.history.at(-1)).toBe('open');
    expect(bench.terminals.history.filter((one) => one.startsWith('current -'))).toEqual([]);
  });

  it.each([
    ['in a test', HOLD],
    ['at rest', RESTING],
  ])('after its signal has aborted %s', async (_, technique) => {
    const bench = await connectedRodeostat();
    const abort = new AbortController();
    const work = collect(bench.driver.measure(technique, abort.signal), (_one, count) => {
      if (count === 3) abort.abort(new Error('enough'));
    });
    expect(await runToEnd(bench.clock, work, 0.1)).toHaveLength(3);
    expect(bench.terminals.isOpen).toBe(true);
    expect(commandsOf(bench.heard).slice(-5)).toEqual(AT_REST);
    // It measures again.
    expect(await measured(bench, RESTING)).toHaveLength(6);
  });

  it('after its reader has stopped reading', async () => {
    const bench = await connectedRodeostat();
    const readOne = async (): Promise<void> => {
      for await (const _ of bench.driver.measure(HOLD, never)) return;
    };
    await runToEnd(bench.clock, readOne(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('on command, in the middle of a measurement', async () => {
    const bench = await connectedRodeostat();
    const work = collect(bench.driver.measure({ ...HOLD, durationSecond: 600 }, never));
    await bench.clock.advance(2);
    expect(bench.terminals.isOpen).toBe(false);
    await runToEnd(bench.clock, bench.driver.cellOff(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    await runToEnd(bench.clock, work, 0.1);
    await runToEnd(bench.clock, bench.driver.cellOff(), 0.1);
  });

  it('after disconnecting in the middle of a measurement', async () => {
    const bench = await connectedRodeostat();
    const work = collect(bench.driver.measure({ ...HOLD, durationSecond: 600 }, never));
    await bench.clock.advance(2);
    await runToEnd(bench.clock, bench.driver.disconnect(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    await runToEnd(bench.clock, work, 0.1);
    await bench.driver.disconnect();
  });

  it('also without a host, at the end of the test: the instrument opens it by itself', async () => {
    const bench = await connectedRodeostat();
    const work = caughtFault(() => collect(bench.driver.measure(HOLD, never)));
    await bench.clock.advance(2);
    await bench.hostEnd.close();
    const fault = await runToEnd(bench.clock, work, 0.1);
    expect(fault.code).toBe('instrumentLost');
    expect(fault.message).toContain('could not be confirmed open');
    expect(bench.terminals.isOpen).toBe(false);
    await bench.clock.advance(HOLD.durationSecond);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('after a host came back to a test that was still running', async () => {
    const bench = await connectedRodeostat();
    const work = caughtFault(() =>
      collect(bench.driver.measure({ ...HOLD, durationSecond: 3600 }, never)),
    );
    await bench.clock.advance(2);
    await bench.hostEnd.close();
    await runToEnd(bench.clock, work, 0.1);
    expect(bench.terminals.isOpen).toBe(false);
    await runToEnd(bench.clock, bench.driver.connect(never), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(await measured(bench, RESTING)).toHaveLength(6);
  });

  it('never on hardware 0.1: there 0 V stay on the cell, and the driver asks for no switch', async () => {
    const bench = await connectedRodeostat({ variant: 'microAmpV0.1' });
    await measured(bench, HOLD);
    expect(commandsOf(bench.heard).slice(-2)).toEqual(['stopTest', 'setVolt']);
    await bench.clock.advance(1);
    expect(bench.terminals.isOpen).toBe(false);
    expect(Math.abs(bench.terminals.voltageVolt())).toBeLessThan(0.02);
    expect(bench.heard.filter((line) => line.includes('Elect'))).toEqual([]);
    expect(bench.driver.info.model).toContain('(cannot open the cell)');
  });
});

describe('a bad wire', () => {
  it('loses nothing when chunks are split and joined', async () => {
    const faults = [{ name: 'chunks', atSecond: 0, seed: 3 }] as const;
    const bench = await connectedRodeostat({ faults });
    expect(await measured(bench, HOLD)).toHaveLength(50);
    expect(await measured(bench, RESTING)).toHaveLength(6);
  });

  it('that is slow makes readings late, and they are not made up for', async () => {
    const faults = [{ name: 'chunks', atSecond: 0, seed: 3 }] as const;
    const bench = await connectedRodeostat({ faults });
    const fast = { ...RESTING, sampleEverySecond: 0.02, durationSecond: 2 };
    const work = collect(bench.driver.measure(fast, never));
    const readings = electrical(await runToEnd(bench.clock, work, 0.001));
    const late = readings.filter(({ quality }) => quality === 'late');
    expect(late.length).toBeGreaterThan(5);
    expect(readings.length).toBeGreaterThan(20);
    expect(readings.length).toBeLessThan(100);
    const times = readings.map(({ timeSecond }) => timeSecond);
    expect([...times].sort((one, other) => one - other)).toEqual(times);
  });

  it('that goes silent is noticed within 2 s', async () => {
    const faults = [{ name: 'stall', atSecond: 3, seed: 3 }] as const;
    const bench = await connectedRodeostat({ faults });
    const startSecond = bench.clock.nowSecond();
    const work = caughtFault(() => collect(bench.driver.measure(HOLD, never)));
    const ended = work.then(() => bench.clock.nowSecond());
    const fault = await runToEnd(bench.clock, work, 0.05);
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('could not be confirmed open');
    // Then it is told to stop three times, 1.5 s each, before that is given up.
    expect((await ended) - startSecond).toBeLessThan(3 + 2 + 3 * 1.5 + 0.2);
    // The instrument opens the cell by itself.
    await bench.clock.advance(HOLD.durationSecond);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('that is pulled out in the middle of a sample is noticed at once', async () => {
    const faults = [{ name: 'disconnect', atSecond: 3, seed: 3 }] as const;
    const bench = await connectedRodeostat({ faults });
    const work = caughtFault(() => collect(bench.driver.measure(HOLD, never)));
    await bench.clock.advance(3.2);
    const fault = await work;
    expect(fault.code).toBe('instrumentLost');
    await bench.clock.advance(5);
    await runToEnd(bench.clock, bench.driver.connect(never), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(await measured(bench, RESTING)).toHaveLength(6);
  });

  it.each([
    'garbage',
    'missingNewline',
  ] as const)('with %s ends in readings or in a fault, with the cell open', async (name) => {
    const codes = new Set<string>();
    let good = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const bench = makeRodeostatBench({ faults: [{ name, atSecond: 0, seed }] });
      await bench.twin.start();
      const work = async (): Promise<number> => {
        await bench.driver.connect(never);
        return (await collect(bench.driver.measure({ ...HOLD, durationSecond: 1 }, never))).length;
      };
      const outcome = await runToEnd(
        bench.clock,
        work().catch((error: unknown) => error),
        0.1,
      );
      if (outcome instanceof Fault) codes.add(outcome.code);
      else if (outcome === 10) good += 1;
      else throw new Error(`neither a fault nor ten readings: ${String(outcome)}`);
      await bench.clock.advance(2);
      expect(bench.terminals.isOpen).toBe(true);
    }
    expect(good).toBeGreaterThan(3);
    expect(codes.size).toBeGreaterThan(0);
    for (const code of codes) expect(['instrumentReply', 'timeout']).toContain(code);
  });
});
