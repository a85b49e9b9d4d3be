import type { CancelTimer, Clock } from '../src/domain/clock.ts';

export interface SilenceWatchOptions {
  readonly clock: Clock;
  /** Longest time between two signs of life; without it nothing is watched. */
  readonly silenceSecondMax?: number;
}

/** Tells when nothing has been received for too long. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #onSilence: (reason: string) => void;
  #cancel: CancelTimer | undefined;

  /** @param onSilence told once for each silence, with the reason in words */
  constructor(options: SilenceWatchOptions, onSilence: (reason: string) => void) {
    this.#options = options;
    this.#onSilence = onSilence;
  }

  /** Counts from now: at the opening, and at each sign of life. */
  restart(): void {
    const { clock, silenceSecondMax } = this.#options;
    this.stop();
    if (silenceSecondMax === undefined) return;
    this.#cancel = clock.after(silenceSecondMax, () =>
      this.#onSilence(`nothing was received for ${silenceSecondMax} s`),
    );
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
