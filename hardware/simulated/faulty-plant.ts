import type { Clock } from '../../src/domain/clock.ts';
import type { PlantTruth } from '../driver.ts';
import type { CellTerminals } from './cell-terminals.ts';
import type { FaultSchedule } from './faults.ts';
import { GassingCell, roomShiftKelvin } from './faults-room.ts';
import { FaultyTerminals } from './faults-terminals.ts';
import { RelayedTerminals } from './relayed-terminals.ts';
import type { SimulatedBench } from './simulated-bench.ts';

/** One cell in one oven, with everything that is played on them. */
export interface Plant {
  readonly terminals: CellTerminals;
  readonly pressure: { pressurePascal(): number };
  readonly truth: PlantTruth;
  /** In the lead of the cell; undefined when none is. */
  readonly relay: RelayedTerminals | undefined;
}

/** @param options `faults`: undefined when the rig plays none; `hasRelay`: in the cell's lead */
export function plantOf(
  { cell, oven }: SimulatedBench,
  options: {
    readonly faults: FaultSchedule | undefined;
    readonly clock: Clock;
    readonly hasRelay: boolean;
  },
): Plant {
  const { faults, clock, hasRelay } = options;
  const direct = faults ? new FaultyTerminals(cell, faults) : cell;
  const relay = hasRelay ? new RelayedTerminals(direct) : undefined;
  const terminals = relay ?? direct;
  const pressure = faults ? new GassingCell(cell, faults, clock) : cell;
  if (faults) oven.useRoom(() => roomShiftKelvin(faults));
  return {
    terminals,
    pressure,
    relay,
    truth: {
      cellCelsius: () => oven.cellCelsius(),
      blockCelsius: () => oven.blockCelsius(),
      dutyFraction: () => oven.dutyFraction(),
      terminalAmpere: () => terminals.currentAmpere(),
      terminalVolt: () => terminals.voltageVolt(),
      pressurePascal: () => pressure.pressurePascal(),
      isRelayClosed: () => relay?.isClosed,
    },
  };
}
