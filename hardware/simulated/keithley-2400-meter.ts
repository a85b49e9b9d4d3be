import type { Clock } from '../../src/domain/clock.ts';
import {
  RANGES,
  SOURCE_AMPERE,
  SOURCE_VOLT,
  settingsAfterReset,
} from './keithley-2400-settings.ts';
import { exponential, isAboveRange } from './keithley-numbers.ts';
import { type KeithleyMeterOptions, keithleyOutput } from './keithley-output.ts';
import { ScpiFailure } from './scpi-parameters.ts';
import type { SmuOutput } from './smu-output.ts';
import { type Quantity, rangeInUse } from './smu-quantities.ts';

/** Status of a reading, 2400 manual section 18, `:FORMat:ELEMents`. */
const STATUS = {
  overflow: 2 ** 0,
  compliance: 2 ** 3,
  voltsMeasured: 2 ** 11,
  ampsMeasured: 2 ** 12,
  voltSource: 2 ** 14,
  currentSource: 2 ** 15,
  remoteSense: 2 ** 22,
} as const;
const NOT_A_NUMBER = 9.91e37;
const OVERFLOW = 9.9e37;

interface Taken {
  readonly VOLT: number;
  readonly CURR: number;
  readonly TIME: number;
  readonly STAT: number;
}

/**
 * The analogue side of a simulated 2400: its output, its settings, and the newest reading in the
 * words of `:DATA?`.
 */
export class Keithley2400Meter {
  readonly output: SmuOutput;
  readonly #clock: Clock;
  readonly #clockError: number;
  #settings = settingsAfterReset();
  #latest: Taken | undefined;
  #zeroSecond = 0;

  constructor(options: KeithleyMeterOptions) {
    this.#clock = options.clock;
    this.#clockError = options.clockError;
    this.output = keithleyOutput('2400', { volt: SOURCE_VOLT, ampere: SOURCE_AMPERE }, options);
  }

  /** Others after each reset. */
  get settings() {
    return this.#settings;
  }

  /** As after `*RST`: its output off. */
  reset(): void {
    this.#settings = settingsAfterReset();
    this.#latest = undefined;
    this.zeroTime();
    this.output.switch(false);
    this.output.setOffMode('NORM');
    this.apply();
  }

  /** Readings count their time from now. */
  zeroTime(): void {
    this.#zeroSecond = this.#clock.nowSecond();
  }

  /** Hands the settings to the output. */
  apply(): void {
    const { function: source, level, sourceRange, protection } = this.#settings;
    this.output.setCurrentRange(sourceRange.CURR);
    this.output.set({
      source: source === 'CURR' ? 'current' : 'voltage',
      level: level[source],
      range: sourceRange[source],
      limit: source === 'CURR' ? protection.VOLT : protection.CURR,
    });
  }

  /** Takes a reading, which is then the newest. */
  take(): void {
    this.#latest = this.#read();
  }

  /** @throws ScpiFailure before the first reading */
  latestText(): string {
    const taken = this.#latest;
    if (!taken) throw new ScpiFailure(-230);
    const order = ['VOLT', 'CURR', 'RES', 'TIME', 'STAT'] as const;
    return order
      .filter((element) => this.#settings.elements.includes(element))
      .map((element) => spoken(element === 'RES' ? NOT_A_NUMBER : taken[element]))
      .join(',');
  }

  /** Nominal value of the range in which a quantity is measured now. */
  rangeInUse(quantity: Quantity): number {
    const { output } = this;
    const limit = this.#settings.protection;
    return rangeInUse(quantity, this.#settings, { ranges: RANGES, limit, output });
  }

  #read(): Taken {
    const { function: source, senseFunctions, isRemoteSense } = this.#settings;
    const ranges = { volt: this.rangeInUse('VOLT'), ampere: this.rangeInUse('CURR') };
    const metered = this.output.measure(ranges);
    const show = (value: number, range: number): number =>
      isAboveRange(value, range) ? OVERFLOW : value;
    const volt = show(metered.voltageVolt, ranges.volt);
    const ampere = show(metered.currentAmpere, ranges.ampere);
    const status =
      (volt === OVERFLOW || ampere === OVERFLOW ? STATUS.overflow : 0) +
      (metered.isLimited ? STATUS.compliance : 0) +
      (senseFunctions.has('VOLT') ? STATUS.voltsMeasured : 0) +
      (senseFunctions.has('CURR') ? STATUS.ampsMeasured : 0) +
      (source === 'VOLT' ? STATUS.voltSource : STATUS.currentSource) +
      (isRemoteSense ? STATUS.remoteSense : 0);
    const { level } = this.#settings;
    const elapsedSecond = (this.#clock.nowSecond() - this.#zeroSecond) * (1 + this.#clockError);
    return {
      // What is not measured is shown as it is sourced, or not at all (17-4).
      VOLT: senseFunctions.has('VOLT') ? volt : source === 'VOLT' ? level.VOLT : NOT_A_NUMBER,
      CURR: senseFunctions.has('CURR') ? ampere : source === 'CURR' ? level.CURR : NOT_A_NUMBER,
      TIME: Math.round(elapsedSecond * 1000) / 1000,
      STAT: status,
    };
  }
}

/** As the instrument writes every number. */
export function spoken(value: number): string {
  return exponential(value, { digits: 6, hasSign: true });
}
