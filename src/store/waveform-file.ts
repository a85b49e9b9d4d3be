import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';
import type { WaveformSpool, WaveformSpoolFactory } from '../domain/run-store.ts';
import type { ImpedanceWaveform } from '../domain/waveform.ts';
import { freeBytes } from './disk-space.ts';
import { FREE_BYTES_MIN, mebibytes } from './scan-spool.ts';
import { syncFolder } from './sqlite-file.ts';
import { checkFileName } from './volume-spool.ts';

/** Largest file of waveforms unless the factory is told otherwise. */
export const WAVEFORMS_FILE_BYTES_MAX = 256 * 2 ** 20;
/** What the columns of a file of waveforms are; a line each sample, its time from the first one. */
export const WAVEFORM_COLUMNS = [
  'point_index',
  'frequency_hertz',
  'time_second',
  'potential_volt',
  'current_ampere',
] as const;
const TIME_DIGITS = 9;

/** Writes the waveforms of each spectrum into `<spectrumId>.waveforms.csv` in one folder. */
export class FileWaveformSpoolFactory implements WaveformSpoolFactory {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #freeBytes: (folder: string) => number;

  /**
   * @param folder the run's folder
   * @param freeBytesOf what the disk of a folder has left; asked of the system unless given
   */
  constructor(
    folder: string,
    bytesMax: number = WAVEFORMS_FILE_BYTES_MAX,
    freeBytesOf: (folder: string) => number = freeBytes,
  ) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#freeBytes = freeBytesOf;
  }

  refusal(bytes: number): string | undefined {
    const free = this.#freeBytes(this.#folder);
    if (!(free - bytes < FREE_BYTES_MIN)) return undefined;
    return `they may take ${mebibytes(bytes)} of the ${mebibytes(free)} that are free, and ${mebibytes(FREE_BYTES_MIN)} are kept for samples and events`;
  }

  /** @throws Fault badInput for an id that is no file name, storage when its file exists */
  open(spectrumId: string): WaveformSpool {
    checkFileName(spectrumId);
    return new FileWaveformSpool(this.#folder, `${spectrumId}.waveforms.csv`, this.#bytesMax);
  }
}

class FileWaveformSpool implements WaveformSpool {
  readonly name: string;
  readonly #folder: string;
  readonly #path: string;
  readonly #bytesMax: number;
  #bytes = 0;
  #handle: number | undefined;

  constructor(folder: string, name: string, bytesMax: number) {
    this.name = name;
    this.#folder = folder;
    this.#path = join(folder, name);
    this.#bytesMax = bytesMax;
    try {
      mkdirSync(folder, { recursive: true });
      this.#handle = openSync(this.#path, 'wx');
    } catch (error) {
      throw asFault(error, this.#path, 'storage');
    }
    this.#write(`${WAVEFORM_COLUMNS.join(',')}\n`);
  }

  /** The lines of one point are written together: what a kill leaves is whole points. */
  add(pointIndex: number, frequencyHertz: number, waveform: ImpedanceWaveform): void {
    this.#write(linesOf(pointIndex, frequencyHertz, waveform));
  }

  finish(): void {
    if (this.#handle === undefined) return;
    try {
      fsyncSync(this.#handle);
      this.#close();
      syncFolder(this.#folder);
    } catch (error) {
      this.#close();
      throw asFault(error, this.#path, 'storage');
    }
  }

  #write(text: string): void {
    if (this.#handle === undefined) {
      throw new Fault('storage', { where: this.#path, message: 'is finished or failed' });
    }
    const bytes = Buffer.from(text);
    if (this.#bytes + bytes.length > this.#bytesMax) {
      const message = `the waveforms of one spectrum may take ${this.#bytesMax} bytes; plan fewer points`;
      throw new Fault('capacity', { where: this.#path, message });
    }
    try {
      const written = writeSync(this.#handle, bytes);
      // A short write is how a full disk announces itself before it refuses.
      if (written !== bytes.length) throw new Error(`${written} of ${bytes.length} bytes written`);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#close();
      throw asFault(error, this.#path, 'storage');
    }
  }

  #close(): void {
    if (this.#handle === undefined) return;
    const handle = this.#handle;
    this.#handle = undefined;
    closeSync(handle);
  }
}

function linesOf(pointIndex: number, frequencyHertz: number, waveform: ImpedanceWaveform): string {
  const { samplingHertz, potentialVolt, currentAmpere } = waveform;
  const lines: string[] = [];
  for (const [k, volt] of potentialVolt.entries()) {
    const timeSecond = Number((k / samplingHertz).toPrecision(TIME_DIGITS));
    lines.push(`${pointIndex},${frequencyHertz},${timeSecond},${volt},${currentAmpere[k]}\n`);
  }
  return lines.join('');
}
