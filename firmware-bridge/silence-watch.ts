import type { CancelTimer, Clock } from '../src/domain/clock.ts';

export interface SilenceWatchOptions {
  readonly clock: Clock;
  /** Longest time between two signs of life; without it nothing is watched. */
  readonly secondMax: number | undefined;
  /** Told once, with the reason in words. */
  readonly onSilence: (reason: string) => void;
}

/** Tells when nothing has been received for too long. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #cancel: CancelTimer | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** Counts from now: at the opening, and at each sign of life. */
  restart(): void {
    const { clock, secondMax, onSilence } = this.#options;
    this.stop();
    if (secondMax === undefined) return;
    this.#cancel = clock.after(secondMax, () =>
      onSilence(`nothing was received for ${secondMax} s`),
    );
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
