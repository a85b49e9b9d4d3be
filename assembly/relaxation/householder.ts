// Linear least squares by Householder reflections (Golub and Van Loan, Matrix Computations 5.3).
// The reflections act on the right-hand side as on one more column.

import { dot } from '../dot';
import {
  column,
  columnBytes,
  DESIGN,
  get,
  halfBytes,
  MIRROR,
  SOLUTION,
  set,
  TRIANGLE,
  unknownCount,
} from './memory';
import { subtractScaled } from './vector';

/** A pivot below this share of the largest is rounding: its unknown is set to zero. */
const RANK_TOLERANCE: f64 = 1e-14;

export const PART_REAL: i32 = 1;
export const PART_IMAGINARY: i32 = 2;

/** Solves design * SOLUTION = right-hand side on the rows of `part`. */
export function leastSquares(part: i32): void {
  copyDesign(part);
  for (let k = 0; k < unknownCount; k++) reflect(k);
  substituteBack();
}

function copyDesign(part: i32): void {
  for (let c = 0; c <= unknownCount; c++) {
    const target = column(TRIANGLE, c);
    memory.copy(target, column(DESIGN, c), columnBytes);
    if ((part & PART_REAL) == 0) memory.fill(target, 0, halfBytes);
    if ((part & PART_IMAGINARY) == 0) memory.fill(target + halfBytes, 0, halfBytes);
  }
}

/** Clears column k below its diagonal. Rows start at an even index so that vectors stay whole. */
function reflect(k: i32): void {
  const start = (<usize>(k & ~1)) << 3;
  const bytes = columnBytes - start;
  const pivotColumn = column(TRIANGLE, k);
  const mirror = MIRROR + start;
  memory.copy(mirror, pivotColumn + start, bytes);
  if ((k & 1) != 0) store<f64>(mirror, 0);
  const squared = dot(mirror, mirror, bytes);
  if (!(squared > 0)) return;
  const pivot = get(MIRROR, k);
  const image = pivot > 0 ? -Math.sqrt(squared) : Math.sqrt(squared);
  set(MIRROR, k, pivot - image);
  set(pivotColumn, k, image);
  const factor = 1.0 / (squared - pivot * image);
  for (let j = k + 1; j <= unknownCount; j++) {
    const target = column(TRIANGLE, j) + start;
    subtractScaled(target, mirror, factor * dot(mirror, target, bytes), bytes);
  }
}

function substituteBack(): void {
  let pivotMax: f64 = 0;
  for (let k = 0; k < unknownCount; k++) {
    pivotMax = Math.max(pivotMax, Math.abs(get(column(TRIANGLE, k), k)));
  }
  for (let k = unknownCount - 1; k >= 0; k--) {
    let rest = get(column(TRIANGLE, unknownCount), k);
    for (let j = k + 1; j < unknownCount; j++) {
      rest -= get(column(TRIANGLE, j), k) * get(SOLUTION, j);
    }
    const pivot = get(column(TRIANGLE, k), k);
    set(SOLUTION, k, Math.abs(pivot) > RANK_TOLERANCE * pivotMax ? rest / pivot : 0);
  }
}
