import type { ElectricalReading } from './intake.ts';
import {
  detectShort,
  type ElectricalPoint,
  type ShortVerdict,
  WINDOW_SAMPLES_MAX,
} from './short-detector.ts';

/** Relaxation is over its fastest part, and double layers are discharged. */
const SETTLE_SECOND = 60;
/** What relaxes to less may be the end of a polarisation between two equal electrodes. */
const USUAL_VOLT_MIN = 0.3;

/**
 * A hard short without current: the voltage collapses at once and stays there. The collapse is
 * judged as under current, with the direction in which the cell would take power.
 */
export class RestCollapse {
  #window: ElectricalPoint[] = [];

  /** @param restStartSecond when the current was switched off */
  look(reading: ElectricalReading, restStartSecond: number): ShortVerdict | undefined {
    const { timeSecond, voltageVolt, quality } = reading;
    if (quality !== 'good' || timeSecond - restStartSecond < SETTLE_SECOND) return undefined;
    const currentAmpere = Math.sign(this.#window[0]?.voltageVolt ?? voltageVolt);
    this.#window.push({ timeSecond, voltageVolt, currentAmpere });
    if (this.#window.length > WINDOW_SAMPLES_MAX) this.#window.shift();
    const verdict = detectShort(this.#window);
    return verdict && verdict.usualVolt >= USUAL_VOLT_MIN ? verdict : undefined;
  }
}
