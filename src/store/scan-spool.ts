import { closeSync, fsyncSync, mkdirSync, openSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';
import type { ScanSpool, ScanSpoolFactory } from '../domain/run-store.ts';
import type { Frame } from '../domain/scan.ts';
import { freeBytes, RESERVE_BYTES } from './disk-space.ts';
import {
  encodeFileHeader,
  encodeFrameHeader,
  FILE_HEADER_BYTES,
  pixelBytes,
} from './frame-file.ts';
import { syncFolder } from './sqlite-file.ts';

/** Largest frames file unless the factory is told otherwise: 64 GiB. */
export const FRAMES_FILE_BYTES_MAX = 64 * 2 ** 30;
/** Of a disk, what pictures leave to samples and events: days of both, and the reserve. */
export const FREE_BYTES_MIN = 4 * RESERVE_BYTES;
const MEBIBYTE = 2 ** 20;
const SCAN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Spools each scan into `<scanId>.frames` in one folder; frame-file.ts has the layout. */
export class FileScanSpoolFactory implements ScanSpoolFactory {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #freeBytes: (folder: string) => number;

  /**
   * @param folder the run's folder
   * @param freeBytesOf what the disk of a folder has left; asked of the system unless given
   */
  constructor(
    folder: string,
    bytesMax: number = FRAMES_FILE_BYTES_MAX,
    freeBytesOf: (folder: string) => number = freeBytes,
  ) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#freeBytes = freeBytesOf;
  }

  refusal(bytes: number): string | undefined {
    const free = this.#freeBytes(this.#folder);
    // A system that does not tell refuses nothing: the spool will say so itself.
    if (!(free - bytes < FREE_BYTES_MIN)) return undefined;
    return `its frames take ${mebibytes(bytes)} of the ${mebibytes(free)} that are free, and ${mebibytes(FREE_BYTES_MIN)} are kept for samples and events`;
  }

  /** @throws Fault badInput for an id that is no file name, storage when its file exists */
  open(scanId: string): ScanSpool {
    checkScanId(scanId);
    return new FileScanSpool(this.#folder, `${scanId}.frames`, this.#bytesMax);
  }
}

/** In words, rounded up. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MiB`;
}

/** @throws Fault badInput for an id that is no file name */
export function checkScanId(scanId: string): void {
  if (SCAN_ID.test(scanId)) return;
  throw new Fault('badInput', {
    where: `scan ${JSON.stringify(scanId.slice(0, 120))}`,
    message: 'expected 1 to 100 letters, digits, ".", "_" and "-" as a scan id',
  });
}

class FileScanSpool implements ScanSpool {
  readonly #folder: string;
  readonly #name: string;
  readonly #path: string;
  readonly #bytesMax: number;
  #bytes = 0;
  #handle: number | undefined;

  constructor(folder: string, name: string, bytesMax: number) {
    this.#folder = folder;
    this.#name = name;
    this.#path = join(folder, name);
    this.#bytesMax = bytesMax;
    try {
      mkdirSync(folder, { recursive: true });
      this.#handle = openSync(this.#path, 'wx');
    } catch (error) {
      throw asFault(error, this.#path, 'storage');
    }
    this.#write([encodeFileHeader()], FILE_HEADER_BYTES);
  }

  get name(): string {
    return this.#name;
  }

  add(frame: Frame): void {
    if (frame.pixels.length !== frame.rows * frame.columns) {
      throw new Fault('storage', {
        where: `${this.#path}, ${frame.kind} ${frame.index}`,
        message: `${frame.pixels.length} pixels, expected ${frame.rows} × ${frame.columns}`,
      });
    }
    const pixels = pixelBytes(frame.pixels);
    const header = encodeFrameHeader(frame, pixels);
    this.#write([header, pixels], header.length + pixels.length);
  }

  finish(): string {
    if (this.#handle === undefined) return this.#name;
    try {
      fsyncSync(this.#handle);
      this.#close();
      syncFolder(this.#folder);
    } catch (error) {
      this.#close();
      throw asFault(error, this.#path, 'storage');
    }
    return this.#name;
  }

  #write(parts: readonly Uint8Array[], byteCount: number): void {
    if (this.#handle === undefined) {
      throw new Fault('storage', { where: this.#path, message: 'is finished or failed' });
    }
    if (this.#bytes + byteCount > this.#bytesMax) {
      throw new Fault('capacity', {
        where: this.#path,
        message: `the frames of one scan may take ${this.#bytesMax} bytes; plan fewer views or rows`,
      });
    }
    try {
      const written = writevSync(this.#handle, parts);
      // A short write is how a full disk announces itself before it refuses.
      if (written !== byteCount) throw new Error(`${written} of ${byteCount} bytes written`);
      this.#bytes += byteCount;
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
