import type { Clock } from '../../src/domain/clock.ts';
import {
  RANGES,
  SOURCE_AMPERE,
  SOURCE_VOLT,
  settingsAfterReset,
} from './keithley-2450-settings.ts';
import { exponential, isAboveRange } from './keithley-numbers.ts';
import { type KeithleyMeterOptions, keithleyOutput } from './keithley-output.ts';
import { ScpiFailure } from './scpi-parameters.ts';
import type { SmuOutput } from './smu-output.ts';
import { type Quantity, rangeInUse } from './smu-quantities.ts';

/** One quantity with its zero at one cycle of the power line. */
const READING_SECOND = 0.06;

/** Status of the source of a reading, 2450 manual 8-29. */
const SOURCE_STATUS = { readBack: 8, limit: 32, sense: 64, output: 128 } as const;
const OVERFLOW = 9.9e37;

interface Taken {
  readonly SOUR: number;
  readonly READ: number;
  readonly SEC: number;
  readonly FRAC: number;
  readonly SOURSTAT: number;
}

/** One thing that a reading in the buffer tells. */
export type ReadingElement = keyof Taken;

/** The analogue side of a simulated 2450: its output, its settings, and its one buffer. */
export class Keithley2450Meter {
  readonly output: SmuOutput;
  readonly #clock: Clock;
  readonly #clockError: number;
  #settings = settingsAfterReset();
  #buffer: Taken[] = [];

  constructor(options: KeithleyMeterOptions) {
    this.#clock = options.clock;
    this.#clockError = options.clockError;
    this.output = keithleyOutput('2450', { volt: SOURCE_VOLT, ampere: SOURCE_AMPERE }, options);
  }

  /** Others after each reset. */
  get settings() {
    return this.#settings;
  }

  /** Readings in the buffer. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** As after `*RST`: its output off. */
  reset(): void {
    this.#settings = settingsAfterReset();
    this.clear();
    this.output.switch(false);
    this.output.setOffMode('NORM');
    this.apply();
  }

  /** Empties the buffer. */
  clear(): void {
    this.#buffer = [];
  }

  /** Hands the settings to the output. */
  apply(): void {
    const { function: source, level, sourceRange, limit, senseRange } = this.#settings;
    this.output.setCurrentRange(source === 'CURR' ? sourceRange.CURR : senseRange.CURR);
    this.output.set({
      source: source === 'CURR' ? 'current' : 'voltage',
      level: level[source],
      range: sourceRange[source],
      limit: source === 'CURR' ? limit.VOLT : limit.CURR,
    });
  }

  /** Takes a reading into the buffer. @returns what it reads; the signal's reason when it aborts */
  async measure(signal: AbortSignal): Promise<number> {
    await this.output.hold(READING_SECOND, signal);
    const taken = this.#take();
    const { bufferSize, isContinuous } = this.#settings;
    if (this.#buffer.length >= bufferSize && isContinuous) this.#buffer.shift();
    if (this.#buffer.length < bufferSize) this.#buffer.push(taken);
    return taken.READ;
  }

  /** Nominal value of the range in which a quantity is measured now. */
  rangeInUse(quantity: Quantity): number {
    const { output } = this;
    const { limit } = this.#settings;
    return rangeInUse(quantity, this.#settings, { ranges: RANGES, limit, output });
  }

  /**
   * Readings of the buffer as `:TRACe:DATA?` tells them, from the first to the last, counted from 1.
   * @throws ScpiFailure when they are not all there
   */
  bufferText(first: number, last: number, elements: readonly ReadingElement[]): string {
    const chosen = this.#buffer.slice(first - 1, last);
    if (last < first || chosen.length !== last - first + 1) throw new ScpiFailure(-222);
    return chosen
      .flatMap((taken) => elements.map((element) => spokenElement(element, taken[element])))
      .join(',');
  }

  #take(): Taken {
    const { function: source, measured, level, readsBack, isRemoteSense } = this.#settings;
    const range = { VOLT: this.rangeInUse('VOLT'), CURR: this.rangeInUse('CURR') };
    const metered = this.output.measure({ volt: range.VOLT, ampere: range.CURR });
    const shown = { VOLT: metered.voltageVolt, CURR: metered.currentAmpere };
    const value = shown[measured];
    const isOver = isAboveRange(value, range[measured]);
    const utcSecond = this.#clock.utcMs() / 1000 + this.#clock.nowSecond() * this.#clockError;
    return {
      SOUR: readsBack[source] ? shown[source] : level[source],
      READ: isOver ? OVERFLOW : value,
      SEC: Math.floor(utcSecond),
      FRAC: utcSecond - Math.floor(utcSecond),
      SOURSTAT:
        (readsBack[source] ? SOURCE_STATUS.readBack : 0) +
        (metered.isLimited ? SOURCE_STATUS.limit : 0) +
        (isRemoteSense[measured] ? SOURCE_STATUS.sense : 0) +
        (this.output.isOn ? SOURCE_STATUS.output : 0),
    };
  }
}

/** 16 digits, as `:FORM:ASC:PREC 16` asks for. */
export function spoken(value: number): string {
  return exponential(value, { digits: 15, hasSign: false });
}

/** Seconds and bits are whole numbers. */
function spokenElement(element: keyof Taken, value: number): string {
  return element === 'SEC' || element === 'SOURSTAT' ? String(value) : spoken(value);
}
