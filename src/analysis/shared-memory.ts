/**
 * Memory that all threads share, handed out and taken back, so that what one step has used serves
 * the next: the garbage collector lets go of such memory late.
 */
export class SharedMemory {
  readonly #free: SharedArrayBuffer[] = [];

  /** The smallest free piece that holds so many bytes, or a new one; its content is anything. */
  take(byteCount: number): SharedArrayBuffer {
    const fitting = this.#free
      .filter(({ byteLength }) => byteLength >= byteCount)
      .sort((a, b) => a.byteLength - b.byteLength)[0];
    if (!fitting) return new SharedArrayBuffer(byteCount);
    this.#free.splice(this.#free.indexOf(fitting), 1);
    return fitting;
  }

  /** Nobody uses it any more. */
  give(piece: SharedArrayBuffer): void {
    this.#free.push(piece);
  }
}
