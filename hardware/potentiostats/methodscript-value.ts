import { MANTISSA_MAX, PREFIX_EXPONENTS, splitByPrefix } from './methodscript-literal.ts';

/** Two-letter types of the values in a package that this software reads or writes. */
export const VARIABLE_TYPES = {
  ab: 'potential between working and reference electrode (V)',
  ba: 'current (A)',
  cc: 'real part of the impedance (ohm)',
  cd: 'imaginary part of the impedance (ohm), as measured: negative when capacitive',
  ce: 'potential at one moment of a waveform (V)',
  cf: 'current at one moment of a waveform (A)',
  cg: 'sampling frequency of a waveform (Hz)',
  ci: 'direct part of the potential during impedance (V)',
  ck: 'direct part of the current during impedance (A)',
  da: 'set potential (V)',
  db: 'set current (A)',
  dc: 'set frequency (Hz)',
  eb: 'time (s)',
} as const;

/** Status bits of a value, MethodSCRIPT manual, "Metadata: status". */
export const STATUS = {
  timingNotMet: 1,
  overload: 2,
  underload: 4,
  overloadWarning: 8,
} as const;

/** One value of a package. */
export interface PackageVariable {
  /** Two letters: see VARIABLE_TYPES. */
  readonly type: string;
  /** In the type's SI unit; NaN when the instrument could not measure it. */
  readonly value: number;
  /** Bits of STATUS; undefined when the package carries no status. */
  readonly status: number | undefined;
  /** The instrument's own index of the measuring range; its meaning depends on the model. */
  readonly rangeIndex: number | undefined;
}

const OFFSET = 2 ** 27;
const TYPE_LENGTH = 2;
const HEX_DIGITS = 7;
/** Two letters, seven digits, a prefix. */
const VALUE_LENGTH = TYPE_LENGTH + HEX_DIGITS + 1;
const NOT_A_NUMBER = '     nan';
const NO_DIGIT = -1;
/** More than any field of metadata has. */
const METADATA_DIGITS_MAX = 8;

const CODE = { comma: 0x2c, a: 0x61, z: 0x7a, one: 0x31, two: 0x32 } as const;
const ASCII = 128;
const LETTERS = 26;

/** Value of a hexadecimal digit by its character code; values are written in capitals alone. */
const CAPITAL_DIGITS = digitTable('0123456789ABCDEF');
const ANY_DIGITS = digitTable('0123456789ABCDEF', '0123456789abcdef');
/** Every two letters there are, so that none has to be cut out of a line again. */
const TYPE_NAMES = typeNames();
/**
 * A value is mantissa / divisor × factor: dividing by a power of ten is exact, multiplying by a
 * negative one is not. 0 marks a character that is no prefix.
 */
const DIVISORS = prefixTable((exponent) => 10 ** Math.max(0, -exponent));
const FACTORS = prefixTable((exponent) => 10 ** Math.max(0, exponent));

function digitTable(...alphabets: readonly string[]): Int8Array {
  const table = new Int8Array(ASCII).fill(NO_DIGIT);
  for (const alphabet of alphabets) {
    for (let digit = 0; digit < alphabet.length; digit += 1) {
      table[alphabet.charCodeAt(digit)] = digit;
    }
  }
  return table;
}

function prefixTable(entry: (exponent: number) => number): Float64Array {
  const table = new Float64Array(ASCII);
  for (const [prefix, exponent] of Object.entries(PREFIX_EXPONENTS)) {
    table[prefix.charCodeAt(0)] = entry(exponent);
  }
  // An integer has `i` instead of a prefix.
  table['i'.charCodeAt(0)] = 1;
  return table;
}

function typeNames(): readonly string[] {
  return Array.from({ length: LETTERS * LETTERS }, (_, index) =>
    String.fromCharCode(CODE.a + Math.floor(index / LETTERS), CODE.a + (index % LETTERS)),
  );
}

/**
 * Reads one value of a package: 2 letters, 7 hex digits, 1 prefix, then metadata after commas.
 * value = (hex − 2^27) × prefix; the prefix may be a space, so the text must not be trimmed.
 * This is where a fast measurement spends its time: no regular expression, no substrings.
 * @param start of the value in `text`; @param end behind it
 * @returns undefined when the text is not a value
 */
export function decodeVariable(
  text: string,
  start = 0,
  end = text.length,
): PackageVariable | undefined {
  if (end - start < VALUE_LENGTH) return undefined;
  const type = typeAt(text, start);
  const value = valueAt(text, start + TYPE_LENGTH);
  if (type === undefined || value === undefined) return undefined;
  let status: number | undefined;
  let rangeIndex: number | undefined;
  // The first digit of each field says what it is: 1 status, 2 range, 4 noise.
  for (let at = start + VALUE_LENGTH; at < end; ) {
    const fieldEnd = endOfField(text, at + 1, end);
    if (text.charCodeAt(at) !== CODE.comma || fieldEnd === undefined) return undefined;
    const kind = text.charCodeAt(at + 1);
    if (kind === CODE.one) status = hexadecimal(text, at + 2, fieldEnd);
    else if (kind === CODE.two) rangeIndex = hexadecimal(text, at + 2, fieldEnd);
    at = fieldEnd;
  }
  return { type, value, status, rangeIndex };
}

function typeAt(text: string, at: number): string | undefined {
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  if (first < CODE.a || first > CODE.z || second < CODE.a || second > CODE.z) return undefined;
  return TYPE_NAMES[(first - CODE.a) * LETTERS + second - CODE.a];
}

/** @returns NaN for `     nan`, undefined when it is no value */
function valueAt(text: string, at: number): number | undefined {
  let hex = 0;
  for (let digitAt = at; digitAt < at + HEX_DIGITS; digitAt += 1) {
    const digit = CAPITAL_DIGITS[text.charCodeAt(digitAt)] ?? NO_DIGIT;
    if (digit < 0) return text.startsWith(NOT_A_NUMBER, at) ? Number.NaN : undefined;
    hex = hex * 16 + digit;
  }
  const prefix = text.charCodeAt(at + HEX_DIGITS);
  const divisor = DIVISORS[prefix];
  if (!divisor) return undefined;
  return ((hex - OFFSET) / divisor) * (FACTORS[prefix] || 1);
}

/** Behind the digits of a field of metadata; undefined when it has none or other characters. */
function endOfField(text: string, from: number, end: number): number | undefined {
  let at = from;
  while (at < end && text.charCodeAt(at) !== CODE.comma) {
    if ((ANY_DIGITS[text.charCodeAt(at)] ?? NO_DIGIT) < 0) return undefined;
    at += 1;
  }
  const digits = at - from;
  return digits > 1 && digits <= METADATA_DIGITS_MAX ? at : undefined;
}

function hexadecimal(text: string, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at += 1) {
    value = value * 16 + (ANY_DIGITS[text.charCodeAt(at)] ?? 0);
  }
  return value;
}

/** Writes one value as an instrument sends it; a value that cannot be written becomes nan. */
export function encodeVariable(variable: PackageVariable): string {
  const { type, value, status, rangeIndex } = variable;
  const statusField = status === undefined ? '' : `,1${hex(status, 1)}`;
  const rangeField = rangeIndex === undefined ? '' : `,2${hex(rangeIndex, 2)}`;
  return `${type}${encodeValue(value)}${statusField}${rangeField}`;
}

function encodeValue(value: number): string {
  const split = Number.isFinite(value) ? splitByPrefix(value) : undefined;
  if (!split || Math.abs(split.mantissa) > MANTISSA_MAX) return '     nan';
  return `${hex(split.mantissa + OFFSET, 7)}${split.prefix}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
