import { ok as assert } from 'node:assert';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { RecordBody, RecordKind, RunStatus } from '../domain/run-record.ts';
import type { EngineState, RunWriter } from '../domain/run-store.ts';
import { nameText } from './columns.ts';
import { RECORD_KINDS, recordTable } from './record-tables.ts';
import type { CommitSource } from './run-reader.ts';
import type { SqliteFile, Statement } from './sqlite-file.ts';

/** A sample or a cursor waits at most this long for its commit. */
export const SAMPLE_COMMIT_SECOND_MAX = 1;
/** Everything else waits at most this long. */
export const RECORD_COMMIT_SECOND_MAX = 0.1;
/** A transaction with this many records is committed as soon as the caller's work is done. */
export const RECORDS_PER_COMMIT_MAX = 10_000;
/** A transaction never holds more than this, even if that parts records from their state. */
export const RECORDS_PER_TRANSACTION_MAX = 100_000;
/** Outlets that may listen at the same time. */
export const LISTENERS_MAX = 16;

export interface WriterStart {
  readonly boot: number;
  /** Sequence number of the newest record in the file. */
  readonly sequence: number;
}

/**
 * Collects records in one open transaction and commits it after a short while (group commit): a
 * commit costs one fsync, tens of milliseconds on an SD card. Once a commit has failed the writer
 * stays failed: what it returned sequence numbers for is gone, and nothing may follow a gap.
 */
export class GroupCommitWriter implements RunWriter, CommitSource {
  readonly #file: SqliteFile;
  readonly #clock: Clock;
  readonly #boot: number;
  readonly #inserts: ReadonlyMap<RecordKind, Statement>;
  readonly #insertState: Statement;
  readonly #insertCursor: Statement;
  readonly #listeners = new Set<() => void>();
  readonly #warnedListeners = new WeakSet<() => void>();
  #status: RunStatus = 'running';
  #sequence: number;
  #committedSequence: number;
  #isOpen = false;
  #dueSecond = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #failure: Fault | undefined;

  constructor(file: SqliteFile, clock: Clock, start: WriterStart) {
    this.#file = file;
    this.#clock = clock;
    this.#boot = start.boot;
    this.#sequence = start.sequence;
    this.#committedSequence = start.sequence;
    this.#inserts = new Map(RECORD_KINDS.map((kind) => [kind, prepareInsert(file, kind)]));
    this.#insertState = file.prepare(
      'INSERT OR REPLACE INTO engine_state VALUES (1, ?, ?, ?, ?, ?)',
    );
    this.#insertCursor = file.prepare('INSERT OR REPLACE INTO cursor VALUES (?, ?)');
  }

  append(timeSecond: number, body: RecordBody): number {
    assert(Number.isFinite(timeSecond), 'a record needs a finite time');
    this.#assertRunning();
    const row = recordTable(body.kind).toRow(body);
    this.#begin(this.#delaySecondOf(body.kind));
    const sequence = this.#sequence + 1;
    this.#write(() => this.#inserts.get(body.kind)?.run(sequence, timeSecond, this.#boot, ...row));
    this.#sequence = sequence;
    if (this.#openRecords() >= RECORDS_PER_TRANSACTION_MAX) this.commit();
    return sequence;
  }

  saveState(state: EngineState): void {
    this.#assertRunning();
    this.#begin(SAMPLE_COMMIT_SECOND_MAX);
    const { stepIndex, loopPass, stepElapsedSecond, chargeCoulomb } = state;
    this.#write(() =>
      this.#insertState.run(this.#sequence, stepIndex, loopPass, stepElapsedSecond, chargeCoulomb),
    );
  }

  commit(): void {
    this.#assertUsable();
    if (!this.#isOpen) return;
    this.#write(() => this.#file.exec('COMMIT'));
    this.#forgetTransaction();
    const hasNewRecords = this.#sequence > this.#committedSequence;
    this.#committedSequence = this.#sequence;
    if (hasNewRecords) this.#tellListeners();
  }

  finish(status: Exclude<RunStatus, 'running'>): void {
    this.#assertRunning();
    this.#begin(RECORD_COMMIT_SECOND_MAX);
    this.#write(() => this.#file.prepare('UPDATE run SET status = ?').run(status));
    this.#status = status;
    this.commit();
    this.#tellListeners();
  }

  status(): RunStatus {
    return this.#status;
  }

  committedSequence(): number {
    return this.#committedSequence;
  }

  onCommit(listener: () => void): () => void {
    if (this.#listeners.size >= LISTENERS_MAX) {
      throw new Fault('capacity', {
        where: this.#file.path,
        message: `${LISTENERS_MAX} listeners are the most a run database takes`,
      });
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Outlets go on after the run has ended, until the database is closed. */
  saveCursor(outlet: string, sequence: number): void {
    this.#assertUsable();
    const name = nameText(outlet, 'outlet');
    assert(
      Number.isInteger(sequence) && sequence >= 0 && sequence <= this.#committedSequence,
      `cursor of ${outlet}: ${sequence} is not a committed record`,
    );
    this.#begin(SAMPLE_COMMIT_SECOND_MAX);
    this.#write(() => this.#insertCursor.run(name, sequence));
  }

  /** Commits what is open and stops the timer. Idempotent; does not close the file. */
  stop(): void {
    try {
      if (!this.#failure && !this.#file.isClosed) this.commit();
    } finally {
      this.#cancelTimer?.();
      this.#listeners.clear();
    }
  }

  #openRecords(): number {
    return this.#sequence - this.#committedSequence;
  }

  /** Full transactions end when this turn of the event loop does: the state still gets in. */
  #delaySecondOf(kind: RecordKind): number {
    if (this.#openRecords() + 1 >= RECORDS_PER_COMMIT_MAX) return 0;
    return kind === 'sample' ? SAMPLE_COMMIT_SECOND_MAX : RECORD_COMMIT_SECOND_MAX;
  }

  #begin(delaySecond: number): void {
    if (!this.#isOpen) {
      this.#write(() => this.#file.exec('BEGIN IMMEDIATE'));
      this.#isOpen = true;
    }
    const dueSecond = this.#clock.nowSecond() + delaySecond;
    if (dueSecond >= this.#dueSecond) return;
    this.#cancelTimer?.();
    this.#dueSecond = dueSecond;
    this.#cancelTimer = this.#clock.after(delaySecond, () => this.#commitOnTime());
  }

  /** Nobody above to catch: the failure is kept and thrown at the next call of the runner. */
  #commitOnTime(): void {
    try {
      this.commit();
    } catch (error) {
      this.#failure ??= asFault(error, this.#file.path, 'storage');
    }
  }

  #write(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failure = asFault(error, this.#file.path, 'storage');
      this.#forgetTransaction();
      this.#rollBack();
      throw this.#failure;
    }
  }

  #rollBack(): void {
    try {
      this.#file.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself after the error that is already on its way up.
    }
  }

  #forgetTransaction(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dueSecond = Number.POSITIVE_INFINITY;
    this.#isOpen = false;
  }

  /** A listener that throws must not cost the run its database; the first time is reported. */
  #tellListeners(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        if (this.#warnedListeners.has(listener)) continue;
        this.#warnedListeners.add(listener);
        process.emitWarning(`A reader of the run database failed: ${String(error)}`);
      }
    }
  }

  #assertUsable(): void {
    if (this.#failure) throw this.#failure;
  }

  #assertRunning(): void {
    this.#assertUsable();
    if (this.#status !== 'running') {
      throw new Fault('storage', {
        where: this.#file.path,
        message: `the run has ended (${this.#status}); it takes no more records`,
      });
    }
  }
}

function prepareInsert(file: SqliteFile, kind: RecordKind): Statement {
  const { table, columns } = recordTable(kind);
  const names = ['sequence', 'time_second', 'boot', ...Object.keys(columns)];
  const places = names.map(() => '?').join(', ');
  return file.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`);
}
