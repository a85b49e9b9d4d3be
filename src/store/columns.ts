import { isUtf8 } from 'node:buffer';
import { Fault } from '../domain/fault.ts';
import type { Row } from './sqlite-file.ts';

/** Longest identifier or name in characters; longer ones are refused. */
export const NAME_CHARACTERS_MAX = 200;
/** Longest message in characters; longer ones are cut, and say so. */
export const MESSAGE_CHARACTERS_MAX = 4000;
/** Longest JSON column in characters; longer ones are refused. */
export const JSON_CHARACTERS_MAX = 262_144;

/** Columns of a table or query by name, in order, and how they are read. */
export type Columns = Readonly<Record<string, 'text' | 'number'>>;

/**
 * What to select so that a damaged file cannot end the process: libsql aborts on text that is not
 * UTF-8, so text travels as hexadecimal digits and numbers are made numbers by SQLite.
 */
export function selectList(columns: Columns): string {
  const expressions = Object.entries(columns).map(([name, type]) =>
    type === 'text'
      ? `CASE WHEN ${name} IS NULL THEN NULL ELSE hex(${name}) END AS ${name}`
      : `CAST(${name} AS REAL) AS ${name}`,
  );
  return expressions.join(', ');
}

/** @throws Fault capacity */
export function nameText(value: string, column: string): string {
  return bounded(value, column, NAME_CHARACTERS_MAX);
}

export function messageText(value: string): string {
  if (value.length <= MESSAGE_CHARACTERS_MAX) return value;
  const left = value.length - MESSAGE_CHARACTERS_MAX;
  return `${value.slice(0, MESSAGE_CHARACTERS_MAX)}… (${left} characters more)`;
}

/** Not-a-number and infinite become null: JSON has no word for them. @throws Fault capacity */
export function jsonText(value: unknown, column: string): string {
  return bounded(JSON.stringify(value), column, JSON_CHARACTERS_MAX);
}

/** @throws Fault capacity */
export function bounded(value: string, column: string, charactersMax: number): string {
  if (value.length <= charactersMax) return value;
  throw new Fault('capacity', {
    where: column,
    message: `${value.length} characters, expected at most ${charactersMax}`,
  });
}

export function flag(value: boolean): number {
  return value ? 1 : 0;
}

/** Text selected by `selectList`. @throws Fault storage when it is NULL or not UTF-8. */
export function textIn(row: Row, column: string): string {
  const digits = row[column];
  if (typeof digits !== 'string') throw unexpected(column, digits, 'text');
  const bytes = Buffer.from(digits, 'hex');
  if (!isUtf8(bytes)) throw unexpected(column, digits, 'text in UTF-8');
  return bytes.toString('utf8');
}

export function isNullIn(row: Row, column: string): boolean {
  return row[column] === null;
}

/** NULL comes back as not-a-number, which is how it went in. @throws Fault storage */
export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (value === null) return Number.NaN;
  if (typeof value !== 'number') throw unexpected(column, value, 'a number');
  return value;
}

export function flagIn(row: Row, column: string): boolean {
  return numberIn(row, column) === 1;
}

/** One word of a closed list. @throws Fault storage */
export function wordIn<T extends string>(
  row: Row,
  column: string,
  words: Readonly<Record<T, true>>,
): T {
  const value = textIn(row, column);
  if (!Object.hasOwn(words, value)) {
    throw unexpected(column, value, `one of ${Object.keys(words).join(', ')}`);
  }
  return value as T;
}

/** @throws Fault storage when the column is not JSON. */
export function jsonIn(row: Row, column: string): unknown {
  const text = textIn(row, column);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('storage', { where: column, message: 'is not JSON' }, error);
  }
}

function unexpected(column: string, value: unknown, expected: string): Fault {
  const found = JSON.stringify(value) ?? String(value);
  return new Fault('storage', {
    where: `column ${column}`,
    message: `found ${found.slice(0, 80)}, expected ${expected}`,
  });
}
