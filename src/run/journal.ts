import type { CancelTimer, Clock } from '../domain/clock.ts';
import { asFault, type Fault } from '../domain/fault.ts';
import type { EventCode, RecordBody, RunStatus, Severity } from '../domain/run-record.ts';
import type { EngineState, RunWriter } from '../domain/run-store.ts';

/** Longest clock time that a power cut can take away at real-time speed. */
export const COMMIT_SECOND_MAX = 1;
/** A simulated second costs no real one: committing each would only wear the disk. */
export const SIMULATED_COMMIT_SECOND_MAX = 10;

type EventDetails = Readonly<Record<string, number | string | boolean | null>>;

export interface JournalEvent {
  readonly code: EventCode;
  readonly severity: Severity;
  /** One sentence for people. */
  readonly message: string;
  /** Numbers for machines, unit last in each key. */
  readonly details?: EventDetails;
}

export interface JournalOptions {
  readonly writer: RunWriter;
  readonly clock: Clock;
  readonly commitSecondMax: number;
  /** Read at each commit, so that records and the state they imply are saved together. */
  readonly state: () => EngineState;
  /** Told once, when the writer fails for the first time. */
  readonly onFault: (fault: Fault) => void;
}

/**
 * The run's only pen. It never throws: safe state must go on when the disk does not. After the
 * first failure nothing more is written; what could not be written is counted.
 */
export class Journal {
  readonly #options: JournalOptions;
  #fault: Fault | undefined;
  #cancel: CancelTimer | undefined;
  #lost = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Why nothing more is written; undefined while all is well. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Records that could not be written. */
  get lostRecords(): number {
    return this.#lost;
  }

  /** Writes a record at the present moment, or at the given one. */
  record(body: RecordBody, timeSecond = this.#options.clock.nowSecond()): void {
    if (this.#fault) {
      this.#lost += 1;
      return;
    }
    this.#try(() => this.#options.writer.append(timeSecond, body));
    if (this.#fault) this.#lost += 1;
    this.#cancel ??= this.#options.clock.after(this.#options.commitSecondMax, () => this.commit());
  }

  /** Events that are more than news are safe on disk at once. */
  event({ code, severity, message, details = {} }: JournalEvent): void {
    this.record({ kind: 'event', code, severity, message, details });
    if (severity !== 'info') this.commit();
  }

  /** Saves the engine's state together with the records it follows from. */
  commit(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#fault) return;
    this.#try(() => {
      this.#options.writer.saveState(this.#options.state());
      this.#options.writer.commit();
    });
  }

  /** Ends the run's records. Even after a failure the end is tried. */
  finish(status: Exclude<RunStatus, 'running'>): void {
    this.commit();
    this.#try(() => this.#options.writer.finish(status));
  }

  #try(write: () => unknown): void {
    try {
      write();
    } catch (error) {
      if (this.#fault) return;
      this.#fault = asFault(error, 'run database', 'storage');
      this.#options.onFault(this.#fault);
    }
  }
}
