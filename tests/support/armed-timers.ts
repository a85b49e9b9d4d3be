import type { CancelTimer, Clock } from '../../src/domain/clock.ts';

/** Counts the timers of a clock that are armed and not yet met. */
export class ArmedTimers {
  readonly #clock: Clock;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  /** Arms one; it counts until it is met or cancelled. */
  after(delaySecond: number, callback: () => void): CancelTimer {
    this.#count += 1;
    let isArmed = true;
    const disarm = (): void => {
      if (isArmed) this.#count -= 1;
      isArmed = false;
    };
    const cancel = this.#clock.after(delaySecond, () => {
      disarm();
      callback();
    });
    return () => {
      disarm();
      cancel();
    };
  }
}
