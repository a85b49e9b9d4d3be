import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';
import type { ScratchFactory, ScratchFile } from '../domain/scratch.ts';
import { freeBytesOf, readFully, writeFully } from './file-bytes.ts';
import { checkFileName } from './volume-spool.ts';

/** Largest scratch file: a scan of 2016 × 2016 × 4000 views as floats. */
export const SCRATCH_BYTES_MAX = 2 ** 36;

/** Scratch files `<name>.scratch` in one folder. */
export class FileScratchFactory implements ScratchFactory {
  readonly #folder: string;
  readonly #freeBytes: (folder: string) => Promise<number>;

  /**
   * @param folder made when it is not there
   * @param freeBytes what the disk of a folder has left; asked of the system unless given
   */
  constructor(folder: string, freeBytes: (folder: string) => Promise<number> = freeBytesOf) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  /** @throws Fault badInput for a name that is no file name; and as the contract says */
  async open(name: string, byteCount: number): Promise<ScratchFile> {
    checkFileName(name);
    const path = join(this.#folder, `${name}.scratch`);
    if (byteCount > SCRATCH_BYTES_MAX) {
      const message = `would take ${byteCount} bytes; at most ${SCRATCH_BYTES_MAX}`;
      throw new Fault('capacity', { where: path, message });
    }
    try {
      await mkdir(this.#folder, { recursive: true });
      await rm(path, { force: true });
      const free = await this.#freeBytes(this.#folder);
      if (free < byteCount) {
        const message = `needs ${byteCount} bytes, but ${free} are free on this disk; make room`;
        throw new Fault('storage', { where: path, message });
      }
      return new OpenScratchFile(path, await open(path, 'wx+'));
    } catch (error) {
      throw asFault(error, path, 'storage');
    }
  }
}

class OpenScratchFile implements ScratchFile {
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  read(target: Uint8Array, position: number): Promise<void> {
    return this.#guarded((handle) => readFully(handle, target, position, this.#path));
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#guarded((handle) => writeFully(handle, bytes, position));
  }

  async remove(): Promise<void> {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = undefined;
    await handle.close();
    await rm(this.#path, { force: true });
  }

  async #guarded(action: (handle: FileHandle) => Promise<void>): Promise<void> {
    if (!this.#handle) throw new Fault('storage', { where: this.#path, message: 'is removed' });
    try {
      await action(this.#handle);
    } catch (error) {
      throw asFault(error, this.#path, 'storage');
    }
  }
}
