import { isPrefix, MANTISSA_MAX, scaleByPrefix, splitByPrefix } from './methodscript-literal.ts';

/** Two-letter types of the values in a package that this software reads or writes. */
export const VARIABLE_TYPES = {
  ab: 'potential between working and reference electrode (V)',
  ba: 'current (A)',
  cc: 'real part of the impedance (ohm)',
  cd: 'imaginary part of the impedance (ohm), as measured: negative when capacitive',
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

const VARIABLE = /^([a-z]{2})(?:([0-9A-F]{7})([afpnum kMGTPEi])| {5}nan)((?:,[0-9A-Fa-f]+)*)$/;
const OFFSET = 2 ** 27;

/**
 * Reads one value of a package: 2 letters, 7 hex digits, 1 prefix, then metadata after commas.
 * value = (hex − 2^27) × prefix; the prefix may be a space, so the text must not be trimmed.
 * @returns undefined when the text is not a value
 */
export function decodeVariable(text: string): PackageVariable | undefined {
  const match = VARIABLE.exec(text);
  if (!match) return undefined;
  const [, type = '', hex, prefix = ' ', metadata = ''] = match;
  const value = hex === undefined ? Number.NaN : decodeValue(hex, prefix);
  return { type, value, ...decodeMetadata(metadata) };
}

function decodeValue(hex: string, prefix: string): number {
  const mantissa = Number.parseInt(hex, 16) - OFFSET;
  return isPrefix(prefix) ? scaleByPrefix(mantissa, prefix) : mantissa;
}

/** The first digit of each field says what it is: 1 status, 2 range, 4 noise. */
function decodeMetadata(text: string): {
  status: number | undefined;
  rangeIndex: number | undefined;
} {
  let status: number | undefined;
  let rangeIndex: number | undefined;
  for (const field of text.split(',')) {
    if (field.startsWith('1')) status = Number.parseInt(field.slice(1), 16);
    if (field.startsWith('2')) rangeIndex = Number.parseInt(field.slice(1), 16);
  }
  return { status, rangeIndex };
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
