import type { Instruments } from '../domain/instrument.ts';
import type { RunInfo } from '../domain/run-record.ts';
import { injectedFaultEvents } from './injected-fault-events.ts';
import type { JournalEvent } from './journal.ts';
import type { RunPlan } from './plan.ts';
import { planDigest } from './plan-digest.ts';
import { spokenTime } from './wording.ts';

/** What is written down first of all: the run, what was made wrong on purpose, what is assumed. */
export function announcement(
  info: RunInfo,
  plan: RunPlan,
  instruments: Instruments,
): readonly JournalEvent[] {
  return [
    {
      code: 'runStarted',
      severity: 'info',
      message: `Run ${info.runId} of recipe ${plan.recipe} on cell ${info.cell}: ${plan.stepCount} steps, at most ${spokenTime(plan.longestSecond)}.`,
      details: {
        step_count: plan.stepCount,
        longest_second: plan.longestSecond,
        plan_digest: planDigest(plan),
      },
    },
    ...injectedFaultEvents(instruments),
    ...plan.assumptions.map(
      ({ path, assume, reason }): JournalEvent => ({
        code: 'note',
        severity: 'info',
        message: `${path} is assumed to be ${assume}, for its source does not give it: ${reason}.`,
        details: { key: path, assumed: assume },
      }),
    ),
  ];
}
