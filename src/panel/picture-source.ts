import type { LiveSlice } from '../domain/scan.ts';
import { makePicture } from './picture.ts';
import { encodePicture } from './protocol.ts';

export interface EncodedPicture {
  readonly bytes: Uint8Array;
  /** Counts the pictures made, from 1. */
  readonly number: number;
}

/**
 * Keeps the newest live slice. Policy: one waits at most, a newer one replaces it, what was
 * replaced is counted. The work of encoding is done when a picture is taken, not when it is
 * offered, so a fast scan costs one copy per view.
 */
export class PictureSource {
  #waiting: LiveSlice | undefined;
  #newest: EncodedPicture | undefined;
  #copy = new Float32Array(0);
  #dropped = 0;
  #made = 0;

  /** Pictures that never left because a newer one came first. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The newest picture made so far, for a client that has just come. */
  get newest(): EncodedPicture | undefined {
    return this.#newest;
  }

  /** Copies the slice: its pixels belong to the reconstruction, which goes on writing them. */
  offer(slice: LiveSlice): void {
    if (this.#waiting) this.#dropped += 1;
    if (this.#copy.length !== slice.pixels.length) {
      this.#copy = new Float32Array(slice.pixels.length);
    }
    this.#copy.set(slice.pixels);
    this.#waiting = { ...slice, pixels: this.#copy };
  }

  /** Makes a picture of the waiting slice, if there is one, and returns the newest picture. */
  take(): EncodedPicture | undefined {
    if (this.#waiting) {
      this.#made += 1;
      this.#newest = { bytes: encodePicture(makePicture(this.#waiting)), number: this.#made };
      this.#waiting = undefined;
    }
    return this.#newest;
  }
}
