import { levelBetween, MINUTE_SECOND, MinuteSeries, type TimedValue } from './minute-series.ts';
import { noiseVolt } from './short-detector.ts';
import { smallLeastSquares } from './small-least-squares.ts';

/**
 * Internal shorts of a cell at rest, seen as self-discharge. A sound cell relaxes: after a current
 * its voltage goes as sums of exponentials and of the square root of time, ever more slowly
 * (Crank, The Mathematics of Diffusion, eq. 4.55 and 6.45). A short lets it drift. Two things are
 * looked for: a drift that is left when the terms of diffusion have taken what they can, and a
 * voltage that falls faster than it did before.
 */

export interface RestShortOptions {
  /** Slower than this a cell may discharge itself, V/s. */
  readonly rateVoltPerSecond: number;
  /** A drift just above the rate is told after one and a half times this at the earliest. */
  readonly afterSecond: number;
}

export interface RestShortVerdict {
  readonly kind: 'drift' | 'faster';
  /** Of the voltage, below zero for one that falls to zero. */
  readonly rateVoltPerSecond: number;
  readonly seenVolt: number;
}

/** Double layers and contacts relax first. */
const SETTLE_SECOND = 120;
/** Two equal electrodes have no voltage to lose. */
const USUAL_VOLT_MIN = 0.1;
/** Judged from this share of `after` on, with a rate that is larger by the square of what lacks. */
const EARLY_SHARE = 1 / 3;
/** The fit goes over this share of the rest: what was before says little of now. */
const WINDOW_SHARE = 7 / 8;
const POINTS_MIN = 12;
/** So far beyond its standard error a drift must be, */
const DRIFT_SIGMAS = 6;
/** and so must what it says about now last: until the rest is longer by this factor. */
const LASTING_FACTOR = 2;

/** Falls are compared over these windows, each with the one before it. */
const WINDOWS_SECOND = [300, 1800, 4 * 3600] as const;
/** A fall that counts is so much more than twice the one before it, V, */
const FALL_VOLT_MIN = 0.01;
/** so much more than the rate, and so far out of the noise of a minute. */
const FALL_RATES = 1.5;
const FALL_SIGMAS = 12;
/** The voltage at an end of a window is the median over this share of it. */
const END_SHARE = 0.2;
/**
 * Early in a rest a voltage that has risen may turn and fall, after two currents of unlike sign:
 * up to this age a fall must be larger, by this power of what lacks.
 */
const FALL_AGE_SECOND = 1800;
const FALL_HASTE_POWER = 1.5;
/** So many minutes in a row. */
const FALL_MINUTES = 3;

/** Warmer or cooler than when the rest was last judged by so much, it is judged anew, K. */
const TEMPERATURE_KELVIN = 1;

/** Follows one rest; tells once. */
export class RestShortDetector {
  readonly #options: RestShortOptions;
  readonly #startSecond: number;
  #series = new MinuteSeries();
  /** Of the voltage when the rest began: a short takes it to zero. */
  #sign = 0;
  #celsius: number | undefined;
  /** Before this nothing is judged, for the cell had another temperature. */
  #fromSecond: number;
  #driftSinceSecond: number | undefined;
  #fallMinutes = 0;
  #hasTold = false;

  /** @param startSecond when the current was switched off */
  constructor(options: RestShortOptions, startSecond: number) {
    this.#options = options;
    this.#startSecond = startSecond;
    this.#fromSecond = startSecond + SETTLE_SECOND;
  }

  /** One more reading without current. @returns what has shown in it, once */
  add(
    { timeSecond, value }: TimedValue,
    temperatureCelsius: number | undefined,
  ): RestShortVerdict | undefined {
    if (timeSecond < this.#startSecond + SETTLE_SECOND || this.#hasTold) return undefined;
    if (this.#sign === 0) this.#sign = Math.sign(value);
    this.#lookAtTemperature(temperatureCelsius, timeSecond);
    const minute = this.#series.add({ timeSecond, value: value * this.#sign });
    if (!minute || minute.value < USUAL_VOLT_MIN) return undefined;
    const verdict = this.#faster(minute) ?? this.#drift(minute);
    this.#hasTold = verdict !== undefined;
    return verdict;
  }

  /** Entropy moves the voltage by up to a millivolt a kelvin: what was before is another course. */
  #lookAtTemperature(celsius: number | undefined, timeSecond: number): void {
    if (celsius === undefined) return;
    this.#celsius ??= celsius;
    if (Math.abs(celsius - this.#celsius) < TEMPERATURE_KELVIN) return;
    this.#celsius = celsius;
    this.#fromSecond = timeSecond;
    this.#series = new MinuteSeries();
    this.#driftSinceSecond = undefined;
    this.#fallMinutes = 0;
  }

  /** The drift beside relaxation: V = a + b √t + c / √t + d t, with d looked at. */
  #drift({ timeSecond, value }: TimedValue): RestShortVerdict | undefined {
    const { afterSecond, rateVoltPerSecond } = this.#options;
    const ageSecond = timeSecond - this.#startSecond;
    if (ageSecond < EARLY_SHARE * afterSecond) return undefined;
    const haste = Math.max(1, afterSecond / ageSecond) ** 2;
    const rate = this.#driftRate(ageSecond, haste * rateVoltPerSecond);
    if (rate === undefined) {
      this.#driftSinceSecond = undefined;
      return undefined;
    }
    this.#driftSinceSecond ??= ageSecond;
    if (ageSecond < LASTING_FACTOR * this.#driftSinceSecond) return undefined;
    return { kind: 'drift', rateVoltPerSecond: this.#sign * rate, seenVolt: this.#sign * value };
  }

  /** @returns the voltage's present rate when a drift beyond the limit is in it */
  #driftRate(ageSecond: number, limitVoltPerSecond: number): number | undefined {
    const since = Math.max(this.#fromSecond - this.#startSecond, (1 - WINDOW_SHARE) * ageSecond);
    const points = this.#series.whole
      .map(({ timeSecond, value }) => ({ second: timeSecond - this.#startSecond, value }))
      .filter(({ second }) => second >= since);
    const lastSecond = points.at(-1)?.second ?? 0;
    if (points.length < POINTS_MIN || lastSecond < 4 * since) return undefined;
    const shares = points.map(({ second }) => second / lastSecond);
    const values = points.map(({ value }) => value);
    const relaxing = smallLeastSquares(
      shares.map((share) => [1, Math.sqrt(share), 1 / Math.sqrt(share), share]),
      values,
    )?.[3];
    const late = shares.findIndex((share) => share >= 0.5);
    const present = smallLeastSquares(
      shares.slice(late).map((share) => [1, share]),
      values.slice(late),
    )?.[1];
    if (!relaxing || !present) return undefined;
    const limitVolt = limitVoltPerSecond * lastSecond;
    const isDrift = relaxing.value + DRIFT_SIGMAS * relaxing.standardError < -limitVolt;
    const isFalling = present.value + DRIFT_SIGMAS * present.standardError < -limitVolt;
    return isDrift && isFalling ? present.value / lastSecond : undefined;
  }

  /** A voltage that falls more in one window than twice what it fell in the window before. */
  #faster({ timeSecond, value }: TimedValue): RestShortVerdict | undefined {
    const rate = this.#fall(timeSecond - this.#startSecond);
    this.#fallMinutes = rate === undefined ? 0 : this.#fallMinutes + 1;
    if (rate === undefined || this.#fallMinutes < FALL_MINUTES) return undefined;
    return { kind: 'faster', rateVoltPerSecond: this.#sign * rate, seenVolt: this.#sign * value };
  }

  /** @returns the rate in the shortest window that shows it, below zero */
  #fall(ageSecond: number): number | undefined {
    const haste = Math.max(1, FALL_AGE_SECOND / ageSecond) ** FALL_HASTE_POWER;
    const { recent } = this.#series;
    const newestSecond = recent.at(-1)?.timeSecond ?? 0;
    const oldestSecond = recent[0]?.timeSecond ?? newestSecond;
    let sigmaVolt: number | undefined;
    for (const windowSecond of WINDOWS_SECOND) {
      if (newestSecond - oldestSecond < 2 * windowSecond - MINUTE_SECOND) return undefined;
      const [first, middle, last] = [2, 1, 0].map((back) => {
        const toSecond = newestSecond - back * windowSecond;
        return levelBetween(recent, toSecond - END_SHARE * windowSecond, toSecond + 1);
      });
      if (first === undefined || middle === undefined || last === undefined) continue;
      const fallVolt = middle - last;
      const moreVolt = fallVolt - 2 * Math.max(0, first - middle);
      const leastVolt = FALL_RATES * this.#options.rateVoltPerSecond * windowSecond;
      if (moreVolt <= haste * Math.max(FALL_VOLT_MIN, leastVolt)) continue;
      sigmaVolt ??= noiseVolt(recent.map(({ value }) => value));
      if (moreVolt > FALL_SIGMAS * sigmaVolt) return -fallVolt / windowSecond;
    }
    return undefined;
  }
}
