/**
 * Charge passed through the cell, from measured times alone: trapezoids between readings, and
 * steps where the current is switched.
 */
export class ChargeCounter {
  #chargeCoulomb: number;
  #timeSecond: number | undefined;
  #currentAmpere = 0;

  /** @param chargeCoulomb what earlier steps or an earlier start have passed. */
  constructor(chargeCoulomb = 0) {
    this.#chargeCoulomb = chargeCoulomb;
  }

  /** Up to the last reading or switch. */
  get chargeCoulomb(): number {
    return this.#chargeCoulomb;
  }

  /** At a moment after the last reading: the current has flowed on since. */
  chargeCoulombAt(timeSecond: number): number {
    const elapsedSecond = Math.max(0, timeSecond - (this.#timeSecond ?? timeSecond));
    const currentAmpere = Number.isNaN(this.#currentAmpere) ? 0 : this.#currentAmpere;
    return this.#chargeCoulomb + currentAmpere * elapsedSecond;
  }

  /** Adds the trapezoid from the reading before. A reading from the past adds nothing. */
  add(reading: { readonly timeSecond: number; readonly currentAmpere: number }): void {
    const before = Number.isNaN(this.#currentAmpere) ? reading.currentAmpere : this.#currentAmpere;
    this.#advance(reading.timeSecond, (before + reading.currentAmpere) / 2);
    this.#currentAmpere = reading.currentAmpere;
  }

  /** The current steps to a new value now; until now the last one has flowed. */
  switchTo(change: { readonly timeSecond: number; readonly currentAmpere: number }): void {
    this.#advance(change.timeSecond, this.#currentAmpere);
    this.#currentAmpere = change.currentAmpere;
  }

  /**
   * From now on another current flows, which the next reading will tell: it has flowed since now.
   */
  forget(timeSecond: number): void {
    this.#advance(timeSecond, this.#currentAmpere);
    this.#currentAmpere = Number.NaN;
  }

  /** Another specimen: nothing has passed through it yet. */
  startAnew(timeSecond: number): void {
    this.#chargeCoulomb = 0;
    this.#timeSecond = timeSecond;
    this.#currentAmpere = 0;
  }

  #advance(timeSecond: number, meanAmpere: number): void {
    const elapsedSecond = timeSecond - (this.#timeSecond ?? timeSecond);
    if (elapsedSecond < 0) return;
    // A current that nobody has seen yet passes nothing that could be counted.
    if (!Number.isNaN(meanAmpere)) this.#chargeCoulomb += meanAmpere * elapsedSecond;
    this.#timeSecond = timeSecond;
  }
}
