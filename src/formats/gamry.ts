import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import { findColumns } from './impedance-columns.ts';
import { readImpedanceRows, splitFields } from './impedance-rows.ts';
import { atLine, type TextFile } from './text-file.ts';

const TABLE = /^ZCURVE\tTABLE/;

export function isGamry(file: TextFile): boolean {
  return (file.lines[0] ?? '').trim() === 'EXPLAIN';
}

/**
 * Gamry Framework data (`.DTA`), potentiostatic, galvanostatic or hybrid: the table ZCURVE with a
 * line of titles, a line of units and rows that start with a tab.
 * @throws Fault fileFormat with line and column
 */
export function readGamry(file: TextFile): Spectrum {
  const tables = file.lines.flatMap((line, index) => (TABLE.test(line) ? [index] : []));
  const [table, second] = tables;
  if (table === undefined) {
    throw badFile(file.path, 'no table ZCURVE; expected the data of an impedance experiment');
  }
  if (second !== undefined) {
    throw badFile(atLine(file, second), 'a second table ZCURVE; expected one spectrum per file');
  }
  const titles = splitFields(file.lines[table + 1] ?? '', '\t');
  const units = splitFields(file.lines[table + 2] ?? '', '\t');
  const columns = findColumns(
    titles.map((title, index) => `${title} (${units[index] ?? ''})`),
    atLine(file, table + 1),
  );
  if (!columns) {
    throw badFile(atLine(file, table + 1), 'expected the column titles Freq, Zreal and Zimag');
  }
  const from = table + 3;
  const after = file.lines.findIndex((line, index) => index >= from && !line.startsWith('\t'));
  return readImpedanceRows(file, {
    columns,
    separator: '\t',
    from,
    to: after < 0 ? file.lines.length : after,
    decimalComma: 'accept',
    zeroFrequency: 'refuse',
  });
}
