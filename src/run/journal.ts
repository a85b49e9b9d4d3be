import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { DiskSpace } from '../domain/disk-space.ts';
import { asFault, type Fault } from '../domain/fault.ts';
import type { InstrumentInfo } from '../domain/instrument.ts';
import type { EventCode, RecordBody, RecordOf, RunStatus, Severity } from '../domain/run-record.ts';
import type { EngineState, RunWriter } from '../domain/run-store.ts';
import { ClockWatch } from './clock-watch.ts';
import { DiskWatch } from './disk-watch.ts';

/** Longest clock time that a power cut can take away at real-time speed. */
export const COMMIT_SECOND_MAX = 1;
/** Of a simulated run, in real time: often enough for a smooth picture of it. */
const SIMULATED_COMMIT_REAL_SECOND = 0.1;
/**
 * As fast as possible, what is committed in real time by the writer is enough: a simulated second
 * costs no real one, and a commit costs milliseconds.
 */
const FASTEST_COMMIT_SECOND = 3600;

/** @param speed simulated seconds per second; null for as fast as possible */
export function commitSecondMax(speed: number | null): number {
  if (speed === null) return FASTEST_COMMIT_SECOND;
  return Math.min(
    FASTEST_COMMIT_SECOND,
    Math.max(COMMIT_SECOND_MAX, speed * SIMULATED_COMMIT_REAL_SECOND),
  );
}

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
  /** Hears every event, also one that could not be written. */
  readonly onEvent?: (event: Pick<RecordOf<'event'>, 'timeSecond' | 'body'>) => void;
  /** Told once, when the writer fails for the first time. */
  readonly onFault: (fault: Fault) => void;
  /** Watched, and written about when it fills. */
  readonly disk?: DiskSpace;
}

/**
 * The run's only pen. It never throws: safe state must go on when the disk does not. After the
 * first failure nothing more is written; what could not be written is counted.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #clockWatch: ClockWatch;
  readonly #diskWatch: DiskWatch | undefined;
  #fault: Fault | undefined;
  #cancel: CancelTimer | undefined;
  /** What is written belongs together: nothing of it is committed yet. */
  #isTogether = false;
  #newestSequence = 0;
  #refused = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock);
    this.#diskWatch = options.disk && new DiskWatch(options.disk);
    const { writer } = options;
    this.#newestSequence = writer.committedSequence();
    writer.beforeCommit(() => writer.saveState(options.state()));
  }

  /** Why nothing more is written; undefined while all is well. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Records that are not on the disk and never will be: refused, or taken and not committed. */
  get lostRecords(): number {
    if (!this.#fault) return 0;
    return this.#refused + this.#newestSequence - this.#options.writer.committedSequence();
  }

  /** Writes a record at the present moment, or at the given one. */
  record(body: RecordBody, timeSecond = this.#options.clock.nowSecond()): void {
    if (!this.#fault) {
      this.#try(() => {
        this.#newestSequence = this.#options.writer.append(timeSecond, body);
      });
    }
    if (this.#fault) {
      this.#refused += 1;
      return;
    }
    this.#cancel ??= this.#options.clock.after(this.#options.commitSecondMax, () => this.commit());
  }

  /** Events that are more than news are safe on disk at once. */
  event({ code, severity, message, details = {} }: JournalEvent): void {
    const body = { kind: 'event', code, severity, message, details } as const;
    this.record(body);
    if (severity !== 'info') this.commit();
    this.#options.onEvent?.({ timeSecond: this.#options.clock.nowSecond(), body });
  }

  /** All that is written in it is one transaction: after a kill the whole is there, or nothing. */
  together(write: () => void): void {
    this.#isTogether = true;
    try {
      write();
    } finally {
      this.#isTogether = false;
    }
    this.commit();
  }

  /** Saves the engine's state together with the records it follows from. */
  commit(): void {
    if (this.#isTogether) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lookAround();
    if (!this.#fault) this.#try(() => this.#options.writer.commit());
  }

  /** Writes down who the instruments are, once they have answered. */
  nameInstruments(instruments: readonly InstrumentInfo[]): void {
    if (!this.#fault) this.#try(() => this.#options.writer.nameInstruments(instruments));
  }

  /** Ends the run's records. Even after a failure the end is tried. */
  finish(status: Exclude<RunStatus, 'running'>): void {
    this.commit();
    this.#try(() => this.#options.writer.finish(status));
  }

  /** The wall clock and the disk change without anybody telling the run. */
  #lookAround(): void {
    if (this.#fault) return;
    const step = this.#clockWatch.look();
    if (step) {
      this.#try(() => this.#options.writer.labelUtc(step.fromSecond, step.utcAtZeroMs));
      this.event(step.event);
    }
    const news = this.#diskWatch?.look();
    if (news) this.event(news);
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
