import { readFileSync, statSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Fault, type Problem } from '../domain/fault.ts';

/** Larger is not a configuration file. */
const FILE_BYTES_MAX = 1 << 20;
/** Aliases of aliases multiply; nobody writes more than this by hand. */
const ALIASES_MAX = 20;

export interface LoadedFile<T> {
  readonly value: T;
  /** The file exactly as read, kept with the run. */
  readonly text: string;
}

/**
 * Reads a YAML file and checks it against its schema. Every problem is reported at once, each
 * with file, line and key.
 * @throws Fault fileMissing, fileFormat, badInput
 */
export function loadYaml<S extends z.ZodType>(path: string, schema: S): LoadedFile<z.output<S>> {
  const text = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new Fault(
      'fileFormat',
      document.errors.map((error) => ({
        where: `${path}:${error.linePos?.[0].line ?? 1}`,
        message: `not valid YAML: ${error.message.split('\n')[0]}`,
      })),
    );
  }
  const result = schema.safeParse(plainValue(path, document));
  if (result.success) return { value: result.data, text };
  throw new Fault(
    'badInput',
    result.error.issues.map((issue) => problemOf(path, document, lines, issue)),
  );
}

function plainValue(path: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileFormat', { where: path, message: `not read: ${reason}` }, error);
  }
}

function readText(path: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) {
      throw new Fault('fileFormat', {
        where: path,
        message: `larger than ${FILE_BYTES_MAX} bytes, which no recipe, rig or cell file is`,
      });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileMissing', { where: path, message: `cannot be read: ${reason}` }, error);
  }
}

function problemOf(
  path: string,
  document: Document,
  lines: LineCounter,
  issue: z.core.$ZodIssue,
): Problem {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const line = lineOf(document, lines, [...issue.path, ...keys]);
  const key = keyPath(issue.path);
  return {
    where: `${path}:${line}${key === '' ? '' : `: ${key}`}`,
    message: issue.message,
  };
}

/** `steps[2].during[0].from` */
export function keyPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) =>
      typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
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
