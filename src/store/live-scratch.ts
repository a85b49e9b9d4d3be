import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';
import type { LiveScratch, LiveScratchFactory } from '../domain/live-scratch.ts';

/** Makes each scratch a file of its own, which is deleted when it is closed. */
export class FileLiveScratchFactory implements LiveScratchFactory {
  open(path: string, slotLength: number, slotsMax: number): LiveScratch {
    return new FileLiveScratch(path, slotLength, slotsMax);
  }
}

/** Slots side by side in one file, which grows as they are used. */
class FileLiveScratch implements LiveScratch {
  readonly #path: string;
  readonly #slotBytes: number;
  readonly #slotsMax: number;
  #handle: number | undefined;

  constructor(path: string, slotLength: number, slotsMax: number) {
    this.#path = path;
    this.#slotBytes = slotLength * Float32Array.BYTES_PER_ELEMENT;
    this.#slotsMax = slotsMax;
    try {
      checkRoom(path, this.#slotBytes * slotsMax);
      this.#handle = openSync(path, 'w+');
    } catch (error) {
      throw asFault(error, path, 'storage');
    }
  }

  write(slot: number, values: Float32Array): void {
    const { handle, offset, bytes } = this.#slot(slot, values);
    this.#transfer(bytes, (from) =>
      writeSync(handle, bytes, from, bytes.length - from, offset + from),
    );
  }

  read(slot: number, target: Float32Array): void {
    const { handle, offset, bytes } = this.#slot(slot, target);
    this.#transfer(bytes, (from) =>
      readSync(handle, bytes, from, bytes.length - from, offset + from),
    );
  }

  close(): void {
    if (this.#handle === undefined) return;
    closeSync(this.#handle);
    this.#handle = undefined;
    rmSync(this.#path, { force: true });
  }

  #slot(slot: number, values: Float32Array) {
    const handle = this.#handle;
    const isOne = Number.isInteger(slot) && slot >= 0 && slot < this.#slotsMax;
    if (handle === undefined || !isOne || values.byteLength !== this.#slotBytes) {
      throw new Fault('storage', {
        where: this.#path,
        message: `slot ${slot} with ${values.byteLength} bytes; expected slots 0 to ${this.#slotsMax - 1} of ${this.#slotBytes} bytes, in a file that is open`,
      });
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { handle, offset: slot * this.#slotBytes, bytes };
  }

  /** The system may move less than was asked for; nothing at all means that it will not. */
  #transfer(bytes: Uint8Array, move: (from: number) => number): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        const moved = move(done);
        if (moved === 0) throw new Error(`${done} of ${bytes.length} bytes; the rest is not there`);
        done += moved;
      }
    } catch (error) {
      throw asFault(error, this.#path, 'storage');
    }
  }
}

/** Said before a scan, not in its middle. */
function checkRoom(path: string, needed: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new Fault('storage', {
    where: path,
    message: `${needed} bytes are needed to keep a scan's projections for the live slices of the next, ${free} are free`,
  });
}
