import { describe, expect, it } from 'vitest';
import { alarmsOf, changedAlarm, latchedAlarms } from '../../src/domain/alarm.ts';
import { Fault } from '../../src/domain/fault.ts';
import { AlarmBoard, ESCALATION_SECOND, refuseLatched } from '../../src/run/alarms.ts';
import type { JournalEvent } from '../../src/run/journal.ts';
import { CountingClock } from '../support/counting-clock.ts';

function record(timeSecond: number, { code, severity, message, details = {} }: JournalEvent) {
  return { timeSecond, body: { kind: 'event', code, severity, message, details } } as const;
}

const TRIP: JournalEvent = {
  code: 'interlock',
  severity: 'alarm',
  message: 'Cell temperature 90 °C is above the limit of 80 °C.',
  details: { channel: 'surface_temperature_celsius', value: 90 },
};
const ada = (reason: string) => ({ by: 'Ada', reason, via: 'panel' });
const SHORT: JournalEvent = {
  code: 'cellShort',
  severity: 'alarm',
  message: 'The cell has shorted.',
};
const SOFT: JournalEvent = { code: 'softShort', severity: 'warning', message: 'It dips.' };

function board(earlier = new Map()) {
  const clock = new CountingClock();
  const told: JournalEvent[] = [];
  const alarms: AlarmBoard = new AlarmBoard({
    clock,
    earlier,
    tell: (event) => {
      told.push(event);
      alarms.hear(record(clock.nowSecond(), event));
    },
  });
  const raise = (event: JournalEvent): void => alarms.hear(record(clock.nowSecond(), event));
  return { clock, told, alarms, raise };
}

describe('an alarm', () => {
  it('keeps its first time, its last time, its cause and its count', () => {
    const alarms = alarmsOf([record(10, TRIP), record(25, { ...TRIP, message: 'Again.' })]);
    expect(alarms.get('interlock')).toEqual({
      code: 'interlock',
      severity: 'alarm',
      message: 'Again.',
      cause: 'surface_temperature_celsius',
      firstSecond: 10,
      lastSecond: 25,
      count: 2,
      escalations: 0,
      latched: true,
      acknowledged: undefined,
      ended: undefined,
    });
  });

  it('is raised by no news: neither by information nor by an ordinary warning', () => {
    const news = ['note', 'gap', 'setPoint', 'limits'] as const;
    for (const code of news) {
      const event: JournalEvent = { code, severity: 'warning', message: 'News.' };
      expect(alarmsOf([record(1, event)]).size).toBe(0);
    }
    expect(alarmsOf([record(1, { ...TRIP, severity: 'info' })]).size).toBe(0);
    expect(alarmsOf([{ timeSecond: 1, body: { kind: 'sample' } }]).size).toBe(0);
  });

  it('becomes more urgent each time nobody acknowledges it, and stays at the highest', async () => {
    const { clock, told, alarms, raise } = board();
    raise(SOFT);
    await clock.advance(ESCALATION_SECOND - 1);
    expect(alarms.alarms.get('softShort')?.severity).toBe('warning');
    await clock.advance(1);
    expect(alarms.alarms.get('softShort')?.severity).toBe('alarm');
    await clock.advance(ESCALATION_SECOND);
    expect(alarms.alarms.get('softShort')?.severity).toBe('critical');
    expect(told.map(({ code }) => code)).toEqual(['alarmEscalated', 'alarmEscalated']);
    expect(clock.armedTimers).toBe(0);
    await clock.advance(100 * ESCALATION_SECOND);
    expect(told).toHaveLength(2);
  });

  it('that is raised again and again still escalates in its time', async () => {
    const { clock, alarms, raise } = board();
    for (let at = 0; at < ESCALATION_SECOND; at += 100) {
      raise(SOFT);
      await clock.advance(100);
    }
    expect(alarms.alarms.get('softShort')?.severity).toBe('alarm');
  });

  it('does not escalate once it is acknowledged, and does when it is raised after that', async () => {
    const { clock, alarms, raise } = board();
    raise(SOFT);
    alarms.acknowledge('softShort', ada('Known contact.'));
    expect(clock.armedTimers).toBe(0);
    await clock.advance(2 * ESCALATION_SECOND);
    expect(alarms.alarms.get('softShort')?.severity).toBe('warning');
    raise(SOFT);
    expect(alarms.alarms.get('softShort')?.acknowledged).toBeUndefined();
    await clock.advance(ESCALATION_SECOND);
    expect(alarms.alarms.get('softShort')?.severity).toBe('alarm');
  });

  it('escalates no more when the run is over', async () => {
    const { clock, told, alarms, raise } = board();
    raise(SOFT);
    alarms.stop();
    alarms.stop();
    raise(TRIP);
    await clock.advance(5 * ESCALATION_SECOND);
    expect(told).toEqual([]);
    expect(clock.armedTimers).toBe(0);
  });

  it('of an earlier start escalates from the start of the next one on, and counts how often', async () => {
    const { clock, told, alarms } = board(new Map(alarmsOf([record(1, SOFT)])));
    expect(clock.armedTimers).toBe(0);
    alarms.start();
    await clock.advance(ESCALATION_SECOND - 1);
    expect(told).toEqual([]);
    await clock.advance(1 + 5 * ESCALATION_SECOND);
    expect(alarms.alarms.get('softShort')).toMatchObject({ severity: 'critical', escalations: 2 });
    expect(told).toHaveLength(2);
    expect(clock.armedTimers).toBe(0);
  });

  it('of an earlier start that was acknowledged or has ended does not escalate', async () => {
    const ended: JournalEvent = {
      code: 'alarmEnded',
      severity: 'warning',
      message: 'It has ended.',
      details: { alarm: 'softShort', reason: 'replaced' },
    };
    const earlier = alarmsOf([record(1, SOFT), record(2, TRIP), record(3, ended)]);
    const { clock, told, alarms } = board(new Map(earlier));
    alarms.acknowledge('interlock', ada('Mended.'));
    alarms.start();
    await clock.advance(5 * ESCALATION_SECOND);
    expect(told.map(({ code }) => code)).toEqual(['alarmAcknowledged']);
  });

  it('of the specimen ends with it, that of the rig stays; neither is acknowledged by that', async () => {
    const { clock, told, alarms, raise } = board();
    raise(SOFT);
    raise(SHORT);
    raise(TRIP);
    alarms.endOfSpecimen();
    alarms.endOfSpecimen();
    expect(told.map(({ code, details }) => [code, details?.alarm])).toEqual([
      ['alarmEnded', 'softShort'],
      ['alarmEnded', 'cellShort'],
    ]);
    expect(told[1]?.message).toBe(
      'The alarm cellShort has ended: the specimen that it belonged to was replaced.',
    );
    expect(alarms.alarms.get('cellShort')?.acknowledged).toBeUndefined();
    expect(latchedAlarms(alarms.alarms).map(({ code }) => code)).toEqual(['interlock']);
    expect(() => alarms.acknowledge('cellShort', ada('Seen.'))).toThrow(
      'nothing is left to acknowledge: the specimen that it belonged to was replaced',
    );
    await clock.advance(ESCALATION_SECOND);
    expect(told.slice(2).map(({ details }) => details?.alarm)).toEqual(['interlock']);
  });

  it('that is raised after its end is another one, with its own time and count', async () => {
    const { clock, alarms, raise } = board();
    raise(SHORT);
    await clock.advance(ESCALATION_SECOND);
    raise(SHORT);
    alarms.acknowledge('cellShort', ada('Seen.'));
    alarms.endOfSpecimen();
    await clock.advance(60);
    raise(SHORT);
    expect(alarms.alarms.get('cellShort')).toEqual({
      code: 'cellShort',
      severity: 'alarm',
      message: 'The cell has shorted.',
      cause: null,
      firstSecond: ESCALATION_SECOND + 60,
      lastSecond: ESCALATION_SECOND + 60,
      count: 1,
      escalations: 0,
      latched: true,
      acknowledged: undefined,
      ended: undefined,
    });
    expect(latchedAlarms(alarms.alarms)).toHaveLength(1);
  });

  it('that the run waits for a person is over when it goes on, and only then', () => {
    const { told, alarms, raise } = board();
    alarms.endHeld();
    expect(told).toEqual([]);
    raise({ code: 'held', severity: 'alarm', message: 'It waits.' });
    alarms.acknowledge('held', ada('I am on my way.'));
    expect(alarms.alarms.get('held')?.ended).toBeUndefined();
    alarms.endHeld();
    alarms.endHeld();
    expect(alarms.alarms.get('held')?.ended?.reason).toBe('the run goes on');
    expect(told.map(({ code }) => code)).toEqual(['alarmAcknowledged', 'alarmEnded']);
  });

  const refused: readonly (readonly [string, string, string, string, string])[] = [
    ['of another name', 'cellShort', 'Ada', 'Seen.', 'expected one of: interlock'],
    ['of no code at all', 'toString', 'Ada', 'Seen.', 'there is no such alarm'],
    ['by nobody', 'interlock', ' ', 'Seen.', 'expected who says so'],
    ['without a reason', 'interlock', 'Ada', '', 'expected who says so'],
    ['on two lines', 'interlock', 'Ada\nBen', 'Seen.', 'each on one line'],
    ['by an endless name', 'interlock', 'x'.repeat(101), 'Seen.', 'at most 100 characters'],
    ['with an endless reason', 'interlock', 'Ada', 'x'.repeat(501), 'at most 500 characters'],
  ];
  it.each(refused)('is not acknowledged %s', (_, code, by, reason, message) => {
    const { told, alarms, raise } = board();
    raise(TRIP);
    expect(() => alarms.acknowledge(code, { by, reason, via: 'panel' })).toThrow(message);
    expect(told).toEqual([]);
    expect(alarms.alarms.get('interlock')?.acknowledged).toBeUndefined();
  });

  it('is not changed by an acknowledgement or an escalation of one that does not exist', () => {
    const event: JournalEvent = {
      code: 'alarmAcknowledged',
      severity: 'warning',
      message: 'Ada acknowledges.',
      details: { alarm: 'cellShort', by: 'Ada', reason: 'Seen.' },
    };
    expect(changedAlarm(new Map(), record(1, event))).toBeUndefined();
    expect(alarmsOf([record(1, event)]).size).toBe(0);
  });
});

describe('a latched trip', () => {
  const acknowledged: JournalEvent = {
    code: 'alarmAcknowledged',
    severity: 'warning',
    message: 'Ada acknowledges interlock: the oven was repaired.',
    details: { alarm: 'interlock', by: 'Ada', reason: 'the oven was repaired' },
  };

  it('keeps a run from being energised again until a person has given a reason', () => {
    expect(() => refuseLatched(alarmsOf([record(1, TRIP)]))).toThrow(Fault);
    expect(() => refuseLatched(alarmsOf([record(1, TRIP)]))).toThrow(
      'must be acknowledged by a person',
    );
    expect(() => refuseLatched(alarmsOf([record(1, TRIP), record(2, acknowledged)]))).not.toThrow();
  });

  it('latches again when it trips again after the acknowledgement', () => {
    const records = [record(1, TRIP), record(2, acknowledged), record(3, TRIP)];
    expect(latchedAlarms(alarmsOf(records)).map(({ code }) => code)).toEqual(['interlock']);
  });

  it('is not an alarm of the disk or of an analysis', () => {
    const storage: JournalEvent = { code: 'storage', severity: 'alarm', message: 'Full.' };
    expect(() => refuseLatched(alarmsOf([record(1, storage)]))).not.toThrow();
  });

  it('is still there for a software that starts anew', async () => {
    const { alarms } = board(new Map(alarmsOf([record(1, TRIP)])));
    expect(latchedAlarms(alarms.alarms)).toHaveLength(1);
    alarms.acknowledge('interlock', ada('the oven was repaired'));
    expect(latchedAlarms(alarms.alarms)).toHaveLength(0);
  });
});
