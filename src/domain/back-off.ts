import { Random } from './random.ts';

export interface BackOffOptions {
  readonly firstSecond: number;
  readonly longestSecond: number;
  /** Every attempt waits so many times longer than the one before; 2 unless given. */
  readonly factor?: number;
  /** So that instruments which were lost together do not all come back in the same moment. */
  readonly seed: number;
}

const FACTOR = 2;
/** Each wait is shortened by up to this share of it. */
const JITTER_SHARE = 0.25;

/** Waits between attempts that grow from a first to a longest one, and how many there were. */
export class BackOff {
  readonly #options: BackOffOptions;
  readonly #random: Random;
  #attempts = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** How many waits were asked for since the beginning, or since `reset`. */
  get attempts(): number {
    return this.#attempts;
  }

  /** How long to wait before the next attempt, s. */
  nextSecond(): number {
    const { firstSecond, longestSecond, factor = FACTOR } = this.#options;
    const wholeSecond = Math.min(longestSecond, firstSecond * factor ** this.#attempts);
    this.#attempts += 1;
    return wholeSecond * (1 - JITTER_SHARE * this.#random.uniform());
  }

  /** It worked: the next time begins with the first wait. */
  reset(): void {
    this.#attempts = 0;
  }
}
