import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { ClockWatch } from '../../src/run/clock-watch.ts';
import { DiskWatch } from '../../src/run/disk-watch.ts';
import { Journal } from '../../src/run/journal.ts';
import { engineState } from '../support/engine-state.ts';
import { MemoryWriter } from '../support/memory-writer.ts';

/** Virtual time whose wall clock somebody sets. */
class SetClock implements Clock {
  readonly inner = new VirtualClock(1e12);
  setMs = 0;
  nowSecond = (): number => this.inner.nowSecond();
  utcMs = (): number => this.inner.utcMs() + this.setMs;
  after = (delaySecond: number, callback: () => void) => this.inner.after(delaySecond, callback);
  hold = () => this.inner.hold();
}

describe('the wall clock of a run', () => {
  it('may be set without a time or an order of the records changing; only labels do', async () => {
    const clock = new SetClock();
    const writer = new MemoryWriter(clock);
    const journal = new Journal({
      writer,
      clock,
      commitSecondMax: 1,
      state: () => engineState(),
      onFault: (fault) => expect.fail(fault.message),
    });
    for (let second = 0; second < 20; second += 1) {
      journal.record({ kind: 'sample', channel: 'voltage_volt', value: 1, quality: 'good' });
      if (second === 5) clock.setMs = 7_200_000;
      if (second === 12) clock.setMs = 7_199_000;
      await clock.inner.advance(1);
    }
    const times = writer.of('sample').map(({ timeSecond }) => timeSecond);
    expect(times).toEqual(Array.from({ length: 20 }, (_, at) => at));
    const sequences = writer.records.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
    expect(writer.utcLabels).toEqual([
      { fromSecond: 6, utcAtZeroMs: 1e12 + 7_200_000 },
      { fromSecond: 13, utcAtZeroMs: 1e12 + 7_199_000 },
    ]);
    const steps = writer.of('event').filter(({ code }) => code === 'clockStep');
    expect(steps.map(({ details }) => details.step_second)).toEqual([7200, -1]);
  });

  it('is told apart from its own rounding at 50 ms', () => {
    const clock = new SetClock();
    const watch = new ClockWatch(clock);
    clock.setMs = 50;
    expect(watch.look()).toBeUndefined();
    clock.setMs = 51;
    expect(watch.look()?.utcAtZeroMs).toBe(1e12 + 51);
    expect(watch.look()).toBeUndefined();
    clock.setMs = 0;
    expect(watch.look()?.event.message).toContain('back by 0.051 s');
  });
});

describe('the disk under a run', () => {
  it('is told of at 80, 90 and 95 %, each once, and again only after it was emptied', () => {
    let used = 0.5;
    const watch = new DiskWatch({ usedFraction: () => used, isReserveUsed: false });
    const told = (fraction: number): string | undefined => {
      used = fraction;
      return watch.look()?.severity;
    };
    expect([0.5, 0.799, 0.8, 0.85, 0.9, 0.94, 0.95, 0.99].map(told)).toEqual([
      undefined,
      undefined,
      'warning',
      undefined,
      'warning',
      undefined,
      'alarm',
      undefined,
    ]);
    expect([0.949, 0.96, 0.7, 0.81].map(told)).toEqual([
      undefined,
      undefined,
      undefined,
      'warning',
    ]);
  });

  it('that fills at once is one alarm, not three', () => {
    const watch = new DiskWatch({ usedFraction: () => 0.97, isReserveUsed: false });
    expect(watch.look()?.severity).toBe('alarm');
    expect(watch.look()).toBeUndefined();
  });

  it('is told of once when its reserve is in use, and not at all when nobody knows', () => {
    const watch = new DiskWatch({ usedFraction: () => Number.NaN, isReserveUsed: true });
    expect(watch.look()).toMatchObject({ code: 'storage', severity: 'alarm' });
    expect(watch.look()).toBeUndefined();
  });
});
