import { describe, expect, it } from 'vitest';
import type { Potentiostat } from '../../src/domain/instrument.ts';
import { ChargeCounter } from '../../src/run/charge-counter.ts';
import { Drops } from '../../src/run/drops.ts';
import { EnduringPotentiostat } from '../../src/run/enduring-potentiostat.ts';
import { GapWatch } from '../../src/run/gap-watch.ts';
import { Journal } from '../../src/run/journal.ts';
import { ResourceUse } from '../../src/run/resource-use.ts';
import { VoltageRate } from '../../src/run/voltage-rate.ts';
import { reportLosses } from '../../src/run/wind-down.ts';
import { CountingClock } from '../support/counting-clock.ts';
import { engineState } from '../support/engine-state.ts';
import { MemoryWriter } from '../support/memory-writer.ts';

function journal() {
  const clock = new CountingClock();
  const writer = new MemoryWriter(clock);
  const pen = new Journal({
    writer,
    clock,
    commitSecondMax: 1,
    state: () => engineState(),
    onFault: (fault) => {
      throw fault;
    },
  });
  return { writer, pen };
}

describe('what is left out', () => {
  it('is told one by one and in all, by kind', () => {
    const { writer, pen } = journal();
    const drops = new Drops(pen);
    drops.add({ what: 'scan', count: 2, message: 'Two.' });
    drops.add({ what: 'impedance', count: 1, message: 'One.' });
    drops.add({ what: 'scan', count: 3, message: 'Three.', details: { missed: 3 } });
    drops.report();
    expect([...drops.totals]).toEqual([
      ['scan', 5],
      ['impedance', 1],
    ]);
    const events = writer.of('event');
    expect(events.map(({ details }) => details.count ?? '-')).toEqual([2, 1, 3, '-']);
    expect(events.at(-1)?.message).toBe('Left out of this run: 5 scan, 1 impedance.');
  });

  it('is not mentioned when it is nothing', () => {
    const { writer, pen } = journal();
    new Drops(pen).report();
    expect(writer.records).toEqual([]);
  });
});

describe('what the line of an instrument has lost', () => {
  const info = { id: 'pstat', model: 'P', provenance: 'measured' } as const;

  it('is told by kind, and what was not lost is not', () => {
    const { writer, pen } = journal();
    const drops = new Drops(pen);
    const losses = { discardedBytes: 4, lostReplies: 0, unreadableLines: 1 };
    reportLosses(drops, { info, losses } as unknown as Potentiostat);
    drops.report();
    expect(writer.of('event').map(({ message }) => message)).toEqual([
      'On the line of pstat: 4 discarded bytes.',
      'On the line of pstat: 1 unreadable lines.',
      'Left out of this run: 4 discardedBytes, 1 unreadableLines.',
    ]);
    expect(writer.of('event')[0]?.details).toMatchObject({ instrument: 'pstat', count: 4 });
  });

  it.each([undefined, {}, { discardedBytes: 0 }])('is not mentioned when it is %o', (losses) => {
    const { writer, pen } = journal();
    reportLosses(new Drops(pen), { info, losses } as unknown as Potentiostat);
    expect(writer.records).toEqual([]);
  });

  it('is that of all its connections, each of which counts anew', async () => {
    let losses = { discardedBytes: 3 };
    const inner = {
      info,
      get losses() {
        return losses;
      },
      connect: async () => {
        losses = { discardedBytes: 0 };
      },
      cellOff: async () => {},
      disconnect: async () => {},
    } as unknown as Potentiostat;
    const clock = new CountingClock();
    const enduring = new EnduringPotentiostat(inner, { clock, onLost: () => true });
    await enduring.reconnect(new AbortController().signal);
    losses = { discardedBytes: 2 };
    expect(enduring.losses).toEqual({ discardedBytes: 5 });
  });
});

describe('resources that exclude each other', () => {
  const use = () => new ResourceUse([['scan', 'impedance', 'current']]);

  it('are free until one of them is in use, and free again when it is let go', () => {
    const resources = use();
    expect(resources.isFree('scan')).toBe(true);
    const release = resources.take('current');
    expect(resources.isFree('scan')).toBe(false);
    expect(resources.isFree('spectrum')).toBe(true);
    // A resource does not exclude itself: sweeps take their turn by other means.
    expect(resources.isFree('current')).toBe(true);
    release();
    expect(resources.isFree('scan')).toBe(true);
  });

  it('stay in use until everyone has let go, and letting go twice counts once', () => {
    const resources = use();
    const [first, second] = [resources.take('scan'), resources.take('scan')];
    first();
    first();
    expect(resources.isFree('impedance')).toBe(false);
    second();
    expect(resources.isFree('impedance')).toBe(true);
  });

  it('tell who waits that one was let go, until it does not listen any more', () => {
    const resources = use();
    let heard = 0;
    const stop = resources.onRelease(() => {
      heard += 1;
    });
    resources.take('scan')();
    stop();
    resources.take('scan')();
    expect(heard).toBe(1);
  });
});

describe('the watch for gaps', () => {
  const watched = (sampleEverySecond: number, times: readonly number[]) => {
    const { writer, pen } = journal();
    const charge = new ChargeCounter();
    charge.switchTo({ timeSecond: 0, currentAmpere: 2 });
    const gaps = new GapWatch({ journal: pen, charge }, { startSecond: 0, sampleEverySecond });
    for (const timeSecond of times) {
      charge.add({ timeSecond, currentAmpere: 2 });
      gaps.look({ timeSecond });
    }
    gaps.stop();
    return writer.of('event').map(({ details }) => [details.start_second, details.charge_coulomb]);
  };

  it('finds what is longer than three periods, from the start on, and nothing shorter', () => {
    expect(watched(10, [10, 40, 50])).toEqual([]);
    expect(watched(10, [10, 40.1, 50])).toEqual([[10, expect.closeTo(60.2, 9)]]);
    expect(watched(10, [31])).toEqual([[0, 62]]);
  });

  it('does not take the jitter of fast readings for one', () => {
    expect(watched(0.1, [0.1, 0.2, 1.1, 1.2])).toEqual([]);
    expect(watched(0.1, [0.1, 0.2, 1.3])).toHaveLength(1);
  });
});

describe('the slope of the voltage', () => {
  const slopeOf = (times: readonly number[], volt: (timeSecond: number) => number) => {
    const rate = new VoltageRate();
    for (const timeSecond of times) rate.add({ timeSecond, voltageVolt: volt(timeSecond) });
    return rate.newest()?.value;
  };
  const every = (second: number, count: number) =>
    Array.from({ length: count }, (_, at) => at * second);

  it('is that of a line at any rhythm', () => {
    for (const second of [0.03, 0.05, 1, 10, 60]) {
      const found = slopeOf(every(second, Math.ceil(200 / second)), (at) => 3 - 2e-4 * at);
      expect(found).toBeCloseTo(-2e-4, 10);
    }
  });

  it('is not known from too few readings or too short a time', () => {
    expect(slopeOf([0, 20, 40], (at) => at)).toBeUndefined();
    expect(slopeOf(every(1, 29), (at) => at)).toBeUndefined();
    expect(slopeOf(every(1, 31), (at) => at)).toBeCloseTo(1, 12);
  });

  it('forgets what is older than a minute, and everything when the current is switched', () => {
    const found = slopeOf(every(1, 300), (at) => (at < 200 ? 5 * at : 1000));
    expect(found).toBeCloseTo(0, 12);
    const rate = new VoltageRate();
    for (const timeSecond of every(1, 100)) rate.add({ timeSecond, voltageVolt: timeSecond });
    rate.forget();
    expect(rate.newest()).toBeUndefined();
  });
});
