import type { Clock } from '../../src/domain/clock.ts';
import type { PlantTruth } from '../driver.ts';
import type { CellTerminals } from './cell-terminals.ts';
import type { FaultSchedule } from './faults.ts';
import { GassingCell, roomShiftKelvin } from './faults-room.ts';
import { FaultyTerminals } from './faults-terminals.ts';
import type { SimulatedBench } from './simulated-bench.ts';

/** One cell in one oven, with everything that is played on them. */
export interface Plant {
  readonly terminals: CellTerminals;
  readonly pressure: { pressurePascal(): number };
  readonly truth: PlantTruth;
}

/** @param faults undefined when the rig plays none */
export function plantOf(
  { cell, oven }: SimulatedBench,
  faults: FaultSchedule | undefined,
  clock: Clock,
): Plant {
  const terminals = faults ? new FaultyTerminals(cell, faults) : cell;
  const pressure = faults ? new GassingCell(cell, faults, clock) : cell;
  if (faults) oven.useRoom(() => roomShiftKelvin(faults));
  return {
    terminals,
    pressure,
    truth: {
      cellCelsius: () => oven.cellCelsius(),
      blockCelsius: () => oven.blockCelsius(),
      dutyFraction: () => oven.dutyFraction(),
      terminalAmpere: () => terminals.currentAmpere(),
      terminalVolt: () => terminals.voltageVolt(),
      pressurePascal: () => pressure.pressurePascal(),
    },
  };
}
