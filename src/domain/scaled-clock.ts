import type { CancelTimer, Clock, ReleaseHold } from './clock.ts';

/** Another clock, run faster or slower: simulated instruments that people watch in a hurry. */
export class ScaledClock implements Clock {
  readonly #clock: Clock;
  readonly #speed: number;

  /** @param speed its seconds per second of the other clock */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock;
    this.#speed = speed;
  }

  nowSecond(): number {
    return this.#clock.nowSecond() * this.#speed;
  }

  utcMs(): number {
    return this.#clock.utcMs();
  }

  after(delaySecond: number, callback: () => void): CancelTimer {
    return this.#clock.after(delaySecond / this.#speed, callback);
  }

  hold(): ReleaseHold {
    return this.#clock.hold();
  }
}
