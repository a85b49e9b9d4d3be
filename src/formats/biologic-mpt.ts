import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import { findColumns } from './impedance-columns.ts';
import { readImpedanceRows, splitFields } from './impedance-rows.ts';
import { parseNumber } from './parse-number.ts';
import { atLine, type TextFile } from './text-file.ts';

const HEADER_COUNT = /^Nb header lines\s*:\s*(\d+)\s*$/;

export function isBiologicMpt(file: TextFile): boolean {
  return file.lines.slice(0, 5).some((line) => HEADER_COUNT.test(line));
}

/**
 * EC-Lab text export of an impedance technique: tab-separated, the column titles on the last of
 * the declared header lines, `-Im(Z)` with the sign turned.
 * @throws Fault fileFormat with line and column
 */
export function readBiologicMpt(file: TextFile): Spectrum {
  const declaration = file.lines.findIndex((line) => HEADER_COUNT.test(line));
  const headerLines = Number(HEADER_COUNT.exec(file.lines[declaration] ?? '')?.[1]);
  const headerIndex = headerLines - 1;
  if (headerIndex <= declaration || headerIndex >= file.lines.length) {
    throw badFile(
      atLine(file, declaration),
      `declares ${headerLines} header lines; expected more than ${declaration + 1} and at most ${file.lines.length}, the length of the file`,
    );
  }
  const titles = splitFields(file.lines[headerIndex] ?? '', '\t');
  const columns = findColumns(titles, atLine(file, headerIndex));
  if (!columns) {
    throw badFile(
      atLine(file, headerIndex),
      'expected the columns freq/Hz, Re(Z)/Ohm and -Im(Z)/Ohm of an impedance technique',
    );
  }
  checkSingleCycle(file, headerIndex, titles.indexOf('cycle number'));
  return readImpedanceRows(file, {
    columns,
    separator: '\t',
    from: headerLines,
    to: file.lines.length,
    decimalComma: 'accept',
    zeroFrequency: 'skip',
  });
}

/** Cycles measured one after another are several spectra: joining them would be a false one. */
function checkSingleCycle(file: TextFile, headerIndex: number, column: number): void {
  if (column < 0) return;
  let first: number | undefined;
  for (let index = headerIndex + 1; index < file.lines.length; index += 1) {
    const field = splitFields(file.lines[index] ?? '', '\t')[column];
    if (field === undefined || field === '') continue;
    const cycle = parseNumber(field, `${atLine(file, index)}, column ${column + 1}`, 'accept');
    first ??= cycle;
    if (cycle !== first) {
      throw badFile(
        atLine(file, index),
        `cycle number ${cycle} begins after ${first}; expected one spectrum per file: export each cycle by itself`,
      );
    }
  }
}
