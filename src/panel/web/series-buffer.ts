/** Points one series keeps in the page; more are thinned so that no extreme is lost. */
export const POINTS_PER_SERIES_MAX = 4000;

/**
 * A time series of bounded length. When it is full, the time axis is cut into equal buckets and
 * each keeps its smallest and its largest value: every spike of the run stays visible. A null
 * value is a gap in the line.
 */
export class SeriesBuffer {
  readonly #pointsMax: number;
  #times: number[] = [];
  #values: (number | null)[] = [];

  constructor(pointsMax = POINTS_PER_SERIES_MAX) {
    this.#pointsMax = pointsMax;
  }

  get length(): number {
    return this.#times.length;
  }

  /** Seconds, ascending. Read only; changes with the next `add`. */
  get times(): readonly number[] {
    return this.#times;
  }

  get values(): readonly (number | null)[] {
    return this.#values;
  }

  /** The newest value that is not a gap. */
  get newestValue(): number | undefined {
    return this.#values.findLast((value) => value !== null) ?? undefined;
  }

  /** The value nearest to a time; undefined for a gap or an empty series. */
  valueAt(timeSecond: number): number | undefined {
    let low = 0;
    let high = this.#times.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < timeSecond) low = middle + 1;
      else high = middle;
    }
    const before = timeSecond - (this.#times[low - 1] ?? Number.NEGATIVE_INFINITY);
    const at = before < (this.#times[low] ?? 0) - timeSecond ? low - 1 : low;
    return this.#values[at] ?? undefined;
  }

  /** Adds a point; one that comes late is put in its place. */
  add(timeSecond: number, value: number | null): void {
    if (this.#times.length >= this.#pointsMax) this.#thin();
    let at = this.#times.length;
    while (at > 0 && (this.#times[at - 1] ?? 0) > timeSecond) at -= 1;
    if (at === this.#times.length) {
      this.#times.push(timeSecond);
      this.#values.push(value);
    } else {
      this.#times.splice(at, 0, timeSecond);
      this.#values.splice(at, 0, value);
    }
  }

  /** At most three points (least, largest, gap) stay of each of a quarter as many buckets. */
  #thin(): void {
    const first = this.#times[0] ?? 0;
    const span = (this.#times.at(-1) ?? 0) - first;
    const buckets = Math.floor(this.#pointsMax / 4);
    const bucketOf = (at: number): number =>
      span > 0
        ? Math.min(buckets - 1, Math.floor((((this.#times[at] ?? 0) - first) / span) * buckets))
        : Math.floor((at / this.#times.length) * buckets);
    const times: number[] = [];
    const values: (number | null)[] = [];
    for (let start = 0; start < this.#times.length; ) {
      let end = start + 1;
      while (end < this.#times.length && bucketOf(end) === bucketOf(start)) end += 1;
      for (const at of this.#extremes(start, end)) {
        times.push(this.#times[at] ?? 0);
        values.push(this.#values[at] ?? null);
      }
      start = end;
    }
    this.#times = times;
    this.#values = values;
  }

  /** Places of the least and the largest value and of the first gap of a bucket, in order. */
  #extremes(start: number, end: number): number[] {
    let least = -1;
    let largest = -1;
    let gap = -1;
    for (let at = start; at < end; at++) {
      const value = this.#values[at] ?? null;
      if (value === null) {
        if (gap < 0) gap = at;
        continue;
      }
      if (least < 0 || value < (this.#values[least] ?? 0)) least = at;
      if (largest < 0 || value > (this.#values[largest] ?? 0)) largest = at;
    }
    return [...new Set([least, largest, gap])].filter((at) => at >= 0).sort((a, b) => a - b);
  }
}
