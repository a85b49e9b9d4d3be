import { describe, expect, it } from 'vitest';
import { HOLD_SECOND_MAX } from '../../../hardware/potentiostats/keithley-plan.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { runToEnd } from './emstat-bench.ts';
import { connectedKeithley, makeKeithleyBench } from './keithley-bench.ts';
import { begun, CHARGE, HOLD, measured, never } from './keithley-techniques.ts';

describe('a Keithley 2400 over RS-232 at 9600 Bd', () => {
  it('keeps up with the fastest rhythm it declares', async () => {
    const bench = await connectedKeithley({ family: '2400', baudRate: 9600 });
    const { sampleEverySecondMin } = bench.driver.capability;
    const technique = { ...CHARGE, sampleEverySecond: sampleEverySecondMin, durationSecond: 30 };
    const startSecond = bench.clock.nowSecond();
    const readings = await measured(bench, technique);
    expect(readings).toHaveLength(30 / sampleEverySecondMin);
    expect(readings.map(({ quality }) => quality).filter((one) => one !== 'good')).toEqual([]);
    // Setting up and switching off take a moment on so slow a wire, sampling takes none.
    expect(bench.clock.nowSecond() - startSecond).toBeLessThan(32);
    for (const [at, reading] of readings.entries()) {
      const before = readings[at - 1];
      if (before) expect(reading.timeSecond - before.timeSecond).toBeLessThan(0.75);
    }
    expect(bench.twin.errors).toEqual([]);
    expect(bench.twin.output.switchings).toBe(2);
  });

  it('never sends a command before the reply to the one before', async () => {
    const bench = await connectedKeithley({ family: '2400', baudRate: 9600 });
    await measured(bench, HOLD);
    expect(bench.twin.errors).toEqual([]);
  });

  it('has the cell open soon after an abort at any moment of a visit', async () => {
    for (let moment = 0; moment < 12; moment += 1) {
      const bench = await connectedKeithley({ family: '2400', baudRate: 9600 });
      const { stop, outcome } = begun(bench, CHARGE);
      await bench.clock.advance(6 + moment * 0.03);
      stop.abort(new Error('enough'));
      await bench.clock.advance(1);
      expect(bench.terminals.isOpen).toBe(true);
      expect(await outcome).toBeUndefined();
      expect(await measured(bench, { ...CHARGE, durationSecond: 4 })).toHaveLength(2);
    }
  });

  it('leaves nothing on when the plug is pulled at any moment', async () => {
    for (let moment = 0; moment < 20; moment += 1) {
      const bench = await connectedKeithley({ family: '2400', baudRate: 9600 });
      const { outcome } = begun(bench, { ...CHARGE, durationSecond: 1000 });
      await bench.clock.advance(5 + moment * 0.021);
      await bench.hostEnd.close();
      await bench.clock.advance(HOLD_SECOND_MAX);
      expect(bench.terminals.isOpen).toBe(true);
      expect(await outcome).toMatchObject({ code: 'instrumentLost' });
    }
  });
});

describe('a Keithley 2450', () => {
  it('keeps its one buffer small, however long it measures', async () => {
    const bench = await connectedKeithley({ family: '2450' });
    const { twin } = bench;
    if (!(twin instanceof Keithley2450Twin)) throw new Error('not a 2450');
    begun(bench, { ...CHARGE, durationSecond: 20_000 });
    let most = 0;
    for (let minute = 0; minute < 100; minute += 1) {
      await bench.clock.advance(60);
      most = Math.max(most, twin.buffered);
    }
    expect(twin.output.isOn).toBe(true);
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThan(600);
  });

  it('keeps the lower limit of a discharge by itself, also without its host', async () => {
    const bench = await connectedKeithley({ family: '2450' });
    expect(bench.driver.capability.keepsVoltageLimits).toBe('both');
    begun(bench, { ...CHARGE, currentAmpere: -1e-3, voltageVoltMin: 3.5, durationSecond: 1e4 });
    await bench.clock.advance(0.4);
    await bench.hostEnd.close();
    await bench.clock.advance(3);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('pulses its trigger line at each reading when it is told to', async () => {
    const bench = await connectedKeithley({ family: '2450', triggerLine: 3 });
    const { twin } = bench;
    if (!(twin instanceof Keithley2450Twin)) throw new Error('not a 2450');
    await measured(bench, CHARGE);
    expect(twin.notified).toBeGreaterThan(20);
    const silent = await connectedKeithley({ family: '2450' });
    await measured(silent, CHARGE);
    expect((silent.twin as Keithley2450Twin).notified).toBe(0);
  });

  it('that is set to the commands of a 2400 is spoken to in these', async () => {
    const made = makeKeithleyBench({ family: '2450' });
    const { clock, terminals, deviceEnd } = made;
    const identity = 'KEITHLEY INSTRUMENTS,MODEL 2450,04415918,1.7.12b';
    const language = 'SCPI2400';
    const parts = { link: deviceEnd, clock, terminals, seed: 7, identity, language };
    const twin = new Keithley2400Twin(parts);
    await twin.start();
    await runToEnd(clock, made.driver.connect(never()), 0.1);
    const { capability, info } = made.driver;
    expect(info.model).toBe('Keithley 2450 04415918');
    expect(capability.keepsVoltageLimits).toBe('compliance');
    expect(capability.accuracy.source).toContain('2450');
    expect(await measured({ ...made, twin }, CHARGE)).toHaveLength(10);
    expect(terminals.isOpen).toBe(true);
    expect(twin.errors).toEqual([]);
  });

  it('that is set to TSP is refused with the way to change that', async () => {
    const made = makeKeithleyBench({ family: '2450' });
    const { clock, terminals, deviceEnd, driver } = made;
    const twin = new Keithley2450Twin({
      link: deviceEnd,
      clock,
      terminals,
      seed: 7,
      language: 'TSP',
    });
    await twin.start();
    const fault = await caughtFault(() => runToEnd(clock, driver.connect(never()), 0.1));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain('*LANG SCPI');
    expect(made.hostEnd.isOpen).toBe(false);
  });
});
