import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PlantTruth } from '../../hardware/driver.ts';
import { openRig } from '../../hardware/registry.ts';
import { JumpingClock } from '../../hardware/simulated/faults-clock.ts';
import { type Alarm, alarmsOf } from '../../src/domain/alarm.ts';
import { Bus } from '../../src/domain/bus.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import type { Safety } from '../../src/domain/recipe.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import type { EventCode, RecordOf } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner, type RunOutcome } from '../../src/run/runner.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';

/** One run on the whole simulated rig, real drivers and all, beside somebody who knows the truth. */

export interface HazardRun {
  readonly recipe: string;
  readonly cell: string;
  readonly seed: number;
  readonly faults: readonly InjectedFault[];
  /** Without it nothing heats: the cell stands in the room. */
  readonly hasHeater: boolean;
}

export type RunEvent = RecordOf<'event'>['body'] & { readonly timeSecond: number };

/** The plant at one moment of a run. */
export interface TruthMoment {
  readonly timeSecond: number;
  readonly cellCelsius: number;
  readonly ampere: number;
  readonly volt: number;
  readonly pascal: number;
  readonly dutyFraction: number;
}

export interface HazardOutcome {
  readonly outcome: RunOutcome;
  readonly endSecond: number;
  readonly events: readonly RunEvent[];
  readonly alarms: ReadonlyMap<EventCode, Alarm>;
  readonly truth: readonly TruthMoment[];
  readonly safety: Safety;
  readonly writer: MemoryWriter;
}

/** A rig that does not end a run by then has failed. */
const RUN_SECOND_MAX = 12 * 3600;
/** The plant is watched for so long after the run: nothing may be switched on again. */
const WATCH_AFTER_SECOND = 600;

/** Runs a recipe to its end and watches the plant every second, and for ten minutes after. */
export async function runHazard(run: HazardRun): Promise<HazardOutcome> {
  const clock = new VirtualClock();
  const written = read('hardware/rigs/simulated-faults.yaml') as {
    instruments: Record<string, unknown>;
  };
  if (!run.hasHeater) delete written.instruments.heater;
  const rig = { ...rigSchema.parse({ ...written, faults: [] }), faults: [...run.faults] };
  const cell = cellSchema.parse(read(`recipes/cells/${run.cell}.yaml`));
  let plant: PlantTruth | undefined;
  const instruments = await openRig(rig, {
    clock,
    cell,
    seed: run.seed,
    recordings: undefined,
    witness: (truth) => {
      plant = truth;
    },
  });
  const writer = new MemoryWriter(clock);
  const recipe = recipeSchema.parse(parse(run.recipe));
  const plan = planRun(recipe, cell, instruments);
  const runner = new Runner({
    plan,
    instruments,
    // The wall clock that steps is the one of the whole computer.
    clock: new JumpingClock(clock, rig.faults),
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    // As in real time: what waits for a commit waits a second.
    info: { ...memoryRunInfo(), speed: 1 },
    analyses: [],
  });
  const truth: TruthMoment[] = [];
  const look = (): void => {
    if (plant) truth.push(momentOf(plant, clock.nowSecond()));
  };
  const outcome = await watched(clock, runner.run(), look);
  const endSecond = clock.nowSecond();
  for (let second = 0; second < WATCH_AFTER_SECOND; second += 1) {
    await clock.advance(1);
    look();
  }
  return {
    outcome,
    endSecond,
    events: writer.of('event'),
    alarms: alarmsOf(writer.records),
    truth,
    safety: plan.safety,
    writer,
  };
}

async function watched<T>(clock: VirtualClock, run: Promise<T>, look: () => void): Promise<T> {
  let isOver = false;
  const mark = (): void => {
    isOver = true;
  };
  run.then(mark, mark);
  for (let second = 0; second < RUN_SECOND_MAX && !isOver; second += 1) {
    await clock.advance(second === 0 ? 0 : 1);
    look();
  }
  if (!isOver) throw new Error(`the run has not ended after ${RUN_SECOND_MAX / 3600} h`);
  return run;
}

function momentOf(plant: PlantTruth, timeSecond: number): TruthMoment {
  return {
    timeSecond,
    cellCelsius: plant.cellCelsius(),
    ampere: plant.terminalAmpere(),
    volt: plant.terminalVolt(),
    pascal: plant.pressurePascal(),
    dutyFraction: plant.dutyFraction(),
  };
}

function read(path: string): unknown {
  return parse(readFileSync(join(REPOSITORY, path), 'utf8'));
}
