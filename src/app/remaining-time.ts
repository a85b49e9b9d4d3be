import { duration } from './format-values.ts';

/** How far back the pace is looked at. */
const WINDOW_SECOND = 30;
/** Before this nothing can be said. */
const ELAPSED_SECOND_MIN = 2;
/** Moments that are kept are this far apart. */
const APART_SECOND = 0.2;

/**
 * Estimates how long work still takes from its pace of late. A leap, such as of what was done
 * already, is forgotten after half a minute.
 */
export class RemainingTime {
  readonly #moments: Moment[] = [];
  #now: Moment | undefined;

  /** Tells it the share that is done, 0 to 1. */
  note(second: number, fraction: number): void {
    const moments = this.#moments;
    this.#now = { second, fraction };
    const last = moments.at(-1);
    if (!last || second - last.second >= APART_SECOND) moments.push(this.#now);
    while ((moments[1]?.second ?? second) <= second - WINDOW_SECOND) moments.shift();
  }

  /** ", 3 min 05 s left", or nothing while it cannot be told. */
  text(): string {
    const first = this.#moments[0];
    const now = this.#now;
    if (!first || !now || now.second - first.second < ELAPSED_SECOND_MIN) return '';
    const pace = (now.fraction - first.fraction) / (now.second - first.second);
    if (!(pace > 0)) return '';
    return `, ${duration((1 - now.fraction) / pace)} left`;
  }
}

interface Moment {
  readonly second: number;
  readonly fraction: number;
}
