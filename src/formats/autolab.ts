import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import type { TextFile } from './text-file.ts';
import { readZTable } from './zplot.ts';

export function isAutolab(file: TextFile): boolean {
  return /^"Z60W Data File/.test(file.lines[0] ?? '');
}

/**
 * Autolab's Z60W export: the number of points, the quoted ZPlot titles, then comma-separated rows.
 * @throws Fault fileFormat with line and column
 */
export function readAutolab(file: TextFile): Spectrum {
  const titlesAt = file.lines.findIndex((line) => /^"\s*Freq/.test(line));
  if (titlesAt < 1) throw badFile(file.path, 'no line of column titles starting with "Freq (Hz)"');
  return readZTable(file, { titlesAt, from: titlesAt + 1 });
}
