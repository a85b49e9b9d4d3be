import type { StripeTally } from '../kernels/tomography-slots.ts';

/** Numbers of a row besides those of its columns. */
const FIELDS = 5;

/** What was done to one detector row, and what came of it: kept on disk beside its slice. */
export class RowTally {
  /** Numbers that one row takes: one per column, and those below. */
  static lengthOf(columns: number): number {
    return columns + FIELDS;
  }

  readonly #columns: number;
  readonly #values: Float32Array;

  /** @param values `RowTally.lengthOf(columns)` numbers, wherever they are kept */
  constructor(columns: number, values: Float32Array) {
    this.#columns = columns;
    this.#values = values;
  }

  /** Mean over the views of what stripe removal took off each column. */
  get stripes(): Float32Array {
    return this.#values.subarray(0, this.#columns);
  }
  get zingers(): number {
    return this.#get(0);
  }
  set zingers(count: number) {
    this.#set(0, count);
  }
  get stripedColumns(): number {
    return this.#get(1);
  }
  /** Sum of squares of what stripe removal took off. */
  get removedSquares(): number {
    return this.#get(2);
  }
  /** Sum of squares of the attenuation before. */
  get totalSquares(): number {
    return this.#get(3);
  }
  /** Voxels that the scale could not hold. */
  get clipped(): number {
    return this.#get(4);
  }
  set clipped(count: number) {
    this.#set(4, count);
  }

  clear(): void {
    this.#values.fill(0);
  }

  set stripesRemoved(tally: StripeTally & { readonly totalSquares: number }) {
    const { columns, removedSquares, totalSquares, removedMean } = tally;
    this.stripes.set(removedMean);
    this.#set(1, columns);
    this.#set(2, removedSquares);
    this.#set(3, totalSquares);
  }

  #get(field: number): number {
    return this.#values[this.#columns + field] ?? 0;
  }

  #set(field: number, value: number): void {
    this.#values[this.#columns + field] = value;
  }
}
