import type { ScanData } from './scan.ts';
import type { Spectrum } from './spectrum.ts';

/** Recorded measurements that replay instruments play back; `src/formats` reads the files. */
export interface Recordings {
  /** Every spectrum of a folder, in order of file name. @throws Fault fileMissing, fileFormat */
  readSpectra(folder: string): Promise<readonly Spectrum[]>;
  /** A whole recorded scan. @throws Fault fileMissing, fileFormat */
  readScan(source: string): Promise<ScanData>;
}
