import { Fault } from '../domain/fault.ts';
import { floats, type RawKernel } from './tomography-raw.ts';
import type { SinogramSlot, StripeTally } from './tomography-slots.ts';

/** The widest running median: 2 x 63 + 1 columns. */
export const MEDIAN_HALF_MAX = 63;
/** So many views there are at most. */
const RANK_REACH_MAX = 65_535;

/** How sorted columns are smoothed. */
export interface SortedSmoothing {
  /** The median is over this many columns to each side. */
  readonly half: number;
  /**
   * 0: sorted values become their medians. Otherwise they lose their difference from the medians,
   * averaged over this many ranks to each side: a stripe differs alike at neighbouring ranks.
   */
  readonly rankReach?: number;
  /** Columns that are changed (not 0); all, unless given. */
  readonly chosen?: ArrayLike<number>;
  /** With a rank reach, what each column loses lies between these; without bounds unless given. */
  readonly bounds?: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> };
}

/** How columns differ from their neighbours: distribution over the views, one value per column. */
export interface ColumnDetails {
  /** Lower quartile, median and upper quartile. */
  readonly low: Float32Array;
  readonly middle: Float32Array;
  readonly high: Float32Array;
}

/**
 * The columns of a held sinogram while stripes are taken out of it. They are worked on apart;
 * `store` puts those that were changed back. Valid until the kernel is used for anything else.
 */
export class SinogramColumns {
  readonly columns: number;
  readonly views: number;
  readonly #raw: RawKernel;
  readonly #slot: SinogramSlot;

  /** Made by TomographyKernel.columnsOf. */
  constructor(raw: RawKernel, slot: SinogramSlot, columns: number, views: number) {
    this.#raw = raw;
    this.#slot = slot;
    this.columns = columns;
    this.views = views;
  }

  /** The values of a column in the order of the views: the kernel's own, not a copy. */
  values(column: number): Float32Array {
    const stride = this.#raw.viewStride();
    return floats(this.#raw, this.#raw.columnsAddress() + 4 * column * stride, this.views);
  }

  /** Says that the values of a column were changed. */
  noteChange(column: number): void {
    this.#changed()[column] = 1;
  }

  /** Sum of the squares of all values. */
  sumOfSquares(): number {
    return this.#raw.sumOfSquares();
  }

  /**
   * How each column differs from the median of 2 `half` + 1 columns around it; beyond the
   * detector's ends columns are mirrored.
   * @throws Fault capacity when the median is too wide
   */
  details(half: number): ColumnDetails {
    checkHalf(half);
    const { low, middle, high } = detailRanks(this.views);
    this.#raw.rankDetails(half, low, middle, high);
    return this.#readTable();
  }

  /** How much each column changes from view to view: sum of the changes, whatever their sign. */
  flicker(): Float32Array {
    this.#raw.sumFlicker();
    return this.#readTable().low;
  }

  /** What the next column has over each; 0 at the last. */
  steps(): ColumnDetails {
    const { low, middle, high } = detailRanks(this.views);
    this.#raw.rankSteps(low, middle, high);
    return this.#readTable();
  }

  /**
   * Sorts columns by value, takes the median across columns at every rank, and sorts back.
   * @throws Fault capacity when the median is too wide, badInput when `chosen` does not fit
   */
  smoothSorted({ half, rankReach = 0, chosen, bounds }: SortedSmoothing): void {
    checkHalf(half);
    if (chosen && chosen.length !== this.columns) {
      const message = `${chosen.length} values; expected one for each of ${this.columns} columns`;
      throw new Fault('badInput', { where: 'chosen columns', message });
    }
    const table = this.#table();
    for (let column = 0; column < this.columns; column++) {
      table[3 * column] = chosen ? (chosen[column] ?? 0) : 1;
      table[3 * column + 1] = bounds?.lower[column] ?? -Infinity;
      table[3 * column + 2] = bounds?.upper[column] ?? Infinity;
    }
    this.#raw.smoothSorted(half, Math.min(rankReach, RANK_REACH_MAX));
  }

  /** Puts changed columns back into the held sinogram, and tells what they lost. */
  store(): StripeTally {
    const removedSquares = this.#raw.tallyColumns(this.#slot);
    const table = this.#table();
    const removedMean = Float32Array.from({ length: this.columns }, (_, c) => table[3 * c] ?? 0);
    const columns = this.#changed().reduce((sum, isChanged) => sum + isChanged, 0);
    if (columns > 0) this.#raw.storeColumns(this.#slot);
    return { columns, removedSquares, removedMean };
  }

  #readTable(): ColumnDetails {
    const table = this.#table();
    const column = (k: number) =>
      Float32Array.from({ length: this.columns }, (_, c) => table[3 * c + k] ?? 0);
    return { low: column(0), middle: column(1), high: column(2) };
  }

  #table(): Float32Array {
    return floats(this.#raw, this.#raw.columnTableAddress(), 3 * this.columns);
  }

  #changed(): Uint8Array {
    return new Uint8Array(this.#raw.memory.buffer, this.#raw.changedAddress(), this.columns);
  }
}

/** The ranks of the lower quartile, the median and the upper quartile. */
export function detailRanks(views: number) {
  return {
    low: Math.floor(0.25 * (views - 1)),
    middle: Math.floor(0.5 * (views - 1)),
    high: Math.ceil(0.75 * (views - 1)),
  };
}

function checkHalf(half: number): void {
  if (Number.isInteger(half) && half >= 0 && half <= MEDIAN_HALF_MAX) return;
  const message = `a median over ${half} columns to each side; expected 0 to ${MEDIAN_HALF_MAX}`;
  throw new Fault('capacity', { where: 'stripe removal', message });
}
