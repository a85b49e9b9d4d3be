import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import { findColumns, type ImpedanceColumns } from './impedance-columns.ts';
import { readImpedanceRows, separatorOf, splitFields } from './impedance-rows.ts';
import { atLine, type TextFile } from './text-file.ts';

export function isZplot(file: TextFile): boolean {
  return /^ZPLOT/.test(file.lines[0] ?? '');
}

/**
 * ZPlot text (`.z`): comments up to `End Comments`, the titles on the line before it.
 * @throws Fault fileFormat with line and column
 */
export function readZplot(file: TextFile): Spectrum {
  const end = file.lines.findIndex((line) => line.trim() === 'End Comments');
  if (end < 1) throw badFile(file.path, 'no line "End Comments" before the data of a ZPlot file');
  return readZTable(file, { titlesAt: end - 1, from: end + 1 });
}

interface ZTable {
  readonly titlesAt: number;
  readonly from: number;
}

/**
 * The table `Freq(Hz) … Z'(a) Z''(b) …` that ZPlot brought into several programs. The declared
 * number of points is not held against the file: people trim such files by hand.
 */
export function readZTable(file: TextFile, table: ZTable): Spectrum {
  const columns = columnsIn(file.lines[table.titlesAt] ?? '', atLine(file, table.titlesAt));
  return readImpedanceRows(file, {
    columns,
    separator: separatorOf(file.lines[table.from] ?? ''),
    from: table.from,
    to: file.lines.length,
    decimalComma: 'refuse',
    zeroFrequency: 'refuse',
  });
}

function columnsIn(line: string, where: string): ImpedanceColumns {
  const titles = line.replace(/^"|"$/g, '');
  const columns = findColumns(splitFields(titles, titles.includes('\t') ? '\t' : 'wide'), where);
  if (!columns) throw badFile(where, "expected the column titles Freq(Hz), Z'(a) and Z''(b)");
  return columns;
}
