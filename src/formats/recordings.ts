import { join, resolve } from 'node:path';
import { Fault, type Problem } from '../domain/fault.ts';
import type { Recordings } from '../domain/recordings.ts';
import type { ScanData } from '../domain/scan.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import { badFile, fileNames } from './file-access.ts';
import { readScan } from './read-scan.ts';
import { readSpectrum } from './read-spectrum.ts';

/** Spectra of one folder; more belong into several. */
export const RECORDED_SPECTRA_MAX = 10_000;

/** Recorded measurements in the folders below one data folder. */
export class FolderRecordings implements Recordings {
  readonly #dataFolder: string;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  /** @throws Fault fileMissing, or fileFormat with the problems of every file that is not one */
  async readSpectra(folder: string): Promise<readonly Spectrum[]> {
    const path = resolve(this.#dataFolder, folder);
    const names = await fileNames(path);
    if (names.length === 0 || names.length > RECORDED_SPECTRA_MAX) {
      throw badFile(path, `holds ${names.length} files; expected 1 to ${RECORDED_SPECTRA_MAX}`);
    }
    const spectra: Spectrum[] = [];
    const problems: Problem[] = [];
    for (const name of names) {
      try {
        spectra.push((await readSpectrum(join(path, name))).spectrum);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        problems.push(...error.problems);
      }
    }
    if (problems.length > 0) throw new Fault('fileFormat', problems);
    return spectra;
  }

  readScan(source: string): Promise<ScanData> {
    return readScan(resolve(this.#dataFolder, source));
  }
}
