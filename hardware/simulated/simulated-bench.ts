import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { lithiumThicknessMetre } from './cell-interior.ts';
import { CellModel } from './cell-model.ts';
import type { CellSimulation } from './cell-parameters.ts';
import { type OvenParameters, OvenPlant } from './oven-plant.ts';
import { Phantom } from './phantom.ts';
import { SimulatedSpecimen } from './simulated-specimen.ts';

/** What all simulated instruments of one rig measure: one cell in one oven. */
export interface SimulatedBench {
  readonly oven: OvenPlant;
  readonly cell: SimulatedSpecimen;
}

export function simulatedBench(options: {
  readonly clock: Clock;
  readonly simulation: CellSimulation;
  readonly areaSquareMetre: number;
  readonly oven: OvenParameters;
  readonly seed: number;
}): SimulatedBench {
  const { clock, simulation, areaSquareMetre, seed } = options;
  const geometry = {
    areaSquareMetre,
    electrolyteMetre: simulation.electrolyte.thickness,
    lithiumAtShortMetre: lithiumThicknessMetre(simulation.lithium?.shortCharge ?? 0),
  };
  // The cell warms the oven and the oven the cell; neither asks before both are there.
  const oven: OvenPlant = new OvenPlant({
    clock,
    oven: options.oven,
    cellHeatWatt: () => cell.heatWatt(),
  });
  const celsius = (): number => oven.cellCelsius();
  const cell = new SimulatedSpecimen(
    (one) => ({
      cell: new CellModel({
        clock,
        simulation,
        areaSquareMetre,
        celsius,
        seed: deriveSeed(one, 'cell'),
      }),
      phantom: new Phantom(geometry, one),
    }),
    seed,
  );
  return { oven, cell };
}
