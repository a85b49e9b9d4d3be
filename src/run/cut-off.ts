import type { RecordBody } from '../domain/run-record.ts';
import type { EngineState, OpenMeasurement } from '../domain/run-store.ts';
import type { Journal, JournalEvent } from './journal.ts';

/**
 * Writes down, in a resumed run, what an earlier start of the software has begun and not ended:
 * the part that was measured stays on record, marked as incomplete. To be called in the transaction
 * of the first state that the resumed run saves.
 */
export function markCutOff(journal: Journal, state: EngineState): void {
  for (const open of state.openMeasurements ?? []) {
    const record = cutOffRecord(open, state);
    if (record) journal.record(record);
    journal.event(cutOffEvent(open, state));
  }
}

/** Undefined where nothing of the measurement is known before its end. */
function cutOffRecord(
  open: OpenMeasurement,
  { timeSecond, chargeCoulomb }: EngineState,
): RecordBody | undefined {
  const { startSecond, startChargeCoulomb } = open;
  const span = {
    startSecond,
    stopSecond: timeSecond,
    startChargeCoulomb,
    stopChargeCoulomb: chargeCoulomb,
    complete: false,
  };
  switch (open.kind) {
    case 'spectrum': {
      const { spectrumId, pointCount } = open;
      return { kind: 'spectrum', spectrumId, pointCount, ...span };
    }
    case 'scan': {
      const { scanId, views, framesFile } = open;
      return { kind: 'scan', scanId, views, framesFile, ...span };
    }
    case 'detectorSpectrum':
    case 'phase':
      return undefined;
    default:
      return open satisfies never;
  }
}

function cutOffEvent(
  open: OpenMeasurement,
  { timeSecond, chargeCoulomb }: EngineState,
): JournalEvent {
  const span = {
    start_second: open.startSecond,
    stop_second: timeSecond,
    start_charge_coulomb: open.startChargeCoulomb,
    stop_charge_coulomb: chargeCoulomb,
    whole: false,
  };
  if (open.kind === 'phase') {
    const { phase, number, step, currentAmpere } = open;
    return {
      code: 'phase',
      severity: 'info',
      message: `${step}: ${phase} ${number} was cut off by the interruption.`,
      details: { phase, number, current_ampere: currentAmpere, ...span },
    };
  }
  const id = open.kind === 'scan' ? open.scanId : open.spectrumId;
  return {
    code: 'note',
    severity: 'warning',
    message: `${id} was cut off by the interruption; ${whatIsLeft(open)}.`,
    details: { measurement: id, ...span },
  };
}

function whatIsLeft(open: Exclude<OpenMeasurement, { readonly kind: 'phase' }>): string {
  switch (open.kind) {
    case 'spectrum':
      return `${open.pointCount} of its points are on record`;
    case 'scan':
      return `${open.views} of its views are in ${open.framesFile}`;
    case 'detectorSpectrum':
      return `nothing is left of the counts of ${open.region}`;
    default:
      return open satisfies never;
  }
}
