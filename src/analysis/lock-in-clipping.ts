/**
 * Finds samples cut off by a range or a saturated amplifier. With known limits every sample at or
 * beyond them counts. Without, a clipped sine shows by its flat top: a run of equal extreme values
 * far longer than the resolution of the converter explains.
 */

/** A flat top this many times longer than a quantised sine's is no accident. */
const RUN_EXCESS = 2;
/** Shorter runs of equal extremes say nothing. */
const RUN_SAMPLES_MIN = 5;

export class ClippingWatch {
  /** Samples at or beyond the limit. */
  beyondLimit = 0;
  readonly #limit: number;
  readonly #top = new ExtremeRun();
  readonly #bottom = new ExtremeRun();
  #previous = Number.NaN;
  #stepMin = Number.POSITIVE_INFINITY;

  /** @param limit largest magnitude the range shows, in the signal's unit; Infinity if unknown */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  push(samples: Float64Array): void {
    for (const value of samples) {
      if (Math.abs(value) >= this.#limit) this.beyondLimit += 1;
      const step = Math.abs(value - this.#previous);
      if (step > 0 && step < this.#stepMin) this.#stepMin = step;
      this.#previous = value;
      this.#top.push(value);
      this.#bottom.push(-value);
    }
  }

  /** True when the signal is cut off, judged against the sine that was fitted to it. */
  isClipped(sine: { readonly amplitude: number; readonly samplesPerPeriod: number }): boolean {
    if (this.beyondLimit > 0) return true;
    // A sine stays within one step of its top for this part of a period.
    const share = Math.acos(Math.max(-1, 1 - this.#stepMin / sine.amplitude)) / Math.PI;
    const expected = 2 + share * sine.samplesPerPeriod;
    const run = Math.max(this.#top.longest, this.#bottom.longest);
    return run >= RUN_SAMPLES_MIN && run > RUN_EXCESS * expected;
  }
}

/** The longest run of samples that equal the largest value so far. */
class ExtremeRun {
  longest = 0;
  #value = Number.NEGATIVE_INFINITY;
  #run = 0;

  push(value: number): void {
    if (value > this.#value) {
      this.#value = value;
      this.#run = 1;
      this.longest = 1;
    } else if (value === this.#value) {
      this.#run += 1;
      this.longest = Math.max(this.longest, this.#run);
    } else {
      this.#run = 0;
    }
  }
}
