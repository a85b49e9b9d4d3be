// Cholesky factor of the passive part of the penalised normal matrix, and what follows from it.
import { penaltyEntry } from './gram';
import {
  CHOLESKY,
  get,
  getFlag,
  INVERSE,
  PARTIAL,
  PASSIVE,
  PASSIVE_LIST,
  PENALISED,
  RIGHT,
  row,
  SOLUTION,
  set,
  setFlag,
  termCount,
  unknownCount,
} from './memory';
import { dotCount } from './vector';

/** A pivot below this share of its diagonal is rounding. */
const PIVOT_MIN: f64 = 1e-14;

export let passiveCount: i32 = 0;

/** Solves the equations of the passive unknowns into PARTIAL. */
export function solvePassive(): void {
  listPassive();
  for (let i = 0; i < passiveCount; i++) factorRow(i);
  for (let i = 0; i < passiveCount; i++) {
    const rest = get(RIGHT, getFlag(PASSIVE_LIST, i)) - dotCount(row(CHOLESKY, i), PARTIAL, i);
    set(PARTIAL, i, rest / get(row(CHOLESKY, i), i));
  }
  for (let i = passiveCount - 1; i >= 0; i--) {
    let rest = get(PARTIAL, i);
    for (let l = i + 1; l < passiveCount; l++) {
      rest -= get(row(CHOLESKY, l), i) * get(PARTIAL, l);
    }
    set(PARTIAL, i, rest / get(row(CHOLESKY, i), i));
  }
}

/** SOLUTION = PARTIAL where passive, zero elsewhere. */
export function spreadPartial(): void {
  for (let i = 0; i < unknownCount; i++) set(SOLUTION, i, 0);
  for (let i = 0; i < passiveCount; i++) {
    set(SOLUTION, getFlag(PASSIVE_LIST, i), get(PARTIAL, i));
  }
}

/**
 * Effective number of parameters, trace of (G + lambda D'D)^-1 G over the passive unknowns, from
 * the factor of the last solve. D'D has five diagonals: only those of the inverse are formed.
 */
export function effectiveParameters(lambda: f64): f64 {
  invertFactor();
  let trace: f64 = 0;
  for (let i = 0; i < passiveCount; i++) {
    const a = getFlag(PASSIVE_LIST, i) - termCount;
    if (a < 0) continue;
    for (let j = i; j < min(i + 3, passiveCount); j++) {
      const b = getFlag(PASSIVE_LIST, j) - termCount;
      const entry = penaltyEntry(a, b);
      if (entry == 0) continue;
      const offset = (<usize>j) << 3;
      const inverse = dotCount(
        row(INVERSE, i) + offset,
        row(INVERSE, j) + offset,
        passiveCount - j,
      );
      trace += (i == j ? 1.0 : 2.0) * entry * inverse;
    }
  }
  return <f64>passiveCount - lambda * trace;
}

function listPassive(): void {
  passiveCount = 0;
  for (let i = 0; i < unknownCount; i++) {
    if (getFlag(PASSIVE, i) != 0) setFlag(PASSIVE_LIST, passiveCount++, i);
  }
}

function factorRow(i: i32): void {
  const matrixRow = row(PENALISED, getFlag(PASSIVE_LIST, i));
  const target = row(CHOLESKY, i);
  for (let j = 0; j < i; j++) {
    const other = row(CHOLESKY, j);
    const rest = get(matrixRow, getFlag(PASSIVE_LIST, j)) - dotCount(target, other, j);
    set(target, j, rest / get(other, j));
  }
  const diagonal = get(matrixRow, getFlag(PASSIVE_LIST, i));
  const pivot = Math.max(diagonal - dotCount(target, target, i), PIVOT_MIN * diagonal);
  // A column without rows has a zero diagonal and right-hand side: any pivot gives it zero.
  set(target, i, pivot > 0 ? Math.sqrt(pivot) : 1);
}

/** Row j of INVERSE holds column j of the factor's inverse. */
function invertFactor(): void {
  for (let j = 0; j < passiveCount; j++) {
    const target = row(INVERSE, j);
    set(target, j, 1.0 / get(row(CHOLESKY, j), j));
    const offset = (<usize>j) << 3;
    for (let i = j + 1; i < passiveCount; i++) {
      const factor = row(CHOLESKY, i);
      const sum = dotCount(factor + offset, target + offset, i - j);
      set(target, i, -sum / get(factor, i));
    }
  }
}
