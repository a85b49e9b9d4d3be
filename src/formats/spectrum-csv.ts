import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import { findColumns, HEADERLESS_COLUMNS, type ImpedanceColumns } from './impedance-columns.ts';
import {
  isNumericRow,
  type RowLayout,
  readImpedanceRows,
  separatorOf,
  splitFields,
} from './impedance-rows.ts';
import { atLine, type TextFile } from './text-file.ts';

/** Titles and settings that may stand before the header of a table. */
const PREAMBLE_LINES_MAX = 500;

/**
 * A table of an impedance spectrum: comma, semicolon, tab or blanks between columns. With a
 * header the columns are found by name (Battery Data Format names among them) in any order and
 * others are left aside; without one there are exactly three: frequency, real, imaginary part.
 * @throws Fault fileFormat with line and column
 */
export function readSpectrumTable(
  file: TextFile,
  zeroFrequency: RowLayout['zeroFrequency'] = 'refuse',
): Spectrum {
  const header = findHeader(file);
  const firstRow = file.lines.findIndex((line, index) => index >= header.rowsFrom && isRow(line));
  return readImpedanceRows(file, {
    columns: header.columns,
    separator: separatorOf(file.lines[firstRow] ?? ''),
    from: header.rowsFrom,
    to: file.lines.length,
    decimalComma: 'refuse',
    zeroFrequency,
  });
}

interface Header {
  readonly columns: ImpedanceColumns;
  readonly rowsFrom: number;
}

function findHeader(file: TextFile): Header {
  let firstText: number | undefined;
  const last = Math.min(file.lines.length, PREAMBLE_LINES_MAX);
  for (let index = 0; index < last; index += 1) {
    const line = file.lines[index] ?? '';
    if (line.trim() === '') continue;
    if (isNumericRow(line)) {
      if (firstText !== undefined) break;
      return { columns: HEADERLESS_COLUMNS, rowsFrom: index };
    }
    const columns = columnsIn(line, atLine(file, index));
    if (columns) return { columns, rowsFrom: index + 1 };
    if (!line.startsWith('#')) firstText ??= index;
  }
  throw badFile(
    atLine(file, firstText ?? 0),
    'no known format: expected a table of impedance with columns for frequency, real and imaginary part, ' +
      'such as "frequency_hertz,real_impedance_ohm,imaginary_impedance_ohm" or "freq/Hz, Re(Z)/Ohm, -Im(Z)/Ohm", ' +
      'or three columns of numbers without a header',
  );
}

function columnsIn(line: string, where: string): ImpedanceColumns | undefined {
  const text = line.replace(/^#+/, '');
  for (const separator of ['\t', ';', ',', 'wide', ' '] as const) {
    const columns = findColumns(splitFields(text, separator), where);
    if (columns) return columns;
  }
  return undefined;
}

function isRow(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('#');
}
