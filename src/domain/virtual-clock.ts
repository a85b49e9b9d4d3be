import type { CancelTimer, Clock, ReleaseHold } from './clock.ts';

interface Timer {
  readonly dueSecond: number;
  /** Order of arming: timers due together fire in this order. */
  readonly order: number;
  readonly callback: () => void;
}

/** A lag larger than this is forgiven instead of made up for, so a picture never fast-forwards. */
const PACE_LAG_MS_MAX = 100;

/**
 * Simulated time. It moves only from timer to timer, and only when everything that was started
 * at the present moment has settled: promises run out and every hold released.
 */
export class VirtualClock implements Clock {
  readonly #originUtcMs: number;
  readonly #timers: Timer[] = [];
  #nowSecond: number;
  #armed = 0;
  #holds = 0;
  #released: (() => void) | undefined;

  /**
   * @param originUtcMs UTC label of second 0
   * @param startSecond what it shows at first: a run that is resumed goes on in its own time
   */
  constructor(originUtcMs = 0, startSecond = 0) {
    this.#originUtcMs = originUtcMs;
    this.#nowSecond = startSecond;
  }

  nowSecond(): number {
    return this.#nowSecond;
  }

  utcMs(): number {
    return this.#originUtcMs + this.#nowSecond * 1000;
  }

  after(delaySecond: number, callback: () => void): CancelTimer {
    const dueSecond = this.#nowSecond + Math.max(0, delaySecond);
    const timer: Timer = { dueSecond, order: this.#armed++, callback };
    insertInOrder(this.#timers, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  hold(): ReleaseHold {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds === 0) this.#released?.();
    };
  }

  /** Moves time forward by `seconds`, firing every timer on the way in order. */
  async advance(seconds: number): Promise<void> {
    const endSecond = this.#nowSecond + seconds;
    await this.#settle();
    for (let next = this.#timers[0]; next && next.dueSecond <= endSecond; next = this.#timers[0]) {
      this.#fire(next);
      await this.#settle();
    }
    this.#nowSecond = endSecond;
  }

  /**
   * Drives the clock until `signal` aborts.
   * @param speed simulated seconds per real second; Infinity runs from timer to timer without waiting.
   */
  async drive(speed: number, signal: AbortSignal): Promise<void> {
    let originMs = performance.now() - (this.#nowSecond / speed) * 1000;
    while (!signal.aborted) {
      await this.#settle();
      const next = this.#timers[0];
      const waitMs = next
        ? originMs + (next.dueSecond / speed) * 1000 - performance.now()
        : PACE_LAG_MS_MAX;
      // Wait in short laps: a timer armed from outside (a Stop button) may come to be the next one.
      if (waitMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, PACE_LAG_MS_MAX)));
        if (waitMs > PACE_LAG_MS_MAX || !next || next !== this.#timers[0]) continue;
      } else if (-waitMs > PACE_LAG_MS_MAX) {
        originMs += -waitMs;
      }
      if (next && !signal.aborted) this.#fire(next);
    }
  }

  #fire(timer: Timer): void {
    this.#timers.shift();
    this.#nowSecond = Math.max(this.#nowSecond, timer.dueSecond);
    timer.callback();
  }

  /**
   * Two turns of the event loop let chains of promises and in-process links run out; what a
   * released hold sets off gets its turns too, before time may move.
   */
  async #settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#holds === 0) return;
      await new Promise<void>((resolve) => {
        this.#released = resolve;
      });
      this.#released = undefined;
    }
  }
}

function insertInOrder(timers: Timer[], timer: Timer): void {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = timers[middle];
    if (other && other.dueSecond <= timer.dueSecond) low = middle + 1;
    else high = middle;
  }
  timers.splice(low, 0, timer);
}
