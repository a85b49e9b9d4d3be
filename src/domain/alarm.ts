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

/** Why an alarm is over: what it was about is not there any more. */
export interface AlarmEnd {
  /** One sentence for people. */
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
  /** How often it has become more urgent because nobody acknowledged it. */
  readonly escalations: number;
  /** A latched alarm keeps the run from going on until a person has acknowledged it. */
  readonly latched: boolean;
  /** Of everything up to now; undefined once it was raised again. */
  readonly acknowledged: Acknowledgement | undefined;
  /** Undefined while it stands; an acknowledgement does not end an alarm. */
  readonly ended: AlarmEnd | undefined;
}

/** Events that raise an alarm although they are warnings. */
const RAISED_BY_WARNING: ReadonlySet<EventCode> = new Set(['softShort']);
/** Events after which nothing may be energised without a person and a reason. */
const LATCHING: ReadonlySet<EventCode> = new Set(['interlock', 'cellShort']);
/** Alarms that are news of other alarms, or of the end they have brought. */
const NEVER_RAISING: ReadonlySet<EventCode> = new Set([
  'alarmAcknowledged',
  'alarmEscalated',
  'alarmEnded',
]);
/** Alarms of the specimen: they go with it, those of the rig stay. */
const OF_THE_SPECIMEN: ReadonlySet<EventCode> = new Set(['cellShort', 'softShort']);

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

/** The alarm that an event raises, repeats, escalates, acknowledges or ends, as it stands after. */
export function changedAlarm(
  alarms: ReadonlyMap<EventCode, Alarm>,
  { timeSecond, body }: EventRecord,
): Alarm | undefined {
  if (NEVER_RAISING.has(body.code)) {
    const about = alarms.get(body.details.alarm as EventCode);
    return about && withNews(about, { timeSecond, body });
  }
  if (!raisesAlarm(body)) return undefined;
  const known = alarms.get(body.code);
  // What is raised after its end is another alarm.
  const before = known?.ended ? undefined : known;
  const given: AlarmSeverity = body.severity === 'warning' ? 'warning' : 'alarm';
  const { channel, instrument } = body.details;
  const isStanding = before !== undefined && !before.acknowledged;
  return {
    code: body.code,
    severity: isStanding ? worse(before.severity, given) : given,
    message: body.message,
    cause: String(channel ?? instrument ?? '') || null,
    firstSecond: before?.firstSecond ?? timeSecond,
    lastSecond: timeSecond,
    count: (before?.count ?? 0) + 1,
    escalations: isStanding ? before.escalations : 0,
    latched: LATCHING.has(body.code),
    acknowledged: undefined,
    ended: undefined,
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
  return [...alarms.values()].filter((alarm) => alarm.latched && needsPerson(alarm));
}

/** Whether it still waits for somebody to acknowledge it. */
export function needsPerson({ acknowledged, ended }: Alarm): boolean {
  return !acknowledged && !ended;
}

/** Whether an alarm can become more urgent than it is. */
export function canEscalate(alarm: Alarm): boolean {
  return needsPerson(alarm) && alarm.severity !== 'critical';
}

/** The alarms that are over when another specimen is in place. */
export function specimenAlarms(alarms: ReadonlyMap<EventCode, Alarm>): readonly Alarm[] {
  return [...alarms.values()].filter(({ code, ended }) => OF_THE_SPECIMEN.has(code) && !ended);
}

export function severityAfter(severity: AlarmSeverity): AlarmSeverity {
  return ALARM_SEVERITIES[ALARM_SEVERITIES.indexOf(severity) + 1] ?? 'critical';
}

/** An alarm after an event that tells of it. */
function withNews(alarm: Alarm, { timeSecond, body }: EventRecord): Alarm | undefined {
  if (body.code === 'alarmAcknowledged') {
    return { ...alarm, acknowledged: acknowledgementOf({ timeSecond, body }) };
  }
  if (body.code === 'alarmEnded') {
    const reason = String(body.details.reason ?? body.message);
    return { ...alarm, ended: { reason, timeSecond } };
  }
  const { severity, escalations } = alarm;
  return { ...alarm, severity: severityAfter(severity), escalations: escalations + 1 };
}

function raisesAlarm({ code, severity }: EventRecord['body']): boolean {
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
