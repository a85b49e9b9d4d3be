/** Rounding of time stamps. */
const SAME_SECOND = 1e-6;

/** Which readings of a stretch of current are written down: all near its ends, some between. */
export class EdgeRecording {
  readonly #startSecond: number;
  readonly #durationSecond: number;
  readonly #edgeSecond: number;
  readonly #everySecond: number;
  #nextSecond: number;

  constructor(options: {
    readonly startSecond: number;
    readonly durationSecond: number;
    /** How long an edge is. */
    readonly edgeSecond: number;
    /** Between the edges. */
    readonly sampleEverySecond: number;
  }) {
    this.#startSecond = options.startSecond;
    this.#durationSecond = options.durationSecond;
    this.#edgeSecond = options.edgeSecond;
    this.#everySecond = options.sampleEverySecond;
    this.#nextSecond = options.sampleEverySecond;
  }

  /** To be asked once for each reading, in order. */
  wants(timeSecond: number): boolean {
    const elapsedSecond = timeSecond - this.#startSecond;
    const isEdge =
      elapsedSecond <= this.#edgeSecond + SAME_SECOND ||
      elapsedSecond >= this.#durationSecond - this.#edgeSecond - SAME_SECOND;
    const isNext = elapsedSecond >= this.#nextSecond - SAME_SECOND;
    if (isNext) {
      const passed = Math.floor((elapsedSecond + SAME_SECOND) / this.#everySecond);
      this.#nextSecond = (passed + 1) * this.#everySecond;
    }
    return isEdge || isNext;
  }
}
