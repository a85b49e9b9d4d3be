import type { InstrumentInfo } from '../domain/instrument.ts';
import type {
  RecordBody,
  RecordKind,
  RunInfo,
  RunRecord,
  RunStatus,
} from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import { type Columns, numberIn, selectList } from './columns.ts';
import { RECORD_KINDS, recordTable } from './record-tables.ts';
import type { SqliteFile, Statement } from './sqlite-file.ts';

/** Most records one read returns, whatever the caller asks for. */
export const RECORDS_PER_READ_MAX = 10_000;

/** Who knows what is committed and who may move cursors: the writer, or nobody. */
export interface CommitSource {
  utcAtZeroMs(boot: number): number;
  status(): RunStatus;
  /** As they were named since the file was opened; undefined before. */
  instruments(): readonly InstrumentInfo[] | undefined;
  committedSequence(): number;
  onCommit(listener: () => void): () => void;
  saveCursor(outlet: string, sequence: number): void;
}

/**
 * Reads committed records in order. It may share the writer's connection: the committed sequence
 * number, not SQLite's isolation, hides what is still in the open transaction.
 */
export class DatabaseReader implements RunReader {
  #info: RunInfo;
  readonly #file: SqliteFile;
  readonly #source: CommitSource;
  readonly #kinds: readonly KindReader[];

  constructor(file: SqliteFile, info: RunInfo, source: CommitSource) {
    this.#file = file;
    this.#info = info;
    this.#source = source;
    this.#kinds = RECORD_KINDS.map((kind) => kindReader(file, kind, unreadable));
  }

  get info(): RunInfo {
    const instruments = this.#source.instruments();
    if (instruments && instruments !== this.#info.instruments) {
      this.#info = { ...this.#info, instruments };
    }
    return this.#info;
  }

  status(): RunStatus {
    return this.#source.status();
  }

  lastSequence(): number {
    return this.#source.committedSequence();
  }

  readAfter(sequence: number, limit: number): readonly RunRecord[] {
    const count = Math.min(Math.max(0, Math.trunc(limit)), RECORDS_PER_READ_MAX);
    const lastSequence = this.lastSequence();
    // Sequence numbers have no gaps, so a window of `count` numbers holds `count` records. After
    // retention has thinned a run it may hold none: then the next window is looked at.
    for (let from = sequence; count > 0 && from < lastSequence; from += count) {
      const records = this.#readWindow(from, Math.min(from + count, lastSequence));
      if (records.length > 0) return records;
    }
    return [];
  }

  utcAtZeroMs(boot: number): number {
    return this.#source.utcAtZeroMs(boot);
  }

  onCommit(listener: () => void): () => void {
    return this.#source.onCommit(listener);
  }

  loadCursor(outlet: string): number {
    const row = this.#file
      .prepare('SELECT CAST(sequence AS REAL) AS sequence FROM cursor WHERE outlet = ?')
      .all(outlet)[0];
    return row ? numberIn(row, 'sequence') : 0;
  }

  saveCursor(outlet: string, sequence: number): void {
    this.#source.saveCursor(outlet, sequence);
  }

  #readWindow(after: number, upTo: number): RunRecord[] {
    const records = this.#kinds.flatMap((kind) => kind.read(after, upTo));
    return records.sort((a, b) => a.sequence - b.sequence);
  }
}

/** Reads one kind of record. */
export interface KindReader {
  /** Records with `after` < sequence <= `upTo`, in order. @throws Fault storage */
  read(after: number, upTo: number): RunRecord[];
}

/** @param standIn for a record that is there and not understood; without it, reading throws */
export function kindReader(
  file: SqliteFile,
  kind: RecordKind,
  standIn?: (kind: RecordKind, error: unknown) => RecordBody,
): KindReader {
  const range = prepareRange(file, kind);
  const { fromRow } = recordTable(kind);
  return {
    read: (after, upTo) =>
      range.all(after, upTo).map((row) => ({
        sequence: numberIn(row, 'sequence'),
        timeSecond: numberIn(row, 'time_second'),
        boot: numberIn(row, 'boot'),
        body: standIn
          ? understood(() => fromRow(row), standIn.bind(undefined, kind))
          : fromRow(row),
      })),
  };
}

function understood(read: () => RecordBody, standIn: (error: unknown) => RecordBody): RecordBody {
  try {
    return read();
  } catch (error) {
    return standIn(error);
  }
}

/** One damaged record must not stop every outlet for ever: its place is kept and named. */
function unreadable(kind: RecordKind, error: unknown): RecordBody {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: 'event',
    code: 'storage',
    severity: 'warning',
    message: `A record in the table ${recordTable(kind).table} is damaged and cannot be read: ${reason}.`,
    details: { kind },
  };
}

/** Sequence number and time of the newest record that this connection can see. */
export function newestRecord(file: SqliteFile): { sequence: number; timeSecond: number } {
  const newest = { sequence: 0, timeSecond: 0 };
  for (const kind of RECORD_KINDS) {
    const row = file
      .prepare(
        `SELECT sequence, CAST(time_second AS REAL) AS time_second
         FROM ${recordTable(kind).table} ORDER BY sequence DESC LIMIT 1`,
      )
      .all()[0];
    if (!row || numberIn(row, 'sequence') <= newest.sequence) continue;
    newest.sequence = numberIn(row, 'sequence');
    newest.timeSecond = numberIn(row, 'time_second');
  }
  return newest;
}

/** The newest offset of a start labels all its records; 0 when the start is not known. */
export function readUtcAtZeroMs(file: SqliteFile, boot: number): number {
  const [row] = file
    .prepare(
      `SELECT CAST(utc_at_zero_ms AS REAL) AS utc_at_zero_ms FROM (
         SELECT utc_at_zero_ms, 0 AS rank, 0 AS place FROM boot WHERE boot = ?
         UNION ALL SELECT utc_at_zero_ms, 1, rowid FROM clock_step WHERE boot = ?
       ) ORDER BY rank DESC, place DESC LIMIT 1`,
    )
    .all(boot, boot);
  return row ? numberIn(row, 'utc_at_zero_ms') : 0;
}

function prepareRange(file: SqliteFile, kind: RecordKind): Statement {
  const { table, columns } = recordTable(kind);
  const all: Columns = { sequence: 'number', time_second: 'number', boot: 'number', ...columns };
  return file.prepare(
    `SELECT ${selectList(all)} FROM ${table}
     WHERE ${table}.sequence > ? AND ${table}.sequence <= ? ORDER BY ${table}.sequence`,
  );
}
