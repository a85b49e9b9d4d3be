import type { Spectrum } from '../domain/spectrum.ts';
import { badFile } from './file-access.ts';
import { findColumns } from './impedance-columns.ts';
import { readImpedanceRows, splitFields } from './impedance-rows.ts';
import { atLine, type TextFile } from './text-file.ts';

export function isVersaStudio(file: TextFile): boolean {
  return file.lines[0]?.trim() === '<Application>' && file.lines[1]?.trim() === 'Name=VersaStudio';
}

/**
 * VersaStudio (`.par`): segments of comma-separated rows under a line `Definition=`. Rows at 0 Hz
 * are direct-current readings.
 * @throws Fault fileFormat with line and column, or when several segments hold impedance
 */
export function readVersaStudio(file: TextFile): Spectrum {
  const spectra = file.lines.flatMap((line, index) =>
    /^<Segment\d+>/.test(line) ? readSegment(file, index) : [],
  );
  const [only] = spectra;
  if (!only || spectra.length > 1) {
    throw badFile(file.path, `${spectra.length} segments hold impedance; expected one`);
  }
  return only;
}

/** The spectrum of a segment in a list, empty when the segment measured something else. */
function readSegment(file: TextFile, start: number): Spectrum[] {
  const closing = file.lines.findIndex((line, index) => index > start && /^<\/Segment/.test(line));
  if (closing < 0) throw badFile(atLine(file, start), 'the segment has no end: file cut short');
  const definition = file.lines.findIndex(
    (line, index) => index > start && index < closing && line.startsWith('Definition='),
  );
  if (definition < 0) return [];
  // The list of titles ends in a lone 0 that names no column.
  const list = (file.lines[definition] ?? '').replace('Definition=', '').replace(/,\s*0\s*$/, '');
  const titles = splitFields(list, ',');
  const columns = findColumns(titles, atLine(file, definition));
  const { index: frequencyAt } = columns?.frequency ?? { index: -1 };
  const hasSweep = file.lines
    .slice(definition + 1, closing)
    .some((line) => Number(splitFields(line, ',')[frequencyAt]) > 0);
  if (!columns || !hasSweep) return [];
  return [
    readImpedanceRows(file, {
      columns,
      separator: ',',
      from: definition + 1,
      to: closing,
      decimalComma: 'refuse',
      zeroFrequency: 'skip',
    }),
  ];
}
