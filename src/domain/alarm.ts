import type { EventCode, RecordOf } from './run-record.ts';

/**
 * Alarms are read from a run's events, so that the run database, the outlets and a software that
 * starts anew agree on them without a table of their own.
 */

/** How urgent an alarm is; it rises while nobody acknowledges it. */
export const ALARM_SEVERITIES = ['warning', 'alarm', 'critical'] as const;
export type AlarmSeverity = (typeof ALARM_SEVERITIES)[number];

export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
  readonly timeSecond: number;
}

export interface Alarm {
  /** The event that raised it; there is one alarm for each code. */
  readonly code: EventCode;
  readonly severity: AlarmSeverity;
  /** What was seen last, for people. */
  readonly message: string;
  /** The channel or instrument it is about; null when it names none. */
  readonly cause: string | null;
  readonly firstSecond: number;
  readonly lastSecond: number;
  readonly count: number;
  /** A latched alarm keeps the run from going on until a person has acknowledged it. */
  readonly latched: boolean;
  /** Of everything up to now; undefined once it was raised again. */
  readonly acknowledged: Acknowledgement | undefined;
}

/** Events that raise an alarm although they are warnings. */
const RAISED_BY_WARNING: ReadonlySet<EventCode> = new Set(['softShort']);
/** Events after which nothing may be energised without a person and a reason. */
const LATCHING: ReadonlySet<EventCode> = new Set(['interlock', 'cellShort']);
/** Alarms that are news of other alarms, or of the end they have brought. */
const NEVER_RAISING: ReadonlySet<EventCode> = new Set(['alarmAcknowledged', 'alarmEscalated']);

type EventRecord = Pick<RecordOf<'event'>, 'timeSecond' | 'body'>;

/**
 * The alarms after one more event; the same map when the event changes none.
 * @param alarms by code, as they stood before it
 */
export function alarmsAfter(
  alarms: ReadonlyMap<EventCode, Alarm>,
  { timeSecond, body }: EventRecord,
): ReadonlyMap<EventCode, Alarm> {
  const changed = changedAlarm(alarms, { timeSecond, body });
  return changed ? new Map(alarms).set(changed.code, changed) : alarms;
}

/** The alarm that an event raises, repeats, escalates or acknowledges, as it stands after it. */
export function changedAlarm(
  alarms: ReadonlyMap<EventCode, Alarm>,
  { timeSecond, body }: EventRecord,
): Alarm | undefined {
  if (body.code === 'alarmAcknowledged' || body.code === 'alarmEscalated') {
    const before = alarms.get(body.details.alarm as EventCode);
    if (!before) return undefined;
    return body.code === 'alarmEscalated'
      ? { ...before, severity: severityAfter(before.severity) }
      : { ...before, acknowledged: acknowledgementOf({ timeSecond, body }) };
  }
  if (!raisesAlarm(body)) return undefined;
  const before = alarms.get(body.code);
  const given: AlarmSeverity = body.severity === 'warning' ? 'warning' : 'alarm';
  const { channel, instrument } = body.details;
  return {
    code: body.code,
    severity: before && !before.acknowledged ? worse(before.severity, given) : given,
    message: body.message,
    cause: String(channel ?? instrument ?? '') || null,
    firstSecond: before?.firstSecond ?? timeSecond,
    lastSecond: timeSecond,
    count: (before?.count ?? 0) + 1,
    latched: LATCHING.has(body.code),
    acknowledged: undefined,
  };
}

/** The alarms of a whole run, from its records in order. */
export function alarmsOf(
  records: Iterable<{ readonly timeSecond: number; readonly body: object }>,
) {
  let alarms: ReadonlyMap<EventCode, Alarm> = new Map();
  for (const record of records) {
    if (isEvent(record)) alarms = alarmsAfter(alarms, record);
  }
  return alarms;
}

/** What keeps a run from being energised again; empty when nothing does. */
export function latchedAlarms(alarms: ReadonlyMap<EventCode, Alarm>): readonly Alarm[] {
  return [...alarms.values()].filter(({ latched, acknowledged }) => latched && !acknowledged);
}

/** Whether an alarm can become more urgent than it is. */
export function canEscalate({ severity, acknowledged }: Alarm): boolean {
  return !acknowledged && severity !== 'critical';
}

export function severityAfter(severity: AlarmSeverity): AlarmSeverity {
  return ALARM_SEVERITIES[ALARM_SEVERITIES.indexOf(severity) + 1] ?? 'critical';
}

function raisesAlarm({ code, severity }: EventRecord['body']): boolean {
  if (NEVER_RAISING.has(code)) return false;
  return severity === 'alarm' || (severity === 'warning' && RAISED_BY_WARNING.has(code));
}

function acknowledgementOf({ timeSecond, body }: EventRecord): Acknowledgement {
  const { by, reason } = body.details;
  return { by: String(by), reason: String(reason), timeSecond };
}

function worse(a: AlarmSeverity, b: AlarmSeverity): AlarmSeverity {
  return ALARM_SEVERITIES.indexOf(a) > ALARM_SEVERITIES.indexOf(b) ? a : b;
}

function isEvent(record: {
  readonly timeSecond: number;
  readonly body: object;
}): record is EventRecord {
  return 'kind' in record.body && record.body.kind === 'event';
}
