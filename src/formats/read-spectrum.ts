import type { Spectrum } from '../domain/spectrum.ts';
import { isAutolab, readAutolab } from './autolab.ts';
import { isBiologicMpt, readBiologicMpt } from './biologic-mpt.ts';
import { isGamry, readGamry } from './gamry.ts';
import { isParstat, readParstat } from './parstat.ts';
import { readSpectrumTable } from './spectrum-csv.ts';
import { readTextFile, type TextFile } from './text-file.ts';
import { isVersaStudio, readVersaStudio } from './versastudio.ts';
import { isZplot, readZplot } from './zplot.ts';

export interface SpectrumFile {
  readonly spectrum: Spectrum;
  /** Name of the format as people know it. */
  readonly format: string;
}

interface SpectrumFormat {
  readonly name: string;
  readonly recognises: (file: TextFile) => boolean;
  readonly read: (file: TextFile) => Spectrum;
}

/** The first that recognises the content reads it; the extension says nothing. */
const FORMATS: readonly SpectrumFormat[] = [
  { name: 'EC-Lab text', recognises: isBiologicMpt, read: readBiologicMpt },
  { name: 'ZPlot', recognises: isZplot, read: readZplot },
  { name: 'Gamry DTA', recognises: isGamry, read: readGamry },
  { name: 'Autolab Z60W', recognises: isAutolab, read: readAutolab },
  { name: 'VersaStudio', recognises: isVersaStudio, read: readVersaStudio },
  { name: 'PARSTAT text', recognises: isParstat, read: readParstat },
  { name: 'table', recognises: () => true, read: (file) => readSpectrumTable(file) },
];

/**
 * Reads an impedance spectrum from a file of any known format.
 * @throws Fault fileMissing, fileFormat with line and column and what was expected
 */
export async function readSpectrum(path: string): Promise<SpectrumFile> {
  return spectrumOf(await readTextFile(path));
}

/** Reads a spectrum from text in memory. @throws Fault fileFormat */
export function spectrumOf(file: TextFile): SpectrumFile {
  for (const { name, recognises, read } of FORMATS) {
    if (recognises(file)) return { spectrum: read(file), format: name };
  }
  throw new Error('unreachable: the last format recognises everything');
}
