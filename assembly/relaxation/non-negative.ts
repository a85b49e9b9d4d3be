// Non-negative least squares on the normal equations: block principal pivoting (Portugal, Judice
// and Vicente 1994) from the given passive set, and, should rounding make it cycle, the active-set
// method of Lawson and Hanson (1974, chapter 23) from zero.
import * as cholesky from './cholesky';
import { solvePassive, spreadPartial } from './cholesky';
import {
  GRADIENT,
  get,
  getFlag,
  PARTIAL,
  PASSIVE,
  PASSIVE_LIST,
  PENALISED,
  RIGHT,
  row,
  SIGNED,
  SOLUTION,
  set,
  setFlag,
  unknownCount,
} from './memory';
import { dotCount } from './vector';

export const STATUS_BLOCK: i32 = 0;
export const STATUS_SINGLE: i32 = 1;
export const STATUS_LIMIT: i32 = 2;

const BLOCK_ITERATIONS_MAX: i32 = 100;
/** Exchanges of whole blocks that may fail to reduce the violations before single ones. */
const BLOCK_PATIENCE: i32 = 3;
const SINGLE_ITERATIONS_PER_UNKNOWN: i32 = 4;
/** What counts as zero, relative to the largest gradient at zero and the largest unknown. */
const GRADIENT_TOLERANCE: f64 = 1e-11;
const VALUE_TOLERANCE: f64 = 1e-13;

let solves: i32 = 0;
let gradientTolerance: f64 = 0;
let valueTolerance: f64 = 0;

/**
 * Minimises x'Px/2 - r'x over x >= 0 where not SIGNED, into SOLUTION and PASSIVE; by single
 * exchanges alone when `singly`.
 */
export function solveNonNegative(singly: bool): i32 {
  solves = 0;
  gradientTolerance = 0;
  for (let i = 0; i < unknownCount; i++) {
    gradientTolerance = Math.max(gradientTolerance, Math.abs(get(RIGHT, i)));
    if (getFlag(SIGNED, i) != 0) setFlag(PASSIVE, i, 1);
  }
  gradientTolerance *= GRADIENT_TOLERANCE;
  return !singly && pivotBlocks() ? STATUS_BLOCK : pivotSingly();
}

function pivotBlocks(): bool {
  let fewest = unknownCount + 1;
  let patience = BLOCK_PATIENCE;
  while (solves < BLOCK_ITERATIONS_MAX) {
    solveAndSpread();
    const violations = countViolations();
    if (violations == 0) {
      clampTiny();
      return true;
    }
    if (violations < fewest) {
      fewest = violations;
      patience = BLOCK_PATIENCE;
    } else {
      patience -= 1;
    }
    // Exchanging only the last violating unknown is slow, but cannot cycle (Murty 1974).
    if (patience >= 0) exchangeAll();
    else exchangeLast();
  }
  return false;
}

/** From the unknowns of either sign alone, adds the steepest unknown and drops the blocking ones. */
function pivotSingly(): i32 {
  for (let i = 0; i < unknownCount; i++) setFlag(PASSIVE, i, getFlag(SIGNED, i) != 0 ? 1 : 0);
  solveAndSpread();
  const solvesMax = solves + SINGLE_ITERATIONS_PER_UNKNOWN * unknownCount;
  while (solves < solvesMax) {
    const steepest = steepestAtZero();
    if (steepest < 0) return STATUS_SINGLE;
    setFlag(PASSIVE, steepest, 1);
    do {
      solves += 1;
      solvePassive();
    } while (!stepToPartial() && solves < solvesMax);
    formGradient();
  }
  return STATUS_LIMIT;
}

/** Moves SOLUTION towards PARTIAL as far as signs allow; true when all the way. */
function stepToPartial(): bool {
  let share: f64 = 1;
  let blocking = -1;
  for (let i = 0; i < cholesky.passiveCount; i++) {
    const unknown = getFlag(PASSIVE_LIST, i);
    const to = get(PARTIAL, i);
    if (getFlag(SIGNED, unknown) != 0 || to > 0) continue;
    const from = get(SOLUTION, unknown);
    const reach = from > to ? from / (from - to) : 0.0;
    if (reach < share || blocking < 0) {
      share = Math.min(reach, share);
      blocking = unknown;
    }
  }
  if (blocking < 0) {
    spreadPartial();
    return true;
  }
  for (let i = 0; i < cholesky.passiveCount; i++) {
    const unknown = getFlag(PASSIVE_LIST, i);
    const from = get(SOLUTION, unknown);
    const value = from + share * (get(PARTIAL, i) - from);
    const isFree = getFlag(SIGNED, unknown) != 0;
    set(SOLUTION, unknown, isFree ? value : Math.max(value, 0));
  }
  set(SOLUTION, blocking, 0);
  setFlag(PASSIVE, blocking, 0);
  return false;
}

function steepestAtZero(): i32 {
  let steepest = -1;
  let slope = gradientTolerance;
  for (let i = 0; i < unknownCount; i++) {
    if (getFlag(PASSIVE, i) != 0 || !(get(GRADIENT, i) > slope)) continue;
    slope = get(GRADIENT, i);
    steepest = i;
  }
  return steepest;
}

function solveAndSpread(): void {
  solves += 1;
  solvePassive();
  spreadPartial();
  formGradient();
  let largest: f64 = 0;
  for (let i = 0; i < unknownCount; i++) largest = Math.max(largest, Math.abs(get(SOLUTION, i)));
  valueTolerance = VALUE_TOLERANCE * largest;
}

function formGradient(): void {
  for (let i = 0; i < unknownCount; i++) {
    const product = dotCount(row(PENALISED, i), SOLUTION, unknownCount);
    set(GRADIENT, i, get(RIGHT, i) - product);
  }
}

/** A passive unknown below zero, or one at zero that wants to grow. */
function isViolating(i: i32): bool {
  if (getFlag(SIGNED, i) != 0) return false;
  return getFlag(PASSIVE, i) != 0
    ? get(SOLUTION, i) < -valueTolerance
    : get(GRADIENT, i) > gradientTolerance;
}

function countViolations(): i32 {
  let count = 0;
  for (let i = 0; i < unknownCount; i++) if (isViolating(i)) count += 1;
  return count;
}

function exchangeAll(): void {
  for (let i = 0; i < unknownCount; i++) {
    if (isViolating(i)) setFlag(PASSIVE, i, 1 - getFlag(PASSIVE, i));
  }
}

function exchangeLast(): void {
  for (let i = unknownCount - 1; i >= 0; i--) {
    if (!isViolating(i)) continue;
    setFlag(PASSIVE, i, 1 - getFlag(PASSIVE, i));
    return;
  }
}

/** Values below zero by rounding become zero. */
function clampTiny(): void {
  for (let i = 0; i < unknownCount; i++) {
    if (getFlag(SIGNED, i) == 0 && get(SOLUTION, i) < 0) set(SOLUTION, i, 0);
  }
}
