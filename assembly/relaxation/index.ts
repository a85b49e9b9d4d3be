// Relaxation kernel: linear least-squares problems on a grid of time constants, for the
// Kramers-Kronig test and the distribution of relaxation times.
//
// Order of calls: configure, then write spectrum and time constants through the addresses below,
// then design, then either leastSquares, or formGram once and nonNegative per penalty.

import { dot } from '../dot';
import * as cholesky from './cholesky';
import { formDesign, formResidual } from './design';
import * as gram from './gram';
import * as householder from './householder';
import * as m from './memory';
import * as active from './non-negative';

/**
 * Sets the sizes; `terms` is 1 for a resistance plus 2 for an inductance plus 4 for a capacitance
 * in series. Returns 0, or -1, -2, -3 when frequencies, relaxations or terms do not fit.
 */
export function configure(frequencies: i32, relaxations: i32, terms: i32): i32 {
  if (frequencies < 1 || frequencies > m.FREQUENCIES_MAX) return -1;
  if (relaxations < 1 || relaxations > m.RELAXATIONS_MAX) return -2;
  if (terms < 0 || terms > 7) return -3;
  m.setLayout(frequencies, relaxations, <i32>popcnt(terms));
  designTerms = terms;
  return 0;
}

let designTerms: i32 = 0;

export function design(): void {
  formDesign(designTerms);
}

/**
 * Signed solution on the rows of `part` (1 real, 2 imaginary, 3 both). Returns 0, or -1 when there
 * are more unknowns than rows.
 */
export function leastSquares(part: i32): i32 {
  const rows = m.frequencyCount * (part == 3 ? 2 : 1);
  if (m.unknownCount > rows) return -1;
  householder.leastSquares(part);
  formResidual();
  squaredRest = squaredRows(part);
  return 0;
}

let squaredRest: f64 = 0;
let gramPart: i32 = 3;

function squaredRows(part: i32): f64 {
  const skipped = (part & householder.PART_REAL) == 0 ? m.halfBytes : 0;
  const first = m.RESIDUAL + skipped;
  return dot(first, first, part == 3 ? m.columnBytes : m.halfBytes);
}

/** Sum of squares of the rows that took part in the last solution. */
export function squaredResidual(): f64 {
  return squaredRest;
}

export function formGram(part: i32): void {
  gramPart = part;
  gram.formGram(part);
}

/**
 * Solution that is not negative where not SIGNED, with `lambda` times the squared second difference
 * of the relaxations. Starts from PASSIVE. Returns 0, 1 when it took the slow way (always when
 * `singly`), 2 when it was cut off at the iteration limit.
 */
export function nonNegative(lambda: f64, singly: bool): i32 {
  gram.penalise(lambda);
  const status = active.solveNonNegative(singly);
  formResidual();
  squaredRest = squaredRows(gramPart);
  return status;
}

/** Effective number of parameters of the last nonNegative, which had the same lambda. */
export function effectiveParameters(lambda: f64): f64 {
  return cholesky.effectiveParameters(lambda);
}

export function omegaAddress(): usize {
  return m.OMEGA;
}
export function weightAddress(): usize {
  return m.WEIGHT;
}
export function measuredRealAddress(): usize {
  return m.MEASURED_REAL;
}
export function measuredImagAddress(): usize {
  return m.MEASURED_IMAG;
}
export function tauAddress(): usize {
  return m.TAU;
}
/** Series terms, then relaxations, all as impedances. */
export function solutionAddress(): usize {
  return m.SOLUTION;
}
export function signedAddress(): usize {
  return m.SIGNED;
}
export function passiveAddress(): usize {
  return m.PASSIVE;
}
/** Weighted residuals: real parts, then imaginary parts after halfBytes. */
export function residualAddress(): usize {
  return m.RESIDUAL;
}
export function halfBytes(): usize {
  return m.halfBytes;
}
