const START = 0xf0;
const END = 0xf7;
/** Longest message of the board with room to spare; Firmata's own longer ones are passed over. */
const LENGTH_MAX = 128;

/** Takes what stands between 0xF0 and 0xF7 out of a stream of Firmata, however it is cut. */
export class SysexFramer {
  readonly #bytes = new Uint8Array(LENGTH_MAX);
  #length = 0;
  #isInside = false;

  /** @returns the messages that these bytes completed, without their marks */
  push(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (const byte of bytes) {
      if (byte === END && this.#isInside) {
        if (this.#length <= LENGTH_MAX) messages.push(this.#bytes.slice(0, this.#length));
        this.#isInside = false;
      } else if (byte >= 0x80) {
        this.#isInside = byte === START;
        this.#length = 0;
      } else if (this.#isInside) this.#take(byte);
    }
    return messages;
  }

  #take(byte: number): void {
    if (this.#length < LENGTH_MAX) this.#bytes[this.#length] = byte;
    // One beyond the limit stays one beyond: the message is passed over at its end.
    this.#length = Math.min(this.#length + 1, LENGTH_MAX + 1);
  }
}
