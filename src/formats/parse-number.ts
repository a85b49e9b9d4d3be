import { badFile } from './file-access.ts';

/**
 * What to make of `1,5`: one and a half in files that never group digits; elsewhere it might be
 * fifteen hundred cut short, and is refused.
 */
export type DecimalComma = 'accept' | 'refuse';

/**
 * A decimal number.
 * @throws Fault fileFormat when the text is anything else, or too large for a double
 */
export function parseNumber(text: string, where: string, decimalComma: DecimalComma): number {
  const isComma = COMMA.test(text);
  if (isComma && decimalComma === 'refuse') {
    throw badFile(where, `"${shown(text)}" has a decimal comma; expected a decimal point`);
  }
  const value = isComma || NUMBER.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  if (!Number.isFinite(value)) throw badFile(where, `"${shown(text)}" is not a finite number`);
  return value;
}

/** True for a decimal number, with a point or a comma. */
export function looksNumeric(text: string): boolean {
  return NUMBER.test(text) || COMMA.test(text);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/;

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
