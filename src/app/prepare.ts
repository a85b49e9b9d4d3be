import { openRig } from '../../hardware/registry.ts';
import { JumpingClock } from '../../hardware/simulated/faults-clock.ts';
import { type Cell, cellSchema } from '../domain/cell.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { InstrumentInfo, Instruments } from '../domain/instrument.ts';
import { type Recipe, recipeSchema } from '../domain/recipe.ts';
import { type Rig, rigSchema } from '../domain/rig.ts';
import type { RunInfo } from '../domain/run-record.ts';
import { FolderRecordings } from '../formats/recordings.ts';
import type { RunPlan } from '../run/plan.ts';
import { planRun } from '../run/planner.ts';
import { loadRig } from './load-rig.ts';
import { type LoadedFile, loadYaml, parseYaml } from './load-yaml.ts';

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
  /** The experiment's clock, with the steps of its wall time that the rig plays on purpose. */
  readonly clock: Clock;
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
  const rig = attempt(problems, () => loadRig(files.rig));
  const cell = attempt(problems, () => loadYaml(files.cell, cellSchema));
  if (!recipe || !rig || !cell) throw new Fault('badInput', problems);
  return assemble({ recipe, rig, cell }, { clock, seed, data: files.data });
}

/**
 * The instruments of a rig alone, without a recipe: nothing is connected.
 * @throws Fault with every problem of the two files at once
 */
export async function prepareRig(
  files: Pick<ExperimentFiles, 'rig' | 'cell'>,
  clock: Clock,
  seed: number,
): Promise<{ readonly rig: LoadedFile<Rig>; readonly instruments: Instruments }> {
  const problems: Problem[] = [];
  const rig = attempt(problems, () => loadRig(files.rig));
  const cell = attempt(problems, () => loadYaml(files.cell, cellSchema));
  if (!rig || !cell) throw new Fault('badInput', problems);
  const context = { clock, cell: cell.value, seed, recordings: undefined };
  return { rig, instruments: await inFile(rig, () => openRig(rig.value, context)) };
}

/**
 * An experiment from the texts that a run has kept of its files.
 * @throws Fault as above; where the software has changed since, it may understand them differently
 */
export async function prepareAgain(
  sources: RunInfo['sources'],
  options: AssembleOptions,
): Promise<PreparedExperiment> {
  const recipe = parseYaml('recipe of the run', sources.recipe, recipeSchema);
  const rig = parseYaml('rig of the run', sources.rig, rigSchema);
  const cell = parseYaml('cell of the run', sources.cell, cellSchema);
  return assemble({ recipe, rig, cell }, options);
}

export interface AssembleOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Folder of recordings for rigs that replay them. */
  readonly data: string | undefined;
}

async function assemble(
  { recipe, rig, cell }: Pick<PreparedExperiment, 'recipe' | 'rig' | 'cell'>,
  { clock, seed, data }: AssembleOptions,
): Promise<PreparedExperiment> {
  const recordings = data === undefined ? undefined : new FolderRecordings(data);
  const context = { clock, cell: cell.value, seed, recordings };
  const instruments = await inFile(rig, () => openRig(rig.value, context));
  const assumptions = [...recipe.assumptions, ...cell.assumptions];
  const plan = await inFile(recipe, async () =>
    planRun(recipe.value, cell.value, instruments, assumptions),
  );
  const { faults } = rig.value;
  const steppingClock = faults ? new JumpingClock(clock, faults) : clock;
  return { recipe, rig, cell, instruments, plan, clock: steppingClock };
}

export function allInstruments(instruments: Instruments): readonly InstrumentInfo[] {
  const { guard, potentiostat, sensors, heater, scanner, spectrometer } = instruments;
  return [
    ...(guard ? [guard] : []),
    potentiostat,
    ...sensors,
    ...(heater ? [heater] : []),
    ...(scanner ? [scanner] : []),
    ...(spectrometer ? [spectrometer] : []),
  ].map(({ info }) => info);
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

/** Puts the file's name and line before the key path of each problem found in it. */
async function inFile<T>(file: LoadedFile<unknown>, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(
      error.code,
      error.problems.map(({ where, message }) => ({ where: file.placeOf(where), message })),
      error,
    );
  }
}
