// Impedance kernel: evaluates an equivalent circuit and fits it to a measured spectrum.
//
// Order of calls: configure, then write tape, tables and spectrum through the addresses below,
// then prepare, then any of evaluate, linearise, project, minimise on theta.
import * as m from './memory';
import { formNormal, residualSum } from './normal';
import { projectAmplitudes } from './projection';
import * as solver from './solver';
import { evaluateAt } from './tape';

/** Sets the sizes. Returns 0, or -1, -2, -3 when frequencies, nodes or parameters do not fit. */
export function configure(frequencies: i32, nodes: i32, parameters: i32): i32 {
  if (frequencies < 1 || frequencies > m.FREQUENCIES_MAX) return -1;
  if (nodes < 1 || nodes > m.NODES_MAX) return -2;
  if (parameters < 1 || parameters > m.PARAMETERS_MAX) return -3;
  m.setLayout(frequencies, nodes, parameters);
  return 0;
}

/** Fills what follows from the frequencies, and pads the buffers with a point of no weight. */
export function prepare(): void {
  const padded = <i32>(m.bufferBytes >> 3);
  for (let k = m.frequencyCount; k < padded; k++) {
    m.set(m.omega(), k, 1);
    m.set(m.weight(), k, 0);
    m.set(m.weight() + m.bufferBytes, k, 0);
    m.set(m.measuredReal(), k, 0);
    m.set(m.measuredImag(), k, 0);
  }
  for (let k = 0; k < padded; k++) {
    const w = m.get(m.omega(), k);
    m.set(m.lnOmega(), k, Math.log(w));
    m.set(m.inverseRootOmega(), k, 1.0 / Math.sqrt(w));
  }
}

/** Z at theta. */
export function evaluate(): void {
  evaluateAt(m.THETA, false);
}

/** Z and dZ/dtheta at theta, unweighted. */
export function differentiate(): void {
  evaluateAt(m.THETA, true);
}

/** Weighted residuals at theta; returns the sum of their squares. */
export function residuals(): f64 {
  evaluateAt(m.THETA, false);
  return residualSum();
}

/** Weighted Jacobian, J'J and J'r at theta, without the prior; returns the sum of squares. */
export function linearise(): f64 {
  const sum = solver.linearise(m.THETA);
  formNormal();
  return sum;
}

/** Scales the blocks of the outermost series to the data, in theta. */
export function project(): void {
  solver.clamp(m.THETA);
  evaluateAt(m.THETA, false);
  projectAmplitudes();
}

/** Improves theta; returns 0 converged, 1 iteration limit, 2 not finite, 3 stalled. */
export function minimise(iterationsMax: i32, tolerance: f64): i32 {
  return solver.minimise(iterationsMax, tolerance);
}

/** Brings theta from the minimum that `minimise` has just found closer to it; see the solver. */
export function refine(steps: i32): void {
  solver.refine(steps);
}

/** Cost of the last minimise, with the prior. */
export function cost(): f64 {
  return solver.cost;
}
/** Sum of squared weighted residuals of the last minimise. */
export function chiSquare(): f64 {
  return solver.chiSquare;
}
export function iterations(): i32 {
  return solver.iterations;
}

export function frequenciesMax(): i32 {
  return m.FREQUENCIES_MAX;
}
export function parametersMax(): i32 {
  return m.PARAMETERS_MAX;
}
export function tapeAddress(): usize {
  return m.TAPE;
}
export function childrenAddress(): usize {
  return m.CHILDREN;
}
export function thetaAddress(): usize {
  return m.THETA;
}
export function lowerAddress(): usize {
  return m.LOWER;
}
export function upperAddress(): usize {
  return m.UPPER;
}
export function stepMaxAddress(): usize {
  return m.STEP_MAX;
}
export function isLogAddress(): usize {
  return m.IS_LOG;
}
export function impedancePowerAddress(): usize {
  return m.IMPEDANCE_POWER;
}
export function priorMeanAddress(): usize {
  return m.PRIOR_MEAN;
}
export function priorWeightAddress(): usize {
  return m.PRIOR_WEIGHT;
}
/** J'J, row-major, lower triangle. */
export function normalAddress(): usize {
  return m.NORMAL;
}
export function gradientAddress(): usize {
  return m.GRADIENT;
}
export function omegaAddress(): usize {
  return m.omega();
}
/** Of the real residuals; of the imaginary ones after bufferBytes. */
export function weightAddress(): usize {
  return m.weight();
}
export function measuredRealAddress(): usize {
  return m.measuredReal();
}
export function measuredImagAddress(): usize {
  return m.measuredImag();
}
/** Weighted residuals: real parts, then imaginary parts after bufferBytes. */
export function residualAddress(): usize {
  return m.residual();
}
/** Z of the whole circuit: real parts, then imaginary parts after bufferBytes. */
export function impedanceAddress(): usize {
  return m.node(m.nodeCount - 1);
}
export function jacobianAddress(parameter: i32): usize {
  return m.jacobian(parameter);
}
export function bufferBytes(): usize {
  return m.bufferBytes;
}
