const VALUE_BITS = 24;
const CLOCKS_OF_A_VALUE = 25;
const CODE_MAX = 0x7fffff;
const CODE_MIN = -0x800000;
const EVERY_SECOND = 0.1;

/**
 * An HX711 (Avia Semiconductor): its data line falls when a value is ready, each rising clock
 * brings the next bit, the 25th puts the line up until the next value.
 */
export class Hx711 {
  readonly #code: () => number;
  readonly #setLine: (isHigh: boolean) => void;
  #value = 0;
  #clocks = 0;
  #isReady = false;
  #nextSecond = EVERY_SECOND;

  /** @param options code of the bridge now; `setLine` drives the data line */
  constructor(options: { code: () => number; setLine: (isHigh: boolean) => void }) {
    this.#code = options.code;
    this.#setLine = options.setLine;
  }

  /** Lets its own conversions come. */
  advance(timeSecond: number): void {
    if (timeSecond < this.#nextSecond) return;
    this.#nextSecond += EVERY_SECOND;
    // A value that is being read is not replaced.
    if (this.#clocks > 0) return;
    this.#value = Math.min(CODE_MAX, Math.max(CODE_MIN, Math.round(this.#code())));
    this.#isReady = true;
    this.#setLine(false);
  }

  clock(isHigh: boolean): void {
    if (!isHigh || !this.#isReady) return;
    this.#clocks += 1;
    if (this.#clocks <= VALUE_BITS) {
      this.#setLine(Boolean((this.#value >> (VALUE_BITS - this.#clocks)) & 1));
      return;
    }
    if (this.#clocks < CLOCKS_OF_A_VALUE) return;
    this.#clocks = 0;
    this.#isReady = false;
    this.#setLine(true);
  }
}
