import type { z } from 'zod';

/**
 * What is wrong with a value, as a sentence for the one who wrote the file: what was expected,
 * and what is there. Undefined where the schema itself has the better words.
 */
export function plainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return expectedButFound(EXPECTED[issue.expected] ?? `a ${issue.expected}`, issue.input);
    case 'invalid_value':
      return expectedButFound(`one of ${issue.values.map(String).join(', ')}`, issue.input);
    case 'too_small':
      return `expected ${sizeOf(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `expected ${sizeOf(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_key':
      return 'this is no name that can stand here';
    default:
      return undefined;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  array: 'a list',
  tuple: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** "is missing: expected a list", "expected a list, found the text "x"". */
export function expectedButFound(expected: string, found: unknown): string {
  if (found === undefined) return `is missing: expected ${expected}`;
  return `expected ${expected}, found ${described(found)}`;
}

const FOUND_CHARACTERS_MAX = 40;

function described(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'keys with values';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'none that is finite';
  const text = String(value);
  const short =
    text.length > FOUND_CHARACTERS_MAX ? `${text.slice(0, FOUND_CHARACTERS_MAX)}…` : text;
  return typeof value === 'string' ? `"${short}"` : short;
}

function sizeOf(origin: string, bound: string, size: number): string {
  if (origin === 'array') return `${bound} ${size} ${size === 1 ? 'item' : 'items'}`;
  if (origin === 'string') return `${bound} ${size} ${size === 1 ? 'character' : 'characters'}`;
  return `a number of ${bound} ${size}`;
}
