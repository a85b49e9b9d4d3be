/** A contact that has not settled after so many debounce times is as good as open. */
export const UNSETTLED_TIMES_MAX = 5;

/** A timer of the debounce time ends when the time is over: but for the rounding of the clock. */
const ROUNDING_SECOND = 1e-9;

export type ContactState = 'closed' | 'open';

/**
 * What a bouncing contact is: closed when it was closed for the whole debounce time; open when it
 * was open for so long without a break, or when it does not come to rest.
 */
export class ContactDebounce {
  readonly #debounceSecond: number;
  #isClosed: boolean | undefined;
  #sinceSecond = 0;
  /** When it last was neither. */
  #unsettledSecond: number | undefined;
  #state: ContactState | undefined;

  constructor(debounceSecond: number) {
    this.#debounceSecond = debounceSecond;
  }

  /** One reading; in the order of time. */
  add(isClosed: boolean, timeSecond: number): void {
    // What it was until now has settled or not before this reading.
    this.stateAt(timeSecond);
    if (isClosed === this.#isClosed) return;
    this.#isClosed = isClosed;
    this.#sinceSecond = timeSecond;
    this.#unsettledSecond ??= timeSecond;
  }

  /** @returns undefined while the first readings have not settled */
  stateAt(timeSecond: number): ContactState | undefined {
    if (this.#isClosed === undefined || this.#unsettledSecond === undefined) return this.#state;
    const untilSecond = timeSecond + ROUNDING_SECOND;
    if (untilSecond - this.#sinceSecond >= this.#debounceSecond) {
      this.#state = this.#isClosed ? 'closed' : 'open';
      this.#unsettledSecond = undefined;
    } else if (untilSecond - this.#unsettledSecond >= UNSETTLED_TIMES_MAX * this.#debounceSecond) {
      this.#state = 'open';
    }
    return this.#state;
  }

  /** Whether its state may change by time alone. */
  isUnsettled(timeSecond: number): boolean {
    this.stateAt(timeSecond);
    return this.#unsettledSecond !== undefined;
  }
}
