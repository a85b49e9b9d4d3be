import type { Clock } from '../domain/clock.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import type { Runner, RunOutcome } from '../run/runner.ts';

export interface Pace {
  readonly clock: Clock;
  /** Simulated seconds per second; Infinity for as fast as possible. */
  readonly speed: number;
}

/** Runs the recipe, driving simulated time meanwhile. @throws what a simulated timer throws */
export async function runToItsEnd(runner: Runner, { clock, speed }: Pace): Promise<RunOutcome> {
  const ended = new AbortController();
  const driving = clock instanceof VirtualClock ? clock.drive(speed, ended.signal) : undefined;
  try {
    const outcome = runner.run();
    // Without its clock a simulated run would wait for ever.
    return await (driving ? Promise.race([outcome, driving.then(() => outcome)]) : outcome);
  } finally {
    ended.abort();
    await driving;
  }
}
