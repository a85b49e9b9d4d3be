/**
 * A sensor whose noise has gone. Its noise is learned first: one that reads too coarsely to show
 * any is never called stuck.
 */

/** Identical for so long is stale; a value that is stale satisfies no condition. */
export const STALE_SECOND = 60;
/** Identical for so long is a reason for the safe state. */
export const STUCK_SECOND = 300;

const LEARNED_SAMPLES_MIN = 100;
/** Share of samples that must show noise of several steps of the converter. */
const NOISY_SHARE_MIN = 0.2;
/** Second differences of a smooth value stay below this many steps of the converter. */
const NOISY_STEPS = 3;
/** How likely a sound sensor may look stuck, in one place. */
const CHANCE_MAX = 1e-9;
/** Two equal values in a row are never less likely than this, however it looked so far. */
const SAME_SHARE_MIN = 0.2;
/** A run this long says more of the sensor than of its noise. */
const LEARNED_RUN_MAX = 10;

export type StuckVerdict = 'moving' | 'stale' | 'stuck';

export class StuckSensor {
  #before: readonly number[] = [];
  #sinceSecond = 0;
  #run = 0;
  #samples = 0;
  #same = 0;
  #noisy = 0;
  #step = Number.POSITIVE_INFINITY;

  add(timeSecond: number, value: number): StuckVerdict {
    const [last, beforeLast] = this.#before;
    this.#before = last === undefined ? [value] : [value, last];
    if (last === undefined || value !== last) {
      this.#sinceSecond = timeSecond;
      this.#run = 0;
    } else {
      this.#run += 1;
    }
    if (last !== undefined && beforeLast !== undefined && this.#run <= LEARNED_RUN_MAX) {
      this.#learn(value, last, beforeLast);
    }
    return this.#verdict(timeSecond - this.#sinceSecond);
  }

  #learn(value: number, last: number, beforeLast: number): void {
    const step = Math.abs(value - last);
    if (step > 0) this.#step = Math.min(this.#step, step);
    this.#samples += 1;
    if (step === 0) this.#same += 1;
    const bend = Math.abs(value - 2 * last + beforeLast);
    if (bend > (NOISY_STEPS - 0.5) * this.#step) this.#noisy += 1;
  }

  #verdict(sameSecond: number): StuckVerdict {
    if (sameSecond < STALE_SECOND || this.#samples < LEARNED_SAMPLES_MIN) return 'moving';
    if (this.#noisy / this.#samples < NOISY_SHARE_MIN) return 'moving';
    const sameShare = Math.max(SAME_SHARE_MIN, this.#same / this.#samples);
    if (sameShare ** this.#run > CHANCE_MAX) return 'moving';
    return sameSecond >= STUCK_SECOND ? 'stuck' : 'stale';
  }
}
