import { Fault, type Problem } from '../domain/fault.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import type { ImpedanceColumn, ImpedanceColumns } from './impedance-columns.ts';
import { type DecimalComma, looksNumeric, parseNumber } from './parse-number.ts';
import { atLine, type TextFile } from './text-file.ts';

/** More points than any sweep has; a longer table is a time series. */
export const SPECTRUM_POINTS_MAX = 100_000;
/** Bad rows reported at once; reading stops there. */
const PROBLEMS_MAX = 10;

/** `wide` is two or more blanks: titles that hold single blanks themselves. */
export type Separator = '\t' | ';' | ',' | ' ' | 'wide';

export interface RowLayout {
  readonly columns: ImpedanceColumns;
  readonly separator: Separator;
  /** Index of the first line of rows, and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly decimalComma: DecimalComma;
  /** Rows at 0 Hz are direct-current readings between the sweeps of some instruments. */
  readonly zeroFrequency: 'skip' | 'refuse';
}

/** The fields of a row or of a header, without blanks, quotes and empty fields at the end. */
export function splitFields(line: string, separator: Separator): string[] {
  const text = line.trimEnd();
  const parts =
    separator === ' '
      ? text.trim().split(/\s+/)
      : separator === 'wide'
        ? text.trim().split(/\s{2,}/)
        : text.split(separator);
  const fields = parts.map((part) => unquoted(part.trim()));
  while (fields.at(-1) === '') fields.pop();
  return fields;
}

/** What most likely stands between the fields of a row of numbers. */
export function separatorOf(line: string): Separator {
  for (const separator of ['\t', ';', ','] as const) if (line.includes(separator)) return separator;
  return ' ';
}

/** True when every field of the line is a number, so that it is a row and not a header. */
export function isNumericRow(line: string): boolean {
  const fields = splitFields(line, separatorOf(line));
  return fields.length > 0 && fields.every(looksNumeric);
}

/**
 * Reads rows of numbers into a spectrum, in the order of the file.
 * @throws Fault fileFormat with line and column of each bad row, at most ten
 */
export function readImpedanceRows(file: TextFile, layout: RowLayout): Spectrum {
  const points: ImpedancePoint[] = [];
  const problems: Problem[] = [];
  for (let index = layout.from; index < layout.to; index += 1) {
    const line = file.lines[index] ?? '';
    if (line.trim() === '' || line.startsWith('#')) continue;
    try {
      const point = readRow(line, layout, atLine(file, index));
      if (point) points.push(point);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(...error.problems);
      if (problems.length >= PROBLEMS_MAX) break;
    }
    if (points.length > SPECTRUM_POINTS_MAX) {
      throw badFile(atLine(file, index), `more than ${SPECTRUM_POINTS_MAX} points; too many`);
    }
  }
  if (problems.length > 0) throw new Fault('fileFormat', problems);
  if (points.length === 0) {
    throw badFile(
      atLine(file, Math.max(layout.from - 1, 0)),
      'no row of frequency, real and imaginary part follows; expected at least one',
    );
  }
  return { points };
}

/** @returns undefined for a row that the layout lets one skip */
function readRow(line: string, layout: RowLayout, where: string): ImpedancePoint | undefined {
  const { columns, separator } = layout;
  const fields = splitFields(line, separator);
  if (fields.length !== columns.count) {
    throw badFile(where, `found ${fields.length} columns; expected ${columns.count}`);
  }
  const read = ({ index, factor }: ImpedanceColumn): number => {
    const place = `${where}, column ${index + 1}`;
    const value = parseNumber(fields[index] ?? '', place, layout.decimalComma) * factor;
    if (!Number.isFinite(value)) throw badFile(place, `"${fields[index]}" is too large`);
    return value;
  };
  const frequencyHertz = read(columns.frequency);
  if (frequencyHertz === 0 && layout.zeroFrequency === 'skip') return undefined;
  if (frequencyHertz <= 0) {
    const place = `${where}, column ${columns.frequency.index + 1}`;
    throw badFile(place, `frequency ${frequencyHertz} Hz; expected more than 0`);
  }
  const standardErrorOhm = readErrors(fields, layout, where);
  return {
    frequencyHertz,
    zRealOhm: read(columns.real),
    zImagOhm: read(columns.imaginary),
    ...(standardErrorOhm && { standardErrorOhm }),
  };
}

/**
 * Undefined without columns for them, and for a point that has none: an empty field, NaN or 0.
 * Whoever needs them says which points lack them; the impedance itself is as good without.
 */
function readErrors(
  fields: readonly string[],
  { columns, decimalComma }: RowLayout,
  where: string,
): ImpedancePoint['standardErrorOhm'] {
  if (!columns.errors) return undefined;
  const read = ({ index, factor }: ImpedanceColumn): number => {
    const field = fields[index] ?? '';
    if (field === '' || field.toLowerCase() === 'nan') return 0;
    const place = `${where}, column ${index + 1}`;
    const value = parseNumber(field, place, decimalComma) * factor;
    if (value >= 0 && Number.isFinite(value)) return value;
    throw badFile(place, `standard error "${field}"; expected a positive number`);
  };
  const [real, imag] = [read(columns.errors.real), read(columns.errors.imaginary)];
  return real > 0 && imag > 0 ? { real, imag } : undefined;
}

/** Quotes only in pairs: a single one at the end is the double prime of an imaginary part. */
function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).trim()
    : text;
}
