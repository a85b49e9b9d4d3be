// The weighted design matrix of Z = R + j omega L + 1/(j omega C) + sum_k R_k / (1 + j omega
// tau_k). Inductance is counted in omega_max L and capacitance in 1/(omega_min C): every unknown
// is then an impedance, and no column is far larger than another.
import {
  column,
  columnBytes,
  DESIGN,
  frequencyCount,
  get,
  halfBytes,
  MEASURED_IMAG,
  MEASURED_REAL,
  OMEGA,
  RESIDUAL,
  relaxationCount,
  SOLUTION,
  set,
  TAU,
  termCount,
  unknownCount,
  WEIGHT,
} from './memory';
import { relaxation, subtractScaled } from './vector';

export const TERM_RESISTANCE: i32 = 1;
export const TERM_INDUCTANCE: i32 = 2;
export const TERM_CAPACITANCE: i32 = 4;

/** Fills the design and its right-hand side; `terms` is a sum of the codes above. */
export function formDesign(terms: i32): void {
  padFrequencies();
  let next = 0;
  if ((terms & TERM_RESISTANCE) != 0) formTerm(next++, TERM_RESISTANCE);
  if ((terms & TERM_INDUCTANCE) != 0) formTerm(next++, TERM_INDUCTANCE);
  if ((terms & TERM_CAPACITANCE) != 0) formTerm(next++, TERM_CAPACITANCE);
  for (let k = 0; k < relaxationCount; k++) {
    relaxation(column(DESIGN, termCount + k), OMEGA, WEIGHT, get(TAU, k), halfBytes);
  }
  const right = column(DESIGN, unknownCount);
  for (let at: usize = 0; at < halfBytes; at += 8) {
    const weight = load<f64>(WEIGHT + at);
    store<f64>(right + at, weight * load<f64>(MEASURED_REAL + at));
    store<f64>(right + halfBytes + at, weight * load<f64>(MEASURED_IMAG + at));
  }
}

/** RESIDUAL = right-hand side - design * SOLUTION. */
export function formResidual(): void {
  memory.copy(RESIDUAL, column(DESIGN, unknownCount), columnBytes);
  for (let c = 0; c < unknownCount; c++) {
    const value = get(SOLUTION, c);
    if (value != 0) subtractScaled(RESIDUAL, column(DESIGN, c), value, columnBytes);
  }
}

/** A point of no weight fills the last SIMD vector. */
function padFrequencies(): void {
  const padded = <i32>(halfBytes >> 3);
  for (let k = frequencyCount; k < padded; k++) {
    set(OMEGA, k, 1);
    set(WEIGHT, k, 0);
    set(MEASURED_REAL, k, 0);
    set(MEASURED_IMAG, k, 0);
  }
}

function formTerm(index: i32, term: i32): void {
  const target = column(DESIGN, index);
  memory.fill(target, 0, columnBytes);
  let omegaMin = Infinity;
  let omegaMax: f64 = 0;
  for (let k = 0; k < frequencyCount; k++) {
    omegaMin = Math.min(omegaMin, get(OMEGA, k));
    omegaMax = Math.max(omegaMax, get(OMEGA, k));
  }
  for (let at: usize = 0; at < halfBytes; at += 8) {
    const weight = load<f64>(WEIGHT + at);
    const omega = load<f64>(OMEGA + at);
    if (term == TERM_RESISTANCE) store<f64>(target + at, weight);
    if (term == TERM_INDUCTANCE) store<f64>(target + halfBytes + at, (weight * omega) / omegaMax);
    if (term == TERM_CAPACITANCE) store<f64>(target + halfBytes + at, (-weight * omegaMin) / omega);
  }
}
