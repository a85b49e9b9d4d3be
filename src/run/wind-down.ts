import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { Potentiostat } from '../domain/instrument.ts';
import { type Connection, disconnectWithin } from './bring-up.ts';
import type { Drops } from './drops.ts';
import type { Journal } from './journal.ts';
import { settledWithin } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** Outstanding fits and reconstructions get this long after the last step. */
export const DRAIN_SECOND_MAX = 600;

/** Lets every instrument go, the last connected first; one that will not is written down. */
export async function disconnectAll(
  clock: Clock,
  journal: Journal,
  connections: readonly Connection[],
): Promise<void> {
  for (const connection of [...connections].reverse()) {
    const failure = await disconnectWithin(clock, connection);
    if (failure === undefined) continue;
    journal.event({
      code: 'instrumentFault',
      severity: 'warning',
      message: `${connection.info.id} did not disconnect cleanly: ${failure}.`,
    });
  }
}

/** Waits, with a bound, for the results of what was measured; what fails is written down. */
export async function drainAnalyses(
  clock: Clock,
  journal: Journal,
  analyses: readonly AnalysisService[],
): Promise<void> {
  const draining = Promise.allSettled(analyses.map(async (service) => service.drain()));
  const end = await settledWithin(clock, DRAIN_SECOND_MAX, draining);
  const failures =
    end.kind === 'late'
      ? [`not all results were ready ${spokenTime(DRAIN_SECOND_MAX)} after the last step`]
      : end.value.flatMap((one) =>
          one.status === 'rejected' ? [asFault(one.reason, 'analysis').message] : [],
        );
  for (const failure of failures) {
    journal.event({
      code: 'analysisFault',
      severity: 'warning',
      message: `Analysis: ${failure}.`,
    });
  }
}

/** What the line of an instrument has lost: no reading shows it. */
export function reportLosses(drops: Drops, { info, losses = {} }: Potentiostat): void {
  for (const [kind, count] of Object.entries(losses)) {
    if (count === 0) continue;
    const words = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    drops.add({
      what: kind,
      count,
      message: `On the line of ${info.id}: ${count} ${words}.`,
      details: { instrument: info.id },
    });
  }
}

/** How many values of each channel could not be stored, beyond the first, which was told then. */
export function reportUnusable(drops: Drops, counts: ReadonlyMap<string, number>): void {
  for (const [channel, count] of counts) {
    if (count < 2) continue;
    drops.add({
      what: channel,
      count,
      message: `${count} values of ${channel} were not a number and are left out.`,
      details: { channel },
    });
  }
}
