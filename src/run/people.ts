import { latchedAlarms } from '../domain/alarm.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { Signature, Waiting } from '../domain/run-control.ts';
import { type AlarmBoard, acknowledgedBy, signed } from './alarms.ts';
import type { Journal } from './journal.ts';
import type { Suspension } from './suspension.ts';

export interface PeopleOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly alarms: AlarmBoard;
  readonly suspension: Pick<Suspension, 'standstill'>;
  /** Channels that sensors measure by themselves, and that have limits. */
  readonly watched: ReadonlySet<string>;
  /** The newest value of a channel in this start of the software. */
  readonly newest: (channel: string) => number | undefined;
}

/** What is asked of a person. */
export interface Question {
  readonly kind: 'held' | 'freshCell';
  /** What the run waits for, as one sentence. */
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

interface OpenQuestion extends Question {
  readonly sinceSecond: number;
  readonly give: () => void;
}

/** What people say to a run: that they have seen an alarm, and that it may go on. */
export class People {
  readonly #options: PeopleOptions;
  #question: OpenQuestion | undefined;
  #isOver = false;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** What the run waits for; undefined while it goes on and when it has ended. */
  waiting(): Waiting | undefined {
    if (this.#isOver) return undefined;
    if (this.#question) {
      const { kind, sinceSecond, message } = this.#question;
      // What stands against a cell that is taken out goes with it.
      const obstacle = kind === 'held' ? this.#obstacle() : null;
      return { kind, sinceSecond, message, obstacle };
    }
    const standstill = this.#options.suspension.standstill;
    if (!standstill) return undefined;
    const { channel, why, sinceSecond } = standstill;
    return {
      kind: 'suspended',
      sinceSecond,
      message: `The current is off: ${channel} ${why}.`,
      obstacle: `nobody can measure now: the run goes on by itself when ${channel} is back`,
    };
  }

  /**
   * Waits, as long as it takes, until a person lets the run go on. It is an alarm meanwhile.
   * @throws the signal's reason when the run, or the step, ends first
   */
  ask(question: Question, signal: AbortSignal): Promise<void> {
    const { clock, journal } = this.#options;
    journal.event({
      code: 'held',
      severity: 'alarm',
      message: question.message,
      details: question.details ?? {},
    });
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#question = undefined;
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal.reason));
      const give = (): void => settle(resolve);
      this.#question = { ...question, sinceSecond: clock.nowSecond(), give };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** @throws Fault badInput: see RunControl */
  acknowledge(code: string, signature: Signature): void {
    if (this.#isOver) {
      throw refusal(
        'the run has ended and takes no more records; "operando resume" takes the acknowledgement',
      );
    }
    this.#options.alarms.acknowledge(code, signature);
    this.#refuseUnwritten();
  }

  /** @throws Fault badInput: see RunControl */
  goOn(signature: Signature): void {
    const { alarms, journal } = this.#options;
    const person = signed(signature, 'run');
    const waiting = this.waiting();
    if (!waiting) throw refusal('it waits for nobody');
    if (waiting.obstacle !== null) throw refusal(waiting.obstacle);
    journal.event(acknowledgedBy('held', person));
    alarms.endHeld();
    this.#refuseUnwritten();
    this.#question?.give();
  }

  /** The run is over, or about to be: it waits for nobody any more. */
  close(): void {
    this.#isOver = true;
  }

  /** Why nobody can let the run go on now. */
  #obstacle(): string | null {
    const { alarms, newest, watched } = this.#options;
    const latched = latchedAlarms(alarms.alarms);
    if (latched.length > 0) {
      const codes = latched.map(({ code }) => code).join(' and ');
      return `${codes} must be acknowledged first, by a person with a reason: look at the rig`;
    }
    // A value out of its band would have tripped again; one that never came is not known to be in.
    const unheard = [...alarms.alarms.values()].find(
      ({ latched: isLatched, cause, ended }) =>
        isLatched && !ended && cause !== null && watched.has(cause) && newest(cause) === undefined,
    );
    if (!unheard) return null;
    return `${unheard.cause} has not been heard since the run was taken up, and it has tripped the run: look at its sensor`;
  }

  /** A person must not believe that something stands in the records that does not. */
  #refuseUnwritten(): void {
    const { fault } = this.#options.journal;
    if (fault) throw fault;
  }
}

function refusal(message: string): Fault {
  return new Fault('badInput', { where: 'run', message });
}
