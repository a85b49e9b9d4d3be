import type { Journal } from './journal.ts';

export interface Drop {
  /** What kind of thing was left out: `scan`, `impedance`, `impedancePoint`. */
  readonly what: string;
  readonly count: number;
  /** One sentence for people. */
  readonly message: string;
  readonly details?: Readonly<Record<string, number | string>>;
}

/** The one place where the runner says what it has left out, and how much of it in all. */
export class Drops {
  readonly #journal: Journal;
  readonly #totals = new Map<string, number>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** How many of each kind were left out so far. */
  get totals(): ReadonlyMap<string, number> {
    return this.#totals;
  }

  /** Writes down what was left out and adds it to the totals. */
  add({ what, count, message, details = {} }: Drop): void {
    this.#totals.set(what, (this.#totals.get(what) ?? 0) + count);
    this.#journal.event({
      code: 'dropped',
      severity: 'warning',
      message,
      details: { what, count, ...details },
    });
  }

  /** Says once, at the end of a run, what was left out of it; silent when nothing was. */
  report(): void {
    if (this.#totals.size === 0) return;
    const list = Array.from(this.#totals, ([what, count]) => `${count} ${what}`);
    this.#journal.event({
      code: 'note',
      severity: 'warning',
      message: `Left out of this run: ${list.join(', ')}.`,
      details: Object.fromEntries(
        Array.from(this.#totals, ([what, count]) => [`dropped_${what}`, count]),
      ),
    });
  }
}
