import type { RecordKind, RunInfo, RunRecord, RunStatus } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import { type Columns, numberIn, selectList } from './columns.ts';
import { RECORD_KINDS, recordTable } from './record-tables.ts';
import type { SqliteFile, Statement } from './sqlite-file.ts';

/** Most records one read returns, whatever the caller asks for. */
export const RECORDS_PER_READ_MAX = 10_000;

/** Who knows what is committed and who may move cursors: the writer, or nobody. */
export interface CommitSource {
  status(): RunStatus;
  committedSequence(): number;
  onCommit(listener: () => void): () => void;
  saveCursor(outlet: string, sequence: number): void;
}

/**
 * Reads committed records in order. It may share the writer's connection: the committed sequence
 * number, not SQLite's isolation, hides what is still in the open transaction.
 */
export class DatabaseReader implements RunReader {
  readonly info: RunInfo;
  readonly #file: SqliteFile;
  readonly #source: CommitSource;
  readonly #ranges: ReadonlyMap<RecordKind, Statement>;

  constructor(file: SqliteFile, info: RunInfo, source: CommitSource) {
    this.#file = file;
    this.info = info;
    this.#source = source;
    this.#ranges = new Map(RECORD_KINDS.map((kind) => [kind, prepareRange(file, kind)]));
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
    const records: RunRecord[] = [];
    for (const [kind, range] of this.#ranges) {
      const { fromRow } = recordTable(kind);
      for (const row of range.all(after, upTo)) {
        records.push({
          sequence: numberIn(row, 'sequence'),
          timeSecond: numberIn(row, 'time_second'),
          boot: numberIn(row, 'boot'),
          body: fromRow(row),
        });
      }
    }
    return records.sort((a, b) => a.sequence - b.sequence);
  }
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

function prepareRange(file: SqliteFile, kind: RecordKind): Statement {
  const { table, columns } = recordTable(kind);
  const all: Columns = { sequence: 'number', time_second: 'number', boot: 'number', ...columns };
  return file.prepare(
    `SELECT ${selectList(all)} FROM ${table}
     WHERE ${table}.sequence > ? AND ${table}.sequence <= ? ORDER BY ${table}.sequence`,
  );
}
