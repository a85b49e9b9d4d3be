import { Fault } from '../domain/fault.ts';
import type { Bench } from './bench.ts';
import { confirmCellOff } from './cell-guard.ts';
import type { PlannedFreshCell } from './plan.ts';
import { COMPLETE, type StepEnd } from './step-end.ts';
import { childAbort, settledWithin } from './waiting.ts';
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
  const exchanging = childAbort(signal);
  try {
    const changing = exchange(bench, step.name, exchanging.signal);
    const done = await settledWithin(clock, step.withinSecond, changing, signal);
    if (done.kind === 'late') {
      throw new Fault('timeout', {
        where: step.name,
        message: `the new cell was not in within ${spokenTime(step.withinSecond)}`,
      });
    }
  } finally {
    exchanging.end();
  }
  bench.cellIsFresh();
  bench.bus.publish('freshCell', {});
  journal.event({
    code: 'note',
    severity: 'info',
    message: `${step.name}: a fresh cell is in; its charge counts from 0.`,
  });
  return COMPLETE;
}

/** A person is asked where one does it, and says when the new cell is in. */
async function exchange(bench: Bench, where: string, signal: AbortSignal): Promise<void> {
  const { instruments } = bench;
  if (instruments.exchangedByPerson) {
    const message = `${where}: take the cell out and put a fresh one in, then let the run go on. The current is off.`;
    await bench.ask({ kind: 'freshCell', message, details: { step: where } }, signal);
  }
  await instruments.freshCell?.(signal);
}
