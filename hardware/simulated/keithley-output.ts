import type { Clock } from '../../src/domain/clock.ts';
import type { MeasuringRange } from '../../src/domain/instrument.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { type KeithleyDialect, keithleyCapability } from '../potentiostats/keithley-models.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { SmuOutput } from './smu-output.ts';

/** What the analogue side of a simulated Keithley is made with. */
export interface KeithleyMeterOptions {
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
  /** How much its clock runs fast, relative. */
  readonly clockError: number;
}

/** An output with the errors that the maker allows this family. */
export function keithleyOutput(
  family: KeithleyDialect,
  source: { readonly volt: readonly MeasuringRange[]; readonly ampere: readonly MeasuringRange[] },
  { clock, terminals, seed }: KeithleyMeterOptions,
): SmuOutput {
  const { voltageVolt, currentAmpere } = keithleyCapability(family).accuracy;
  return new SmuOutput({
    terminals,
    clock,
    seed: deriveSeed(seed, `keithley ${family} errors`),
    accuracy: {
      sourceVolt: source.volt,
      sourceAmpere: source.ampere,
      measureVolt: voltageVolt,
      measureAmpere: currentAmpere,
    },
  });
}
