import {
  type Alarm,
  alarmsAfter,
  canEscalate,
  latchedAlarms,
  severityAfter,
  specimenAlarms,
} from '../domain/alarm.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { Signature } from '../domain/run-control.ts';
import type { EventCode, RecordOf } from '../domain/run-record.ts';
import type { JournalEvent } from './journal.ts';

/** An alarm that nobody acknowledges becomes more urgent each time so much has passed. */
export const ESCALATION_SECOND = 600;
/** Long enough to say what was found, short enough for a record. */
export const REASON_LENGTH_MAX = 500;
export const NAME_LENGTH_MAX = 100;

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

  /** From now on the alarms of earlier starts escalate too, but that the run had ended. */
  start(): void {
    this.#endStanding('runEnded', 'the run was taken up again');
    for (const alarm of this.#alarms.values()) this.#watch(alarm);
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

  /** @throws Fault badInput when no such alarm stands, or nobody or no reason is named */
  acknowledge(code: string, signature: Signature): void {
    this.#options.tell(acknowledgement(this.#alarms, code, signature));
  }

  /** A run that was taken up goes on. @throws Fault interlock that names each latched alarm */
  admit(): void {
    refuseLatched(this.#alarms);
    this.endHeld();
  }

  /** The run waits for nobody any more. */
  endHeld(): void {
    this.#endStanding('held', 'the run goes on');
  }

  /** What was known of the specimen before is over; the alarms of the rig stay. */
  endOfSpecimen(): void {
    for (const alarm of specimenAlarms(this.#alarms)) {
      this.#end(alarm, 'the specimen that it belonged to was replaced');
    }
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

  #endStanding(code: EventCode, why: string): void {
    const alarm = this.#alarms.get(code);
    if (alarm && !alarm.ended) this.#end(alarm, why);
  }

  #end({ code }: Alarm, why: string): void {
    this.#options.tell({
      code: 'alarmEnded',
      severity: 'warning',
      message: `The alarm ${code} has ended: ${why}.`,
      details: { alarm: code, reason: why },
    });
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
 * @throws Fault badInput when no such alarm stands, or nobody or no reason is named
 */
function acknowledgement(
  alarms: ReadonlyMap<EventCode, Alarm>,
  code: string,
  signature: Signature,
): JournalEvent {
  const where = `alarm ${code.slice(0, NAME_LENGTH_MAX)}`;
  const alarm = [...alarms.values()].find((one) => one.code === code);
  if (!alarm) {
    const known = [...alarms.keys()].join(', ') || 'none so far';
    throw new Fault('badInput', {
      where,
      message: `there is no such alarm in this run; expected one of: ${known}`,
    });
  }
  if (alarm.ended) {
    throw new Fault('badInput', {
      where,
      message: `nothing is left to acknowledge: ${alarm.ended.reason}`,
    });
  }
  return acknowledgedBy(alarm.code, signed(signature, where));
}

/** The event that a person has seen an alarm, or lets a run go on that was held. */
export function acknowledgedBy(code: EventCode, { by, reason, via }: Signature): JournalEvent {
  const message = code === 'held' ? `${by} lets the held run go on` : `${by} acknowledges ${code}`;
  return {
    code: 'alarmAcknowledged',
    severity: 'warning',
    message: `${message}: ${reason}`,
    details: { alarm: code, by, reason, via },
  };
}

/**
 * A signature as it is written down, without spaces around it.
 * @throws Fault badInput when nobody or no reason is named, or one does not fit on a line
 */
export function signed({ by, reason, via }: Signature, where: string): Signature {
  const person = by.trim();
  const why = reason.trim();
  const isPlain = !/\p{Cc}/u.test(person + why);
  const isShort = person.length <= NAME_LENGTH_MAX && why.length <= REASON_LENGTH_MAX;
  if (person !== '' && why !== '' && isPlain && isShort) return { by: person, reason: why, via };
  throw new Fault('badInput', {
    where,
    message: `expected who says so (at most ${NAME_LENGTH_MAX} characters) and why (at most ${REASON_LENGTH_MAX} characters), each on one line`,
  });
}

/**
 * Refuses to energise a run again whose trip nobody has acknowledged.
 * @param alarms of the run, by code
 * @throws Fault interlock that names each latched alarm
 */
export function refuseLatched(alarms: ReadonlyMap<EventCode, Alarm>): void {
  const latched = latchedAlarms(alarms);
  if (latched.length === 0) return;
  throw new Fault(
    'interlock',
    latched.map(({ code, message }) => ({
      where: `alarm ${code}`,
      message: `is latched and must be acknowledged by a person with a reason first: ${message}`,
    })),
  );
}
