import type { CancelTimer, Clock, ReleaseHold } from './clock.ts';

/** setTimeout fires at once past 2^31 - 1 ms (24.8 days), so longer waits go in laps. */
const LAP_MS_MAX = 2 ** 31 - 1;

/** Real time: the process's monotonic timer. */
export class SystemClock implements Clock {
  readonly #originMs: number;

  /** @param startSecond what it shows now: a run that is resumed goes on in its own time. */
  constructor(startSecond = 0) {
    this.#originMs = performance.now() - startSecond * 1000;
  }

  nowSecond(): number {
    return (performance.now() - this.#originMs) / 1000;
  }

  utcMs(): number {
    return Date.now();
  }

  after(delaySecond: number, callback: () => void): CancelTimer {
    const dueMs = performance.now() + delaySecond * 1000;
    let timer: NodeJS.Timeout;
    const lap = (): void => {
      const leftMs = dueMs - performance.now();
      timer =
        leftMs > LAP_MS_MAX
          ? setTimeout(lap, LAP_MS_MAX)
          : setTimeout(callback, Math.max(0, leftMs));
    };
    lap();
    return () => clearTimeout(timer);
  }

  hold(): ReleaseHold {
    return () => {};
  }
}
