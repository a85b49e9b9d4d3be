import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { RecordBody, RecordOf, RunInfo, RunStatus } from '../domain/run-record.ts';
import type { EngineState, RunReader, RunWriter } from '../domain/run-store.ts';
import { numberIn, textIn } from './columns.ts';
import { CommitMark, readMark } from './commit-mark.ts';
import type { RunDisk } from './disk-space.ts';
import { decodeState } from './engine-state.ts';
import { readInfo, readStatus, writeInfo } from './run-info.ts';
import { writeInfoFile } from './run-info-file.ts';
import { releaseLock, takeLock } from './run-lock.ts';
import {
  type CommitSource,
  DatabaseReader,
  kindReader,
  newestRecord,
  readUtcAtZeroMs,
} from './run-reader.ts';
import { GroupCommitWriter } from './run-writer.ts';
import { APPLICATION_ID, DATABASE_NAME, SCHEMA_SQL, SCHEMA_VERSION } from './schema.ts';
import { SqliteFile, syncFolder } from './sqlite-file.ts';

/** A run that is being written. */
export interface RunDatabase {
  readonly writer: RunWriter;
  readonly reader: RunReader;
  /** Commits what is open and leaves one self-contained file. Idempotent. @throws Fault storage */
  close(): void;
}

/** What an earlier start of the software has left. */
export interface PastRun {
  readonly info: RunInfo;
  readonly status: RunStatus;
  /** Number of the newest start; the next is one more. */
  readonly boot: number;
  /** UTC label of second 0 in the newest start, in ms. */
  readonly utcAtZeroMs: number;
  /** Undefined when the run was cut off before the first state was saved. */
  readonly state: EngineState | undefined;
  /** Wall clock when the state was saved, in ms; undefined with it. */
  readonly savedUtcMs: number | undefined;
  /** Time of the newest record. */
  readonly lastSecond: number;
  readonly newestSequence: number;
  /** Records that were committed once and are gone: the disk has lost them. */
  readonly missingRecords: number;
  readonly events: readonly RecordOf<'event'>[];
}

/** When a start of the software begins, on the experiment's clock, and its label. */
export interface BootStart {
  readonly startedSecond: number;
  /** UTC label of second 0 of the experiment's clock in this start. */
  readonly utcAtZeroMs: number;
}

/** A run that goes on: a new start of the software writes it. */
export interface ReopenedRun extends RunDatabase {
  /** Number of this start, 1 for the first resume. */
  readonly boot: number;
}

/**
 * Makes the run's folder and its database, empty but for `info`.
 * @param clock real time: it decides when collected records are committed
 * @param disk gives its reserve up when it is full
 * @throws Fault badInput when the folder cannot be made, storage when it holds a run already
 */
export function createRun(
  folder: string,
  info: RunInfo,
  clock: Clock,
  disk?: RunDisk,
): RunDatabase {
  makeFolder(folder);
  const file = SqliteFile.create(join(folder, DATABASE_NAME), SCHEMA_SQL);
  return closedOnError(file, () => {
    file.exec('BEGIN IMMEDIATE');
    writeInfo(file, info);
    file.prepare('INSERT INTO boot VALUES (0, 0, ?)').run(info.startedUtcMs);
    takeLock(folder);
    file.exec('COMMIT');
    writeInfoFile(folder, info);
    syncFolder(folder);
    return writable(folder, file, { info, clock, disk, boot: 0, sequence: 0 });
  });
}

/**
 * Looks at a run without touching it.
 * @throws Fault fileMissing, storage when the database is damaged: see recover-run.ts
 */
export function readPastRun(folder: string): PastRun {
  return lookAt(join(folder, DATABASE_NAME), (file) => {
    const newest = newestRecord(file);
    const boot = Math.max(0, ...readBoots(file));
    const [saved] = file
      .prepare('SELECT CAST(saved_utc_ms AS REAL) AS saved_utc_ms FROM engine_state')
      .all();
    return {
      info: readInfo(file),
      status: readStatus(file),
      boot,
      utcAtZeroMs: readUtcAtZeroMs(file, boot),
      state: readState(file),
      savedUtcMs: saved && numberIn(saved, 'saved_utc_ms'),
      lastSecond: newest.timeSecond,
      newestSequence: newest.sequence,
      missingRecords: Math.max(0, readMark(folder) - newest.sequence),
      events: readEvents(file, newest.sequence),
    };
  });
}

/**
 * Opens a run that was cut off, or that a person resumes, to go on writing it. Records that were
 * never committed are gone; the next one follows the last that ever was.
 * @throws Fault storage, fileMissing; badInput when the run is done or another process writes it
 */
export function reopenRun(
  folder: string,
  clock: Clock,
  start: BootStart & { readonly disk?: RunDisk },
): ReopenedRun {
  const path = join(folder, DATABASE_NAME);
  // Looked at through a reading connection first: a foreign file is left exactly as it is.
  const status = lookAt(path, (file) => readStatus(file));
  if (status === 'done') {
    throw new Fault('badInput', {
      where: folder,
      message: 'the run is done: nothing is left to do',
    });
  }
  const file = SqliteFile.openForWriting(path);
  return closedOnError(file, () => {
    // The lock is asked for inside the transaction: of two resumes at once, one gets it.
    file.exec('BEGIN IMMEDIATE');
    takeLock(folder);
    const boot = Math.max(-1, ...readBoots(file)) + 1;
    file
      .prepare('INSERT INTO boot VALUES (?, ?, ?)')
      .run(boot, start.startedSecond, start.utcAtZeroMs);
    file.prepare('UPDATE run SET status = ?').run('running' satisfies RunStatus);
    file.exec('COMMIT');
    const sequence = Math.max(newestRecord(file).sequence, readMark(folder));
    const { disk } = start;
    return {
      ...writable(folder, file, { info: readInfo(file), clock, disk, boot, sequence }),
      boot,
    };
  });
}

/**
 * Opens a run for reading only, also while another process writes it. Its reader hears of no
 * commits and keeps no cursors.
 * @throws Fault fileMissing, storage
 */
export function openRun(folder: string): { readonly reader: RunReader; close(): void } {
  const file = SqliteFile.openForReading(join(folder, DATABASE_NAME));
  return closedOnError(file, () => {
    checkSchema(file);
    const reader = new DatabaseReader(file, readInfo(file), new StandingFile(file));
    return { reader, close: () => file.close() };
  });
}

/** Opens a run database for reading, looks, and closes it. @throws Fault fileMissing, storage */
export function lookAt<T>(path: string, look: (file: SqliteFile) => T): T {
  const file = SqliteFile.openForReading(path);
  try {
    checkSchema(file);
    return look(file);
  } finally {
    file.close();
  }
}

/** A run seen from outside: what the file shows is committed, and nothing is written. */
class StandingFile implements CommitSource {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  status(): ReturnType<CommitSource['status']> {
    return readStatus(this.#file);
  }

  instruments(): undefined {
    return undefined;
  }

  committedSequence(): number {
    return newestRecord(this.#file).sequence;
  }

  utcAtZeroMs(boot: number): number {
    return readUtcAtZeroMs(this.#file, boot);
  }

  onCommit(): () => void {
    return () => {};
  }

  saveCursor(outlet: string): void {
    throw new Fault('storage', {
      where: this.#file.path,
      message: `opened for reading only; the cursor of ${outlet} cannot be saved`,
    });
  }
}

function writable(
  folder: string,
  file: SqliteFile,
  options: {
    readonly info: RunInfo;
    readonly clock: Clock;
    readonly disk: RunDisk | undefined;
    readonly boot: number;
    readonly sequence: number;
  },
): RunDatabase {
  const { info, clock, disk, boot, sequence } = options;
  const mark = new CommitMark(folder);
  const writer = new GroupCommitWriter(file, clock, {
    boot,
    sequence,
    onCommitted: (committed) => mark.note(committed),
    onInstruments: (instruments) => writeInfoFile(folder, { ...info, instruments }),
    ...(disk ? { releaseReserve: () => disk.releaseReserve() } : {}),
  });
  const close = (): void => {
    if (file.isClosed) return;
    try {
      writer.stop();
      if (writer.status() !== 'running' && file.leaveAlone()) mark.remove();
    } finally {
      mark.close();
      disk?.close();
      file.close();
      releaseLock(folder);
    }
  };
  return { writer, reader: new DatabaseReader(file, info, writer), close };
}

/** @throws Fault storage when it is no run database, or one of another version */
export function checkSchema(file: SqliteFile): void {
  if (file.pragmaNumber('application_id') !== APPLICATION_ID) {
    throw new Fault('storage', { where: file.path, message: 'is not a run database' });
  }
  const version = file.pragmaNumber('user_version');
  if (version !== SCHEMA_VERSION) {
    throw new Fault('storage', {
      where: file.path,
      message: `has schema version ${version}, this software reads version ${SCHEMA_VERSION}`,
    });
  }
}

/** @throws Fault storage */
export function readState(file: SqliteFile): EngineState | undefined {
  const row = file.prepare('SELECT hex(state) AS state FROM engine_state').all()[0];
  return row && decodeState(textIn(row, 'state'));
}

/** One that is damaged is left out: it has its stand-in where records are read. */
function readEvents(file: SqliteFile, upTo: number): readonly RecordOf<'event'>[] {
  const reader = kindReader(file, 'event', () => UNREADABLE);
  return reader
    .read(0, upTo)
    .filter((record): record is RecordOf<'event'> => record.body !== UNREADABLE);
}

const UNREADABLE: RecordBody = {
  kind: 'event',
  code: 'storage',
  severity: 'warning',
  message: '',
  details: {},
};

/** Numbers of all starts of the software. */
export function readBoots(file: SqliteFile): readonly number[] {
  const rows = file.prepare('SELECT CAST(boot AS REAL) AS boot FROM boot').all();
  return rows.map((row) => numberIn(row, 'boot'));
}

/** Nothing has moved yet: a folder that cannot be made is a wrong `--out`. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    syncFolder(dirname(folder));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot be made (${reason}); expected --out to name a folder that can be written`;
    throw new Fault('badInput', { where: folder, message }, error);
  }
}

function closedOnError<T>(file: SqliteFile, act: () => T): T {
  try {
    return act();
  } catch (error) {
    file.close();
    throw error;
  }
}
