/** The slope is taken over so long; */
const WINDOW_SECOND = 60;
/** at slower rhythms over so many readings; */
const READINGS_MIN = 4;
/** and of faster ones only so many are looked at, evenly. */
const READINGS_MAX = 600;
const SPACING_SECOND_MIN = WINDOW_SECOND / READINGS_MAX;
/** Rounding of time stamps. */
const SAME_SECOND = 1e-6;

export interface RatePoint {
  readonly timeSecond: number;
  readonly voltageVolt: number;
}

/** Slope of the voltage by least squares over the last minute; worked out when it is asked for. */
export class VoltageRate {
  #points: RatePoint[] = [];
  /** Points before this one are out of the window. */
  #first = 0;

  add(point: RatePoint): void {
    const points = this.#points;
    const last = points.at(-1)?.timeSecond ?? Number.NEGATIVE_INFINITY;
    if (point.timeSecond - last < SPACING_SECOND_MIN - SAME_SECOND) return;
    points.push(point);
    const lastFirst = points.length - READINGS_MIN;
    while (
      this.#first < lastFirst &&
      point.timeSecond - (points[this.#first]?.timeSecond ?? 0) > WINDOW_SECOND
    ) {
      this.#first += 1;
    }
    if (this.#first < READINGS_MAX) return;
    this.#points = points.slice(this.#first);
    this.#first = 0;
  }

  forget(): void {
    this.#points = [];
    this.#first = 0;
  }

  /** In V/s; undefined until there are enough readings over at least half the window. */
  newest(): { readonly value: number; readonly quality: 'good' } | undefined {
    const window = this.#points.slice(this.#first);
    const spanSecond = (window.at(-1)?.timeSecond ?? 0) - (window[0]?.timeSecond ?? 0);
    if (window.length < READINGS_MIN || spanSecond < WINDOW_SECOND / 2) return undefined;
    return { value: slope(window), quality: 'good' };
  }
}

function slope(points: readonly RatePoint[]): number {
  const count = points.length;
  const meanSecond = points.reduce((sum, { timeSecond }) => sum + timeSecond, 0) / count;
  const meanVolt = points.reduce((sum, { voltageVolt }) => sum + voltageVolt, 0) / count;
  let [product, square] = [0, 0];
  for (const { timeSecond, voltageVolt } of points) {
    product += (timeSecond - meanSecond) * (voltageVolt - meanVolt);
    square += (timeSecond - meanSecond) ** 2;
  }
  return square > 0 ? product / square : 0;
}
