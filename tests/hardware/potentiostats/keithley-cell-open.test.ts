import { describe, expect, it } from 'vitest';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import { HOLD_SECOND_MAX } from '../../../hardware/potentiostats/keithley-plan.ts';
import { sleep } from '../../../src/domain/clock.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { connectedKeithley, type ElectricalReading, makeKeithleyBench } from './keithley-bench.ts';
import { begun, CHARGE, FAMILIES, measured, never } from './keithley-techniques.ts';

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
