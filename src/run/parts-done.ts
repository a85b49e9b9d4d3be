/**
 * How many parts of a measurement are done: scans at photon energies, counted regions, sweeps. A
 * resumed run goes on with the part that was cut off.
 */
export class PartsDone {
  #count: number;

  /** @param count done in an earlier start of the software */
  constructor(count = 0) {
    this.#count = count;
  }

  get count(): number {
    return this.#count;
  }

  /** One more is whole; its record comes next. */
  add(): void {
    this.#count += 1;
  }
}
