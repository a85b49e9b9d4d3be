import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';
import type { RecordBody, RecordKind, RunInfo } from '../domain/run-record.ts';
import { textIn } from './columns.ts';
import { readMark } from './commit-mark.ts';
import { decodeState } from './engine-state.ts';
import { RECORD_KINDS, recordTable } from './record-tables.ts';
import { checkSchema, readBoots, readState } from './run-database.ts';
import { readInfo, readStatus, writeInfo } from './run-info.ts';
import { INFO_NAME, readInfoFile } from './run-info-file.ts';
import { type KindReader, kindReader } from './run-reader.ts';
import { prepareInsert } from './run-writer.ts';
import { DATABASE_NAME, SCHEMA_SQL } from './schema.ts';
import { type Bindable, type Row, SqliteFile, syncFolder } from './sqlite-file.ts';

/** What became of a damaged run database. */
export interface Recovery {
  /** Why it was not used as it was. */
  readonly reason: string;
  /** Name of the damaged file, which is kept, within the run's folder. */
  readonly setAside: string;
  readonly recoveredRecords: number;
  /** Records that are known to have been there and could not be read. */
  readonly lostRecords: number;
  /** Whether the engine's state was saved, without which a run cannot go on. */
  readonly isPlaceKnown: boolean;
}

const RECOVERING_NAME = 'run.recovering.sqlite';
const COMPANIONS = ['', '-wal', '-shm', '-journal'] as const;
/** Sequence numbers read at once; a portion that cannot be read is halved until one row is left. */
const PORTION = 4096;
/** Bytes of the smallest row there is: bounds how many records a file can have held. */
const ROW_BYTES_MIN = 16;
const SET_ASIDE_MAX = 1000;

/**
 * Looks whether a run's database can be written on. One that cannot is set aside, and what can
 * be read of it goes into a new one.
 * @returns undefined when it is as it should be
 * @throws Fault fileMissing when there is no run, storage when not even what the run is can be read
 */
export function recoverIfDamaged(folder: string): Recovery | undefined {
  const path = join(folder, DATABASE_NAME);
  if (!existsSync(path) && !existsSync(join(folder, INFO_NAME))) {
    throw new Fault('fileMissing', { where: path, message: 'is not there' });
  }
  const reason = damageOf(path);
  if (reason === undefined) return undefined;
  const setAside = setAsideIn(folder);
  const recovered = rebuild(folder, join(folder, setAside));
  return { reason, setAside, ...recovered };
}

/** Why the file is not to be trusted; undefined when SQLite and we find nothing wrong. */
function damageOf(path: string): string | undefined {
  let file: SqliteFile | undefined;
  try {
    if (!existsSync(path)) return 'it is missing';
    file = SqliteFile.openForReading(path);
    checkSchema(file);
    readInfo(file);
    readStatus(file);
    readState(file);
    const wrongTable = tableOfAnotherForm(file);
    if (wrongTable !== undefined) return `the table ${wrongTable} is not as it was made`;
    const [row] = file.prepare('SELECT hex(quick_check) AS word FROM pragma_quick_check(1)').all();
    const word = Buffer.from(String(row?.word ?? ''), 'hex').toString('latin1');
    return word === 'ok' ? undefined : word.slice(0, 200);
  } catch (error) {
    const fault = asFault(error, path, 'storage');
    // Another version's file is whole, only not ours.
    if (fault.problems[0]?.message.startsWith('has schema version')) throw fault;
    return fault.problems.map(({ message }) => message).join('; ');
  } finally {
    closeQuietly(file);
  }
}

/** A table whose definition has changed under us; undefined when each is as we have made it. */
function tableOfAnotherForm(file: SqliteFile): string | undefined {
  const rows = file
    .prepare('SELECT hex(name) AS name, hex(sql) AS sql FROM file.sqlite_master WHERE sql NOT NULL')
    .all();
  const found = new Map(rows.map((row) => [textIn(row, 'name'), textIn(row, 'sql')]));
  for (const [sql = '', name = ''] of SCHEMA_SQL.matchAll(/CREATE (?:TABLE|VIEW) (\w+)[^;]*/g)) {
    if (found.get(name) !== sql) return name;
  }
  return undefined;
}

function setAsideIn(folder: string): string {
  for (let count = 1; count <= SET_ASIDE_MAX; count += 1) {
    const name = `run.damaged-${count}.sqlite`;
    if (COMPANIONS.some((end) => existsSync(join(folder, name + end)))) continue;
    for (const end of COMPANIONS) {
      const from = join(folder, DATABASE_NAME + end);
      if (existsSync(from)) renameSync(from, join(folder, name + end));
    }
    return name;
  }
  throw new Fault('storage', {
    where: folder,
    message: `holds ${SET_ASIDE_MAX} damaged databases already; the disk fails`,
  });
}

function rebuild(
  folder: string,
  damagedPath: string,
): Pick<Recovery, 'recoveredRecords' | 'lostRecords' | 'isPlaceKnown'> {
  const newPath = join(folder, RECOVERING_NAME);
  for (const end of COMPANIONS) rmSync(newPath + end, { force: true });
  const source = new Salvage(damagedPath);
  const target = SqliteFile.create(newPath, SCHEMA_SQL);
  try {
    target.exec('BEGIN IMMEDIATE');
    writeInfo(target, infoOf(source, folder));
    const { count, newest } = copyRecords(source, target, upperBound(folder, damagedPath));
    const isPlaceKnown = copyState(source, target);
    copyRows(source, target, 'boot', ['boot', 'started_second', 'utc_at_zero_ms']);
    copyRows(source, target, 'clock_step', ['boot', 'from_second', 'utc_at_zero_ms']);
    copyCursors(source, target, newest);
    target.exec('COMMIT');
    target.leaveAlone();
    target.close();
    renameSync(newPath, join(folder, DATABASE_NAME));
    syncFolder(folder);
    const lostRecords = Math.max(readMark(folder), newest) - count;
    return { recoveredRecords: count, lostRecords, isPlaceKnown };
  } finally {
    target.close();
    source.close();
  }
}

/** A damaged file: every question may fail, and none ends the recovery. */
class Salvage {
  readonly #file: SqliteFile | undefined;

  constructor(path: string) {
    this.#file = attempt(() => SqliteFile.openForReading(path));
  }

  ask<T>(question: (file: SqliteFile) => T): T | undefined {
    const file = this.#file;
    return file && attempt(() => question(file));
  }

  close(): void {
    closeQuietly(this.#file);
  }
}

function infoOf(source: Salvage, folder: string): RunInfo {
  const info = source.ask(readInfo) ?? attempt(() => readInfoFile(folder));
  if (info) return info;
  throw new Fault('storage', {
    where: folder,
    message: `is damaged, and ${INFO_NAME}, which says what the run is, cannot be read either`,
  });
}

/** No record has a higher number: what the mark says, or what the file could hold. */
function upperBound(folder: string, damagedPath: string): number {
  const bytes = COMPANIONS.map(
    (end) => attempt(() => readFileSync(damagedPath + end).length) ?? 0,
  ).reduce((sum, one) => sum + one, 0);
  return Math.max(readMark(folder), Math.ceil(bytes / ROW_BYTES_MIN));
}

function copyRecords(
  source: Salvage,
  target: SqliteFile,
  upper: number,
): { readonly count: number; readonly newest: number } {
  const taken = new Set<number>();
  let newest = 0;
  for (const kind of RECORD_KINDS) {
    const reader = source.ask((file) => kindReader(file, kind));
    if (!reader) continue;
    const insert = prepareInsert(target, kind);
    for (const { sequence, timeSecond, boot, body } of readableRecords(reader, upper)) {
      if (taken.has(sequence)) continue;
      const row = attempt(() => rowOf(kind, body));
      if (!row) continue;
      insert.run(sequence, timeSecond, boot, ...row);
      taken.add(sequence);
      newest = Math.max(newest, sequence);
    }
  }
  return { count: taken.size, newest };
}

function rowOf(kind: RecordKind, body: RecordBody): readonly Bindable[] {
  return recordTable(kind).toRow(body as never);
}

function* readableRecords(reader: KindReader, upper: number) {
  const portions: (readonly [after: number, upTo: number])[] = [];
  for (let after = 0; after < upper; after += PORTION) {
    portions.push([after, Math.min(upper, after + PORTION)]);
    while (portions.length > 0) {
      const [from, upTo] = portions.pop() ?? [0, 0];
      const records = attempt(() => reader.read(from, upTo));
      if (records) {
        yield* records.filter(({ sequence, timeSecond, boot }) => {
          const isInside = sequence > from && sequence <= upTo && Number.isInteger(sequence);
          return isInside && Number.isFinite(timeSecond) && Number.isInteger(boot);
        });
      } else if (upTo - from > 1) {
        const middle = Math.floor((from + upTo) / 2);
        portions.push([middle, upTo], [from, middle]);
      }
    }
  }
}

function copyState(source: Salvage, target: SqliteFile): boolean {
  const row = source.ask(
    (file) =>
      file
        .prepare(
          `SELECT CAST(sequence AS REAL) AS sequence, CAST(saved_utc_ms AS REAL) AS saved_utc_ms,
             hex(state) AS state FROM engine_state`,
        )
        .all()[0],
  );
  const text = Buffer.from(String(row?.state ?? ''), 'hex').toString('utf8');
  if (!row || !attempt(() => decodeState(text))) return false;
  const values = [row.sequence, row.saved_utc_ms].map(Number);
  if (!values.every(Number.isFinite)) return false;
  target.prepare('INSERT INTO engine_state VALUES (1, ?, ?, ?)').run(...values, text);
  return true;
}

function copyRows(
  source: Salvage,
  target: SqliteFile,
  table: 'boot' | 'clock_step',
  columns: readonly string[],
): void {
  const list = columns.map((column) => `CAST(${column} AS REAL) AS ${column}`).join(', ');
  const rows = source.ask((file) => file.prepare(`SELECT ${list} FROM ${table}`).all()) ?? [];
  const insert = target.prepare(
    `INSERT OR IGNORE INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`,
  );
  for (const row of rows) {
    const values = columns.map((column) => Number(row[column]));
    if (values.every(Number.isFinite)) insert.run(...values);
  }
  if (table === 'boot' && readBoots(target).length === 0) insert.run(0, 0, 0);
}

/** Outlets go on where they were, as far as the records still reach. */
function copyCursors(source: Salvage, target: SqliteFile, newest: number): void {
  const rows =
    source.ask((file): readonly Row[] =>
      file
        .prepare('SELECT hex(outlet) AS outlet, CAST(sequence AS REAL) AS sequence FROM cursor')
        .all(),
    ) ?? [];
  const insert = target.prepare('INSERT OR IGNORE INTO cursor VALUES (?, ?)');
  for (const row of rows) {
    const outlet = Buffer.from(String(row.outlet), 'hex').toString('utf8');
    const sequence = Number(row.sequence);
    if (!/^[a-z0-9-]{1,64}$/.test(outlet) || !Number.isInteger(sequence)) continue;
    insert.run(outlet, Math.min(Math.max(0, sequence), newest));
  }
}

/** Undefined when it fails: what cannot be read of a damaged file is counted, not thrown. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function closeQuietly(file: SqliteFile | undefined): void {
  attempt(() => file?.close());
}
