import { readFileSync } from 'node:fs';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { sharedData } from '../support/shared-data.ts';

/** Successive spectra of one battery. */
export const BATTERY_CYCLING: readonly string[] = Array.from(
  { length: 65 },
  (_, i) => `battery-cycling/spectrum-${String(i).padStart(3, '0')}.csv`,
);

/** Successive spectra of one redox electrolyte. */
export const REDOX_SEQUENCE: readonly string[] = Array.from(
  { length: 50 },
  (_, i) => `redox-sequence/spectrum-${String(i).padStart(2, '0')}.csv`,
);

/** Spectra of shared/data/eis whose first three columns are frequency, Re Z and Im Z. */
export function readColumns(file: string): ImpedancePoint[] {
  return numericRows(readFileSync(sharedData(`eis/${file}`), 'utf8')).map(
    ([frequencyHertz = Number.NaN, zRealOhm = Number.NaN, zImagOhm = Number.NaN]) => ({
      frequencyHertz,
      zRealOhm,
      zImagOhm,
    }),
  );
}

/** ZPlot files: frequency, amplitude, bias, time, Re Z, Im Z after "End Comments". */
export function readZPlot(file: string): ImpedancePoint[] {
  const [, table = ''] = readFileSync(sharedData(`eis/${file}`), 'utf8').split('End Comments');
  return numericRows(table).map((row) => ({
    frequencyHertz: row[0] ?? Number.NaN,
    zRealOhm: row[4] ?? Number.NaN,
    zImagOhm: row[5] ?? Number.NaN,
  }));
}

function numericRows(text: string): number[][] {
  return text
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .split(/[\s,]+/)
        .map(Number),
    )
    .filter((row) => row.length >= 3 && row.slice(0, 3).every(Number.isFinite));
}

/** Gamry files: point, time, frequency, Re Z, Im Z after the line "ZCURVE". */
export function readGamry(file: string): ImpedancePoint[] {
  const [, table = ''] = readFileSync(sharedData(`eis/${file}`), 'utf8').split('ZCURVE');
  return numericRows(table).map((row) => ({
    frequencyHertz: row[2] ?? Number.NaN,
    zRealOhm: row[3] ?? Number.NaN,
    zImagOhm: row[4] ?? Number.NaN,
  }));
}
