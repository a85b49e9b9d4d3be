import { CHANNELS } from '../domain/channel.ts';
import type { Bench } from './bench.ts';
import type { ElectricalReading } from './intake.ts';
import {
  detectShort,
  type ElectricalPoint,
  type ShortVerdict,
  WINDOW_SAMPLES_MAX,
} from './short-detector.ts';
import { spokenValue } from './wording.ts';

/** The double layer charges after the current is switched on: no short is judged so early. */
const SETTLE_SECOND = 5;

/** Keeps the last readings of one current step for the short detector. */
export class ShortWatch {
  #window: ElectricalPoint[] = [];

  /** @param flowStartSecond when the current was last switched on. */
  look(reading: ElectricalReading, flowStartSecond: number): ShortVerdict | undefined {
    const { timeSecond, voltageVolt, currentAmpere, quality } = reading;
    if (timeSecond - flowStartSecond < SETTLE_SECOND || quality !== 'good') return undefined;
    this.#window.push({ timeSecond, voltageVolt, currentAmpere });
    if (this.#window.length > WINDOW_SAMPLES_MAX) this.#window.shift();
    return detectShort(this.#window);
  }
}

/** Writes a short down; one that the step does not end on is a reason for the safe state. */
export function reportShort(
  bench: Bench,
  { usualVolt, shortedVolt }: ShortVerdict,
  { stepName, isExpected }: { readonly stepName: string; readonly isExpected: boolean },
): void {
  const drop = `from ${spokenValue(usualVolt, 'V')} to ${spokenValue(shortedVolt, 'V')}`;
  bench.journal.event({
    code: 'cellShort',
    severity: 'alarm',
    message: `The cell has shorted: its voltage fell ${drop}. The current is cut.`,
    details: {
      charge_coulomb: bench.charge.chargeCoulomb,
      usual_voltage_volt: usualVolt,
      shorted_voltage_volt: shortedVolt,
    },
  });
  if (isExpected) return;
  bench.trip({
    channel: CHANNELS.voltage.name,
    message: `The cell has shorted in ${stepName}, which does not expect it`,
    value: shortedVolt,
  });
}
