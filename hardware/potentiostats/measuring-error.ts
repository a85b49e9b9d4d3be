import type { MeasuringRange, PotentiostatAccuracy } from '../../src/domain/instrument.ts';

/** What was read, and in which ranges where the instrument tells. */
export interface Measured {
  readonly voltageVolt: number;
  readonly currentAmpere: number;
  /** Full scale of the range in use. */
  readonly voltageRangeVolt?: number | undefined;
  /** Full scale of the range in use. */
  readonly currentRangeAmpere?: number | undefined;
}

/** Standard uncertainties of an electrical reading, to be spread into it. */
export interface StandardErrors {
  readonly voltageErrorVolt?: number;
  readonly currentErrorAmpere?: number;
}

/** Full scales are compared after they went through a literal of the instrument. */
const SAME_SCALE = 1e-3;

/**
 * Standard uncertainties of a reading from the maker's limits of error. Each is absent where the
 * maker states no limits, or where the reading is not a number.
 */
export function standardErrors(
  accuracy: PotentiostatAccuracy,
  { voltageVolt, currentAmpere, voltageRangeVolt, currentRangeAmpere }: Measured,
): StandardErrors {
  const voltageErrorVolt = standardError(accuracy.voltageVolt, voltageVolt, voltageRangeVolt);
  const currentErrorAmpere = standardError(
    accuracy.currentAmpere,
    currentAmpere,
    currentRangeAmpere,
  );
  return {
    ...(voltageErrorVolt === undefined ? {} : { voltageErrorVolt }),
    ...(currentErrorAmpere === undefined ? {} : { currentErrorAmpere }),
  };
}

/**
 * Limits of error ±a that say no more mean a rectangular distribution, whose standard deviation is
 * a/√3 (GUM 4.3.7).
 * @param fullScale of the range in use; without it the widest range counts, whose limit holds
 *   whatever range it was
 * @returns undefined when there are no ranges or the value is no finite number
 */
export function standardError(
  ranges: readonly MeasuringRange[],
  value: number,
  fullScale?: number,
): number | undefined {
  const range = rangeInUse(ranges, fullScale);
  if (!range || !Number.isFinite(value)) return undefined;
  return (range.gainRelative * Math.abs(value) + range.offset) / Math.sqrt(3);
}

/** A scale between two ranges is that of the next larger one, which promises less. */
function rangeInUse(
  ranges: readonly MeasuringRange[],
  fullScale: number | undefined,
): MeasuringRange | undefined {
  const widest = ranges.at(-1);
  if (fullScale === undefined) return widest;
  const needed = fullScale * (1 - SAME_SCALE);
  for (const range of ranges) if (range.fullScale >= needed) return range;
  return widest;
}
