import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../src/domain/alarm.ts';
import {
  alarmFacts,
  alarmHistory,
  alarmTitle,
  inOrderOfUrgency,
  levelText,
} from '../../src/panel/web/alarm-words.ts';

const SHORT: Alarm = {
  code: 'cellShort',
  severity: 'alarm',
  message: 'The cell has shorted.',
  cause: 'voltage_volt',
  firstSecond: 60,
  lastSecond: 60,
  count: 1,
  escalations: 0,
  latched: true,
  acknowledged: undefined,
  ended: undefined,
};
const SEEN: Alarm = { ...SHORT, acknowledged: { by: 'Ada', reason: 'Looked at', timeSecond: 120 } };
const plain = (text: string): string => text.replaceAll(/\s/gu, ' ');
const labelOf = (cause: string): string => (cause === 'voltage_volt' ? 'Voltage' : cause);

describe('how the panel words an alarm', () => {
  it('names it in words, or by its code where there are none', () => {
    expect(alarmTitle(SHORT)).toBe('The cell has shorted');
    expect(alarmTitle({ ...SHORT, code: 'gap' })).toBe('gap');
  });

  it('says the level with a mark, and how often it has risen', () => {
    expect(levelText(SHORT)).toBe('■ Alarm');
    expect(levelText({ ...SHORT, severity: 'critical', escalations: 2 })).toBe(
      '■ Critical, risen 2 ×',
    );
  });

  it('says since when, from what and that it is latched, as long as that matters', () => {
    expect(plain(alarmFacts(SHORT, labelOf))).toBe(
      'Since 1 min 0 s · from Voltage · latched: nothing is switched on again before somebody has acknowledged it',
    );
    expect(plain(alarmFacts(SEEN, labelOf))).toBe('Since 1 min 0 s · from Voltage');
    const again = { ...SEEN, count: 3, lastSecond: 180, cause: null };
    expect(plain(alarmFacts(again, labelOf))).toBe('Since 1 min 0 s · 3 times, last 3 min 0 s');
  });

  it('says who has seen it and how it has ended', () => {
    expect(alarmHistory(SHORT)).toEqual([]);
    const ended = { ...SEEN, ended: { reason: 'replaced', timeSecond: 180 } };
    expect(alarmHistory(ended).map(plain)).toEqual([
      'Acknowledged by Ada at 2 min 0 s: Looked at',
      'Ended at 3 min 0 s: replaced',
    ]);
  });

  it('puts what waits for a person first, the most urgent and the newest before others', () => {
    const critical: Alarm = { ...SHORT, code: 'interlock', severity: 'critical' };
    const newer: Alarm = { ...SHORT, code: 'held', lastSecond: 70 };
    const ended: Alarm = { ...critical, code: 'storage', ended: { reason: '', timeSecond: 1 } };
    const seen: Alarm = { ...SEEN, code: 'softShort', severity: 'critical' };
    const order = inOrderOfUrgency([ended, seen, SHORT, newer, critical]);
    expect(order.map(({ code }) => code)).toEqual([
      'interlock',
      'held',
      'cellShort',
      'softShort',
      'storage',
    ]);
  });
});
