import { type ElectricalPoint, median, noiseVolt } from './short-detector.ts';

/**
 * Soft shorts while a current flows: contacts that come and heal, seen as dips of the voltage
 * along the current, and filaments that carry more and more, seen as a voltage that falls while
 * it should rise. Only a cell that takes power is judged: one that gives power falls as it should.
 */

/** A dip is this share of the running median below it, and this far out of its noise. */
const DIP_FRACTION = 0.04;
const DIP_SIGMAS = 6;
/** It ends within this share of where it began. */
const HEALED_FRACTION = 0.4;
/** One that lasts longer than so many samples is a new level. */
const DIP_SAMPLES_MAX = 12;
/** Contacts come again: so many dips within so many samples. */
export const DIPS_MIN = 3;
export const DIP_WINDOW_SAMPLES = 120;

/** The running median is over so many samples that are no dips. */
const LEVEL_SAMPLES = 21;
const LEVEL_SAMPLES_MIN = 9;

/** A fall counts when it has gone on for so long, after a time of rising, */
const FALL_SECOND_MIN = 600;
const RISE_SECOND_MIN = 600;
/** and has taken this share of the highest level, far out of its noise. */
const FALL_FRACTION = 0.15;
const FALL_SIGMAS = 10;

export interface SoftShortVerdict {
  readonly kind: 'dips' | 'falling';
  readonly usualVolt: number;
  /** The lowest of the dips, or what the voltage has fallen to. */
  readonly seenVolt: number;
  readonly count: number;
}

interface Dip {
  readonly at: number;
  readonly volt: number;
}

/** Follows one stretch of current. */
export class SoftShortDetector {
  #level: number[] = [];
  #below: number[] = [];
  #dips: Dip[] = [];
  #samples = 0;
  #startSecond: number | undefined;
  #highest: { readonly volt: number; readonly timeSecond: number } | undefined;
  #reportedFall = false;

  /** One more sample; a verdict when soft shorts have shown in it, each only once. */
  add({ timeSecond, voltageVolt, currentAmpere }: ElectricalPoint): SoftShortVerdict | undefined {
    if (currentAmpere === 0) return undefined;
    const volt = voltageVolt * Math.sign(currentAmpere);
    this.#samples += 1;
    this.#startSecond ??= timeSecond;
    if (this.#level.length < LEVEL_SAMPLES_MIN) {
      this.#keep(volt);
      return undefined;
    }
    const usualVolt = median(this.#level);
    const sigmaVolt = noiseVolt(this.#level);
    if (usualVolt <= 0) {
      this.#keep(volt);
      return undefined;
    }
    return (
      this.#dip(volt, { usualVolt, sigmaVolt }) ?? this.#fall(timeSecond, { usualVolt, sigmaVolt })
    );
  }

  #dip(volt: number, { usualVolt, sigmaVolt }: Usual): SoftShortVerdict | undefined {
    const dipVolt = Math.max(DIP_FRACTION * usualVolt, DIP_SIGMAS * sigmaVolt);
    const isBelow = usualVolt - volt > (this.#below.length > 0 ? HEALED_FRACTION : 1) * dipVolt;
    if (isBelow) {
      this.#below.push(volt);
      if (this.#below.length > DIP_SAMPLES_MAX) this.#takeAsNewLevel();
      return undefined;
    }
    const lowest = this.#below;
    this.#below = [];
    this.#keep(volt);
    // One sample alone may be a glitch of the meter.
    if (lowest.length < 2 || usualVolt - Math.min(...lowest) <= dipVolt) return undefined;
    return this.#count({ at: this.#samples, volt: Math.min(...lowest) }, usualVolt);
  }

  #count(dip: Dip, usualVolt: number): SoftShortVerdict | undefined {
    this.#dips = this.#dips.filter(({ at }) => at > this.#samples - DIP_WINDOW_SAMPLES);
    this.#dips.push(dip);
    const count = this.#dips.length;
    if (count < DIPS_MIN) return undefined;
    const seenVolt = Math.min(...this.#dips.map((one) => one.volt));
    this.#dips = [];
    return { kind: 'dips', usualVolt, seenVolt, count };
  }

  #fall(timeSecond: number, { usualVolt, sigmaVolt }: Usual): SoftShortVerdict | undefined {
    if (!this.#highest || usualVolt > this.#highest.volt) {
      this.#highest = { volt: usualVolt, timeSecond };
    }
    const { volt: highestVolt, timeSecond: highestSecond } = this.#highest;
    // What falls from the start on is nucleation, or an electrolyte that comes to its gradient.
    const roseSecond = highestSecond - (this.#startSecond ?? highestSecond);
    const isLong = timeSecond - highestSecond >= FALL_SECOND_MIN && roseSecond >= RISE_SECOND_MIN;
    const fallVolt = highestVolt - usualVolt;
    const isDeep = fallVolt > FALL_FRACTION * highestVolt && fallVolt > FALL_SIGMAS * sigmaVolt;
    if (!isLong || !isDeep || this.#reportedFall) return undefined;
    this.#reportedFall = true;
    return { kind: 'falling', usualVolt: highestVolt, seenVolt: usualVolt, count: 1 };
  }

  #takeAsNewLevel(): void {
    this.#level = this.#below.slice(-LEVEL_SAMPLES);
    this.#below = [];
  }

  #keep(volt: number): void {
    this.#level.push(volt);
    if (this.#level.length > LEVEL_SAMPLES) this.#level.shift();
  }
}

interface Usual {
  readonly usualVolt: number;
  readonly sigmaVolt: number;
}
