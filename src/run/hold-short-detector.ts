import { levelBetween, MinuteSeries, type TimedValue } from './minute-series.ts';
import { noiseVolt } from './short-detector.ts';

/**
 * Internal shorts of a cell whose voltage is held, seen in the current that is left. A sound cell
 * fills up: its current decays, as 1/√t at first (Cottrell) and exponentially at the end. What a
 * short draws stays, or grows. Two things are looked for: a current that rises against its own
 * course, and one that has decayed and then does not decay any more.
 */

export interface HoldShortOptions {
  /** What may flow for ever, A. */
  readonly residualAmpere: number | undefined;
  /** The current that has brought the cell to its voltage, if one has: of this 5 % may flow for ever. */
  readonly chargeAmpere: number | undefined;
  /** A current that does not decay is told after twice this at the earliest. */
  readonly afterSecond: number;
}

export interface HoldShortVerdict {
  readonly kind: 'rising' | 'residual';
  /** With the sign of the current that a short draws. */
  readonly seenAmpere: number;
  /** What it had fallen to, or what would have been no reason. */
  readonly usualAmpere: number;
}

/** After the voltage was switched on, and after each interruption: double layers charge. */
const SETTLE_SECOND = 300;
/** After a longer interruption the cell begins anew. */
const INTERRUPTED_SECOND_MAX = 600;
/** Levels are medians over so long. */
const LEVEL_SECOND = 600;
/**
 * Whatever relaxes does so evenly in the logarithm of time: over a tenth of its age a decaying
 * current changes by a few percent of what it was at a tenth of its age. A rise that counts is
 */
const RISE_AGE_SHARE = 0.1;
const RISE_SECOND_MIN = 1200;
/** this share of the largest level since a tenth of the age, and more where the age is short, */
const RISE_SHARE = 0.25;
const RISE_SHARE_OF_AGE = 2;
/** more than twice the rise before it, for cells remember currents of unlike sign, */
const RISE_TREND_FACTOR = 2;
/** so far out of the noise of a minute, and lasts through a level. */
const RISE_SIGMAS = 8;
/** What may flow for ever, as a share of what has charged the cell. */
const RESIDUAL_SHARE = 0.05;
/** A current decays no more when the last quarter of its time has kept this share of the one before. */
const KEPT_SHARE = 0.95;
/** What it says about now must last until the hold is longer by this factor. */
const LASTING_FACTOR = 3;
/** Resistances follow temperature by some percent a kelvin, and so does the current. */
const TEMPERATURE_KELVIN = 1;

/** Follows one hold; tells once. */
export class HoldShortDetector {
  readonly #options: HoldShortOptions;
  #series = new MinuteSeries();
  #startSecond: number | undefined;
  #newestSecond = Number.NEGATIVE_INFINITY;
  /** Since then the temperature is what it is. */
  #steadySecond = Number.NEGATIVE_INFINITY;
  #celsius: number | undefined;
  #risenSinceSecond: number | undefined;
  #keptSinceSecond: number | undefined;
  #hasTold = false;

  constructor(options: HoldShortOptions) {
    this.#options = options;
  }

  /**
   * One more reading of a held voltage. @returns what has shown in it, once
   * @param flowStartSecond when the voltage was last switched on
   */
  add(
    reading: {
      readonly timeSecond: number;
      readonly voltageVolt: number;
      readonly currentAmpere: number;
    },
    flowStartSecond: number,
    temperatureCelsius: number | undefined,
  ): HoldShortVerdict | undefined {
    const { timeSecond, voltageVolt, currentAmpere } = reading;
    if (this.#hasTold) return undefined;
    if (timeSecond - this.#newestSecond > INTERRUPTED_SECOND_MAX) this.#begin(flowStartSecond);
    this.#newestSecond = timeSecond;
    if (this.#isOtherwise(temperatureCelsius)) this.#steadySecond = timeSecond;
    if (timeSecond < flowStartSecond + SETTLE_SECOND) return undefined;
    // To hold a cell that leaks, its voltage must be fed: the current has the sign of the voltage.
    const value = currentAmpere * Math.sign(voltageVolt);
    const minute = this.#series.add({ timeSecond, value });
    if (!minute) return undefined;
    const verdict = this.#judge(minute, Math.sign(voltageVolt));
    this.#hasTold = verdict !== undefined;
    return verdict;
  }

  #begin(startSecond: number): void {
    this.#series = new MinuteSeries();
    this.#startSecond = startSecond;
    this.#risenSinceSecond = undefined;
    this.#keptSinceSecond = undefined;
  }

  #isOtherwise(celsius: number | undefined): boolean {
    if (celsius === undefined) return false;
    this.#celsius ??= celsius;
    if (Math.abs(celsius - this.#celsius) < TEMPERATURE_KELVIN) return false;
    this.#celsius = celsius;
    return true;
  }

  #judge({ timeSecond }: TimedValue, sign: number): HoldShortVerdict | undefined {
    const { recent } = this.#series;
    const startSecond = this.#startSecond ?? timeSecond;
    const ageSecond = timeSecond - startSecond;
    const level = levelBetween(recent, timeSecond - LEVEL_SECOND, timeSecond);
    if (level === undefined || ageSecond < SETTLE_SECOND + LEVEL_SECOND) return undefined;
    const verdict =
      this.#rising(level, timeSecond, ageSecond) ?? this.#residual(level, timeSecond, ageSecond);
    return (
      verdict && {
        ...verdict,
        seenAmpere: sign * verdict.seenAmpere,
        usualAmpere: sign * verdict.usualAmpere,
      }
    );
  }

  #rising(level: number, timeSecond: number, ageSecond: number): HoldShortVerdict | undefined {
    const before = this.#risenFrom(level, timeSecond, ageSecond);
    if (before === undefined) {
      this.#risenSinceSecond = undefined;
      return undefined;
    }
    this.#risenSinceSecond ??= timeSecond;
    if (timeSecond - this.#risenSinceSecond < LEVEL_SECOND) return undefined;
    return { kind: 'rising', seenAmpere: level, usualAmpere: before };
  }

  /** @returns the level from which the current has risen as no relaxation does */
  #risenFrom(level: number, timeSecond: number, ageSecond: number): number | undefined {
    const backSecond = Math.max(RISE_SECOND_MIN, RISE_AGE_SHARE * ageSecond);
    // Before that nothing has decayed that a rise could be measured against.
    if (level <= 0 || ageSecond < SETTLE_SECOND + 2 * backSecond) return undefined;
    const { recent } = this.#series;
    const fromSecond = timeSecond - backSecond;
    if (fromSecond - LEVEL_SECOND < this.#steadySecond) return undefined;
    const before = levelBetween(recent, fromSecond - LEVEL_SECOND, fromSecond);
    const earlierSecond = fromSecond - backSecond;
    const earlier = levelBetween(recent, earlierSecond - LEVEL_SECOND, earlierSecond);
    if (before === undefined || earlier === undefined) return undefined;
    const riseAmpere = level - before - RISE_TREND_FACTOR * Math.max(0, before - earlier);
    const share = Math.max(RISE_SHARE, (RISE_SHARE_OF_AGE * backSecond) / ageSecond);
    if (riseAmpere < RISE_SHARE * level || riseAmpere < (this.#options.residualAmpere ?? 0)) {
      return undefined;
    }
    const aliveSecond = timeSecond - (1 - RISE_AGE_SHARE) * ageSecond;
    const largest = [...this.#series.whole, ...recent]
      .filter((one) => one.timeSecond >= aliveSecond && one.timeSecond <= fromSecond)
      .reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
    const leastAmpere = Math.max(
      share * largest,
      RISE_SIGMAS * noiseVolt(recent.map(({ value }) => value)),
    );
    return riseAmpere > leastAmpere ? before : undefined;
  }

  #residual(level: number, timeSecond: number, ageSecond: number): HoldShortVerdict | undefined {
    const limit = this.#residualLimit();
    const isKept =
      limit !== undefined &&
      level > limit &&
      ageSecond >= this.#options.afterSecond &&
      timeSecond - ageSecond / 2 >= this.#steadySecond &&
      this.#isKept(timeSecond, ageSecond);
    if (!isKept) {
      this.#keptSinceSecond = undefined;
      return undefined;
    }
    this.#keptSinceSecond ??= ageSecond;
    if (ageSecond < LASTING_FACTOR * this.#keptSinceSecond) return undefined;
    return { kind: 'residual', seenAmpere: level, usualAmpere: limit };
  }

  /** Without either nobody knows what is small for this cell. */
  #residualLimit(): number | undefined {
    const { residualAmpere, chargeAmpere } = this.#options;
    if (residualAmpere !== undefined || chargeAmpere === undefined) return residualAmpere;
    return RESIDUAL_SHARE * Math.abs(chargeAmpere);
  }

  /** Whether the last quarter of the hold has kept the current of the quarter before. */
  #isKept(timeSecond: number, ageSecond: number): boolean {
    const { recent, whole } = this.#series;
    const quarterSecond = ageSecond / 4;
    const oldestSecond = recent[0]?.timeSecond ?? timeSecond;
    const series = timeSecond - oldestSecond >= 2 * quarterSecond ? recent : whole;
    const before = levelBetween(series, timeSecond - 2 * quarterSecond, timeSecond - quarterSecond);
    const now = levelBetween(series, timeSecond - quarterSecond, timeSecond);
    return before !== undefined && now !== undefined && now >= KEPT_SHARE * before;
  }
}
