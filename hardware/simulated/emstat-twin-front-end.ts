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

/** Index of the 1 nA range; each decade is three further, to 27 for 100 mA. */
const RANGE_INDEX_FIRST = 3;
const RANGE_INDEX_STEP = 3;
const RANGE_AMPERE_FIRST = 1e-9;

/** The simulated regulator works in steps: so many per waiting time, but none shorter than: */
const REGULATIONS_PER_WAIT = 10;
const REGULATION_SECOND_MIN = 1e-3;

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
    const isRegulating = this.#isCellOn && !this.isGalvanostat;
    const stepSecond = Math.max(seconds / REGULATIONS_PER_WAIT, REGULATION_SECOND_MIN);
    const endSecond = this.#clock.nowSecond() + seconds;
    while (isRegulating && endSecond - this.#clock.nowSecond() > stepSecond) {
      await sleep(this.#clock, stepSecond, signal);
      this.#regulate(stepSecond);
    }
    await sleep(this.#clock, Math.max(0, endSecond - this.#clock.nowSecond()), signal);
    if (isRegulating) this.#regulate(stepSecond);
  }

  voltage(): Measured {
    const trueVolt = this.#terminals.voltageVolt();
    const isOverloaded = Math.abs(trueVolt) > LIMITS.voltageVolt;
    const shownVolt = clamp(trueVolt, LIMITS.voltageVolt);
    return { value: shownVolt + NOISE.voltageVolt * this.#random.normal(), isOverloaded };
  }

  current(): Measured {
    const trueAmpere = this.#terminals.currentAmpere();
    const noiseAmpere = NOISE.currentOfRange * rangeAmpere(this.currentRangeIndex());
    return {
      value: trueAmpere + noiseAmpere * this.#random.normal(),
      isOverloaded: this.#isLimited,
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
   * Corrects the current by the voltage error over the resistance the cell shows to a change that
   * lasts `stepSecond`: with the resistance of a shorter time the steps would overshoot and grow.
   */
  #regulate(stepSecond: number): void {
    const { zRealOhm } = this.#terminals.impedance(1 / (2 * Math.PI * stepSecond));
    const errorVolt = this.#setVolt - this.#terminals.voltageVolt();
    const wantedAmpere = this.#terminals.currentAmpere() + errorVolt / zRealOhm;
    const currentAmpere = clamp(wantedAmpere, LIMITS.currentAmpere);
    this.#isLimited = currentAmpere !== wantedAmpere;
    this.#terminals.setCurrent(currentAmpere);
  }
}

function rangeAmpere(index: number): number {
  return RANGE_AMPERE_FIRST * 10 ** ((index - RANGE_INDEX_FIRST) / RANGE_INDEX_STEP);
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
