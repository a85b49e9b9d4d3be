import { ok as assert } from 'node:assert';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { InstrumentInfo } from '../domain/instrument.ts';
import type { RecordBody, RecordKind, RunStatus } from '../domain/run-record.ts';
import type { EngineState, RunWriter } from '../domain/run-store.ts';
import { jsonText, nameText } from './columns.ts';
import { encodeState } from './engine-state.ts';
import { RECORD_KINDS, recordTable } from './record-tables.ts';
import { type CommitSource, readUtcAtZeroMs } from './run-reader.ts';
import type { Bindable, SqliteFile, Statement } from './sqlite-file.ts';

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
  /** Frees the space that is kept for a full disk; false when there is none left. */
  readonly releaseReserve?: () => boolean;
  /** Told who the instruments are, as soon as it is written down. */
  readonly onInstruments?: (instruments: readonly InstrumentInfo[]) => void;
  /** Told how far the file was committed, after each commit. */
  readonly onCommitted?: (sequence: number) => void;
}

/** One statement of the open transaction, to be repeated when the disk was full. */
interface PendingWrite {
  readonly statement: Statement;
  readonly values: readonly Bindable[];
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
  readonly #insertClockStep: Statement;
  readonly #updateStatus: Statement;
  readonly #updateInstruments: Statement;
  readonly #start: WriterStart;
  /** At most RECORDS_PER_TRANSACTION_MAX records and what goes with them. */
  #pending: PendingWrite[] = [];
  #prepare: () => void = () => {};
  readonly #listeners = new Set<() => void>();
  readonly #warnedListeners = new WeakSet<() => void>();
  #status: RunStatus = 'running';
  #instruments: readonly InstrumentInfo[] | undefined;
  #sequence: number;
  #committedSequence: number;
  #isOpen = false;
  #dueSecond = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #failure: Fault | undefined;

  constructor(file: SqliteFile, clock: Clock, start: WriterStart) {
    this.#file = file;
    this.#clock = clock;
    this.#start = start;
    this.#boot = start.boot;
    this.#sequence = start.sequence;
    this.#committedSequence = start.sequence;
    this.#inserts = new Map(RECORD_KINDS.map((kind) => [kind, prepareInsert(file, kind)]));
    this.#insertState = file.prepare('INSERT OR REPLACE INTO engine_state VALUES (1, ?, ?, ?)');
    this.#insertCursor = file.prepare('INSERT OR REPLACE INTO cursor VALUES (?, ?)');
    this.#insertClockStep = file.prepare('INSERT INTO clock_step VALUES (?, ?, ?)');
    this.#updateStatus = file.prepare('UPDATE run SET status = ?');
    this.#updateInstruments = file.prepare('UPDATE run SET instruments = ?');
  }

  append(timeSecond: number, body: RecordBody): number {
    assert(Number.isFinite(timeSecond), 'a record needs a finite time');
    this.#assertRunning();
    const row = recordTable(body.kind).toRow(body);
    this.#begin(this.#delaySecondOf(body.kind));
    const sequence = this.#sequence + 1;
    const statement = this.#inserts.get(body.kind);
    assert(statement, `no table for ${body.kind}`);
    this.#put(statement, sequence, timeSecond, this.#boot, ...row);
    this.#sequence = sequence;
    if (this.#openRecords() >= RECORDS_PER_TRANSACTION_MAX) this.commit();
    return sequence;
  }

  saveState(state: EngineState): void {
    this.#assertRunning();
    this.#begin(SAMPLE_COMMIT_SECOND_MAX);
    this.#put(this.#insertState, this.#sequence, this.#clock.utcMs(), encodeState(state));
  }

  beforeCommit(prepare: () => void): void {
    this.#prepare = prepare;
  }

  commit(): void {
    this.#assertUsable();
    if (!this.#isOpen) return;
    const hasNewRecords = this.#sequence > this.#committedSequence;
    if (hasNewRecords && this.#status === 'running') this.#prepare();
    this.#commitFile();
    if (hasNewRecords) this.#tellListeners();
  }

  finish(status: Exclude<RunStatus, 'running'>): void {
    this.#assertRunning();
    this.#begin(RECORD_COMMIT_SECOND_MAX);
    this.#prepare();
    this.#put(this.#updateStatus, status);
    this.#commitFile();
    this.#status = status;
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
    this.#put(this.#insertCursor, name, sequence);
  }

  utcAtZeroMs(boot: number): number {
    return readUtcAtZeroMs(this.#file, boot);
  }

  labelUtc(fromSecond: number, utcAtZeroMs: number): void {
    this.#assertRunning();
    this.#begin(RECORD_COMMIT_SECOND_MAX);
    this.#put(this.#insertClockStep, this.#boot, fromSecond, utcAtZeroMs);
  }

  nameInstruments(instruments: readonly InstrumentInfo[]): void {
    this.#assertRunning();
    const text = jsonText(instruments, 'instruments');
    this.#begin(RECORD_COMMIT_SECOND_MAX);
    this.#put(this.#updateInstruments, text);
    this.#instruments = instruments;
    this.#start.onInstruments?.(instruments);
  }

  /** As they were named in this start of the software; undefined before. */
  instruments(): readonly InstrumentInfo[] | undefined {
    return this.#instruments;
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

  #put(statement: Statement, ...values: readonly Bindable[]): void {
    this.#write(() => statement.run(...values));
    this.#pending.push({ statement, values });
  }

  #commitFile(): void {
    this.#write(() => this.#file.exec('COMMIT'));
    this.#forgetTransaction();
    this.#committedSequence = this.#sequence;
    this.#start.onCommitted?.(this.#sequence);
  }

  #write(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (isDiskFull(error) && this.#start.releaseReserve?.() && this.#repeated(act)) return;
      this.#failure = asFault(error, this.#file.path, 'storage');
      this.#forgetTransaction();
      this.#rollBack();
      throw this.#failure;
    }
  }

  /** The whole open transaction once more, on the space that was freed. */
  #repeated(act: () => void): boolean {
    try {
      this.#rollBack();
      this.#file.exec('BEGIN IMMEDIATE');
      for (const { statement, values } of this.#pending) statement.run(...values);
      act();
      return true;
    } catch {
      // Full again: the first error is on its way up and says so.
      return false;
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
    this.#pending = [];
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

function isDiskFull(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
  return code === 'SQLITE_FULL';
}

/** A statement that takes sequence, time, boot and the columns of one kind of record. */
export function prepareInsert(file: SqliteFile, kind: RecordKind): Statement {
  const { table, columns } = recordTable(kind);
  const names = ['sequence', 'time_second', 'boot', ...Object.keys(columns)];
  const places = names.map(() => '?').join(', ');
  return file.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`);
}
