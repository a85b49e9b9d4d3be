import type { LivePlane, LiveSlice } from '../domain/scan.ts';
import { makePictures } from './picture.ts';
import { encodePictures } from './protocol.ts';

export interface EncodedPicture {
  readonly bytes: Uint8Array;
  /** Counts the pictures made, from 1. */
  readonly number: number;
}

/**
 * Keeps the newest live slice of each plane. Policy: those of one moment wait at most; when the
 * next moment comes first they are replaced, all of them, and counted as one. The work of encoding
 * is done when a picture is taken, not when it is offered.
 */
export class PictureSource {
  readonly #waiting = new Map<LivePlane, LiveSlice>();
  #newest: EncodedPicture | undefined;
  #dropped = 0;
  #made = 0;

  /** Moments that never left because a newer one came first. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The newest picture made so far, for a client that has just come. */
  get newest(): EncodedPicture | undefined {
    return this.#newest;
  }

  /** @param slice is kept as it is: nobody writes on the pixels of a published slice. */
  offer(slice: LiveSlice): void {
    if (this.#waiting.has(slice.plane)) {
      this.#dropped += 1;
      this.#waiting.clear();
    }
    this.#waiting.set(slice.plane, slice);
  }

  /** Makes a picture of the waiting slices, if there are any, and returns the newest picture. */
  take(): EncodedPicture | undefined {
    if (this.#waiting.size > 0) {
      this.#made += 1;
      const pictures = makePictures(Array.from(this.#waiting.values()));
      this.#newest = { bytes: encodePictures(pictures), number: this.#made };
      this.#waiting.clear();
    }
    return this.#newest;
  }
}
