import { Fault } from '../domain/fault.ts';
import type { Bench } from './bench.ts';
import { confirmCellOff } from './cell-guard.ts';
import type { PlannedFreshCell } from './plan.ts';
import { COMPLETE, type StepEnd } from './step-end.ts';
import { settledWithin } from './waiting.ts';
import { spokenTime } from './wording.ts';

/**
 * Has the specimen exchanged for a new one, with the cell off. What was known of the one before,
 * its charge and its short, is over then.
 * @throws Fault instrumentMissing, timeout, and what the rig throws
 */
export async function runFreshCell(bench: Bench, step: PlannedFreshCell): Promise<StepEnd> {
  const { clock, instruments, journal, signal } = bench;
  if (!instruments.freshCell) {
    throw new Fault('instrumentMissing', {
      where: step.name,
      message: 'nobody can exchange the cell on this rig',
    });
  }
  await confirmCellOff(bench);
  const changing = instruments.freshCell(signal);
  const done = await settledWithin(clock, step.withinSecond, changing, signal);
  if (done.kind === 'late') {
    throw new Fault('timeout', {
      where: step.name,
      message: `the new cell was not in within ${spokenTime(step.withinSecond)}`,
    });
  }
  bench.cellIsFresh();
  journal.event({
    code: 'note',
    severity: 'info',
    message: `${step.name}: a fresh cell is in; its charge counts from 0.`,
  });
  return COMPLETE;
}
