import type { Spectrum } from '../domain/spectrum.ts';
import { readSpectrumTable } from './spectrum-csv.ts';
import type { TextFile } from './text-file.ts';

export function isParstat(file: TextFile): boolean {
  return /^Potential \(V\)\tCurrent \(A\)\tElapsed Time \(s\)\tFrequency \(Hz\)/.test(
    file.lines[0] ?? '',
  );
}

/**
 * PARSTAT text: every reading of an experiment in one table. Those at 0 Hz belong to the
 * direct-current steps around the sweep and are left out.
 * @throws Fault fileFormat with line and column
 */
export function readParstat(file: TextFile): Spectrum {
  return readSpectrumTable(file, 'skip');
}
