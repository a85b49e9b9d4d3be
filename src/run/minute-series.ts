import { median } from './short-detector.ts';

/** One value at a moment. */
export interface TimedValue {
  readonly timeSecond: number;
  readonly value: number;
}

/** Readings are taken together over so long: single ones may be glitches. */
export const MINUTE_SECOND = 60;
/** Of a minute with more readings these are enough for its median. */
const MINUTE_READINGS_MAX = 61;
/** What is kept of the last hours, minute by minute. */
const RECENT_MINUTES_MAX = 480;
/** What is kept of the whole time: twice as coarse each time it is full. */
const WHOLE_POINTS_MAX = 64;

/**
 * The course of one quantity over any length of time in bounded memory: the last eight hours by
 * the minute, and the whole in 32 to 64 means. Where readings are rarer than a minute each stands
 * for itself.
 */
export class MinuteSeries {
  #minute: { readonly startSecond: number; readonly points: TimedValue[] } | undefined;
  #recent: TimedValue[] = [];
  #whole: TimedValue[] = [];
  #pending: TimedValue[] = [];
  #minutesPerPoint = 1;

  /** @returns the minute that this reading has completed */
  add(point: TimedValue): TimedValue | undefined {
    const minute = this.#minute;
    if (!minute) {
      this.#minute = { startSecond: point.timeSecond, points: [point] };
      return undefined;
    }
    if (point.timeSecond - minute.startSecond < MINUTE_SECOND) {
      if (minute.points.length < MINUTE_READINGS_MAX) minute.points.push(point);
      return undefined;
    }
    this.#minute = { startSecond: point.timeSecond, points: [point] };
    return this.#complete(minute.points);
  }

  /** The last eight hours, a value a minute, oldest first. */
  get recent(): readonly TimedValue[] {
    return this.#recent;
  }

  /** All of the time in even means, oldest first; the newest minutes may be missing. */
  get whole(): readonly TimedValue[] {
    return this.#whole;
  }

  #complete(points: readonly TimedValue[]): TimedValue {
    const completed = {
      timeSecond: mean(points.map(({ timeSecond }) => timeSecond)),
      value: median(points.map(({ value }) => value)),
    };
    this.#recent.push(completed);
    if (this.#recent.length > RECENT_MINUTES_MAX) this.#recent.shift();
    this.#pending.push(completed);
    if (this.#pending.length === this.#minutesPerPoint) {
      this.#whole.push(meanOf(this.#pending));
      this.#pending = [];
    }
    if (this.#whole.length === WHOLE_POINTS_MAX) this.#coarsen();
    return completed;
  }

  #coarsen(): void {
    const pairs: TimedValue[] = [];
    for (let at = 0; at + 1 < this.#whole.length; at += 2) {
      pairs.push(meanOf(this.#whole.slice(at, at + 2)));
    }
    this.#whole = pairs;
    this.#minutesPerPoint *= 2;
  }
}

/** What a stretch of a series is like: its median, at its mean moment. @returns undefined: empty */
export function levelBetween(
  series: readonly TimedValue[],
  fromSecond: number,
  toSecond: number,
): number | undefined {
  const within = series.filter((one) => one.timeSecond >= fromSecond && one.timeSecond <= toSecond);
  return within.length === 0 ? undefined : median(within.map(({ value }) => value));
}

function meanOf(points: readonly TimedValue[]): TimedValue {
  return {
    timeSecond: mean(points.map(({ timeSecond }) => timeSecond)),
    value: mean(points.map(({ value }) => value)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
