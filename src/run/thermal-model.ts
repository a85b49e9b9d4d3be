import { LaggedLaw, type LawVerdict, type Window } from './lagged-law.ts';

/**
 * What a heated thing does with its power, identified while it is heated:
 *
 *   dT/dt = gain · duty(lagged) - loss · T + offset
 *
 * A thermometer that follows its oven with a lag sees the same law with the duty passed through
 * the same lag, so several lags are tried side by side, and what is explained by one that is still
 * possible is explained. Nothing is assumed of the oven: a slow one is identified as slow, and does
 * not trip, and of an oven that has shown little, little is expected.
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
/** Windows overlap: learning from each sample of a fast thermometer would teach nothing more. */
const LEARN_SECOND = 5;
/** A lag is possible while it explains no worse than the best one by this many variances, */
const POSSIBLE_VARIANCES = 100;
/** A lag so near to one of the list, in spacings of the list, is that one. */
const AS_GOOD_SHARE = 0.1;
/** and of such a law the rate is what it is at least. */
const RATE_SIGMAS = 3;
/** Readings of a fast thermometer are averaged over this: the law is linear, so their integrals too. */
const AVERAGE_SECOND = 2.5;
/** A thermometer that never rests must not fill the memory. */
const POINTS_MAX = 2000;

export interface ThermalPoint {
  readonly timeSecond: number;
  readonly celsius: number;
}

export interface ThermalVerdict extends LawVerdict {
  readonly windowSecond: number;
}

/**
 * On which side of its lowest entry a list of values has its least one, by the parabola through
 * three of them.
 * @returns the neighbour's index there; undefined where the entry is as good as the least
 */
function towardsLeast(
  places: readonly number[],
  values: readonly number[],
  lowestAt: number,
): number | undefined {
  const middleAt = Math.min(Math.max(lowestAt, 1), places.length - 2);
  const [x0 = 0, x1 = 0, x2 = 0] = places.slice(middleAt - 1, middleAt + 2);
  const [y0 = 0, y1 = 0, y2 = 0] = values.slice(middleAt - 1, middleAt + 2);
  const before = (y1 - y0) / (x1 - x0);
  const after = (y2 - y1) / (x2 - x1);
  const least = (x0 + x1) / 2 - (before * (x2 - x0)) / (2 * (after - before));
  const away = least - (places[lowestAt] ?? 0);
  const nearAt = lowestAt + Math.sign(away);
  const spacing = Math.abs((places[nearAt] ?? Number.NaN) - (places[lowestAt] ?? 0));
  return Math.abs(away) > AS_GOOD_SHARE * spacing ? nearAt : undefined;
}

/** By how much more than its tolerance a window is not explained. */
function excessOf({ unexplainedKelvin, toleranceKelvin }: LawVerdict): number {
  return Math.abs(unexplainedKelvin) - toleranceKelvin;
}

interface Point extends ThermalPoint {
  /** Integrals since the first point: of the temperature, */
  readonly celsiusSecond: number;
  /** and for each lag of the lagged duty, and of what is left of the heat from before. */
  readonly dutySecond: readonly number[];
  readonly restSecond: readonly number[];
}

/** One heated thing as one thermometer sees it. */
export class ThermalModel {
  readonly #laws = LAGS_SECOND.map((lagSecond) => new LaggedLaw(lagSecond));
  /** Those that may be right, after the last lesson. */
  #possible: readonly LaggedLaw[] = this.#laws;
  #points: Point[] = [];
  /** What is averaged into the newest of them. */
  #newest: readonly Point[] = [];
  /** Since when the duty is told. */
  #fromSecond = Number.NaN;
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
    if (Number.isNaN(this.#fromSecond)) this.#fromSecond = point.timeSecond;
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

  /**
   * °C/s that the thermometer should at least show now, by every law that is possible; undefined
   * while too little is known.
   */
  expectedRate(celsius: number): number | undefined {
    if (!this.isKnown) return undefined;
    const rates = this.#possible.map((law) => law.rate(celsius));
    return Math.min(...rates.map(({ rate, uncertainty }) => rate - RATE_SIGMAS * uncertainty));
  }

  get isKnown(): boolean {
    return (
      this.#knownSecond >= KNOWN_SECOND_MIN &&
      this.#duty.size >= KNOWN_DUTY_SPAN_MIN &&
      this.#celsius.size >= KNOWN_KELVIN_SPAN_MIN
    );
  }

  #judge(from: Point, to: Point): ThermalVerdict | undefined {
    const verdict = this.isKnown ? this.#mildest(from, to) : undefined;
    const isExplained =
      !verdict || Math.abs(verdict.unexplainedKelvin) <= verdict.toleranceKelvin / 2;
    if (isExplained && to.timeSecond - this.#learnedAtSecond >= LEARN_SECOND - 1e-6) {
      this.#learn(from, to);
    }
    return verdict;
  }

  /** What is left unexplained by the law that explains most, of those that are possible. */
  #mildest(from: Point, to: Point): ThermalVerdict {
    const verdicts = this.#possible.map((law) =>
      law.judge(windowOf(from, to, this.#laws.indexOf(law))),
    );
    const windowSecond = to.timeSecond - from.timeSecond;
    const mildest = verdicts.reduce((best, one) => (excessOf(one) < excessOf(best) ? one : best));
    const unexplained = verdicts.map(({ unexplainedKelvin }) => unexplainedKelvin);
    // Too little for one law and too much for another: what is between them explains it.
    const isBetween = Math.min(...unexplained) < 0 && Math.max(...unexplained) > 0;
    return { ...mildest, ...(isBetween ? { unexplainedKelvin: 0 } : {}), windowSecond };
  }

  #learn(from: Point, to: Point): void {
    const stepSecond = Math.min(to.timeSecond - this.#learnedAtSecond, WINDOW_SECOND);
    this.#learnedAtSecond = to.timeSecond;
    this.#knownSecond += stepSecond;
    this.#duty.add(this.#dutyFraction ?? 0);
    this.#celsius.add(to.celsius);
    const { isKnown } = this;
    const overlap = WINDOW_SECOND / Math.max(stepSecond, LEARN_SECOND);
    for (const [at, law] of this.#laws.entries()) {
      law.learn(windowOf(from, to, at), { stepSecond, overlap, isKnown });
    }
    this.#possible = this.#findPossible();
  }

  /**
   * Lags that differ say the same of an oven at rest: only its changes tell them apart. The true
   * lag is mostly between two of the list, and both of these are possible for ever.
   */
  #findPossible(): readonly LaggedLaw[] {
    const misfits = this.#laws.map(({ misfitSquareKelvin }) => misfitSquareKelvin);
    const bestAt = misfits.indexOf(Math.min(...misfits));
    const best = this.#laws[bestAt];
    if (!best) return [];
    const allowed = best.misfitSquareKelvin + POSSIBLE_VARIANCES * best.noiseSquareKelvin;
    const nearAt = towardsLeast(LAGS_SECOND, misfits, bestAt);
    return this.#laws.filter((law, at) => at === nearAt || law.misfitSquareKelvin <= allowed);
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
      restSecond: this.#laws.map((law) => law.restUntil(point.timeSecond - this.#fromSecond)),
    };
  }

  /** With the readings just before it. */
  #average(point: Point): Point {
    const fromSecond = point.timeSecond - AVERAGE_SECOND;
    this.#newest = [...this.#newest.filter((one) => one.timeSecond > fromSecond), point];
    const count = this.#newest.length;
    if (count === 1) return point;
    const mean = (of: (one: Point) => number): number =>
      this.#newest.reduce((sum, one) => sum + of(one), 0) / count;
    return {
      timeSecond: mean((one) => one.timeSecond),
      celsius: mean((one) => one.celsius),
      celsiusSecond: mean((one) => one.celsiusSecond),
      dutySecond: this.#laws.map((_, at) => mean((one) => one.dutySecond[at] ?? 0)),
      restSecond: this.#laws.map((_, at) => mean((one) => one.restSecond[at] ?? 0)),
    };
  }

  /** Until this moment the duty was as it was told last. */
  #passDuty(timeSecond: number): void {
    const fraction = this.#dutyFraction;
    const stepSecond = Math.max(0, timeSecond - this.#dutyToSecond);
    this.#dutyToSecond = Math.max(timeSecond, this.#dutyToSecond);
    if (fraction === undefined) return;
    this.#dutySecond = this.#laws.map(
      (law, at) => (this.#dutySecond[at] ?? 0) + law.passDuty(fraction, stepSecond),
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

function windowOf(from: Point, to: Point, at: number): Window {
  return {
    second: to.timeSecond - from.timeSecond,
    gainedKelvin: to.celsius - from.celsius,
    dutySecond: (to.dutySecond[at] ?? 0) - (from.dutySecond[at] ?? 0),
    celsiusSecond: to.celsiusSecond - from.celsiusSecond,
    restSecond: (to.restSecond[at] ?? 0) - (from.restSecond[at] ?? 0),
  };
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
