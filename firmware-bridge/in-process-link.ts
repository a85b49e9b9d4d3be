import { Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';

/** Bytes written but not yet delivered; the reader of a link in this process is never this late. */
const PENDING_BYTES_MAX = 16 * 2 ** 20;

/**
 * Two ends of a wire inside this process. What one end writes, the other hears in order, after
 * the present turn of the event loop's microtasks. Closing one end closes the other, as pulling a
 * plug does; either may be opened again. Bytes for an end that is not open are lost, as on a real
 * wire.
 *
 * @throws Fault (from `write`) instrumentLost when closed, capacity when the reader is 16 MiB late.
 */
export function createLinkPair(name: string): [Link, Link] {
  const near = new InProcessEnd(`${name} (near end)`);
  const far = new InProcessEnd(`${name} (far end)`);
  near.join(far);
  far.join(near);
  return [near, far];
}

class InProcessEnd implements Link {
  readonly name: string;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  #other: InProcessEnd | undefined;
  #isOpen = false;
  #pendingBytes = 0;
  /** Counts openings, so bytes written before a close are not heard after the next open. */
  #opening = 0;

  constructor(name: string) {
    this.name = name;
  }

  join(other: InProcessEnd): void {
    this.#other = other;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isOpen) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is already open' });
    }
    this.#isOpen = true;
    this.#opening += 1;
  }

  write(bytes: Uint8Array): void {
    const other = this.#other;
    if (!this.#isOpen || !other) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is closed' });
    }
    if (this.#pendingBytes + bytes.length > PENDING_BYTES_MAX) {
      throw new Fault('capacity', {
        where: this.name,
        message: `more than ${PENDING_BYTES_MAX} bytes wait for the other end to read them`,
      });
    }
    const copy = bytes.slice();
    const opening = other.#opening;
    this.#pendingBytes += copy.length;
    queueMicrotask(() => {
      this.#pendingBytes -= copy.length;
      if (other.#isOpen && other.#opening === opening) other.#hear(copy);
    });
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    this.#shut('closed by this end');
    const other = this.#other;
    if (other) other.#shut('closed by the other end');
  }

  #hear(bytes: Uint8Array): void {
    this.#data.tell(bytes);
  }

  #shut(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closed.tell(reason);
  }
}
