import type { Writable } from 'node:stream';

/** Bytes that the host has not taken; more are dropped and counted, as by a serial adapter. */
const UNSENT_BYTES_MAX = 2 ** 20;

/** An instrument's mouth: it never waits for a host that does not listen. */
export class DroppingWriter {
  #droppedBytes = 0;

  /** Bytes that no host has taken. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** @param host undefined while there is none */
  write(host: Writable | undefined, bytes: Uint8Array): void {
    if (host && host.writableLength + bytes.length <= UNSENT_BYTES_MAX) {
      host.write(Buffer.from(bytes));
    } else {
      this.#droppedBytes += bytes.length;
    }
  }
}
