import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/domain/fault.ts';
import type { RecordBody } from '../../src/domain/run-record.ts';
import { commitSecondMax, Journal } from '../../src/run/journal.ts';
import { CountingClock } from '../support/counting-clock.ts';
import { engineState } from '../support/engine-state.ts';
import { MemoryWriter } from '../support/memory-writer.ts';

const SAMPLE: RecordBody = { kind: 'sample', channel: 'voltage_volt', value: 1, quality: 'good' };

function journalOn(commitSecondMax = 1) {
  const clock = new CountingClock();
  const writer = new MemoryWriter(clock);
  const faults: Fault[] = [];
  const journal = new Journal({
    writer,
    clock,
    commitSecondMax,
    state: () => engineState({ chargeCoulomb: writer.records.length }),
    onFault: (fault) => faults.push(fault),
  });
  return { clock, writer, faults, journal };
}

describe('the journal', () => {
  it('commits samples together, with the state that follows from them, within its bound', async () => {
    const { clock, writer, journal } = journalOn();
    journal.record(SAMPLE);
    journal.record(SAMPLE);
    expect(writer.commits).toBe(0);
    await clock.advance(1);
    expect(writer.commits).toBe(1);
    expect(writer.states).toEqual([
      {
        timeSecond: 1,
        state: engineState({ chargeCoulomb: 2 }),
        recordCount: 2,
      },
    ]);
    await clock.advance(100);
    expect(writer.commits).toBe(1);
  });

  it('commits a warning at once, and news with the samples', () => {
    const { writer, journal } = journalOn();
    journal.event({ code: 'note', severity: 'info', message: 'News.' });
    expect(writer.commits).toBe(0);
    journal.event({ code: 'dropped', severity: 'warning', message: 'Trouble.' });
    expect(writer.commits).toBe(1);
  });

  it('commits what belongs together once, after the last of it, also warnings', () => {
    const { writer, journal } = journalOn();
    journal.together(() => {
      journal.event({ code: 'gap', severity: 'warning', message: 'Trouble.' });
      expect(writer.commits).toBe(0);
      journal.event({ code: 'note', severity: 'warning', message: 'What came of it.' });
      journal.record(SAMPLE);
      expect(writer.commits).toBe(0);
    });
    expect(writer.commits).toBe(1);
    expect(writer.states.map(({ recordCount }) => recordCount)).toEqual([3]);
    journal.event({ code: 'dropped', severity: 'warning', message: 'Trouble.' });
    expect(writer.commits).toBe(2);
  });

  it('commits again after something that belonged together has failed half way', () => {
    const { writer, journal } = journalOn();
    const write = (): void => {
      journal.record(SAMPLE);
      throw new Error('half way');
    };
    expect(() => journal.together(write)).toThrow('half way');
    journal.event({ code: 'dropped', severity: 'warning', message: 'Trouble.' });
    expect(writer.commits).toBe(1);
  });

  it('keeps the time of the measurement on the record', async () => {
    const { clock, writer, journal } = journalOn();
    await clock.advance(5);
    journal.record(SAMPLE, 3);
    journal.record(SAMPLE);
    expect(writer.records.map(({ timeSecond }) => timeSecond)).toEqual([3, 5]);
  });

  it('tells of its first failure once, never throws, and counts what it loses', async () => {
    const { clock, writer, faults, journal } = journalOn();
    writer.failsAtRecord = 1;
    for (let at = 0; at < 4; at += 1) journal.record(SAMPLE);
    journal.event({ code: 'note', severity: 'alarm', message: 'Lost.' });
    expect(faults.map(({ code }) => code)).toEqual(['storage']);
    // The first was taken and never committed, the other four were refused.
    expect(journal.lostRecords).toBe(5);
    expect(writer.commits).toBe(0);
    await clock.advance(10);
    journal.finish('faulted');
    expect(writer.finished).toBe('faulted');
    expect(clock.armedTimers).toBe(0);
  });
});

describe('how often a run is committed', () => {
  it.each([
    [1, 1],
    [0.5, 1],
    [300, 30],
    [1e6, 3600],
    [null, 3600],
  ])('is at speed %s every %s s of its time', (speed, second) => {
    expect(commitSecondMax(speed)).toBe(second);
  });
});
