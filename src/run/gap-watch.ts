import type { ChargeCounter } from './charge-counter.ts';
import type { Journal } from './journal.ts';
import { spokenTime, spokenValue } from './wording.ts';

/** Longer than so many sample periods without a reading is a gap. */
const GAP_PERIODS = 3;
/** At fast rhythms less than this is the jitter of links and computers. */
const GAP_SECOND_MIN = 1;
/** Of one stretch of current or rest so many gaps are told one by one; the others are counted. */
const GAPS_TOLD_MAX = 10;

interface Reading {
  readonly timeSecond: number;
}

/**
 * Marks where readings are missing: nobody has seen the cell in a gap, and the charge in it is an
 * assumption, the trapezoid between the readings around it.
 */
export class GapWatch {
  readonly #journal: Journal;
  readonly #charge: ChargeCounter;
  readonly #gapSecond: number;
  #last: { readonly timeSecond: number; readonly chargeCoulomb: number };
  #untold = 0;
  #told = 0;

  /** @param startSecond when the readings were asked for */
  constructor(
    { journal, charge }: { readonly journal: Journal; readonly charge: ChargeCounter },
    {
      startSecond,
      sampleEverySecond,
    }: { readonly startSecond: number; readonly sampleEverySecond: number },
  ) {
    this.#journal = journal;
    this.#charge = charge;
    this.#gapSecond = Math.max(GAP_SECOND_MIN, GAP_PERIODS * sampleEverySecond);
    this.#last = { timeSecond: startSecond, chargeCoulomb: charge.chargeCoulomb };
  }

  /** After the charge of the reading was counted. */
  look({ timeSecond }: Reading): void {
    const { chargeCoulomb } = this.#charge;
    const before = this.#last;
    this.#last = { timeSecond, chargeCoulomb };
    const gapSecond = timeSecond - before.timeSecond;
    if (gapSecond <= this.#gapSecond) return;
    if (this.#told >= GAPS_TOLD_MAX) {
      this.#untold += 1;
      return;
    }
    this.#told += 1;
    const assumedCoulomb = chargeCoulomb - before.chargeCoulomb;
    this.#journal.event({
      code: 'gap',
      severity: 'warning',
      message: `No reading for ${spokenTime(gapSecond)}: a charge of ${spokenValue(assumedCoulomb, 'C')} is assumed for it.`,
      details: {
        start_second: before.timeSecond,
        end_second: timeSecond,
        length_second: gapSecond,
        charge_coulomb: assumedCoulomb,
        cause: 'readings',
      },
    });
  }

  /** Tells how many gaps were only counted. */
  stop(): void {
    if (this.#untold === 0) return;
    this.#journal.event({
      code: 'gap',
      severity: 'warning',
      message: `${this.#untold} more gaps between readings, told only by their number.`,
      details: { count: this.#untold },
    });
    this.#untold = 0;
  }
}
