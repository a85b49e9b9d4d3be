/**
 * The one source of time. Order and durations come from `nowSecond`; UTC only labels records.
 */

export type CancelTimer = () => void;
export type ReleaseHold = () => void;

export interface Clock {
  /** Monotonic seconds since the clock was made. Never steps back, never jumps with UTC. */
  nowSecond(): number;
  /** UTC in milliseconds since 1970, for labels only. */
  utcMs(): number;
  /** Calls back once, `delaySecond` from now. */
  after(delaySecond: number, callback: () => void): CancelTimer;
  /**
   * Keeps simulated time still until released: for work (a fit, a reconstruction) whose answer
   * the experiment may depend on. A clock of real time cannot wait and ignores it.
   */
  hold(): ReleaseHold;
}

/** Resolves after `seconds`; rejects with the signal's reason if it aborts first. */
export function sleep(clock: Clock, seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(seconds, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
