import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { connectedRodeostat, makeRodeostatBench } from './rodeostat-bench.ts';
import { HOLD, measured, never, RESTING } from './rodeostat-techniques.ts';

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
