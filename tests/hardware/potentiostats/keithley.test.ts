import { describe, expect, it } from 'vitest';
import type { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { connectedKeithley, type ElectricalReading, makeKeithleyBench } from './keithley-bench.ts';
import { begun, CHARGE, FAMILIES, HOLD, measured, never } from './keithley-techniques.ts';

describe.each(FAMILIES)('a Keithley %s', (family) => {
  it('says who it is, and leaves the output off and reset', async () => {
    const bench = await connectedKeithley({ family });
    const { driver, twin, terminals } = bench;
    const serial = family === '2400' ? 'SIM1098765' : 'SIM04415918';
    const model = `Keithley ${family} ${serial}`;
    expect(driver.info).toEqual({ id: 'smu', model, provenance: 'simulated' });
    expect(twin.output.isOn).toBe(false);
    expect(twin.errors).toEqual([]);
    expect(terminals.isOpen).toBe(true);
  });

  it('charges with the current it was told to, a sample at each interval', async () => {
    const bench = await connectedKeithley({ family });
    const startSecond = bench.clock.nowSecond();
    const readings = await measured(bench, CHARGE);
    expect(readings).toHaveLength(10);
    for (const [at, reading] of readings.entries()) {
      expect(reading.quality).toBe('good');
      // A reading is never younger than its visit and never older than the pause between two.
      const ageSecond = startSecond + 2 * (at + 1) - reading.timeSecond;
      expect(ageSecond).toBeGreaterThanOrEqual(-0.11);
      expect(ageSecond).toBeLessThan(0.7);
      expect(Math.abs(reading.currentAmpere - 1e-3)).toBeLessThan(1e-3 * 0.1e-2);
      expect(reading.currentRangeAmpere).toBe(1e-3);
    }
    expect(bench.terminals.isOpen).toBe(true);
    expect(bench.twin.errors).toEqual([]);
  });

  it('shows what is at the terminals, within the stated limits of error', async () => {
    const bench = await connectedKeithley({ family });
    const { clock, terminals } = bench;
    const work = begun(bench, { ...CHARGE, durationSecond: 60 });
    let compared = 0;
    for (let second = 0; second < 55; second += 1) {
      await clock.advance(1);
      const reading = work.readings.at(-1);
      // After half a minute the arc has settled: what was read is still there.
      if (second < 40 || !reading) continue;
      compared += 1;
      const { voltageErrorVolt = 0, currentErrorAmpere = 0 } = reading;
      const limit = Math.sqrt(3);
      const volt = terminals.voltageVolt();
      expect(Math.abs(reading.voltageVolt - volt)).toBeLessThan(limit * voltageErrorVolt);
      const wrong = Math.abs(reading.currentAmpere - terminals.currentAmpere());
      expect(wrong).toBeLessThan(limit * currentErrorAmpere);
      expect(voltageErrorVolt).toBeLessThan(1.5e-3);
      expect(currentErrorAmpere).toBeLessThan(0.3e-6);
    }
    expect(compared).toBe(15);
  });

  it('measures the open voltage with next to no current', async () => {
    const bench = await connectedKeithley({ family });
    const before = bench.terminals.history.length;
    const technique = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 10 } as const;
    const readings = await measured(bench, technique);
    expect(readings).toHaveLength(10);
    for (const { voltageVolt, currentAmpere, quality } of readings) {
      expect(voltageVolt).toBeCloseTo(3.7, 2);
      expect(currentAmpere).toBe(0);
      expect(quality).toBe('good');
    }
    const amperes = bench.terminals.history.slice(before).flatMap((entry) => {
      const [, value] = /^current (\S+)$/.exec(entry) ?? [];
      return value === undefined ? [] : [Math.abs(Number(value))];
    });
    // The offset of the source in its smallest range.
    expect(amperes.length).toBeGreaterThan(10);
    expect(Math.max(...amperes)).toBeLessThan(0.6e-9);
  });

  it('holds a voltage, and takes the current in the range that suits it', async () => {
    const bench = await connectedKeithley({ family });
    const readings = await measured(bench, HOLD);
    const last = readings.at(-1);
    // 0.1 V over 500 Ω, and what the errors of source and meter may make of it.
    expect(last?.currentAmpere).toBeGreaterThan(0.19e-3);
    expect(last?.currentAmpere).toBeLessThan(0.21e-3);
    expect(last?.currentRangeAmpere).toBe(1e-3);
    expect(last?.quality).toBe('good');
  });

  it('sweeps the potential in steps', async () => {
    const bench = await connectedKeithley({ family });
    const sweep = { rateVoltPerSecond: 0.02, stepVolt: 0.02, currentAmpereMax: 20e-3 };
    const readings = await measured(bench, {
      kind: 'linearSweep',
      startVolt: 3.6,
      endVolt: 3.7,
      ...sweep,
    });
    const steps = readings.map(({ voltageVolt }) => Math.round((voltageVolt - 3.6) / 0.02) + 0);
    expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
    const cycle = await measured(bench, {
      kind: 'cyclicVoltammetry',
      startVolt: 3.7,
      verticesVolt: [3.74, 3.66],
      cycles: 2,
      ...sweep,
    });
    const around = cycle.map(({ voltageVolt }) => Math.round((voltageVolt - 3.7) / 0.02) + 0);
    const first = [1, 2, 1, 0, -1, -2, -1, 0];
    expect(around).toEqual([0, ...first, ...first]);
  });

  it('never measures an impedance, and names what it refuses', async () => {
    const bench = await connectedKeithley({ family });
    const refuse = (technique: Parameters<Keithley['measure']>[0]) =>
      caughtFault(() => measured(bench, technique));
    const sweep = await refuse({
      kind: 'impedance',
      frequencyHertzMax: 1e3,
      frequencyHertzMin: 1,
      pointCount: 4,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-3, biasAmpere: 0 },
    });
    expect(sweep.code).toBe('instrumentUnable');
    expect(sweep.message).toContain('impedance');
    expect((await refuse({ ...CHARGE, currentAmpere: 2 })).message).toContain('2 A');
    expect((await refuse({ ...CHARGE, sampleEverySecond: 0.01 })).message).toContain('0.01 s');
    expect((await refuse({ ...HOLD, voltageVolt: 60 })).message).toContain('60 V');
    expect(bench.terminals.isOpen).toBe(true);
    expect(bench.twin.output.isOn).toBe(false);
  });

  it('ends a charge at its upper limit by the compliance: an overload, no fault', async () => {
    const bench = await connectedKeithley({ family });
    const readings = await measured(bench, { ...CHARGE, voltageVoltMax: 4 });
    const last = readings.at(-1);
    expect(last?.quality).toBe('overload');
    expect(last?.voltageVolt).toBeCloseTo(4, 2);
    expect(readings.slice(0, -1).every(({ quality }) => quality === 'good')).toBe(true);
    expect(readings.length).toBeLessThan(10);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('keeps the voltage at the compliance, whatever the host does meanwhile', async () => {
    const bench = await connectedKeithley({ family });
    begun(bench, { ...CHARGE, voltageVoltMax: 4, sampleEverySecond: 100, durationSecond: 1000 });
    let highestVolt = 0;
    for (let step = 0; step < 150; step += 1) {
      await bench.clock.advance(0.1);
      highestVolt = Math.max(highestVolt, bench.terminals.voltageVolt());
    }
    expect(highestVolt).toBeGreaterThan(3.99);
    expect(highestVolt).toBeLessThan(4.01);
  });

  it('ends a discharge at its lower limit, which no compliance keeps', async () => {
    const bench = await connectedKeithley({ family });
    const technique = { ...CHARGE, currentAmpere: -1e-3, voltageVoltMin: 3.4, durationSecond: 60 };
    const readings = await measured(bench, technique);
    const last = readings.at(-1);
    expect(last?.voltageVolt).toBeLessThanOrEqual(3.4);
    // One visit of 2 s at the steepest it can fall there.
    expect(last?.voltageVolt).toBeGreaterThan(3.3);
    expect(last?.quality).toBe('good');
    expect(readings.length).toBeLessThan(10);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('looks after the lower limit at least every 2 s, however rare the samples are', async () => {
    const bench = await connectedKeithley({ family });
    const startSecond = bench.clock.nowSecond();
    const technique = { ...CHARGE, currentAmpere: -1e-3, voltageVoltMin: 3.4 };
    const rare = { ...technique, sampleEverySecond: 600, durationSecond: 3600 };
    const readings = await measured(bench, rare);
    expect(readings).toHaveLength(1);
    expect((readings[0]?.timeSecond ?? 0) - startSecond).toBeLessThan(10);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('calls a current at its limit an overload, and ends there', async () => {
    const bench = await connectedKeithley({ family });
    const readings = await measured(bench, { ...HOLD, voltageVolt: 4.2, currentAmpereMax: 0.5e-3 });
    expect(readings).toHaveLength(1);
    expect(readings[0]?.quality).toBe('overload');
    expect(readings[0]?.currentAmpere).toBeCloseTo(0.5e-3, 5);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('switches its relay on and off once in an hour of current', async () => {
    const bench = await connectedKeithley({ family });
    const before = bench.twin.output.switchings;
    await measured(bench, { ...CHARGE, sampleEverySecond: 60, durationSecond: 3600 });
    expect(bench.twin.output.switchings - before).toBe(2);
  });
});

describe.each(FAMILIES)('the time of a reading of a Keithley %s', (family) => {
  it.each([50e-6, -50e-6])('is that of the host when its clock is wrong by %d', async (error) => {
    const bench = await connectedKeithley({ family, clockError: error });
    const arrivals: number[] = [];
    const readings: ElectricalReading[] = [];
    const technique = { ...CHARGE, sampleEverySecond: 10, durationSecond: 7200 };
    const work = collect(bench.driver.measure(technique, never()), (reading) => {
      if (reading.kind === 'electrical') readings.push(reading);
      arrivals.push(bench.clock.nowSecond());
    });
    await runToEnd(bench.clock, work, 60);
    expect(readings).toHaveLength(720);
    for (const [at, { timeSecond }] of readings.entries()) {
      const ageSecond = (arrivals[at] ?? 0) - timeSecond;
      expect(ageSecond).toBeGreaterThanOrEqual(-1e-6);
      expect(ageSecond).toBeLessThan(0.7);
    }
  });
});

describe('an instrument that is not the one', () => {
  it.each([
    ['2400', '2450', 'keithley-2450'],
    ['2450', '2400', 'keithley-2400'],
  ] as const)('a %s driver refuses a %s and names its driver', async (family, found, name) => {
    const asked = makeKeithleyBench({ family });
    const { clock, terminals, deviceEnd } = asked;
    const parts = { link: deviceEnd, clock, terminals, seed: 7 };
    const twin = found === '2400' ? new Keithley2400Twin(parts) : new Keithley2450Twin(parts);
    await twin.start();
    const fault = await caughtFault(() => runToEnd(clock, asked.driver.connect(never()), 0.1));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain(name);
    expect(twin.output.isOn).toBe(false);
  });

  it('a model whose ranges are not known is refused by name', async () => {
    const made = makeKeithleyBench({ family: '2400' });
    const { clock, terminals, deviceEnd } = made;
    const identity = 'KEITHLEY INSTRUMENTS INC.,MODEL 2440,1234567,C30';
    const twin = new Keithley2400Twin({ link: deviceEnd, clock, terminals, seed: 7, identity });
    await twin.start();
    const fault = await caughtFault(() => runToEnd(clock, made.driver.connect(never()), 0.1));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain('2440');
  });

  it('silence is a timeout', async () => {
    const made = makeKeithleyBench({ family: '2400' });
    const fault = await caughtFault(() => runToEnd(made.clock, made.driver.connect(never()), 0.1));
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('*IDN?');
  });
});
