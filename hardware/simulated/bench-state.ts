import { z } from 'zod';
import { Fault } from '../../src/domain/fault.ts';
import type { Specimen } from '../../src/domain/instrument.ts';
import type { SimulatedBench } from './simulated-bench.ts';

const benchState = z.object({
  specimen: z.object({ exchanges: z.int().min(0), cell: z.unknown() }),
  oven: z.object({ blockCelsius: z.number(), cellCelsius: z.number() }),
});

/** The cell in its oven, as a run remembers them from one start of the software to the next. */
export function specimenOf({ cell, oven }: SimulatedBench): Specimen {
  return {
    saveState: () => ({ specimen: cell.saveState(), oven: oven.saveState() }),
    restoreState(state) {
      const { success, data } = benchState.safeParse(state);
      if (!success) {
        throw new Fault('fileFormat', {
          where: 'state of the simulated rig',
          message: 'expected what an earlier start of this software has saved',
        });
      }
      // The oven first: the cell asks it how warm it is.
      oven.restoreState(data.oven);
      cell.restoreState(data.specimen);
    },
  };
}
