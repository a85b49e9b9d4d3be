import { describe, expect, it } from 'vitest';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import { HOLD_SECOND_MAX } from '../../../hardware/potentiostats/keithley-plan.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { sleep } from '../../../src/domain/clock.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { ConstantCurrent, ConstantVoltage } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import {
  connectedKeithley,
  type ElectricalReading,
  electrical,
  type KeithleyBench,
  makeKeithleyBench,
} from './keithley-bench.ts';

const FAMILIES = ['2400', '2450'] as const;
const never = (): AbortSignal => new AbortController().signal;

const CHARGE: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 2,
  durationSecond: 20,
  voltageVoltMin: 2.5,
  voltageVoltMax: 4.5,
};
const HOLD: ConstantVoltage = {
  kind: 'constantVoltage',
  voltageVolt: 3.8,
  sampleEverySecond: 2,
  durationSecond: 30,
  currentAmpereMax: 20e-3,
};

async function measured(
  bench: KeithleyBench,
  technique: Parameters<Keithley['measure']>[0],
): Promise<readonly ElectricalReading[]> {
  const work = collect(bench.driver.measure(technique, never()));
  return electrical(await runToEnd(bench.clock, work, 0.1));
}

/** Begins a measurement and reads it in the background. */
function begun(bench: KeithleyBench, technique: Parameters<Keithley['measure']>[0]) {
  const stop = new AbortController();
  const readings: ElectricalReading[] = [];
  const work = collect(bench.driver.measure(technique, stop.signal), (reading) => {
    if (reading.kind === 'electrical') readings.push(reading);
  });
  const outcome = work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { stop, readings, outcome };
}

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

describe.each(FAMILIES)('the cell of a Keithley %s is open', (family) => {
  it('after an abort, at once', async () => {
    const bench = await connectedKeithley({ family });
    const { stop, readings, outcome } = begun(bench, CHARGE);
    await bench.clock.advance(5);
    expect(bench.terminals.isOpen).toBe(false);
    stop.abort(new Error('enough'));
    await bench.clock.advance(0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(await outcome).toBeUndefined();
    expect(readings).toHaveLength(2);
  });

  it('when its reader stops reading', async () => {
    const bench = await connectedKeithley({ family });
    const reader = (async () => {
      for await (const _ of bench.driver.measure(CHARGE, never())) break;
    })();
    await runToEnd(bench.clock, reader, 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(bench.twin.output.isOn).toBe(false);
  });

  it('by command in the middle of a measurement, which then ends without an error', async () => {
    const bench = await connectedKeithley({ family });
    const { outcome } = begun(bench, CHARGE);
    await bench.clock.advance(5);
    await runToEnd(bench.clock, bench.driver.cellOff(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(await outcome).toBeUndefined();
    await runToEnd(bench.clock, bench.driver.cellOff(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('within the time it holds, when the host is lost, at any moment of a visit', async () => {
    for (let moment = 0; moment < 20; moment += 1) {
      const bench = await connectedKeithley({ family });
      const { outcome } = begun(bench, { ...CHARGE, durationSecond: 100_000 });
      await bench.clock.advance(20 + moment * 0.11);
      expect(bench.terminals.isOpen).toBe(false);
      await bench.hostEnd.close();
      await bench.clock.advance(HOLD_SECOND_MAX);
      expect(bench.terminals.isOpen).toBe(true);
      expect(bench.twin.output.isOn).toBe(false);
      expect((await outcome) as Fault).toMatchObject({ code: 'instrumentLost' });
    }
  });

  it('within the time it holds, whichever was the last message the host has sent', async () => {
    for (let last = 1; last <= 25; last += 1) {
      const bench = makeKeithleyBench({ family });
      const { clock, hostEnd, terminals, twin } = bench;
      await twin.start();
      let written = 0;
      const write = hostEnd.write.bind(hostEnd);
      hostEnd.write = (bytes) => {
        written += 1;
        // The last message arrives; whatever the instrument says to it finds nobody.
        if (written <= last) write(bytes);
        if (written === last) queueMicrotask(() => void hostEnd.close());
      };
      const { driver } = bench;
      const work = async (): Promise<void> => {
        await driver.connect(never());
        await collect(driver.measure({ ...CHARGE, durationSecond: 1e4 }, never()));
      };
      await caughtFault(() => runToEnd(clock, work(), 0.1));
      await clock.advance(HOLD_SECOND_MAX);
      expect(twin.output.isOn).toBe(false);
      // From the first message on its relay is open whenever the output is off.
      if (last > 1) expect(terminals.isOpen).toBe(true);
    }
  });

  it('within the time it holds, when the host dies just after it has switched on', async () => {
    const bench = await connectedKeithley({ family });
    begun(bench, CHARGE);
    await bench.clock.advance(0.2);
    expect(bench.terminals.isOpen).toBe(false);
    await bench.hostEnd.close();
    await bench.clock.advance(HOLD_SECOND_MAX);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('within the time it holds, when nobody takes the readings any more', async () => {
    const bench = await connectedKeithley({ family });
    const { clock } = bench;
    const stuck = (async () => {
      for await (const _ of bench.driver.measure(CHARGE, never())) await sleep(clock, 60);
    })().catch((error: unknown) => error);
    await clock.advance(2 + HOLD_SECOND_MAX);
    expect(bench.terminals.isOpen).toBe(true);
    await clock.advance(60);
    expect(await stuck).toMatchObject({ code: 'instrumentReply' });
    expect(((await stuck) as Fault).message).toContain('the host was away');
  });

  it('while the host is away for less than the time it holds, current goes on', async () => {
    const bench = await connectedKeithley({ family });
    const { clock } = bench;
    const readings: ElectricalReading[] = [];
    const slow = (async () => {
      const technique = { ...CHARGE, sampleEverySecond: 1, durationSecond: 10 };
      for await (const reading of bench.driver.measure(technique, never())) {
        if (reading.kind === 'electrical') readings.push(reading);
        if (readings.length === 3) await sleep(clock, 3);
      }
    })();
    await runToEnd(clock, slow, 0.1);
    expect(readings).toHaveLength(10);
    // The visit after the pause is late and says so; the next ones do not make up for it.
    expect(readings.map(({ quality }) => quality).indexOf('late')).toBe(3);
    expect(readings.filter(({ quality }) => quality === 'good')).toHaveLength(9);
    expect(bench.twin.output.switchings).toBe(2);
  });

  it('when its OUTPUT key is pressed, and the measurement is a fault', async () => {
    const bench = await connectedKeithley({ family });
    const { outcome } = begun(bench, CHARGE);
    await bench.clock.advance(5);
    bench.twin.pressOutputKey();
    expect(bench.terminals.isOpen).toBe(true);
    await bench.clock.advance(10);
    const fault = await outcome;
    expect(fault).toBeInstanceOf(Fault);
    expect((fault as Fault).message).toContain('a key on its front');
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('when its power goes, and connects again when that is back', async () => {
    const bench = await connectedKeithley({ family });
    const { outcome } = begun(bench, CHARGE);
    await bench.clock.advance(5);
    await bench.twin.stop();
    expect(bench.terminals.isOpen).toBe(true);
    await bench.clock.advance(20);
    expect(await outcome).toMatchObject({ code: 'instrumentLost' });
    await bench.twin.start();
    await runToEnd(bench.clock, bench.driver.connect(never()), 0.1);
    expect(bench.twin.output.isOn).toBe(false);
    expect(await measured(bench, CHARGE)).toHaveLength(10);
  });

  it('after a driver has crashed and another one connects', async () => {
    const bench = await connectedKeithley({ family });
    begun(bench, { ...CHARGE, durationSecond: 1e5 });
    await bench.clock.advance(5);
    await bench.hostEnd.close();
    const link = bench.hostEnd;
    const { clock } = bench;
    const next = new Keithley({ id: 'smu', link, clock, provenance: 'simulated', family });
    expect(bench.terminals.isOpen).toBe(false);
    await runToEnd(clock, next.connect(never()), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(bench.twin.errors).toEqual([]);
  });

  it('before it is disconnected', async () => {
    const bench = await connectedKeithley({ family });
    const { outcome } = begun(bench, CHARGE);
    await bench.clock.advance(5);
    await runToEnd(bench.clock, bench.driver.disconnect(), 0.1);
    await runToEnd(bench.clock, bench.driver.disconnect(), 0.1);
    expect(bench.terminals.isOpen).toBe(true);
    expect(await outcome).toBeUndefined();
    expect(bench.hostEnd.isOpen).toBe(false);
  });
});

describe.each(FAMILIES)('a wire to a Keithley %s that loses a reply now and then', (family) => {
  /** Loses some replies whole. */
  async function lossy(isLost: (reply: number) => boolean) {
    const made = makeKeithleyBench({ family });
    const { clock, hostEnd, twin } = made;
    await twin.start();
    let replies = 0;
    const onData = hostEnd.onData.bind(hostEnd);
    hostEnd.onData = (listener) =>
      onData((bytes) => {
        replies += 1;
        if (!isLost(replies)) listener(bytes);
      });
    await runToEnd(clock, made.driver.connect(never()), 0.1);
    return made;
  }

  it('costs no sample, and is counted', async () => {
    const bench = await lossy((reply) => reply > 20 && reply % 20 === 0);
    const readings = await measured(bench, { ...CHARGE, durationSecond: 120 });
    expect(readings).toHaveLength(60);
    expect(bench.driver.losses.lostReplies).toBeGreaterThan(0);
    expect(bench.twin.output.switchings).toBe(2);
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('costs no sample, whichever reply it is', async () => {
    for (let lost = 20; lost < 55; lost += 1) {
      const bench = await lossy((reply) => reply === lost);
      const readings = await measured(bench, { ...CHARGE, durationSecond: 80 });
      expect(readings).toHaveLength(40);
      const times = readings.map(({ timeSecond }) => timeSecond);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Math.max(...times)).toBeLessThanOrEqual(bench.clock.nowSecond());
    }
  });

  it('is a fault when it loses them all, with the cell open in time', async () => {
    const bench = await lossy((reply) => reply > 20);
    const fault = await caughtFault(() => measured(bench, { ...CHARGE, durationSecond: 600 }));
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('it did not answer for');
    expect(fault.message).toContain('could not be confirmed open');
    expect(bench.terminals.isOpen).toBe(true);
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
