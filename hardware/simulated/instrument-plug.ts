import type { Link } from '../../firmware-bridge/link.ts';

export interface InstrumentPlugOptions {
  /** The instrument's end. */
  readonly link: Link;
  readonly hear: (bytes: Uint8Array) => void;
  /** Called each time before the link is opened. */
  readonly onPlugIn?: () => void;
}

/**
 * The power of a simulated instrument and its end of the wire. It stays plugged in when the host
 * closes its end, and knows nothing of that.
 */
export class InstrumentPlug {
  readonly #options: InstrumentPlugOptions;
  #power: AbortController | undefined;
  #unlisten: (() => void)[] = [];

  constructor(options: InstrumentPlugOptions) {
    this.#options = options;
  }

  /** Aborts when the power goes; undefined without power. */
  get power(): AbortSignal | undefined {
    return this.#power?.signal;
  }

  /** Idempotent. */
  async switchOn(): Promise<void> {
    if (this.#power) return;
    const { link, hear } = this.#options;
    this.#power = new AbortController();
    this.#unlisten = [link.onData(hear), link.onClose(() => void this.#plugIn())];
    await this.#plugIn();
  }

  /** The link is still open then. @returns false when there was no power */
  cutPower(): boolean {
    const power = this.#power;
    if (!power) return false;
    this.#power = undefined;
    for (const unlisten of this.#unlisten) unlisten();
    power.abort(new Error('the power is gone'));
    return true;
  }

  async #plugIn(): Promise<void> {
    const { link, onPlugIn } = this.#options;
    if (!this.#power || link.isOpen) return;
    onPlugIn?.();
    await link.open(this.#power.signal);
  }
}
