import { openRig } from '../../hardware/registry.ts';
import { Bus } from '../../src/domain/bus.ts';
import type { Cell } from '../../src/domain/cell.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { type Rig, rigSchema } from '../../src/domain/rig.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { RUN_INFO } from '../support/scripted-run.ts';

/** A rig that is a potentiostat and nothing else. */
export function potentiostatRig(potentiostat: object): Rig {
  return rigSchema.parse({ rig: 'test', title: 'Test', instruments: { potentiostat } });
}

/** The instruments of such a rig, through their real drivers. */
export function openPotentiostat(
  potentiostat: object,
  { clock, cell }: { readonly clock: Clock; readonly cell: Cell },
): Promise<Instruments> {
  return openRig(potentiostatRig(potentiostat), { clock, cell, seed: 1, recordings: undefined });
}

/** A recipe by a real runner, to its end. */
export async function runRecipe(options: {
  readonly recipe: Recipe;
  readonly cell: Cell;
  readonly instruments: Instruments;
  readonly clock: Clock;
  /** Waits for the end, and moves the clock where the test has to. */
  readonly ended: <T>(work: Promise<T>) => Promise<T>;
}) {
  const { recipe, cell, instruments, clock, ended } = options;
  const writer = new MemoryWriter(clock);
  const runner = new Runner({
    plan: planRun(recipe, cell, instruments, []),
    instruments,
    clock,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: { ...RUN_INFO, cell: cell.cell, instruments: [instruments.potentiostat.info] },
    analyses: [],
  });
  const outcome = await ended(runner.run());
  const steps = writer.of('step');
  return {
    outcome,
    writer,
    samples: writer.of('sample'),
    steps,
    endings: steps
      .filter(({ state }) => state === 'ended')
      .map(({ stepId, endedBy }) => `${stepId} ${endedBy}`),
    alarms: writer.of('event').filter(({ severity }) => severity !== 'info'),
  };
}
