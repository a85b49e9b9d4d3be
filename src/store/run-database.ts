import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { RunInfo } from '../domain/run-record.ts';
import type { EngineState, RunReader, RunWriter } from '../domain/run-store.ts';
import { type Columns, numberIn, selectList } from './columns.ts';
import { readInfo, readStatus, writeInfo } from './run-info.ts';
import { type CommitSource, DatabaseReader, newestRecord } from './run-reader.ts';
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

/** A run that goes on after a stop: with what the runner had in mind at its last commit. */
export interface ReopenedRun extends RunDatabase {
  /** Number of this start, 1 for the first resume. */
  readonly boot: number;
  /** Undefined when the run was cut off before the first state was saved. */
  readonly state: EngineState | undefined;
  /** Time of the newest record. */
  readonly lastSecond: number;
}

/**
 * Makes the run's folder and its database, empty but for `info`.
 * @param clock real time: it decides when collected records are committed
 * @throws Fault storage when the folder holds a run already or cannot be written
 */
export function createRun(folder: string, info: RunInfo, clock: Clock): RunDatabase {
  makeFolder(folder);
  const file = SqliteFile.create(join(folder, DATABASE_NAME), SCHEMA_SQL);
  return closedOnError(file, () => {
    file.exec('BEGIN IMMEDIATE');
    writeInfo(file, info);
    file.prepare('INSERT INTO boot VALUES (0, ?)').run(info.startedUtcMs);
    file.exec('COMMIT');
    syncFolder(folder);
    const writer = new GroupCommitWriter(file, clock, { boot: 0, sequence: 0 });
    return writable(file, info, writer);
  });
}

/**
 * Opens a run that was cut off, to go on writing it. Records that were never committed are gone;
 * the next one follows the last committed one.
 * @param utcAtZeroMs UTC label of second 0 of the experiment's clock in this start
 * @throws Fault storage, fileMissing; badInput when the run has ended
 */
export function reopenRun(folder: string, clock: Clock, utcAtZeroMs: number): ReopenedRun {
  const path = join(folder, DATABASE_NAME);
  // Looked at through a reading connection first: a foreign file is left exactly as it is.
  const status = lookAt(path, (file) => readStatus(file));
  if (status !== 'running') {
    throw new Fault('badInput', { where: folder, message: `the run has ended (${status})` });
  }
  const file = SqliteFile.openForWriting(path);
  return closedOnError(file, () => {
    const newest = newestRecord(file);
    const bootRow = file.prepare('SELECT max(boot) + 1 AS boot FROM boot').all()[0];
    const boot = bootRow ? numberIn(bootRow, 'boot') : 0;
    file.prepare('INSERT INTO boot VALUES (?, ?)').run(boot, utcAtZeroMs);
    const writer = new GroupCommitWriter(file, clock, { boot, sequence: newest.sequence });
    const { timeSecond: lastSecond } = newest;
    return { ...writable(file, readInfo(file), writer), boot, state: readState(file), lastSecond };
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

  committedSequence(): number {
    return newestRecord(this.#file).sequence;
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

function writable(file: SqliteFile, info: RunInfo, writer: GroupCommitWriter): RunDatabase {
  const close = (): void => {
    if (file.isClosed) return;
    try {
      writer.stop();
      if (writer.status() !== 'running') file.leaveAlone();
    } finally {
      file.close();
    }
  };
  return { writer, reader: new DatabaseReader(file, info, writer), close };
}

function checkSchema(file: SqliteFile): void {
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

const STATE_COLUMNS: Columns = {
  step_index: 'number',
  loop_pass: 'number',
  step_elapsed_second: 'number',
  charge_coulomb: 'number',
};

function readState(file: SqliteFile): EngineState | undefined {
  const row = file.prepare(`SELECT ${selectList(STATE_COLUMNS)} FROM engine_state`).all()[0];
  if (!row) return undefined;
  return {
    stepIndex: numberIn(row, 'step_index'),
    loopPass: numberIn(row, 'loop_pass'),
    stepElapsedSecond: numberIn(row, 'step_elapsed_second'),
    chargeCoulomb: numberIn(row, 'charge_coulomb'),
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    syncFolder(dirname(folder));
  } catch (error) {
    throw asFault(error, folder, 'storage');
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
