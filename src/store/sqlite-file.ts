import { ok as assert } from 'node:assert';
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { Fault } from '../domain/fault.ts';

/** What may be bound to a statement. libsql ends the process on a boolean, so there is none. */
export type Bindable = number | string | null;
/** One row by column name. */
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  run(...values: readonly Bindable[]): void;
  all(...values: readonly Bindable[]): readonly Row[];
}

/** Another process (a reader's checkpoint) may hold the file for a moment. */
const LOCK_WAIT_MS_MAX = 5000;

/** The name under which the file is attached. */
const ATTACHED = 'file';

/**
 * One connection to one SQLite file; every error of the library leaves here as a Fault.
 *
 * libsql keeps a closed database's files open until its statements are collected as garbage. So
 * the connection itself is an empty one in memory and the file is attached to it: DETACH closes
 * the file when it is asked to. Tables are found by their plain names.
 */
export class SqliteFile {
  readonly path: string;
  readonly #database: Database.Database;
  #closed = false;

  private constructor(path: string, database: Database.Database) {
    this.path = path;
    this.#database = database;
  }

  /** Makes a new file from a script of CREATE statements and opens it for writing. */
  static create(path: string, schemaSql: string): SqliteFile {
    if (existsSync(path)) {
      throw new Fault('storage', {
        where: path,
        message: 'exists already; a run is never written over',
      });
    }
    guarded(path, () => {
      const database = new Database(path);
      try {
        database.exec('PRAGMA journal_mode=WAL');
        database.exec('PRAGMA synchronous=FULL');
        database.exec(`BEGIN IMMEDIATE; ${schemaSql} COMMIT;`);
      } finally {
        database.close();
      }
    });
    return SqliteFile.openForWriting(path);
  }

  /** Every commit is on the disk before it returns. @throws Fault fileMissing, storage */
  static openForWriting(path: string): SqliteFile {
    const file = SqliteFile.#attach(path, 'rw');
    // A run that has ended stands alone, without a write-ahead log, until it is resumed.
    file.prepare(`PRAGMA ${ATTACHED}.journal_mode=WAL`).all();
    file.exec(`PRAGMA ${ATTACHED}.synchronous=FULL`);
    return file;
  }

  /** @throws Fault fileMissing, storage */
  static openForReading(path: string): SqliteFile {
    return SqliteFile.#attach(path, 'ro');
  }

  static #attach(path: string, mode: 'rw' | 'ro'): SqliteFile {
    if (!existsSync(path)) throw new Fault('fileMissing', { where: path, message: 'is not there' });
    return guarded(path, () => {
      // Opened by address (URI), so that the attached file may be given by address too.
      const database = new Database('file::memory:', { timeout: LOCK_WAIT_MS_MAX });
      const address = `${pathToFileURL(path).href}?mode=${mode}`.replaceAll("'", '%27');
      database.exec(`ATTACH '${address}' AS ${ATTACHED}`);
      return new SqliteFile(path, database);
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  exec(sql: string): void {
    this.#assertOpen();
    guarded(this.path, () => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    this.#assertOpen();
    const statement = guarded(this.path, () => this.#database.prepare(sql));
    const { path } = this;
    // Statements of a closed libsql database still work, on a file nobody expects to change.
    const assertOpen = (): void => this.#assertOpen();
    return {
      run(...values) {
        assertOpen();
        assertBindable(values);
        guarded(path, () => statement.run(...values));
      },
      all(...values) {
        assertOpen();
        assertBindable(values);
        return guarded(path, () => statement.all(...values) as Row[]);
      },
    };
  }

  /** The one number of a PRAGMA such as user_version. */
  pragmaNumber(name: 'user_version' | 'application_id'): number {
    const value = this.prepare(`PRAGMA ${ATTACHED}.${name}`).all()[0]?.[name];
    return typeof value === 'number' ? value : 0;
  }

  /**
   * Turns the write-ahead log off, so that the file stands alone and can be read from a medium
   * that cannot be written. Stays as it is while another reader has the file open.
   * @returns whether the file stands alone now
   */
  leaveAlone(): boolean {
    this.exec('PRAGMA busy_timeout=0');
    this.prepare(`PRAGMA ${ATTACHED}.wal_checkpoint(TRUNCATE)`).all();
    try {
      const row = this.prepare(`PRAGMA ${ATTACHED}.journal_mode=DELETE`).all()[0];
      return row?.journal_mode === 'delete';
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
      if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') return false;
      throw error;
    }
  }

  /** Closes the file; what is not committed is gone. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    guarded(this.path, () => {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#database.exec(`DETACH ${ATTACHED}`);
      this.#database.close();
    });
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new Fault('storage', { where: this.path, message: 'is closed; open the run again' });
    }
  }
}

/** Makes a folder's list of names durable, so that a new file survives a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The types forbid it; this is for values that came from outside with a wrong type on them. */
function assertBindable(values: readonly unknown[]): void {
  for (const value of values) {
    assert(
      typeof value === 'number' || typeof value === 'string' || value === null,
      `${typeof value} bound to a statement, expected a number, text or null`,
    );
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full; free some space and resume the run',
  SQLITE_IOERR: 'the disk does not take or give data; check it before the run is resumed',
  SQLITE_NOTADB: 'is not a run database',
  SQLITE_CORRUPT: 'is damaged',
  SQLITE_BUSY: 'is locked by another program; close it',
  SQLITE_READONLY: 'may not be written',
};

function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = String((error as { code?: unknown }).code ?? '');
    const text = error instanceof Error ? error.message : String(error);
    const advice = ADVICE[code] ?? ADVICE[code.split('_').slice(0, 2).join('_')];
    throw new Fault(
      'storage',
      { where: path, message: advice ? `${advice} (SQLite: ${text})` : `SQLite: ${text}` },
      error,
    );
  }
}
