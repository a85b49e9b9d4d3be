import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openRig } from '../../hardware/registry.ts';
import { JumpingClock } from '../../hardware/simulated/faults-clock.ts';
import { Bus } from '../../src/domain/bus.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { type Recipe, recipeSchema } from '../../src/domain/recipe.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';

/** A fault as a rig file writes it. */
export interface WrittenFault {
  readonly name: string;
  readonly at: string;
  readonly for?: string;
  readonly sensor?: string;
  readonly seed?: number;
}

/** Plating in a warm cell, with limits that a sound cell never comes near. */
export const PLATING = `
recipe: plating
title: Warm plating
safety:
  temperature: { max: "80 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
  pressure: { max: "8 MPa" }
steps:
  - { name: warm, technique: soak, temperature: "50 °C", tolerance: "1 °C", dwell: "5 min", within: "40 min" }
  - name: plate
    technique: constantCurrent
    current: "0.4 mA/cm²"
    record: { every: "5 s" }
    until: { any: [{ time: "90 min" }] }`;

function read(path: string): unknown {
  return parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
}

export function recipeOfText(text: string): Recipe {
  return recipeSchema.parse(parse(text));
}

/** Runs a recipe on the whole simulated rig, real drivers and all, with these faults. */
export async function runWithFaults(
  faults: readonly WrittenFault[],
  recipeText = PLATING,
  cellName = 'li-li3ps4-li',
) {
  const rig = rigSchema.parse({
    ...(read('hardware/rigs/simulated-faults.yaml') as object),
    faults,
  });
  const cell = cellSchema.parse(read(`recipes/cells/${cellName}.yaml`));
  const clock = new CountingClock();
  const instruments = await openRig(rig, { clock, cell, seed: 1, recordings: undefined });
  const writer = new MemoryWriter(clock);
  // The wall clock that steps is the one of the whole computer.
  const stepping = new JumpingClock(clock, rig.faults ?? []);
  const runner = new Runner({
    plan: planRun(recipeOfText(recipeText), cell, instruments),
    instruments,
    clock: stepping,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: memoryRunInfo(),
    analyses: [],
  });
  const outcome = await advanceUntil(clock, runner.run());
  const events = writer.of('event');
  const halt = events.find(({ code }) => code === 'interlock' || code === 'instrumentFault');
  return { outcome, writer, events, haltSecond: halt?.timeSecond, runner, clock };
}
