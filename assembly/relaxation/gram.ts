// Normal equations of the design, and the penalty on the second difference of the relaxations.

import { dot } from '../dot';
import { PART_IMAGINARY, PART_REAL } from './householder';
import {
  column,
  columnBytes,
  DESIGN,
  GRAM,
  get,
  halfBytes,
  PENALISED,
  RIGHT,
  ROW,
  relaxationCount,
  row,
  set,
  termCount,
  unknownCount,
} from './memory';

/** Relative ridge that keeps the Cholesky factor of nearly equal columns positive. */
const RIDGE: f64 = 1e-12;

/** GRAM = A'A and RIGHT = A'b over the rows of `part`. */
export function formGram(part: i32): void {
  const skipped = (part & PART_REAL) == 0 ? halfBytes : 0;
  const bytes = part == (PART_REAL | PART_IMAGINARY) ? columnBytes : halfBytes;
  const right = column(DESIGN, unknownCount) + skipped;
  for (let i = 0; i < unknownCount; i++) {
    const a = column(DESIGN, i) + skipped;
    for (let j = 0; j <= i; j++) {
      const value = dot(a, column(DESIGN, j) + skipped, bytes);
      set(row(GRAM, i), j, value);
      set(row(GRAM, j), i, value);
    }
    set(RIGHT, i, dot(a, right, bytes));
  }
}

/** PENALISED = GRAM + lambda D'D + ridge, D the second difference over neighbouring relaxations. */
export function penalise(lambda: f64): void {
  memory.copy(PENALISED, GRAM, (<usize>(unknownCount * ROW)) << 3);
  for (let k = 1; k < relaxationCount - 1; k++) {
    for (let p = -1; p <= 1; p++) {
      for (let q = -1; q <= 1; q++) {
        addTo(termCount + k + p, termCount + k + q, lambda * difference(p) * difference(q));
      }
    }
  }
  for (let i = 0; i < unknownCount; i++) addTo(i, i, RIDGE * get(row(GRAM, i), i));
}

/** Entry (a, b) of D'D for relaxations a and b: not zero up to a distance of 2. */
export function penaltyEntry(a: i32, b: i32): f64 {
  let sum: f64 = 0;
  for (let k = a - 1; k <= a + 1; k++) {
    if (k < 1 || k > relaxationCount - 2 || b < k - 1 || b > k + 1) continue;
    sum += difference(a - k) * difference(b - k);
  }
  return sum;
}

function difference(offset: i32): f64 {
  return offset == 0 ? -2 : 1;
}

function addTo(i: i32, j: i32, value: f64): void {
  set(row(PENALISED, i), j, get(row(PENALISED, i), j) + value);
}
