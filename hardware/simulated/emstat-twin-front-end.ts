import { type Clock, sleep } from '../../src/domain/clock.ts';
import type { Random } from '../../src/domain/random.ts';
import type { CellTerminals } from './cell-terminals.ts';

/** Limits of an EmStat4 HR. */
export const LIMITS = {
  voltageVolt: 6,
  currentAmpere: 0.1,
  frequencyHertz: 200e3,
} as const;

/** Values of `set_pgstat_mode`. */
export const PGSTAT_MODE = {
  off: 0,
  lowSpeed: 2,
  highSpeed: 3,
  maxRange: 4,
  galvanostat: 6,
} as const;

/** Standard deviations of what is measured. */
export const NOISE = {
  voltageVolt: 20e-6,
  /** Of the full scale of the current range. */
  currentOfRange: 1e-4,
  /** Of the modulus, for each of real and imaginary part. */
  impedanceOfModulus: 1e-3,
} as const;

export interface Measured {
  readonly value: number;
  readonly isOverloaded: boolean;
}

export interface MeasuredCurrent extends Measured {
  readonly isUnderloaded: boolean;
}

/** Below this share of its range a current is underloaded: an EmStat Pico has it at 0.8 to 1.6 %. */
const UNDERLOAD_OF_RANGE = 0.01;

/** Index of the 1 nA range; each decade is three further, to 27 for 100 mA. */
const RANGE_INDEX_FIRST = 3;
const RANGE_INDEX_STEP = 3;
const RANGE_AMPERE_FIRST = 1e-9;

/** The simulated regulator works in steps: so many per waiting time, but none shorter than: */
const REGULATIONS_PER_WAIT = 10;
const REGULATION_SECOND_MIN = 1e-3;
/** So many of the shortest steps end each wait: what is measured then is held to its last µV. */
const SETTLING_STEPS = 4;

/** The analogue side of the simulated instrument: its cell switch, its two regulators, its meters. */
export class FrontEnd {
  readonly #terminals: CellTerminals;
  readonly #clock: Clock;
  readonly #random: Random;
  #mode: number = PGSTAT_MODE.off;
  #isCellOn = false;
  #setVolt = 0;
  #setAmpere = 0;
  #isLimited = false;

  constructor(terminals: CellTerminals, clock: Clock, random: Random) {
    this.#terminals = terminals;
    this.#clock = clock;
    this.#random = random;
  }

  get isCellOn(): boolean {
    return this.#isCellOn;
  }

  get isGalvanostat(): boolean {
    return this.#mode === PGSTAT_MODE.galvanostat;
  }

  /** What the potentiostat is told to hold. */
  get appliedVolt(): number {
    return this.#setVolt;
  }

  get isOff(): boolean {
    return this.#mode === PGSTAT_MODE.off;
  }

  /** Changing the mode opens the cell. */
  setMode(mode: number): void {
    this.cellOff();
    this.#mode = mode;
  }

  setVoltage(voltageVolt: number): void {
    this.#setVolt = voltageVolt;
    if (this.#isCellOn && !this.isGalvanostat) this.#regulate(REGULATION_SECOND_MIN);
  }

  setCurrent(currentAmpere: number): void {
    this.#setAmpere = currentAmpere;
    if (this.#isCellOn && this.isGalvanostat) this.#terminals.setCurrent(currentAmpere);
  }

  cellOn(): void {
    this.#isCellOn = true;
    if (this.isGalvanostat) this.#terminals.setCurrent(this.#setAmpere);
    else this.#regulate(REGULATION_SECOND_MIN);
  }

  cellOff(): void {
    this.#isCellOn = false;
    this.#terminals.setOpen();
  }

  /** Lets time pass while the regulator does its work. */
  async hold(seconds: number, signal: AbortSignal): Promise<void> {
    const endSecond = this.#clock.nowSecond() + seconds;
    const isRegulating = this.#isCellOn && !this.isGalvanostat;
    const times = isRegulating ? regulationTimes(this.#clock.nowSecond(), endSecond) : [endSecond];
    for (const dueSecond of times) {
      const waitSecond = Math.max(0, dueSecond - this.#clock.nowSecond());
      await sleep(this.#clock, waitSecond, signal);
      if (isRegulating) this.#regulate(Math.max(waitSecond, REGULATION_SECOND_MIN));
    }
  }

  voltage(): Measured {
    const trueVolt = this.#terminals.voltageVolt();
    const isOverloaded = Math.abs(trueVolt) > LIMITS.voltageVolt;
    const shownVolt = clamp(trueVolt, LIMITS.voltageVolt);
    return { value: shownVolt + NOISE.voltageVolt * this.#random.normal(), isOverloaded };
  }

  current(): MeasuredCurrent {
    const trueAmpere = this.#terminals.currentAmpere();
    const fullScaleAmpere = rangeAmpere(this.currentRangeIndex());
    const noiseAmpere = NOISE.currentOfRange * fullScaleAmpere;
    return {
      value: trueAmpere + noiseAmpere * this.#random.normal(),
      isOverloaded: this.#isLimited,
      isUnderloaded: Math.abs(trueAmpere) < UNDERLOAD_OF_RANGE * fullScaleAmpere,
    };
  }

  impedance(frequencyHertz: number): { zRealOhm: number; zImagOhm: number } {
    const { zRealOhm, zImagOhm } = this.#terminals.impedance(frequencyHertz);
    const sigmaOhm = NOISE.impedanceOfModulus * Math.hypot(zRealOhm, zImagOhm);
    return {
      zRealOhm: zRealOhm + sigmaOhm * this.#random.normal(),
      zImagOhm: zImagOhm + sigmaOhm * this.#random.normal(),
    };
  }

  /** Autoranging: the smallest range that holds the present current. */
  currentRangeIndex(): number {
    const neededAmpere = Math.abs(this.#terminals.currentAmpere());
    let index = RANGE_INDEX_FIRST;
    while (rangeAmpere(index) < neededAmpere && rangeAmpere(index) < LIMITS.currentAmpere) {
      index += RANGE_INDEX_STEP;
    }
    return index;
  }

  /**
   * Corrects the current by the voltage error over the impedance the cell shows to a change that
   * lasts `stepSecond`: with that of a shorter time the steps would overshoot and grow. Its modulus
   * counts, because a battery answers a long step as a capacitor does.
   */
  #regulate(stepSecond: number): void {
    const { zRealOhm, zImagOhm } = this.#terminals.impedance(1 / (2 * Math.PI * stepSecond));
    const errorVolt = this.#setVolt - this.#terminals.voltageVolt();
    const wantedAmpere =
      this.#terminals.currentAmpere() + errorVolt / Math.hypot(zRealOhm, zImagOhm);
    const currentAmpere = clamp(wantedAmpere, LIMITS.currentAmpere);
    this.#isLimited = currentAmpere !== wantedAmpere;
    this.#terminals.setCurrent(currentAmpere);
  }
}

/** Even steps, then a few of the shortest, the last one at the end of the wait. */
function* regulationTimes(startSecond: number, endSecond: number): Generator<number> {
  const settleSecond = endSecond - SETTLING_STEPS * REGULATION_SECOND_MIN;
  const stepSecond = Math.max(
    (endSecond - startSecond) / REGULATIONS_PER_WAIT,
    REGULATION_SECOND_MIN,
  );
  for (let at = startSecond + stepSecond; at < settleSecond; at += stepSecond) yield at;
  for (let left = SETTLING_STEPS; left >= 0; left -= 1) {
    const at = endSecond - left * REGULATION_SECOND_MIN;
    if (at > startSecond || left === 0) yield at;
  }
}

function rangeAmpere(index: number): number {
  return RANGE_AMPERE_FIRST * 10 ** ((index - RANGE_INDEX_FIRST) / RANGE_INDEX_STEP);
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
