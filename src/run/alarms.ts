import {
  type Alarm,
  alarmsAfter,
  alarmsOf,
  canEscalate,
  latchedAlarms,
  severityAfter,
} from '../domain/alarm.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { EventCode, RecordOf } from '../domain/run-record.ts';
import type { JournalEvent } from './journal.ts';

/** An alarm that nobody acknowledges becomes more urgent each time so much has passed. */
export const ESCALATION_SECOND = 600;
/** Long enough to say what was found, short enough for a record. */
const REASON_LENGTH_MAX = 500;

export interface AlarmBoardOptions {
  readonly clock: Clock;
  /** Writes an event of the board's own; the board hears it like any other. */
  readonly tell: (event: JournalEvent) => void;
  /** What an earlier start of the software has left. */
  readonly earlier?: ReadonlyMap<EventCode, Alarm>;
}

/** The alarms of one run while it goes on: raised by events, acknowledged by people. */
export class AlarmBoard {
  readonly #options: AlarmBoardOptions;
  readonly #timers = new Map<EventCode, CancelTimer>();
  #alarms: ReadonlyMap<EventCode, Alarm>;
  #isOpen = true;

  constructor(options: AlarmBoardOptions) {
    this.#options = options;
    this.#alarms = options.earlier ?? new Map();
  }

  /** Every alarm of the run so far. */
  get alarms(): ReadonlyMap<EventCode, Alarm> {
    return this.#alarms;
  }

  /** To be told of every event of the run, its own included. */
  hear(event: Pick<RecordOf<'event'>, 'timeSecond' | 'body'>): void {
    const before = this.#alarms;
    this.#alarms = alarmsAfter(before, event);
    if (this.#alarms === before) return;
    for (const alarm of this.#alarms.values()) {
      if (alarm !== before.get(alarm.code)) this.#watch(alarm);
    }
  }

  /** @throws Fault badInput when there is no such alarm, or nobody or no reason is named */
  acknowledge(code: string, by: string, reason: string): void {
    this.#options.tell(acknowledgement(this.#alarms, { code, by, reason }));
  }

  /** From now on nothing escalates: the run is over. Idempotent. */
  stop(): void {
    this.#isOpen = false;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** An alarm that is raised again does not begin its time anew. */
  #watch(alarm: Alarm): void {
    if (!canEscalate(alarm)) {
      this.#timers.get(alarm.code)?.();
      this.#timers.delete(alarm.code);
      return;
    }
    if (!this.#isOpen || this.#timers.has(alarm.code)) return;
    const cancel = this.#options.clock.after(ESCALATION_SECOND, () => {
      this.#timers.delete(alarm.code);
      this.#escalate(alarm.code);
    });
    this.#timers.set(alarm.code, cancel);
  }

  #escalate(code: EventCode): void {
    const alarm = this.#alarms.get(code);
    if (!alarm || !canEscalate(alarm)) return;
    this.#options.tell({
      code: 'alarmEscalated',
      severity: 'alarm',
      message: `Nobody has acknowledged ${code} for ${ESCALATION_SECOND / 60} min: ${alarm.message}`,
      details: { alarm: code, severity: severityAfter(alarm.severity) },
    });
  }
}

/**
 * The event that acknowledges an alarm.
 * @throws Fault badInput when there is no such alarm, or nobody or no reason is named
 */
export function acknowledgement(
  alarms: ReadonlyMap<EventCode, Alarm>,
  { code, by, reason }: { readonly code: string; readonly by: string; readonly reason: string },
): JournalEvent {
  const alarm = [...alarms.values()].find((one) => one.code === code);
  if (!alarm) {
    const known = [...alarms.keys()].join(', ') || 'none so far';
    throw new Fault('badInput', {
      where: `alarm ${code}`,
      message: `there is no such alarm in this run; expected one of: ${known}`,
    });
  }
  const person = by.trim();
  const why = reason.trim();
  if (person === '' || why === '' || why.length > REASON_LENGTH_MAX) {
    throw new Fault('badInput', {
      where: `alarm ${code}`,
      message: `expected who acknowledges it and why, in at most ${REASON_LENGTH_MAX} characters`,
    });
  }
  return {
    code: 'alarmAcknowledged',
    severity: 'warning',
    message: `${person} acknowledges ${code}: ${why}`,
    details: { alarm: code, by: person, reason: why },
  };
}

/**
 * Refuses to energise a run again whose trip nobody has acknowledged.
 * @param records every record of the run so far, in order
 * @throws Fault interlock that names each latched alarm
 */
export function refuseLatched(
  records: Iterable<{ readonly timeSecond: number; readonly body: object }>,
): void {
  const latched = latchedAlarms(alarmsOf(records));
  if (latched.length === 0) return;
  throw new Fault(
    'interlock',
    latched.map(({ code, message }) => ({
      where: `alarm ${code}`,
      message: `is latched and must be acknowledged by a person with a reason first: ${message}`,
    })),
  );
}
