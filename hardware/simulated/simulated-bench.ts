import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { CellModel, lithiumThicknessMetre } from './cell-model.ts';
import type { CellSimulation } from './cell-parameters.ts';
import { type OvenParameters, OvenPlant } from './oven-plant.ts';
import { Phantom } from './phantom.ts';

/** What all simulated instruments of one rig measure: one cell in one oven. */
export interface SimulatedBench {
  readonly oven: OvenPlant;
  readonly cell: CellModel;
  readonly phantom: Phantom;
}

export function simulatedBench(options: {
  readonly clock: Clock;
  readonly simulation: CellSimulation;
  readonly areaSquareMetre: number;
  readonly oven: OvenParameters;
  readonly seed: number;
}): SimulatedBench {
  const { clock, simulation, areaSquareMetre, seed } = options;
  const oven = new OvenPlant({ clock, oven: options.oven });
  const cell = new CellModel({
    clock,
    simulation,
    areaSquareMetre,
    celsius: () => oven.cellCelsius(),
    seed: deriveSeed(seed, 'cell'),
  });
  const electrolyteMetre = simulation.electrolyte.thickness;
  const lithiumAtShortMetre = lithiumThicknessMetre(simulation.lithium.shortCharge);
  const geometry = { areaSquareMetre, electrolyteMetre, lithiumAtShortMetre };
  return { oven, cell, phantom: new Phantom(geometry, seed) };
}
