import { describe, expect, it } from 'vitest';
import { openRig, RIG_DRIVERS } from '../../../hardware/registry.ts';
import { rigSchema } from '../../../src/domain/rig.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { advanceUntil, CountingClock } from '../../support/counting-clock.ts';
import { collect } from '../potentiostats/emstat-bench.ts';
import { LITHIUM_CELL } from '../simulated/support.ts';
import { expectCompleteCapability, expectWholeMeasurement } from './contract-checks.ts';
import { sortedBy, techniquesAround } from './contract-techniques.ts';

const ENTRIES = Object.keys(RIG_DRIVERS.potentiostat).filter((name) => name.endsWith('-simulated'));
/** Two equal electrodes. */
const TECHNIQUES = Object.values(techniquesAround(0));
const never = new AbortController().signal;

async function opened(driver: string) {
  const clock = new CountingClock();
  const rig = rigSchema.parse({
    rig: 'test',
    title: 'Test',
    instruments: { potentiostat: { driver } },
  });
  const context = { clock, cell: LITHIUM_CELL, seed: 5, recordings: undefined };
  const { potentiostat } = await openRig(rig, context);
  return { clock, potentiostat };
}

describe('the contract of simulated instruments', () => {
  it('is tried with one of each family at the least', () => {
    expect(ENTRIES.length).toBeGreaterThanOrEqual(6);
  });
});

describe.each(ENTRIES)('%s of a rig file', (driver) => {
  it('runs each technique it declares on the simulated cell, and refuses the others', async () => {
    const { clock, potentiostat } = await opened(driver);
    await advanceUntil(clock, potentiostat.connect(never));
    expectCompleteCapability(potentiostat.capability);
    expect(potentiostat.info).toMatchObject({ id: 'potentiostat', provenance: 'simulated' });
    const { declared, undeclared } = sortedBy(potentiostat.capability, TECHNIQUES);
    for (const technique of declared) {
      const beginSecond = clock.nowSecond();
      const readings = await advanceUntil(clock, collect(potentiostat.measure(technique, never)));
      const endSecond = clock.nowSecond();
      const { capability } = potentiostat;
      expectWholeMeasurement(technique, readings, {
        capability,
        beginSecond,
        endSecond,
        restVolt: 0,
      });
      await clock.advance(60);
    }
    for (const technique of undeclared) {
      const fault = await caughtFault(() => collect(potentiostat.measure(technique, never)));
      expect(fault.code).toBe('instrumentUnable');
    }
    await advanceUntil(clock, potentiostat.disconnect());
    await advanceUntil(clock, potentiostat.disconnect());
    expect(clock.armedTimers).toBe(0);
  });

  it('is aborted, opened twice, refuses two at once, and is connected again', async () => {
    const { clock, potentiostat } = await opened(driver);
    for (let turn = 0; turn < 3; turn += 1) {
      await advanceUntil(clock, potentiostat.connect(never));
      const { declared } = sortedBy(potentiostat.capability, TECHNIQUES);
      const [technique] = declared.filter(({ kind }) => kind === 'constantVoltage');
      if (!technique) throw new Error('it holds no voltage');
      const stop = new AbortController();
      const work = collect(potentiostat.measure(technique, stop.signal));
      await clock.advance(2);
      const second = await caughtFault(() => collect(potentiostat.measure(technique, never)));
      expect(second.code).toBe('instrumentUnable');
      stop.abort(new Error('enough'));
      expect((await advanceUntil(clock, work)).length).toBeLessThan(4);
      await advanceUntil(clock, potentiostat.cellOff());
      await advanceUntil(clock, potentiostat.cellOff());
      await advanceUntil(clock, potentiostat.disconnect());
      expect(clock.armedTimers).toBe(0);
    }
  });
});
