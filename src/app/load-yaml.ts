import { readFileSync, statSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Fault, type Problem } from '../domain/fault.ts';
import { plainIssue } from '../domain/plain-issue.ts';
import { type Assumption, keyPath, resolveUnknowns } from '../domain/unknowns.ts';

/** Larger is not a configuration file. */
const FILE_BYTES_MAX = 1 << 20;
/** Aliases of aliases multiply; nobody writes more than this by hand. */
const ALIASES_MAX = 20;
/** Nobody reads more; the rest is found once these are mended. */
const PROBLEMS_MAX = 100;

export interface LoadedFile<T> {
  readonly value: T;
  /** The file exactly as read, kept with the run. */
  readonly text: string;
  /** What the file assumes because its source does not say; paths with file and line. */
  readonly assumptions: readonly Assumption[];
  /** `recipe.yaml:12: steps[0].current` for a key path; the path alone where the file has it not. */
  placeOf(path: string): string;
}

/**
 * Reads a YAML file and checks it against its schema. Every problem is reported at once, each
 * with file, line and key.
 * @throws Fault fileMissing, fileFormat, badInput
 */
export function loadYaml<S extends z.ZodType>(path: string, schema: S): LoadedFile<z.output<S>> {
  return parseYaml(path, readText(path), schema);
}

/**
 * The same for text that was already read.
 * @param path what problems are reported under
 * @throws Fault fileFormat, badInput
 */
export function parseYaml<S extends z.ZodType>(
  path: string,
  text: string,
  schema: S,
): LoadedFile<z.output<S>> {
  const lines = new LineCounter();
  const document = parsedDocument(path, text, lines);
  if (document.errors.length > 0) {
    throw new Fault('fileFormat', syntaxProblems(path, document));
  }
  const { value, assumptions, problems } = resolveUnknowns(plainValue(path, document));
  const place = (keys: readonly PropertyKey[], deeper: readonly PropertyKey[] = []): string => {
    const key = keyPath(keys);
    return `${path}:${lineOf(document, lines, [...keys, ...deeper])}${key === '' ? '' : `: ${key}`}`;
  };
  const found: Problem[] = problems.map((one) => ({
    where: place(one.path),
    message: one.message,
  }));
  const result = schema.safeParse(value, { error: plainIssue });
  if (result.success && found.length === 0) {
    const placeOf = (key: string): string => {
      const keys = keysOf(document, key);
      return keys ? `${path}:${lineOf(document, lines, keys)}: ${key}` : `${path}: ${key}`;
    };
    const placed = assumptions.map((one) => ({ ...one, path: placeOf(one.path) }));
    return { value: result.data, text, assumptions: placed, placeOf };
  }
  const said = new Set(found.map(({ where }) => where));
  for (const issue of result.error?.issues ?? []) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const where = place(issue.path, keys);
    // What nobody has decided is one problem, not two.
    if (!said.has(where)) found.push({ where, message: issue.message });
  }
  throw new Fault('badInput', found.slice(0, PROBLEMS_MAX));
}

/** One problem a line: what follows the first on a line follows from it. */
function syntaxProblems(path: string, document: Document): Problem[] {
  const byLine = new Map<number, Problem>();
  for (const { linePos, message } of document.errors) {
    const line = linePos?.[0].line ?? 1;
    const plain = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
    if (byLine.has(line) || byLine.size >= PROBLEMS_MAX) continue;
    byLine.set(line, { where: `${path}:${line}`, message: `not valid YAML: ${plain}` });
  }
  return [...byLine.values()];
}

function parsedDocument(path: string, text: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: true, logLevel: 'error' });
  } catch (error) {
    // Lists in lists in lists, thousands deep, overflow the parser's stack.
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileFormat', { where: `${path}:1`, message: `not read: ${reason}` }, error);
  }
}

function plainValue(path: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileFormat', { where: `${path}:1`, message: `not read: ${reason}` }, error);
  }
}

/** A configuration file as text. @throws Fault fileMissing, fileFormat when it is too large */
export function readText(path: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) {
      throw new Fault('fileFormat', {
        where: path,
        message: `larger than ${FILE_BYTES_MAX} bytes, which no file of settings is`,
      });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileMissing', { where: path, message: `cannot be read: ${reason}` }, error);
  }
}

/**
 * The keys of `steps[2].until.any[0]`; undefined when not even the first is in the document.
 * Conditions under `all:` are held as one condition of an `any:`.
 */
function keysOf(document: Document, path: string): (string | number)[] | undefined {
  const joined = splitPath(path.replace(/until\.any\[0\]\.all/, 'until.all'));
  if (document.hasIn(joined)) return joined;
  const keys = splitPath(path);
  return keys[0] !== undefined && document.hasIn([keys[0]]) ? keys : undefined;
}

function splitPath(path: string): (string | number)[] {
  const parts = path.match(/[^.[\]]+/g) ?? [];
  return parts.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

/** Line of the key, or of the closest thing above it that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, depth), true);
    const start = rangeStart(node);
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function rangeStart(node: unknown): number | undefined {
  const range = (node as { readonly range?: readonly [number, number, number] } | undefined)?.range;
  return range?.[0];
}
