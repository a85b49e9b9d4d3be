import { describe, expect, it } from 'vitest';
import type { CyclicVoltammetry } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { runToEnd } from './emstat-bench.ts';
import { connectedRodeostat, makeRodeostatBench } from './rodeostat-bench.ts';
import { HOLD, measured, never, RESTING } from './rodeostat-techniques.ts';

const CYCLIC: CyclicVoltammetry = {
  kind: 'cyclicVoltammetry',
  startVolt: 0.5,
  verticesVolt: [0.8, 0.2],
  rateVoltPerSecond: 0.1,
  cycles: 1,
  stepVolt: 0.01,
  currentAmpereMax: 1e-3,
};

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
