import type { Link } from '../../firmware-bridge/link.ts';
import { Fault } from '../../src/domain/fault.ts';

/**
 * A plug between a host and an instrument that can be pulled and put back. While it is out the
 * host finds no port, and the instrument, which stays on, waits for its plug.
 */
export class Plug {
  #isIn = true;
  #pulls = 0;
  #device: Link | undefined;
  #waiting = new Set<() => void>();

  get isIn(): boolean {
    return this.#isIn;
  }

  /** The host's end of a wire that would let it in all the same. */
  hostEnd(link: Link): Link {
    const whenThere = async (): Promise<void> => {
      if (this.#isIn) return;
      throw new Fault('instrumentMissing', { where: link.name, message: 'the port is gone' });
    };
    return new PluggedEnd(link, whenThere, () => 0);
  }

  /** The instrument's end. An opening that the next pull has overtaken is left to the one after. */
  deviceEnd(link: Link): Link {
    this.#device = link;
    return new PluggedEnd(
      link,
      () => this.#whenIn(),
      () => this.#pulls,
    );
  }

  /** @param half what the instrument was just sending, cut off in its middle */
  async pull(half = ''): Promise<void> {
    this.#isIn = false;
    this.#pulls += 1;
    if (half !== '' && this.#device?.isOpen) this.#device.write(new TextEncoder().encode(half));
    // What was sent is on its way before the plug is out.
    await Promise.resolve();
    await this.#device?.close();
  }

  putBack(): void {
    this.#isIn = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async #whenIn(): Promise<void> {
    if (!this.#isIn) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}

class PluggedEnd implements Link {
  readonly #link: Link;
  readonly #beforeOpen: () => Promise<void>;
  readonly #pulls: () => number;

  constructor(link: Link, beforeOpen: () => Promise<void>, pulls: () => number) {
    this.#link = link;
    this.#beforeOpen = beforeOpen;
    this.#pulls = pulls;
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#beforeOpen();
    // Switched off while the plug was out.
    if (signal.aborted) return;
    const pulls = this.#pulls();
    try {
      await this.#link.open(signal);
    } catch (error) {
      if (this.#pulls() === pulls) throw error;
    }
  }

  write(bytes: Uint8Array): void {
    this.#link.write(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onData(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#link.onClose(listener);
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
