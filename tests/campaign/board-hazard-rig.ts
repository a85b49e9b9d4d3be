import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SharedBoard } from '../../hardware/board/shared-board.ts';
import type { PlantTruth } from '../../hardware/driver.ts';
import { openRig } from '../../hardware/registry.ts';
import { type Alarm, alarmsOf } from '../../src/domain/alarm.ts';
import { Bus } from '../../src/domain/bus.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { Fault } from '../../src/domain/fault.ts';
import { recipeSchema, type Safety } from '../../src/domain/recipe.ts';
import { type Rig, rigSchema } from '../../src/domain/rig.ts';
import type { EventCode } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner, type RunOutcome } from '../../src/run/runner.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import type { BoardHazardCase } from './board-hazard-cases.ts';
import { warmAndPlate } from './hazard-recipes.ts';
import type { RunEvent } from './hazard-rig.ts';

/** A run on the rig whose heater and cell relay are those of the operando board's real firmware. */

/** What is really driven, at one moment. */
export interface PinMoment {
  readonly timeSecond: number;
  readonly dutyFraction: number;
  readonly isRelayClosed: boolean;
  /** Through the cell. */
  readonly ampere: number;
  readonly cellCelsius: number;
}

export interface BoardHazardOutcome {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  readonly alarms: ReadonlyMap<EventCode, Alarm>;
  readonly safety: Safety;
  /** Just before the fault. */
  readonly before: PinMoment;
  /** Every millisecond from the fault on, through whatever is tried after the run. */
  readonly after: readonly PinMoment[];
  /** What the next start is told that no person has answered for; undefined when it succeeds. */
  readonly refusal: string | undefined;
  /** What the start after that has noted, for which a person has given a reason. */
  readonly notes: readonly string[];
}

/** The pins are looked at so often. */
export const PIN_SECOND = 0.001;
const BEFORE_SECOND = 0.01;
/** After the fault: until it is over, and as long again with the computer talking to the board. */
const WATCH_SECOND = 6;
const RUN_SECOND_MAX = 60;
/** How long a next start may take, and how long it is then watched. */
const START_SECOND_MAX = 10;
const WATCH_START_SECOND = 1;
const CELL = 'li-li3ps4-li';
const CALIBRATIONS = [
  'pt100-reference',
  'type-k-reference',
  'load-cell-reference',
  'transducer-reference',
] as const;

const never = new AbortController().signal;

/** Plays one fault while the heater is on and the cell is driven, and has the rig started again. */
export async function runBoardHazard(hazard: BoardHazardCase): Promise<BoardHazardOutcome> {
  const { seed, fault, targetCelsius } = hazard;
  const clock = new VirtualClock();
  const cell = cellSchema.parse(read(`recipes/cells/${CELL}.yaml`));
  let plant: PlantTruth | undefined;
  const witness = (truth: PlantTruth): void => {
    plant = truth;
  };
  const rig = rigOf(hazard);
  const instruments = await openRig(rig, { clock, cell, seed, recordings: undefined, witness });
  const { guard: board } = instruments;
  if (!(board instanceof SharedBoard) || !plant) throw new Error('the rig has no simulated board');
  const truth = plant;
  const writer = new MemoryWriter(clock);
  const recipe = recipeSchema.parse(parse(warmAndPlate(targetCelsius)));
  const plan = planRun(recipe, cell, instruments);
  const runner = new Runner({
    plan,
    instruments,
    clock,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: { ...memoryRunInfo(), speed: 1 },
    analyses: [],
  });
  const run = settled(runner.run());
  while (clock.nowSecond() < fault.at - BEFORE_SECOND) await clock.advance(BEFORE_SECOND);
  // The board stays in service after the run: the computer's heartbeats must not wake anything.
  const holder = {};
  await board.acquire(holder, never);
  await clock.advance(fault.at - clock.nowSecond() - PIN_SECOND);
  const before = pinsOf(truth, clock.nowSecond());
  const after: PinMoment[] = [];
  const pass = async (isOver: () => boolean, secondMax: number): Promise<void> => {
    const endSecond = clock.nowSecond() + secondMax;
    while (!isOver() && clock.nowSecond() < endSecond) {
      await clock.advance(PIN_SECOND);
      after.push(pinsOf(truth, clock.nowSecond()));
    }
  };
  const within = async <T>(work: Promise<T>): Promise<Settled<T>> => {
    const one = settled(work);
    await pass(() => one.isOver, START_SECOND_MAX);
    return one;
  };
  await pass(() => false, WATCH_SECOND);
  await pass(() => run.isOver, RUN_SECOND_MAX);
  const outcome = run.value;
  if (!outcome) throw run.error ?? new Error(`the run has not ended ${RUN_SECOND_MAX} s after`);
  await within(board.release(holder));
  const { error } = await within(board.connect(never));
  if (!error) await within(board.disconnect());
  const notes: string[] = [];
  board.listen({ onTrip: () => {}, onLost: () => {}, onNote: (note) => notes.push(note) });
  board.permitClearing({ by: 'a person', reason: 'the cause was found and mended' });
  const again = await within(board.connect(never));
  if (again.error) throw again.error;
  await pass(() => false, WATCH_START_SECOND);
  await within(board.disconnect());
  return {
    outcome,
    events: writer.of('event'),
    alarms: alarmsOf(writer.records),
    safety: plan.safety,
    before,
    after,
    refusal: refusalOf(error),
    notes,
  };
}

function rigOf({ fault, hostSilenceSecond, sensorSilenceSecond }: BoardHazardCase): Rig {
  const rig = read('hardware/rigs/board-simulated.yaml') as {
    instruments: { board: { options: { limits: object } } };
  };
  const { options } = rig.instruments.board;
  options.limits = {
    ...options.limits,
    hostSilence: `${hostSilenceSecond * 1e3} ms`,
    sensorSilence: `${sensorSilenceSecond * 1e3} ms`,
  };
  const calibrations = Object.fromEntries(
    CALIBRATIONS.map((name) => [name, read(`hardware/calibrations/${name}.yaml`)]),
  );
  return { ...rigSchema.parse({ ...rig, calibrations }), faults: [fault] };
}

function read(path: string): unknown {
  return parse(readFileSync(join(REPOSITORY, path), 'utf8'));
}

interface Settled<T> {
  readonly isOver: boolean;
  readonly value: T | undefined;
  readonly error: unknown;
}

function settled<T>(work: Promise<T>): Settled<T> {
  const found: { isOver: boolean; value: T | undefined; error: unknown } = {
    isOver: false,
    value: undefined,
    error: undefined,
  };
  work.then(
    (value) => Object.assign(found, { isOver: true, value }),
    (error: unknown) => Object.assign(found, { isOver: true, error }),
  );
  return found;
}

/** @throws the error itself when it is not the refusal of a tripped board */
function refusalOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (error instanceof Fault && error.code === 'interlock') return error.message;
  throw error;
}

function pinsOf(plant: PlantTruth, timeSecond: number): PinMoment {
  return {
    timeSecond,
    dutyFraction: plant.dutyFraction(),
    isRelayClosed: plant.isRelayClosed() ?? false,
    ampere: plant.terminalAmpere(),
    cellCelsius: plant.cellCelsius(),
  };
}
