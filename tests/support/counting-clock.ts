import type { CancelTimer, Clock, ReleaseHold } from '../../src/domain/clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { ArmedTimers } from './armed-timers.ts';

/** A virtual clock that knows how many of its timers are still armed. */
export class CountingClock implements Clock {
  readonly #inner: VirtualClock;
  readonly #timers: ArmedTimers;

  /** @param startSecond what it shows at first */
  constructor(startSecond = 0) {
    this.#inner = new VirtualClock(0, startSecond);
    this.#timers = new ArmedTimers(this.#inner);
  }

  get armedTimers(): number {
    return this.#timers.count;
  }
  nowSecond(): number {
    return this.#inner.nowSecond();
  }
  utcMs(): number {
    return this.#inner.utcMs();
  }
  after(delaySecond: number, callback: () => void): CancelTimer {
    return this.#timers.after(delaySecond, callback);
  }
  hold(): ReleaseHold {
    return this.#inner.hold();
  }
  advance(seconds: number): Promise<void> {
    return this.#inner.advance(seconds);
  }
}

/** Advances the clock until the promise settles. @throws when it has not after `secondsMax` */
export async function advanceUntil<T>(
  clock: CountingClock,
  promise: Promise<T>,
  secondsMax = 100_000,
): Promise<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let at = 0; at <= secondsMax && !settled; at += 1) {
    await clock.advance(at === 0 ? 0 : 1);
  }
  if (!settled) throw new Error(`nothing has settled after ${secondsMax} simulated seconds`);
  return promise;
}
