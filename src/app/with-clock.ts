import type { Clock } from '../domain/clock.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';

/** Does work on the experiment's clock, driving simulated time meanwhile. */
export async function withClock<T>(
  { clock, speed }: { readonly clock: Clock; readonly speed: number },
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const driving = clock instanceof VirtualClock ? clock.drive(speed, ended.signal) : undefined;
  try {
    const done = work();
    // Without its clock simulated work would wait for ever.
    return await (driving ? Promise.race([done, driving.then(() => done)]) : done);
  } finally {
    ended.abort();
    await driving;
  }
}
