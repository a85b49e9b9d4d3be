import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { Impedance } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { CIRCUIT, collect, connectedBench, makeBench, runToEnd } from './emstat-bench.ts';
import { never, PLATING } from './emstat-techniques.ts';

const SWEEP: Impedance = {
  kind: 'impedance',
  frequencyHertzMax: 200e3,
  frequencyHertzMin: 1,
  pointCount: 31,
  excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-5, biasAmpere: 1e-3 },
};

function electrical(readings: readonly Reading[]) {
  return readings.filter((reading) => reading.kind === 'electrical');
}

function points(readings: readonly Reading[]) {
  return readings.flatMap((reading) => (reading.kind === 'impedancePoint' ? reading.point : []));
}

describe('connecting to an EmStat4 HR', () => {
  it('learns model, serial number and techniques, and opens the cell', async () => {
    const { driver, terminals } = await connectedBench();
    expect(driver.info).toEqual({
      id: 'pot',
      model: 'EmStat4 HR SIMES4HR20B0008',
      provenance: 'simulated',
    });
    expect(driver.capability.techniques).toEqual([
      'openCircuit',
      'constantCurrent',
      'constantVoltage',
      'cyclicVoltammetry',
      'linearSweep',
      'impedance',
    ]);
    expect(terminals.history.at(-1)).toBe('open');
  });

  it('stops a script that a lost host has left running', async () => {
    const bench = await connectedBench();
    const readings = bench.driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(bench.clock, readings.next());
    await bench.hostEnd.close();
    await expect(readings.next()).rejects.toMatchObject({ code: 'instrumentLost' });
    expect(bench.terminals.isOpen).toBe(false);
    await runToEnd(bench.clock, bench.driver.connect(never));
    expect(bench.terminals.isOpen).toBe(true);
  });

  it('refuses to connect twice, and the first connection goes on working', async () => {
    const { clock, driver } = await connectedBench();
    const fault = await caughtFault(() => runToEnd(clock, driver.connect(never)));
    expect(fault.message).toContain('already open');
    expect(await runToEnd(clock, collect(driver.measure(PLATING, never)))).toHaveLength(10);
  });

  it('can still open the cell when the connecting is given up half-way', async () => {
    const { clock, driver, terminals, twin } = makeBench();
    await twin.start();
    const abort = new AbortController();
    const connecting = driver.connect(abort.signal);
    const given = expect(connecting).rejects.toThrow('given up');
    await Promise.resolve();
    abort.abort(new Error('given up'));
    await given;
    terminals.history.length = 0;
    await runToEnd(clock, driver.cellOff());
    expect(terminals.history.at(-1)).toBe('open');
  });

  it('says that nobody answers, and closes the link', async () => {
    const { clock, driver, hostEnd } = makeBench();
    const fault = await caughtFault(() => runToEnd(clock, driver.connect(never)));
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('did not come within 2 s');
    expect(hostEnd.isOpen).toBe(false);
  });

  it.each([
    ['tespbl_0100', 'in its bootloader'],
    ['twhatis0100', 'an unknown device "whatis"'],
  ])('refuses a device that answers %s', async (answer, expected) => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    deviceEnd.onData((bytes) => {
      const text = new TextDecoder().decode(bytes);
      if (text === '\nZ\n') deviceEnd.write(new TextEncoder().encode('Z!0006\n'));
      if (text === 't\n') deviceEnd.write(new TextEncoder().encode(`${answer}\nR*\n`));
    });
    const fault = await caughtFault(() => runToEnd(clock, driver.connect(never)));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain(expected);
  });
});

describe('constant current', () => {
  it('reads voltage and current at every interval, stamped with the time of arrival', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const startSecond = clock.nowSecond();
    const all = electrical(await runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(all.map((one) => one.timeSecond - startSecond)).toEqual(
      [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((second) => expect.closeTo(second, 6)),
    );
    for (const one of all) {
      expect(one.voltageVolt).toBeCloseTo(0.1 + 1e-3 * 500, 3);
      expect(one.currentAmpere).toBeCloseTo(1e-3, 6);
      expect(one.quality).toBe('good');
    }
    expect(terminals.isOpen).toBe(true);
  });

  it('is ended by the instrument itself within one interval of leaving the voltage window', async () => {
    const slow = { ...CIRCUIT, capacitanceFarad: 0.1 };
    const { clock, driver, terminals } = await connectedBench(slow);
    const limited = { ...PLATING, durationSecond: 1000, voltageVoltMax: 0.4 };
    const startSecond = clock.nowSecond();
    const all = electrical(await runToEnd(clock, collect(driver.measure(limited, never))));
    // 0.1 V + 1 mA (100 + 400 (1 - exp(-t / 40 s))) Ω passes 0.4 V at 27.7 s: seen at 30 s.
    expect((all.at(-1)?.timeSecond ?? 0) - startSecond).toBeCloseTo(30, 6);
    expect(all.filter((one) => one.voltageVolt > 0.4)).toHaveLength(1);
    expect(terminals.isOpen).toBe(true);
  });

  it('keeps the lower limit too, when the current discharges', async () => {
    const { clock, driver } = await connectedBench();
    const limited = { ...PLATING, currentAmpere: -1e-3, voltageVoltMin: -0.2 };
    expect(await runToEnd(clock, collect(driver.measure(limited, never)))).toHaveLength(1);
  });

  it('lasts for hours at 10 s per sample', async () => {
    const { clock, driver } = await connectedBench();
    const long = { ...PLATING, durationSecond: 5 * 3600 };
    const all = await runToEnd(clock, collect(driver.measure(long, never)), 600);
    expect(all).toHaveLength(1800);
  });

  it('refuses what the instrument cannot do, naming each reason, and touches nothing', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const before = terminals.history.length;
    const wrong = { ...PLATING, currentAmpere: 0.2, sampleEverySecond: 0 };
    const fault = await caughtFault(() => runToEnd(clock, collect(driver.measure(wrong, never))));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.problems.map((problem) => problem.message)).toEqual([
      'the sampling interval must be above 0 s',
      'a current of 0.2 A is beyond its 0.1 A',
    ]);
    expect(terminals.history).toHaveLength(before);
  });
});

describe('open circuit', () => {
  it('reads the voltage without current', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const rest = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 5 } as const;
    const all = electrical(await runToEnd(clock, collect(driver.measure(rest, never))));
    expect(all.map((one) => one.currentAmpere)).toEqual([0, 0, 0, 0, 0]);
    expect(all[4]?.voltageVolt).toBeCloseTo(0.1, 3);
    expect(terminals.history.every((entry) => entry === 'open')).toBe(true);
  });
});

describe('impedance', () => {
  it('measures a known circuit within its noise, high to low, under bias current', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const all = points(await runToEnd(clock, collect(driver.measure(SWEEP, never))));
    expect(all).toHaveLength(31);
    expect(all[0]?.frequencyHertz).toBeCloseTo(200e3, 0);
    expect(all.at(-1)?.frequencyHertz).toBeCloseTo(1, 4);
    for (const { frequencyHertz, zRealOhm, zImagOhm } of all) {
      const known = terminals.impedance(frequencyHertz);
      const modulus = Math.hypot(known.zRealOhm, known.zImagOhm);
      expect(Math.abs(zRealOhm - known.zRealOhm)).toBeLessThan(5e-3 * modulus);
      expect(Math.abs(zImagOhm - known.zImagOhm)).toBeLessThan(5e-3 * modulus);
    }
    expect(terminals.history).toContain('current 0.001');
    expect(terminals.isOpen).toBe(true);
  });

  it('holds the open-circuit potential it has just measured when asked to', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const excitation = {
      mode: 'potentiostatic',
      amplitudeVoltRms: 0.01,
      biasVolt: 0.2,
      versusOpenCircuit: true,
    } as const;
    const reader = driver.measure({ ...SWEEP, excitation }, never)[Symbol.asyncIterator]();
    for (let point = 0; point < 20; point += 1) await runToEnd(clock, reader.next(), 0.05);
    expect(terminals.voltageVolt()).toBeCloseTo(0.3, 3);
    await runToEnd(clock, Promise.resolve(reader.return?.()));
    expect(terminals.isOpen).toBe(true);
  });

  it('is refused above 200 kHz', async () => {
    const { clock, driver } = await connectedBench();
    const tooFast = { ...SWEEP, frequencyHertzMax: 1e6 };
    const fault = await caughtFault(() => runToEnd(clock, collect(driver.measure(tooFast, never))));
    expect(fault.message).toContain('1000000 Hz is above its 200000 Hz');
  });
});
