/** Microseconds of the board start again after 2^32. */
const WRAP_SECOND = 2 ** 32 / 1e6;
/** A byte at 57 600 Bd: it is heard when it is whole, and not before. */
const RESOLUTION_SECOND = 2e-4;
/** Of so many questions the one answered fastest is believed. */
const QUESTIONS_KEPT = 8;

/** What a question about the board's time has told. */
interface Comparison {
  readonly offsetSecond: number;
  readonly halfWidthSecond: number;
}

/** A moment on the experiment's clock, and how far it can be from that. */
export interface PlacedMoment {
  readonly timeSecond: number;
  readonly uncertaintySecond: number;
}

/**
 * Where the board's microseconds lie on the experiment's clock. Each question and its answer bound
 * the offset from both sides (Cristian, Distributed Computing 3, 146 (1989)): the board looked at
 * its clock after the question had arrived and before the answer left.
 */
export class BoardClock {
  readonly #comparisons: Comparison[] = [];
  #wraps = 0;
  #lastRawSecond = 0;

  /**
   * @param times when the first byte of the question was handed over and the last of the answer
   *   had come, how long the two are on the wire at the least, and what the board said
   */
  compare(times: {
    readonly sentSecond: number;
    readonly heardSecond: number;
    readonly questionSecond: number;
    readonly answerSecond: number;
    readonly boardUs: number;
  }): void {
    const boardSecond = this.#unwrap(times.boardUs);
    const earliestSecond = times.sentSecond + times.questionSecond;
    const latestSecond = times.heardSecond - times.answerSecond;
    // Bounds that have crossed are wrong by as much at least.
    const disagreementSecond = Math.abs(latestSecond - earliestSecond) / 2;
    const halfWidthSecond = Math.max(RESOLUTION_SECOND, disagreementSecond);
    const middleSecond = (earliestSecond + latestSecond) / 2;
    this.#comparisons.push({ offsetSecond: middleSecond - boardSecond, halfWidthSecond });
    if (this.#comparisons.length > QUESTIONS_KEPT) this.#comparisons.shift();
  }

  /** @returns undefined before the first answer */
  place(boardUs: number): PlacedMoment | undefined {
    const best = this.#comparisons.reduce<Comparison | undefined>(
      (least, one) => (least && least.halfWidthSecond <= one.halfWidthSecond ? least : one),
      undefined,
    );
    if (!best) return undefined;
    return {
      timeSecond: this.#unwrap(boardUs) + best.offsetSecond,
      uncertaintySecond: best.halfWidthSecond,
    };
  }

  /** A raw time far behind the last one is one wrap later. */
  #unwrap(boardUs: number): number {
    const rawSecond = boardUs / 1e6;
    const behindSecond = this.#lastRawSecond - rawSecond;
    if (behindSecond > WRAP_SECOND / 2) this.#wraps += 1;
    // A moment that was stamped just before the wrap and is heard just after it.
    else if (behindSecond < -WRAP_SECOND / 2) return (this.#wraps - 1) * WRAP_SECOND + rawSecond;
    this.#lastRawSecond = rawSecond;
    return this.#wraps * WRAP_SECOND + rawSecond;
  }
}
