import type { Clock } from '../domain/clock.ts';
import type { Runner, RunOutcome } from '../run/runner.ts';
import { withClock } from './with-clock.ts';

export interface Pace {
  readonly clock: Clock;
  /** Simulated seconds per second; Infinity for as fast as possible. */
  readonly speed: number;
}

/** Runs the recipe, driving simulated time meanwhile. @throws what a simulated timer throws */
export function runToItsEnd(runner: Runner, pace: Pace): Promise<RunOutcome> {
  return withClock(pace, () => runner.run());
}
