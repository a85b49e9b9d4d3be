import { describe, expect, it } from 'vitest';
import type { RigContext } from '../../hardware/driver.ts';
import { openRig } from '../../hardware/registry.ts';
import { type Rig, rigSchema } from '../../src/domain/rig.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { collect, runToEnd } from './potentiostats/emstat-bench.ts';
import { electrical } from './potentiostats/keithley-bench.ts';
import { readCell, readRig } from './simulated/support.ts';

const CELL = readCell('nmc-lgps-lnto350');

function rigOf(driver: string, options: unknown = {}, faults?: unknown): Rig {
  const potentiostat = { driver, options };
  return rigSchema.parse({
    rig: 'test',
    title: 'Test',
    instruments: { potentiostat },
    ...(faults === undefined ? {} : { faults }),
  });
}

function contextOf(clock = new VirtualClock()): RigContext {
  return { clock, cell: CELL, seed: 1, recordings: undefined };
}

describe('the rig files of the Keithleys', () => {
  it.each(['keithley-2400', 'keithley-2450'])('%s opens, and has touched nothing', async (name) => {
    const { potentiostat, sensors } = await openRig(readRig(name), contextOf());
    expect(potentiostat.info).toMatchObject({ id: 'potentiostat', provenance: 'measured' });
    expect(potentiostat.capability.techniques).not.toContain('impedance');
    expect(sensors).toEqual([]);
  });

  it.each([
    ['keithley-2400', {}, 'expected one of serial, tcp and replay'],
    ['keithley-2400', { tcp: 'a:1', triggerOut: { line: 5 } }, '4'],
    ['keithley-2450', { tcp: 'a:1', triggerOut: { line: 7 } }, '6'],
    ['keithley-2450', { tcp: 'a:1', baudRate: 9600 }, 'belongs to a serial port'],
    ['keithley-2450', { tcp: 'a:1', range: 3 }, 'range'],
    ['keithley-2450-simulated', { tcp: 'a:1' }, 'tcp'],
  ])('%s refuses %j', async (driver, options, words) => {
    const fault = await caughtFault(() => openRig(rigOf(driver, options), contextOf()));
    expect(fault.code).toBe('badInput');
    expect(fault.problems[0]?.where).toMatch(/^instruments\.potentiostat\.options/);
    expect(`${fault.problems[0]?.where} ${fault.message}`).toContain(words);
  });
});

describe.each(['2400', '2450'])('a simulated Keithley %s in a rig', (family) => {
  const driver = `keithley-${family}-simulated`;
  const technique = {
    kind: 'constantCurrent',
    currentAmpere: 0.4e-3,
    sampleEverySecond: 2,
    durationSecond: 60,
    voltageVoltMin: 1.5,
    voltageVoltMax: 4.2,
  } as const;

  async function run(faults?: unknown) {
    const clock = new VirtualClock();
    const { potentiostat } = await openRig(rigOf(driver, {}, faults), contextOf(clock));
    const { signal } = new AbortController();
    await runToEnd(clock, potentiostat.connect(signal), 0.1);
    const readings = collect(potentiostat.measure(technique, signal));
    return electrical(
      await runToEnd(clock, readings, 0.1).finally(() => potentiostat.disconnect()),
    );
  }

  it('measures the simulated cell', async () => {
    const readings = await run();
    expect(readings).toHaveLength(30);
    expect(readings.every(({ quality }) => quality === 'good')).toBe(true);
    expect(readings.at(-1)?.voltageVolt).toBeGreaterThan(3);
  });

  it('runs into its compliance when a lead comes off, and says overload', async () => {
    const readings = await run([{ name: 'openLead', at: '20 s', for: '60 s' }]);
    const last = readings.at(-1);
    expect(last?.quality).toBe('overload');
    expect(last?.voltageVolt).toBeCloseTo(4.2, 1);
    expect(Math.abs(last?.currentAmpere ?? 1)).toBeLessThan(0.1e-3);
    expect(readings.length).toBeLessThan(15);
  });

  it('ends in a fault when it stalls', async () => {
    const fault = await caughtFault(() => run([{ name: 'stall', at: '20 s', for: '100 s' }]));
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('could not be confirmed open');
  });
});
