/**
 * What a heated thing does with its power, identified while it is heated:
 *
 *   dT/dt = gain · duty(delayed) - loss · T + offset
 *
 * A thermometer that follows its oven with a lag sees the same law with the duty passed through
 * the same lag, so several lags are tried side by side and the one that has explained most is
 * asked. Nothing is assumed of the oven: a slow one is identified as slow, and does not trip.
 * Integrated over a window, so that the noise of the thermometer enters only at its two ends.
 */

/** Over which a change of temperature is explained. */
export const WINDOW_SECOND = 60;
/** Lags of a thermometer behind the power, s. */
const LAGS_SECOND = [0, 10, 20, 30, 45, 60, 90, 130, 190] as const;
/** A model that has seen less than this says nothing. */
const KNOWN_SECOND_MIN = 600;
const KNOWN_DUTY_SPAN_MIN = 0.15;
const KNOWN_KELVIN_SPAN_MIN = 5;
/** The room drifts through the day: the offset follows it this slowly. */
const OFFSET_SECOND = 1800;
/** By how much at most, °C. */
const ROOM_KELVIN_MAX = 5;
/** The noise of what is not explained is learned over this, */
const LOCAL_SECOND = 450;
/** and what duty and temperature are usual now, over this. */
const USUAL_SECOND = 300;
/** Windows overlap: learning from each sample of a fast thermometer would teach nothing more. */
const LEARN_SECOND = 5;
/** Which lag explains most is learned over so much time of changing power. */
const LAG_SECOND = 1200;
/** A change of the duty by this is one that tells lags apart. */
const EXCITED_DUTY = 0.05;
/** A model is never trusted better than to this share of what has changed lately. */
const CHANGE_SHARE = 0.15;
/** Between two lags of the list the right one is told less well. */
const LAGGED_CHANGE_SHARE = 0.35;
const SIGMAS = 6;
/** Rounding of a thermometer alone, °C over the window. */
const UNEXPLAINED_KELVIN_MIN = 0.08;
/** Readings of a fast thermometer are averaged over this: the law is linear, so their integrals too. */
const AVERAGE_SECOND = 2.5;
/** A thermometer that never rests must not fill the memory. */
const POINTS_MAX = 2000;

export interface ThermalPoint {
  readonly timeSecond: number;
  readonly celsius: number;
}

export interface ThermalVerdict {
  /** °C over the window that power does not explain; negative when heat is missing. */
  readonly unexplainedKelvin: number;
  readonly toleranceKelvin: number;
  readonly windowSecond: number;
}

interface Point extends ThermalPoint {
  /** Integrals since the first point: of the temperature, and of the lagged duty for each lag. */
  readonly celsiusSecond: number;
  readonly dutySecond: readonly number[];
}

/** One heated thing as one thermometer sees it. */
export class ThermalModel {
  readonly #lags = LAGS_SECOND.map((lagSecond) => new LaggedModel(lagSecond));
  #points: Point[] = [];
  /** What is averaged into the newest of them. */
  #newest: readonly Point[] = [];
  #knownSecond = 0;
  #learnedAtSecond = 0;
  #dutyFraction: number | undefined;
  #dutyToSecond = 0;
  #dutySecond: readonly number[] = LAGS_SECOND.map(() => 0);
  #duty = new Span();
  #celsius = new Span();

  /** The power stage has confirmed a duty that is in force from now on. */
  setDuty(timeSecond: number, dutyFraction: number): void {
    this.#passDuty(timeSecond);
    this.#dutyFraction = dutyFraction;
  }

  /**
   * Adds one point and judges the window that ends with it; undefined while too little is known.
   * A window that is not explained teaches the model nothing.
   */
  add(point: ThermalPoint): ThermalVerdict | undefined {
    if (this.#dutyFraction === undefined) return undefined;
    const last = this.#newest.at(-1);
    const stepSecond = last ? point.timeSecond - last.timeSecond : 0;
    if (last && (stepSecond <= 0 || stepSecond > WINDOW_SECOND)) {
      // Nobody has seen what happened in a gap.
      this.#forgetWindow();
    }
    const next = this.#average(this.#integrate(point));
    this.#points.push(next);
    const from = this.#windowStart(next.timeSecond);
    if (!from) return undefined;
    return this.#judge(from, next);
  }

  /** °C/s that the thermometer should show now; undefined while too little is known. */
  expectedRate(celsius: number): number | undefined {
    return this.isKnown ? this.#best().rate(celsius) : undefined;
  }

  get isKnown(): boolean {
    return (
      this.#knownSecond >= KNOWN_SECOND_MIN &&
      this.#duty.size >= KNOWN_DUTY_SPAN_MIN &&
      this.#celsius.size >= KNOWN_KELVIN_SPAN_MIN
    );
  }

  #judge(from: Point, to: Point): ThermalVerdict | undefined {
    const best = this.#best();
    const verdict = this.isKnown
      ? best.judge(windowOf(from, to, this.#lags.indexOf(best)))
      : undefined;
    const isExplained =
      !verdict || Math.abs(verdict.unexplainedKelvin) <= verdict.toleranceKelvin / 2;
    if (isExplained && to.timeSecond - this.#learnedAtSecond >= LEARN_SECOND - 1e-6) {
      this.#learn(from, to);
    }
    return verdict;
  }

  #learn(from: Point, to: Point): void {
    const stepSecond = Math.min(to.timeSecond - this.#learnedAtSecond, WINDOW_SECOND);
    this.#learnedAtSecond = to.timeSecond;
    this.#knownSecond += stepSecond;
    this.#duty.add(this.#dutyFraction ?? 0);
    this.#celsius.add(to.celsius);
    const excitation = this.#lags[0]?.excitationIn(windowOf(from, to, 0)) ?? 0;
    const { isKnown } = this;
    for (const [at, lag] of this.#lags.entries()) {
      lag.learn(windowOf(from, to, at), { stepSecond, excitation, isKnown });
    }
  }

  #best(): LaggedModel {
    return this.#lags.reduce((best, one) => (one.errorKelvin < best.errorKelvin ? one : best));
  }

  #integrate(point: ThermalPoint): Point {
    this.#passDuty(point.timeSecond);
    const last = this.#newest.at(-1);
    const stepSecond = last ? point.timeSecond - last.timeSecond : 0;
    const meanCelsius = last ? (last.celsius + point.celsius) / 2 : point.celsius;
    return {
      ...point,
      celsiusSecond: (last?.celsiusSecond ?? 0) + meanCelsius * stepSecond,
      dutySecond: this.#dutySecond,
    };
  }

  /** With the readings just before it. */
  #average(point: Point): Point {
    const fromSecond = point.timeSecond - AVERAGE_SECOND;
    this.#newest = [...this.#newest.filter((one) => one.timeSecond > fromSecond), point];
    const count = this.#newest.length;
    const mean = (of: (one: Point) => number): number =>
      this.#newest.reduce((sum, one) => sum + of(one), 0) / count;
    return {
      timeSecond: mean((one) => one.timeSecond),
      celsius: mean((one) => one.celsius),
      celsiusSecond: mean((one) => one.celsiusSecond),
      dutySecond: this.#lags.map((_, at) => mean((one) => one.dutySecond[at] ?? 0)),
    };
  }

  /** Until this moment the duty was as it was told last. */
  #passDuty(timeSecond: number): void {
    const fraction = this.#dutyFraction;
    const stepSecond = Math.max(0, timeSecond - this.#dutyToSecond);
    this.#dutyToSecond = Math.max(timeSecond, this.#dutyToSecond);
    if (fraction === undefined) return;
    this.#dutySecond = this.#lags.map(
      (lag, at) => (this.#dutySecond[at] ?? 0) + lag.passDuty(fraction, stepSecond),
    );
  }

  /** The newest point that is a whole window old; what is older than it is let go. */
  #windowStart(nowSecond: number): Point | undefined {
    const isOld = (point: Point | undefined): boolean =>
      point !== undefined && point.timeSecond <= nowSecond - WINDOW_SECOND + 1e-6;
    let start = 0;
    while (isOld(this.#points[start + 1])) start += 1;
    if (start > 0) this.#points.splice(0, start);
    if (this.#points.length > POINTS_MAX) this.#forgetWindow();
    return isOld(this.#points[0]) ? this.#points[0] : undefined;
  }

  #forgetWindow(): void {
    this.#points = [];
    this.#newest = [];
  }
}

interface Lesson {
  readonly stepSecond: number;
  /** At rest every lag explains the noise as well: only changes tell them apart. */
  readonly excitation: number;
  /** Before the law is known, what it does not explain is no drift of the room. */
  readonly isKnown: boolean;
}

interface Window {
  readonly second: number;
  readonly gainedKelvin: number;
  readonly dutySecond: number;
  readonly celsiusSecond: number;
}

function windowOf(from: Point, to: Point, lag: number): Window {
  return {
    second: to.timeSecond - from.timeSecond,
    gainedKelvin: to.celsius - from.celsius,
    dutySecond: (to.dutySecond[lag] ?? 0) - (from.dutySecond[lag] ?? 0),
    celsiusSecond: to.celsiusSecond - from.celsiusSecond,
  };
}

/** The law for one lag: recursive least squares on what each window has gained. */
class LaggedModel {
  readonly lagSecond: number;
  #laggedDuty: number | undefined;
  /** gain in °C/s, loss in 1/s, offset in °C/s; temperatures are taken from the first one. */
  #law: Vector = [0, 0, 0];
  #covariance: Matrix = [
    [1, 0, 0],
    [0, 1e-2, 0],
    [0, 0, 1],
  ];
  #celsiusOrigin: number | undefined;
  #driftRate = 0;
  /** Mean square of what was not explained, °C², learned over all time and lately. */
  #square = 1;
  #localSquare = 0;
  /** What duty and temperature were lately. */
  #usualDuty = 0;
  #usualKelvin = 0;
  #learnedSecond = 0;

  constructor(lagSecond: number) {
    this.lagSecond = lagSecond;
  }

  get errorKelvin(): number {
    return Math.sqrt(this.#square);
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

  /** With the duty as it has arrived at the thermometer by now. */
  rate(celsius: number): number {
    const [gain, loss, offset] = this.#law;
    return gain * (this.#laggedDuty ?? 0) - loss * this.#above(celsius) + offset + this.#driftRate;
  }

  judge(window: Window): ThermalVerdict {
    const [gain, loss] = this.#law;
    const unexplainedKelvin = window.gainedKelvin - this.#expected(window);
    const duty = window.dutySecond / window.second;
    const kelvin = this.#above(window.celsiusSecond / window.second);
    const changedRate =
      Math.abs(gain * (duty - this.#usualDuty)) + Math.abs(loss * (kelvin - this.#usualKelvin));
    const sigma = Math.sqrt(Math.max(this.#localSquare, 0));
    const toleranceKelvin =
      Math.max(UNEXPLAINED_KELVIN_MIN, SIGMAS * sigma) +
      (this.lagSecond === 0 ? CHANGE_SHARE : LAGGED_CHANGE_SHARE) * changedRate * window.second;
    return { unexplainedKelvin, toleranceKelvin, windowSecond: window.second };
  }

  /** 0 to 1: how far the duty of a window is from what it was lately. */
  excitationIn({ dutySecond, second }: Window): number {
    return Math.min(1, Math.abs(dutySecond / second - this.#usualDuty) / EXCITED_DUTY);
  }

  learn(window: Window, { stepSecond, excitation, isKnown }: Lesson): void {
    this.#celsiusOrigin ??= window.celsiusSecond / window.second;
    const duty = window.dutySecond / window.second;
    const kelvin = this.#above(window.celsiusSecond / window.second);
    const error = window.gainedKelvin - this.#expected(window);
    this.#learnedSecond += stepSecond;
    const weight = Math.min(1, stepSecond / Math.min(this.#learnedSecond, LOCAL_SECOND));
    const shareOfAll = (stepSecond * excitation) / LAG_SECOND;
    this.#square += Math.min(1, shareOfAll) * (error ** 2 - this.#square);
    this.#localSquare += weight * (error ** 2 - this.#localSquare);
    const usual = Math.min(1, stepSecond / Math.min(this.#learnedSecond, USUAL_SECOND));
    this.#usualDuty += usual * (duty - this.#usualDuty);
    this.#usualKelvin += usual * (kelvin - this.#usualKelvin);
    if (isKnown) this.#drift((stepSecond / OFFSET_SECOND) * (error / window.second));
    const drifted = window.gainedKelvin - this.#driftRate * window.second;
    this.#correct([window.dutySecond, -kelvin * window.second, window.second], drifted);
  }

  /** Only as far as a room can drift: what is more is not the room. */
  #drift(byRate: number): void {
    const bound = Math.abs(this.#law[1]) * ROOM_KELVIN_MAX;
    this.#driftRate = Math.min(bound, Math.max(-bound, this.#driftRate + byRate));
  }

  #expected(window: Window): number {
    const [gain, loss, offset] = this.#law;
    const kelvinSecond = window.celsiusSecond - (this.#celsiusOrigin ?? 0) * window.second;
    return (
      gain * window.dutySecond - loss * kelvinSecond + (offset + this.#driftRate) * window.second
    );
  }

  #above(celsius: number): number {
    return celsius - (this.#celsiusOrigin ?? celsius);
  }

  /** One step of recursive least squares (Ljung, System Identification, 11.2), no forgetting. */
  #correct(row: Vector, gained: number): void {
    const p = this.#covariance;
    const projected = multiply(p, row);
    const spread = 1 + dot(row, projected);
    const error = gained - dot(row, this.#law);
    const step = projected.map((value) => value / spread);
    this.#law = this.#law.map((value, at) => value + (step[at] ?? 0) * error) as Vector;
    this.#covariance = p.map((line, i) =>
      line.map((value, j) => value - (step[i] ?? 0) * (projected[j] ?? 0)),
    ) as Matrix;
  }
}

type Vector = [number, number, number];
type Matrix = [Vector, Vector, Vector];

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function multiply(matrix: Matrix, vector: Vector): Vector {
  return matrix.map((line) => dot(line, vector)) as Vector;
}

/** The lowest and highest value so far. */
class Span {
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get size(): number {
    return Math.max(0, this.#max - this.#min);
  }
}
