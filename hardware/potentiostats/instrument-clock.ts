/** How much the time bases of instrument and host may run apart, relative. */
const DRIFT_RELATIVE_MAX = 100e-6;

/**
 * The time of a reading on the host's clock, from the instrument's time stamp. Stamps are free of
 * what the wire and the host add; what is not known is the offset between the two clocks. It is
 * first that of the start, whose time both sides know. Then each arrival bounds it from above,
 * since no reading is younger than its arrival, and it is let up as fast as two crystals may run
 * apart: so it follows them, and no time is later than its arrival.
 */
export class InstrumentClock {
  #offsetSecond: number | undefined;
  #heardSecond = 0;
  #stampSecond = Number.NEGATIVE_INFINITY;

  /** One moment on both clocks. Stamps may begin anew with it. */
  align(stampSecond: number, hostSecond: number): void {
    this.#offsetSecond = hostSecond - stampSecond;
    this.#heardSecond = hostSecond;
    this.#stampSecond = Number.NEGATIVE_INFINITY;
  }

  /**
   * The stamp on the host's clock.
   * @param arrivalSecond when the reading came, on the host's clock
   */
  hostSecond(stampSecond: number, arrivalSecond: number): number {
    const bound = arrivalSecond - stampSecond;
    const drift = (arrivalSecond - this.#heardSecond) * DRIFT_RELATIVE_MAX;
    this.#offsetSecond = Math.min(bound, (this.#offsetSecond ?? bound) + drift);
    this.#heardSecond = arrivalSecond;
    this.#stampSecond = stampSecond;
    return stampSecond + this.#offsetSecond;
  }

  /** True when this is the stamp of a reading that has been heard before. */
  isHeard(stampSecond: number): boolean {
    return stampSecond <= this.#stampSecond;
  }
}
