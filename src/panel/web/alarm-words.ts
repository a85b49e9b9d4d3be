import { type Alarm, needsPerson } from '../../domain/alarm.ts';
import type { EventCode } from '../../domain/run-record.ts';
import { formatDuration } from './display.ts';

/** What an alarm is about, in a few words for people. */
const TITLES: Readonly<Partial<Record<EventCode, string>>> = {
  interlock: 'Safety limit left: the run was tripped',
  cellShort: 'The cell has shorted',
  softShort: 'The cell shorts softly',
  instrumentFault: 'An instrument has failed',
  analysisFault: 'An analysis has failed',
  storage: 'The disk is filling or failing',
  safeState: 'The safe state is not confirmed',
  held: 'The run waits for a person',
  runEnded: 'The run has ended early',
};

const LEVELS = { warning: '▲ Warning', alarm: '■ Alarm', critical: '■ Critical' } as const;

/** "The cell has shorted" */
export function alarmTitle({ code }: Alarm): string {
  return TITLES[code] ?? code;
}

/** "■ Critical": a mark too, for those who see no colours. */
export function levelText({ severity, escalations }: Alarm): string {
  const risen = escalations > 0 ? `, risen ${escalations} ×` : '';
  return `${LEVELS[severity]}${risen}`;
}

/**
 * "Since 1 h 02 min · 3 times, last 1 h 10 min · from Voltage"
 * @param labelOf what people call a channel or an instrument
 */
export function alarmFacts(alarm: Alarm, labelOf: (cause: string) => string): string {
  const { firstSecond, lastSecond, count, cause } = alarm;
  return [
    `Since ${formatDuration(firstSecond)}`,
    ...(count > 1 ? [`${count} times, last ${formatDuration(lastSecond)}`] : []),
    ...(cause === null ? [] : [`from ${labelOf(cause)}`]),
    ...(alarm.latched && needsPerson(alarm)
      ? ['latched: nothing is switched on again before somebody has acknowledged it']
      : []),
  ].join(' · ');
}

/** Who has seen it and how it ended; empty while it waits for a person. */
export function alarmHistory({ acknowledged, ended }: Alarm): readonly string[] {
  return [
    ...(acknowledged
      ? [
          `Acknowledged by ${acknowledged.by} at ${formatDuration(acknowledged.timeSecond)}: ${acknowledged.reason}`,
        ]
      : []),
    ...(ended ? [`Ended at ${formatDuration(ended.timeSecond)}: ${ended.reason}`] : []),
  ];
}

const URGENCY = { critical: 0, alarm: 1, warning: 2 } as const;

/** What waits for a person first, the most urgent and then the newest before others. */
export function inOrderOfUrgency(alarms: Iterable<Alarm>): readonly Alarm[] {
  const rank = (alarm: Alarm): number => {
    if (alarm.ended) return 20;
    return (alarm.acknowledged ? 10 : 0) + URGENCY[alarm.severity];
  };
  return [...alarms].sort((a, b) => rank(a) - rank(b) || b.lastSecond - a.lastSecond);
}
