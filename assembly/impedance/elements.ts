// Impedance of each element at all frequencies, and its derivatives with respect to theta, which
// is ln p for every parameter but exponents. `j` is the element's first Jacobian buffer.

import { exponential } from './exponential';
import { bufferBytes, inverseRootOmega, jacobian, lnOmega, omega } from './memory';
import { fill, scale } from './vector';

const HALF_PI: f64 = 1.5707963267948966;

/** Z = R; dZ/dlnR = Z. */
export function resistor(z: usize, resistance: f64, parameter: i32, derivatives: bool): void {
  fill(z, resistance, bufferBytes);
  fill(z + bufferBytes, 0, bufferBytes);
  if (!derivatives) return;
  fill(jacobian(parameter), resistance, bufferBytes);
  fill(jacobian(parameter) + bufferBytes, 0, bufferBytes);
}

/** Z = 1/(j omega C); dZ/dlnC = -Z. */
export function capacitor(z: usize, capacitance: f64, parameter: i32, derivatives: bool): void {
  const inverse = 1.0 / capacitance;
  const w = omega();
  const im = z + bufferBytes;
  fill(z, 0, bufferBytes);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    store<f64>(im + at, -inverse / load<f64>(w + at));
  }
  if (!derivatives) return;
  fill(jacobian(parameter), 0, bufferBytes);
  scale(jacobian(parameter) + bufferBytes, im, -1, bufferBytes);
}

/** Z = j omega L; dZ/dlnL = Z. */
export function inductor(z: usize, inductance: f64, parameter: i32, derivatives: bool): void {
  fill(z, 0, bufferBytes);
  scale(z + bufferBytes, omega(), inductance, bufferBytes);
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/** Z = Aw (1 - j) / sqrt(omega); dZ/dlnAw = Z. */
export function warburg(z: usize, coefficient: f64, parameter: i32, derivatives: bool): void {
  scale(z, inverseRootOmega(), coefficient, bufferBytes);
  scale(z + bufferBytes, inverseRootOmega(), -coefficient, bufferBytes);
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/** Z = 1/(Q (j omega)^n); dZ/dlnQ = -Z, dZ/dn = -(ln omega + j pi/2) Z. */
export function constantPhase(
  z: usize,
  admittance: f64,
  exponent: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const im = z + bufferBytes;
  exponential(z, lnOmega(), -exponent, bufferBytes);
  scale(im, z, -Math.sin(exponent * HALF_PI) / admittance, bufferBytes);
  scale(z, z, Math.cos(exponent * HALF_PI) / admittance, bufferBytes);
  if (!derivatives) return;
  scale(jacobian(parameter), z, -1, 2 * bufferBytes);
  constantPhaseByExponent(z, jacobian(parameter + 1));
}

function constantPhaseByExponent(z: usize, j: usize): void {
  const half = bufferBytes;
  const ln = lnOmega();
  if (ASC_FEATURE_SIMD) {
    const quarterTurn = f64x2.splat(HALF_PI);
    for (let at: usize = 0; at < half; at += 16) {
      const re = v128.load(z + at);
      const im = v128.load(z + half + at);
      const l = v128.load(ln + at);
      v128.store(j + at, f64x2.sub(f64x2.mul(quarterTurn, im), f64x2.mul(l, re)));
      const other = f64x2.add(f64x2.mul(l, im), f64x2.mul(quarterTurn, re));
      v128.store(j + half + at, f64x2.neg(other));
    }
  } else {
    for (let at: usize = 0; at < half; at += 8) {
      const re = load<f64>(z + at);
      const im = load<f64>(z + half + at);
      const l = load<f64>(ln + at);
      store<f64>(j + at, HALF_PI * im - l * re);
      store<f64>(j + half + at, -(l * im + HALF_PI * re));
    }
  }
}

/** La: Z = L (j omega)^n; dZ/dlnL = Z, dZ/dn = (ln omega + j pi/2) Z. */
export function modifiedInductor(
  z: usize,
  inductance: f64,
  exponent: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const im = z + bufferBytes;
  exponential(z, lnOmega(), exponent, bufferBytes);
  scale(im, z, Math.sin(exponent * HALF_PI) * inductance, bufferBytes);
  scale(z, z, Math.cos(exponent * HALF_PI) * inductance, bufferBytes);
  if (!derivatives) return;
  memory.copy(jacobian(parameter), z, 2 * bufferBytes);
  const j = jacobian(parameter + 1);
  constantPhaseByExponent(z, j);
  scale(j, j, -1, 2 * bufferBytes);
}
