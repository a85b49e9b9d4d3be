import { openRig } from '../../hardware/registry.ts';
import { type Cell, cellSchema } from '../domain/cell.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { InstrumentInfo, Instruments } from '../domain/instrument.ts';
import { type Recipe, recipeSchema } from '../domain/recipe.ts';
import { type Rig, rigSchema } from '../domain/rig.ts';
import { FolderRecordings } from '../formats/recordings.ts';
import type { RunPlan } from '../run/plan.ts';
import { planRun } from '../run/planner.ts';
import { type LoadedFile, loadYaml } from './load-yaml.ts';

export interface ExperimentFiles {
  readonly recipe: string;
  readonly rig: string;
  readonly cell: string;
  /** Folder of recordings for rigs that replay them. */
  readonly data: string | undefined;
}

/** Everything that is known and checked before anything moves. */
export interface PreparedExperiment {
  readonly recipe: LoadedFile<Recipe>;
  readonly rig: LoadedFile<Rig>;
  readonly cell: LoadedFile<Cell>;
  readonly instruments: Instruments;
  readonly plan: RunPlan;
}

/**
 * Reads the files, opens the rig (without connecting to it) and plans the run.
 * @throws Fault with every problem of the three files at once; nothing has been touched then
 */
export async function prepareExperiment(
  files: ExperimentFiles,
  clock: Clock,
  seed: number,
): Promise<PreparedExperiment> {
  const problems: Problem[] = [];
  const recipe = attempt(problems, () => loadYaml(files.recipe, recipeSchema));
  const rig = attempt(problems, () => loadYaml(files.rig, rigSchema));
  const cell = attempt(problems, () => loadYaml(files.cell, cellSchema));
  if (!recipe || !rig || !cell) throw new Fault('badInput', problems);
  const recordings = files.data === undefined ? undefined : new FolderRecordings(files.data);
  const context = { clock, cell: cell.value, seed, recordings };
  const instruments = await inFile(files.rig, () => openRig(rig.value, context));
  const plan = await inFile(files.recipe, async () =>
    planRun(recipe.value, cell.value, instruments),
  );
  return { recipe, rig, cell, instruments, plan };
}

export function allInstruments(instruments: Instruments): readonly InstrumentInfo[] {
  const { potentiostat, sensors, heater, scanner } = instruments;
  return [potentiostat, ...sensors, ...(heater ? [heater] : []), ...(scanner ? [scanner] : [])].map(
    ({ info }) => info,
  );
}

function attempt<T>(problems: Problem[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** Puts the file's name before the key path of each problem found in it. */
async function inFile<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(
      error.code,
      error.problems.map(({ where, message }) => ({ where: `${path}: ${where}`, message })),
      error,
    );
  }
}
