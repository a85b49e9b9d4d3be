import { LinearEstimate } from './linear-estimate.ts';

/** What duty and temperature are usual now is learned over this. */
const USUAL_SECOND = 300;
/** The noise of what is not explained is learned over this. */
const LOCAL_SECOND = 450;
/** The room drifts through the day: the offset follows it this slowly. */
const OFFSET_SECOND = 1800;
/** By how much at most, °C. */
const ROOM_KELVIN_MAX = 5;
/** A law is never trusted better than to this share of what has changed lately. */
const CHANGE_SHARE = 0.15;
/** Between two lags of the list the right one is told less well. */
const LAGGED_CHANGE_SHARE = 0.35;
const SIGMAS = 6;
/** Rounding of a thermometer alone, °C over the window. */
const UNEXPLAINED_KELVIN_MIN = 0.08;
/** A change of the duty by this is one that shows how well the law is followed. */
const EXCITED_DUTY = 0.05;
/** How little is known before the first window: gain °C/s, loss 1/s, offset and rest of heat °C/s. */
const PRIOR_VARIANCES = [1e3, 1, 1e3, 1e3] as const;

/** What a thermometer and its heater have done between two moments. */
export interface Window {
  readonly second: number;
  readonly gainedKelvin: number;
  /** Integral of the duty as it arrives at the thermometer. */
  readonly dutySecond: number;
  readonly celsiusSecond: number;
  /** Integral of what is left of the heat that was on its way when nobody was looking yet. */
  readonly restSecond: number;
}

export interface LawVerdict {
  /** °C over the window that power does not explain; negative when heat is missing. */
  readonly unexplainedKelvin: number;
  readonly toleranceKelvin: number;
}

/** How a window is to be learned from. */
export interface Lesson {
  readonly stepSecond: number;
  /** Windows overlap: so many of them say what one alone does. */
  readonly overlap: number;
  /** Before the law is known, what it does not explain is no drift of the room. */
  readonly isKnown: boolean;
}

/**
 * The law of a heated thing for one lag of its thermometer:
 *
 *   dT/dt = gain · duty(lagged) - loss · T + offset + rest · exp(-t / lag)
 *
 * The duty passes a first-order lag. What it was before the first look is not known: the heat that
 * was on its way then dies away with the lag, and how much it was is estimated with the others.
 */
export class LaggedLaw {
  readonly lagSecond: number;
  #laggedDuty: number | undefined;
  /** Gain in °C/s, loss in 1/s, offset and rest in °C/s; temperatures from the first one. */
  readonly #law = new LinearEstimate(PRIOR_VARIANCES);
  #celsiusOrigin: number | undefined;
  #driftRate = 0;
  #overlap = 1;
  /** Mean square of what was not explained lately, °C². */
  #localSquare = 0;
  /** What duty and temperature were lately. */
  #usualDuty = 0;
  #usualKelvin = 0;
  #learnedSecond = 0;
  /** Squares of all that was not explained, each over what its uncertainty allowed, °C². */
  #misfit = 0;
  #lessons = 0;
  /** The same of those under changing power, each as far as it changes. */
  #excitedMisfit = 0;
  #excitation = 0;

  constructor(lagSecond: number) {
    this.lagSecond = lagSecond;
  }

  /** Of all windows so far, as if they did not overlap. */
  get misfitSquareKelvin(): number {
    return this.#misfit / this.#overlap;
  }

  /** Noise of one window, from all of them, °C². */
  get noiseSquareKelvin(): number {
    return this.#misfit / Math.max(1, this.#lessons);
  }

  /** Integral over the step of the duty as it arrives at the thermometer. */
  passDuty(dutyFraction: number, stepSecond: number): number {
    const before = this.#laggedDuty ?? dutyFraction;
    if (this.lagSecond === 0) {
      this.#laggedDuty = dutyFraction;
      return dutyFraction * stepSecond;
    }
    const decay = Math.exp(-stepSecond / this.lagSecond);
    this.#laggedDuty = dutyFraction + (before - dutyFraction) * decay;
    return dutyFraction * stepSecond + (before - dutyFraction) * this.lagSecond * (1 - decay);
  }

  /** Integral from the first look to a moment, s after it, of what is left of the rest. */
  restUntil(second: number): number {
    if (this.lagSecond === 0) return 0;
    return this.lagSecond * (1 - Math.exp(-second / this.lagSecond));
  }

  /**
   * Of the temperature, with the duty as it has arrived at the thermometer by now, °C/s.
   * @returns the rate, and its standard uncertainty
   */
  rate(celsius: number): { readonly rate: number; readonly uncertainty: number } {
    const row = [this.#laggedDuty ?? 0, -this.#above(celsius), 1, 0];
    return {
      rate: this.#law.value(row) + this.#driftRate,
      uncertainty: this.#uncertainty(row),
    };
  }

  judge(window: Window): LawVerdict {
    const row = this.#row(window);
    const sigma = Math.hypot(Math.sqrt(this.#localSquare), this.#uncertainty(row));
    const toleranceKelvin =
      Math.max(UNEXPLAINED_KELVIN_MIN, SIGMAS * sigma) + this.#share * this.#changedKelvin(window);
    return { unexplainedKelvin: this.#unexplained(window), toleranceKelvin };
  }

  learn(window: Window, { stepSecond, overlap, isKnown }: Lesson): void {
    this.#celsiusOrigin ??= window.celsiusSecond / window.second;
    // One lesson after a pause does not make those before it overlap less.
    this.#overlap = Math.max(this.#overlap, overlap);
    const row = this.#row(window);
    const error = this.#unexplained(window);
    const square = error ** 2 / (1 + this.#law.variance(row));
    this.#misfit += square;
    const excitation = this.#excitationIn(window);
    this.#excitedMisfit += excitation * square;
    this.#excitation += excitation;
    this.#lessons += 1;
    this.#learnedSecond += stepSecond;
    const local = Math.min(1, stepSecond / Math.min(this.#learnedSecond, LOCAL_SECOND));
    this.#localSquare += local * (square - this.#localSquare);
    this.#becomeUsual(window, stepSecond);
    if (isKnown) this.#drift((stepSecond / OFFSET_SECOND) * (error / window.second));
    this.#law.learn(row, window.gainedKelvin - this.#driftRate * window.second);
  }

  /** How far the change of a window is from what was usual lately, °C. */
  #changedKelvin(window: Window): number {
    const [gain = 0, loss = 0] = this.#law.values;
    const duty = window.dutySecond / window.second;
    const kelvin = this.#above(window.celsiusSecond / window.second);
    const rate =
      Math.abs(gain * (duty - this.#usualDuty)) + Math.abs(loss * (kelvin - this.#usualKelvin));
    return rate * window.second;
  }

  get #share(): number {
    return this.lagSecond === 0 ? CHANGE_SHARE : LAGGED_CHANGE_SHARE;
  }

  /** 0 to 1: how far the duty of a window is from what it was lately. */
  #excitationIn({ dutySecond, second }: Window): number {
    return Math.min(1, Math.abs(dutySecond / second - this.#usualDuty) / EXCITED_DUTY);
  }

  #becomeUsual(window: Window, stepSecond: number): void {
    const usual = Math.min(1, stepSecond / Math.min(this.#learnedSecond, USUAL_SECOND));
    this.#usualDuty += usual * (window.dutySecond / window.second - this.#usualDuty);
    const kelvin = this.#above(window.celsiusSecond / window.second);
    this.#usualKelvin += usual * (kelvin - this.#usualKelvin);
  }

  /** Only as far as a room can drift: what is more is not the room. */
  #drift(byRate: number): void {
    const bound = Math.abs(this.#law.values[1] ?? 0) * ROOM_KELVIN_MAX;
    this.#driftRate = Math.min(bound, Math.max(-bound, this.#driftRate + byRate));
  }

  #unexplained(window: Window): number {
    const expected = this.#law.value(this.#row(window)) + this.#driftRate * window.second;
    return window.gainedKelvin - expected;
  }

  /** Standard uncertainty of what the law says, from how little it has seen. */
  #uncertainty(row: readonly number[]): number {
    const excitedSquare = this.#excitedMisfit / Math.max(1, this.#excitation);
    const square = Math.max(this.noiseSquareKelvin, excitedSquare);
    return Math.sqrt(square * this.#overlap * this.#law.variance(row));
  }

  #row(window: Window): readonly number[] {
    const kelvinSecond = window.celsiusSecond - (this.#celsiusOrigin ?? 0) * window.second;
    return [window.dutySecond, -kelvinSecond, window.second, window.restSecond];
  }

  #above(celsius: number): number {
    return celsius - (this.#celsiusOrigin ?? celsius);
  }
}
