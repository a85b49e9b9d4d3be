import type { Clock } from '../domain/clock.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import type { Runner, RunOutcome } from '../run/runner.ts';
import { onInterruption } from './interruption.ts';

export interface Pace {
  readonly clock: Clock;
  /** Simulated seconds per second; Infinity for as fast as possible. */
  readonly speed: number;
  readonly tell: (sentence: string) => void;
}

/** Drives simulated time while the recipe runs; an interruption takes the rig to its safe state. */
export async function runToItsEnd(
  runner: Runner,
  { clock, speed, tell }: Pace,
): Promise<RunOutcome> {
  const ended = new AbortController();
  const driving = clock instanceof VirtualClock ? clock.drive(speed, ended.signal) : undefined;
  const release = onInterruption((signal) => {
    tell(`${signal}: going to the safe state`);
    runner.stop(signal).catch((error: unknown) => tell(String(error)));
  });
  try {
    return await runner.run();
  } finally {
    release();
    ended.abort();
    await driving;
  }
}
