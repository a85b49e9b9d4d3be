import { CHANNELS } from '../domain/channel.ts';
import type { Bench } from './bench.ts';
import type { ElectricalReading } from './intake.ts';
import {
  detectShort,
  type ElectricalPoint,
  type ShortVerdict,
  WINDOW_SAMPLES_MAX,
} from './short-detector.ts';
import { SoftShortDetector, type SoftShortVerdict } from './soft-short-detector.ts';
import { spokenValue } from './wording.ts';

/** The double layer charges after the current is switched on: no short is judged so early. */
const SETTLE_SECOND = 5;

/** Contacts that come and heal for an hour are told of every so often. */
const SOFT_AGAIN_SECOND = 600;

/** Keeps the last readings of one current step for the short detectors. */
export class ShortWatch {
  #window: ElectricalPoint[] = [];
  #soft = new SoftShortDetector();
  #newestSoft: SoftShortVerdict | undefined;
  #flowStartSecond: number | undefined;
  #toldSoftSecond = Number.NEGATIVE_INFINITY;

  /** @param flowStartSecond when the current was last switched on. */
  look(reading: ElectricalReading, flowStartSecond: number): ShortVerdict | undefined {
    const { timeSecond, voltageVolt, currentAmpere, quality } = reading;
    this.#newestSoft = undefined;
    if (timeSecond - flowStartSecond < SETTLE_SECOND || quality !== 'good') return undefined;
    if (flowStartSecond !== this.#flowStartSecond) {
      // What was usual before a rest or a sweep still is; a slow rise has begun anew.
      this.#flowStartSecond = flowStartSecond;
      this.#soft = new SoftShortDetector();
    }
    const point = { timeSecond, voltageVolt, currentAmpere };
    this.#window.push(point);
    if (this.#window.length > WINDOW_SAMPLES_MAX) this.#window.shift();
    const soft = this.#soft.add(point);
    if (soft && timeSecond - this.#toldSoftSecond >= SOFT_AGAIN_SECOND) {
      this.#toldSoftSecond = timeSecond;
      this.#newestSoft = soft;
    }
    return detectShort(this.#window);
  }

  /** What the reading that was looked at last has shown of soft shorts. */
  get softShort(): SoftShortVerdict | undefined {
    return this.#newestSoft;
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
      channel: CHANNELS.voltage.name,
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

/** Writes soft shorts down: a warning that rises to an alarm unless somebody acknowledges it. */
export function reportSoftShort(
  bench: Bench,
  { kind, usualVolt, seenVolt, count }: SoftShortVerdict,
  stepName: string,
): void {
  const [usual, seen] = [spokenValue(usualVolt, 'V'), spokenValue(seenVolt, 'V')];
  // A fall has two causes, and the voltage alone does not tell which.
  const message =
    kind === 'dips'
      ? `The cell shorts softly in ${stepName}: its voltage has dipped ${count} times from ${usual} to as low as ${seen} and healed.`
      : `The cell may short softly in ${stepName}: its voltage has fallen from ${usual} to ${seen} while it should rise. Either a filament carries part of the current, or the electrode's surface has grown: then its charge-transfer resistance has fallen and the ohmic one has not.`;
  bench.journal.event({
    code: 'softShort',
    severity: 'warning',
    message,
    details: {
      channel: CHANNELS.voltage.name,
      charge_coulomb: bench.charge.chargeCoulomb,
      usual_voltage_volt: usualVolt,
      seen_voltage_volt: seenVolt,
      dips: kind === 'dips' ? count : 0,
    },
  });
}
