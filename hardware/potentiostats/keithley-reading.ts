import type { PotentiostatAccuracy, Reading } from '../../src/domain/instrument.ts';
import type { Quality } from '../../src/domain/sample.ts';
import type { SmuReading } from './keithley-dialect.ts';
import { nominalRange } from './keithley-models.ts';
import type { SmuPlan } from './keithley-plan.ts';
import { standardErrors } from './measuring-error.ts';

/** What a reading is judged by. */
export interface ReadingContext {
  readonly plan: SmuPlan;
  readonly accuracy: PotentiostatAccuracy;
  /** As the instrument names it. */
  readonly currentRangeAmpere: number | undefined;
  readonly timeSecond: number;
  readonly isLate: boolean;
}

/** A reading of the instrument with its time, its errors and how far it can be trusted. */
export function readingOf(
  reading: SmuReading,
  { plan, accuracy, currentRangeAmpere, timeSecond, isLate }: ReadingContext,
): Extract<Reading, { kind: 'electrical' }> {
  const { voltageVolt, currentAmpere } = reading;
  const quality = qualityOf(reading, isLate);
  if (plan.source === 'current' && plan.isOpenCircuit) {
    const { voltageErrorVolt } = standardErrors(accuracy, {
      voltageVolt,
      currentAmpere: 0,
      voltageRangeVolt: plan.senseRangeVolt,
    });
    return {
      kind: 'electrical',
      timeSecond,
      voltageVolt,
      currentAmpere: 0,
      quality,
      ...(voltageErrorVolt !== undefined && { voltageErrorVolt }),
    };
  }
  const range =
    currentRangeAmpere === undefined
      ? undefined
      : nominalRange(accuracy.currentAmpere, currentRangeAmpere);
  const errors = standardErrors(accuracy, {
    voltageVolt,
    currentAmpere,
    voltageRangeVolt: plan.source === 'current' ? plan.senseRangeVolt : plan.sourceRange,
    currentRangeAmpere: range,
  });
  return {
    kind: 'electrical',
    timeSecond,
    voltageVolt,
    currentAmpere,
    quality,
    ...errors,
    ...(range !== undefined && { currentRangeAmpere: range }),
  };
}

function qualityOf(reading: SmuReading, isLate: boolean): Quality {
  const { voltageVolt, currentAmpere, isLimited, isOverflow } = reading;
  if (isLimited || isOverflow) return 'overload';
  if (!Number.isFinite(voltageVolt) || !Number.isFinite(currentAmpere)) return 'bad';
  return isLate ? 'late' : 'good';
}
