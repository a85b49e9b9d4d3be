/** Readings whose differences say how large the noise is. */
const NOISE_READINGS = 32;
/** Fewer say too little. */
const NOISE_READINGS_MIN = 6;
/** A turn must leave the extreme this far out of the noise, and at least so far. */
const TURN_SIGMAS = 6;
const TURN_VOLT_MIN = 5e-4;
/** So many readings in a row must agree that it has turned: one alone may be a glitch. */
const TURN_READINGS = 3;
/** Median absolute deviation of a normal distribution, as a share of its standard deviation. */
const MAD_PER_SIGMA = 0.6745;

/**
 * Finds local extremes of the voltage of one stretch of current: where it has turned back by more
 * than its noise. One extreme is told once, as soon as the turn is certain.
 */
export class VoltagePeak {
  #differences: number[] = [];
  #lastVolt: number | undefined;
  /** 1 while it rises, -1 while it falls, 0 until it has moved. */
  #direction = 0;
  #high = Number.NEGATIVE_INFINITY;
  #low = Number.POSITIVE_INFINITY;
  #agreeing = 0;

  /** The current was switched: what follows is another curve. */
  forget(): void {
    this.#differences = [];
    this.#lastVolt = undefined;
    this.#begin(0);
  }

  /** One more good reading. @returns whether the voltage has just turned */
  look(volt: number): boolean {
    if (this.#lastVolt !== undefined) {
      this.#differences.push(Math.abs(volt - this.#lastVolt));
      if (this.#differences.length > NOISE_READINGS) this.#differences.shift();
    }
    this.#lastVolt = volt;
    this.#high = Math.max(this.#high, volt);
    this.#low = Math.min(this.#low, volt);
    if (this.#differences.length < NOISE_READINGS_MIN) return false;
    const turned = this.#turned(volt);
    this.#agreeing = turned === 0 ? 0 : this.#agreeing + 1;
    if (this.#agreeing < TURN_READINGS) return false;
    const isExtreme = this.#direction !== 0;
    this.#begin(turned, volt);
    return isExtreme;
  }

  /** Where it goes now, when that is not where it went before; else 0. */
  #turned(volt: number): number {
    const turnVolt = Math.max(TURN_VOLT_MIN, TURN_SIGMAS * this.#sigmaVolt());
    if (this.#direction <= 0 && volt - this.#low > turnVolt) return 1;
    if (this.#direction >= 0 && this.#high - volt > turnVolt) return -1;
    return 0;
  }

  #begin(direction: number, volt?: number): void {
    this.#direction = direction;
    this.#high = volt ?? Number.NEGATIVE_INFINITY;
    this.#low = volt ?? Number.POSITIVE_INFINITY;
    this.#agreeing = 0;
  }

  /** From successive differences; the trend in them only makes it more careful. */
  #sigmaVolt(): number {
    const sorted = [...this.#differences].sort((a, b) => a - b);
    const median = sorted[sorted.length >>> 1] ?? 0;
    return median / (MAD_PER_SIGMA * Math.SQRT2);
  }
}
