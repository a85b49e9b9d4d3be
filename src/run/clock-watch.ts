import type { Clock } from '../domain/clock.ts';
import type { JournalEvent } from './journal.ts';

/** Smaller steps are the rounding of clocks, not somebody setting one. */
export const CLOCK_STEP_MS_MIN = 50;

export interface ClockStep {
  /** On the experiment's clock, which does not step. */
  readonly fromSecond: number;
  readonly utcAtZeroMs: number;
  readonly event: JournalEvent;
}

/**
 * Notices that the wall clock was set: a computer without a battery clock starts in the past and
 * jumps by hours when the network tells it the time.
 */
export class ClockWatch {
  readonly #clock: Clock;
  #utcAtZeroMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#utcAtZeroMs = utcAtZeroMs(clock);
  }

  /** What has happened since the last look; undefined while UTC runs with the clock. */
  look(): ClockStep | undefined {
    const atZeroMs = utcAtZeroMs(this.#clock);
    const stepMs = atZeroMs - this.#utcAtZeroMs;
    if (Math.abs(stepMs) <= CLOCK_STEP_MS_MIN) return undefined;
    this.#utcAtZeroMs = atZeroMs;
    const way = stepMs > 0 ? 'forward' : 'back';
    const second = Math.abs(stepMs) / 1000;
    return {
      fromSecond: this.#clock.nowSecond(),
      utcAtZeroMs: atZeroMs,
      event: {
        code: 'clockStep',
        severity: 'warning',
        message: `The clock of this computer was set ${way} by ${Number(second.toPrecision(6))} s; the times of the run are not touched, only their labels in UTC.`,
        details: { step_second: stepMs / 1000 },
      },
    };
  }
}

/** UTC label of second 0 of a clock, in ms. */
export function utcAtZeroMs(clock: Clock): number {
  return clock.utcMs() - clock.nowSecond() * 1000;
}
