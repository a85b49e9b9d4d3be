import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { ConstantCurrent, Impedance } from '../../../src/domain/technique.ts';
import { connectingAnswers } from './emstat-answers.ts';
import {
  type Bench,
  CIRCUIT,
  collect,
  connectedBench,
  makeBench,
  runToEnd,
} from './emstat-bench.ts';

const never = new AbortController().signal;

const PLATING: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 10,
  durationSecond: 100,
  voltageVoltMin: -1,
  voltageVoltMax: 1,
};

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

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw new Error(`expected a Fault, found ${String(error)}`);
  return error;
}

/**
 * An instrument that connects well, answers a measurement with `answerToScript`, and does not
 * listen to anything for `deafSecond` after that.
 */
function answerConnecting(
  bench: Pick<Bench, 'deviceEnd' | 'clock'>,
  answerToScript: string,
  deafSecond: number,
): string[] {
  const asked: string[] = [];
  const answers = connectingAnswers();
  let deafUntilSecond = 0;
  bench.deviceEnd.onData((bytes) => {
    const text = new TextDecoder().decode(bytes);
    if (bench.clock.nowSecond() < deafUntilSecond) return;
    asked.push(text);
    const answer = answers[text];
    if (answer === undefined) deafUntilSecond = bench.clock.nowSecond() + deafSecond;
    bench.deviceEnd.write(new TextEncoder().encode(answer ?? answerToScript));
  });
  return asked;
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
    const fault = await faultOf(runToEnd(clock, driver.connect(never)));
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
    const fault = await faultOf(runToEnd(clock, driver.connect(never)));
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
    const fault = await faultOf(runToEnd(clock, driver.connect(never)));
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
    const fault = await faultOf(runToEnd(clock, collect(driver.measure(wrong, never))));
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
    const fault = await faultOf(runToEnd(clock, collect(driver.measure(tooFast, never))));
    expect(fault.message).toContain('1000000 Hz is above its 200000 Hz');
  });
});

describe('stopping', () => {
  it('ends without a fault and leaves the cell open when the signal aborts in the middle', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const abort = new AbortController();
    const work = collect(driver.measure(PLATING, abort.signal), (_, count) => {
      if (count === 3) abort.abort();
    });
    expect(await runToEnd(clock, work)).toHaveLength(3);
    expect(terminals.isOpen).toBe(true);
    expect(await runToEnd(clock, collect(driver.measure(PLATING, never)))).toHaveLength(10);
  });

  it('wakes a reader that waits for the next reading', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const abort = new AbortController();
    const work = collect(driver.measure({ ...PLATING, sampleEverySecond: 50 }, abort.signal));
    await clock.advance(20);
    expect(terminals.isOpen).toBe(false);
    abort.abort();
    expect(await runToEnd(clock, work)).toEqual([]);
    expect(terminals.isOpen).toBe(true);
  });

  it('leaves the cell open when the reader stops reading', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const work = (async () => {
      for await (const _ of driver.measure(PLATING, never)) return;
    })();
    await runToEnd(clock, work);
    expect(terminals.isOpen).toBe(true);
  });

  it('opens the cell by command while a reader sits on a reading, and twice is no harm', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    await runToEnd(clock, Promise.all([driver.cellOff(), driver.cellOff()]));
    expect(terminals.isOpen).toBe(true);
    expect(await runToEnd(clock, reader.next())).toMatchObject({ done: true });
    await runToEnd(clock, driver.cellOff());
  });

  it('refuses a second measurement while one is under way', async () => {
    const { clock, driver } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    const fault = await faultOf(collect(driver.measure(PLATING, never)));
    expect(fault.message).toContain('already measuring');
    await runToEnd(clock, driver.disconnect());
  });

  it('opens the cell before it disconnects in the middle of a measurement', async () => {
    const { clock, driver, terminals, hostEnd } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    await runToEnd(clock, driver.disconnect());
    expect(terminals.isOpen).toBe(true);
    expect(hostEnd.isOpen).toBe(false);
    await driver.disconnect();
  });
});

describe('trouble on the wire', () => {
  it('becomes a Fault instrumentLost when the link is lost, and no promise hangs', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = faultOf(collect(driver.measure(PLATING, never)));
    await clock.advance(25);
    await deviceEnd.close();
    const fault = await work;
    expect(fault.code).toBe('instrumentLost');
    expect(fault.problems.at(-1)?.message).toContain('the cell could not be confirmed open');
    await expect(driver.cellOff()).rejects.toMatchObject({ code: 'instrumentLost' });
    await driver.disconnect();
  });

  it('becomes a Fault timeout when the instrument falls silent, and says the cell may be on', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    answerConnecting({ deviceEnd, clock }, 'eM000A\n', 1e6);
    await runToEnd(clock, driver.connect(never));
    const fault = await faultOf(runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(fault.code).toBe('timeout');
    expect(fault.problems[0]?.message).toBe('the next reading did not come within 25 s');
    expect(fault.problems[1]?.message).toContain('the cell could not be confirmed open');
  });

  it('tries again to open the cell when the first attempt failed', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    const asked = answerConnecting({ deviceEnd, clock }, 'eM000A\n', 40);
    await runToEnd(clock, driver.connect(never));
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    const reading = reader.next().catch(() => undefined);
    await clock.advance(1);
    expect((await faultOf(runToEnd(clock, driver.cellOff()))).code).toBe('timeout');
    await reading;
    await clock.advance(40);
    await runToEnd(clock, driver.cellOff());
    expect(asked.at(-1)).toBe('e\ncell_off\n\n');
  });

  it('waits out the deaf time of the instrument before it opens the cell after an error', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    const asked = answerConnecting({ deviceEnd, clock }, 'e!4001: Line 2, Col 1\n', 0.05);
    await runToEnd(clock, driver.connect(never));
    const fault = await faultOf(runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(fault.problems.map((problem) => problem.message)).toEqual([
      'it reported 0x4001 (unknown script command) at line 2 "var i": a newer firmware may know it',
    ]);
    expect(asked.slice(-2)).toEqual(['\nZ\n', 'e\ncell_off\n\n']);
  });

  it('counts garbage before a package and survives it', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(Uint8Array.of(0xff, 0x00, 0xfe, 0x80));
      if (count === 4) deviceEnd.write(new TextEncoder().encode('PabXX;ba\n'));
    });
    expect(await runToEnd(clock, work)).toHaveLength(10);
    expect(driver.losses).toEqual({ discardedBytes: 4, unreadableLines: 1 });
  });

  it('gives up on a line that is mostly garbage, and opens the cell', async () => {
    const { clock, driver, deviceEnd, terminals } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(new TextEncoder().encode('noise\n'.repeat(30)));
    });
    const fault = await faultOf(runToEnd(clock, work));
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain('made no sense');
    expect(terminals.isOpen).toBe(true);
  });

  it('reports an error of the instrument with its meaning and the script line', async () => {
    const { clock, driver, deviceEnd, terminals } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(new TextEncoder().encode('!0032: Line 13\n'));
    });
    const fault = await faultOf(runToEnd(clock, work));
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain('0x0032 (critical overload at the cell');
    expect(fault.message).toContain('at line 13 "meas_loop_cp e i 1m 10 100"');
    expect(terminals.isOpen).toBe(true);
  });

  it.each([
    ['status overload', ',12,21B', 'overload'],
    ['status underload', ',14,21B', 'underload'],
    ['status timing not met', ',11,21B', 'late'],
    ['an overload warning alone', ',18,21B', 'good'],
  ])('reads %s as quality', async (_, metadata, quality) => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_reading, count) => {
      if (count !== 1) return;
      deviceEnd.write(new TextEncoder().encode(`Pab8000001 ${metadata};ba8000001m,10,215\n`));
    });
    expect((await runToEnd(clock, work))[1]?.quality).toBe(quality);
  });

  it('reads nan as a bad value', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 1) deviceEnd.write(new TextEncoder().encode('Pab     nan,10;ba8000001m\n'));
    });
    expect((await runToEnd(clock, work))[1]?.quality).toBe('bad');
  });
});
