// Arcs with a time constant of their own: Z = R / (1 + (j omega tau)^a)^b, of which ZARC (b = 1)
// and Gerischer (a = 1, b = 1/2) are cases with simpler arithmetic.

import { exponential } from './exponential';
import { bufferBytes, jacobian, lnOmega, omega } from './memory';

const HALF_PI: f64 = 1.5707963267948966;

/** G: Z = R / sqrt(1 + j omega tau); dZ/dlntau = -Z j omega tau / (2 (1 + j omega tau)). */
export function gerischer(
  z: usize,
  resistance: f64,
  timeConstant: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const jTau = jacobian(parameter + 1);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    const x = load<f64>(omega() + at) * timeConstant;
    const size2 = 1.0 + x * x;
    const size = Math.sqrt(size2);
    const rootRe = Math.sqrt(0.5 * (size + 1.0));
    const zRe = (resistance * rootRe) / size;
    const zIm = (-resistance * x) / (2.0 * rootRe * size);
    put(z + at, zRe, zIm);
    if (!derivatives) continue;
    // j x / (1 + j x) = (x^2 + j x) / (1 + x^2)
    const shareRe = (-0.5 * x * x) / size2;
    const shareIm = (-0.5 * x) / size2;
    put(jTau + at, zRe * shareRe - zIm * shareIm, zRe * shareIm + zIm * shareRe);
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/**
 * Zarc: Z = R / (1 + v), v = (j omega tau)^n; dZ/dlntau = -n Z v / (1 + v),
 * dZ/dn = -(ln(omega tau) + j pi/2) Z v / (1 + v).
 */
export function zarc(
  z: usize,
  resistance: f64,
  timeConstant: f64,
  exponent: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const lnTau = Math.log(timeConstant);
  const size = Math.exp(exponent * lnTau);
  const turnRe = size * Math.cos(exponent * HALF_PI);
  const turnIm = size * Math.sin(exponent * HALF_PI);
  const jTau = jacobian(parameter + 1);
  const jExponent = jacobian(parameter + 2);
  exponential(z, lnOmega(), exponent, bufferBytes);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    const magnitude = load<f64>(z + at);
    const vRe = magnitude * turnRe;
    const vIm = magnitude * turnIm;
    const inverse = 1.0 / ((1.0 + vRe) * (1.0 + vRe) + vIm * vIm);
    const zRe = resistance * (1.0 + vRe) * inverse;
    const zIm = -resistance * vIm * inverse;
    put(z + at, zRe, zIm);
    if (!derivatives) continue;
    const shareRe = (vRe * (1.0 + vRe) + vIm * vIm) * inverse;
    const shareIm = vIm * inverse;
    const dRe = shareIm * zIm - shareRe * zRe;
    const dIm = -(shareRe * zIm + shareIm * zRe);
    const l = load<f64>(lnOmega() + at) + lnTau;
    put(jTau + at, exponent * dRe, exponent * dIm);
    put(jExponent + at, l * dRe - HALF_PI * dIm, l * dIm + HALF_PI * dRe);
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/**
 * HN: Z = R / d^b, d = 1 + v, v = (j omega tau)^a; dZ/dlntau = -a b Z v / d,
 * dZ/da = -b (ln(omega tau) + j pi/2) Z v / d, dZ/db = -ln(d) Z.
 */
export function havriliakNegami(
  z: usize,
  resistance: f64,
  timeConstant: f64,
  inner: f64,
  outer: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const lnTau = Math.log(timeConstant);
  const size = Math.exp(inner * lnTau);
  const turnRe = size * Math.cos(inner * HALF_PI);
  const turnIm = size * Math.sin(inner * HALF_PI);
  const jTau = jacobian(parameter + 1);
  const jInner = jacobian(parameter + 2);
  const jOuter = jacobian(parameter + 3);
  exponential(z, lnOmega(), inner, bufferBytes);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    const magnitude = load<f64>(z + at);
    const vRe = magnitude * turnRe;
    const vIm = magnitude * turnIm;
    const size2 = (1.0 + vRe) * (1.0 + vRe) + vIm * vIm;
    const lnRe = 0.5 * Math.log(size2);
    const lnIm = Math.atan2(vIm, 1.0 + vRe);
    const length = resistance * Math.exp(-outer * lnRe);
    const zRe = length * Math.cos(outer * lnIm);
    const zIm = -length * Math.sin(outer * lnIm);
    put(z + at, zRe, zIm);
    if (!derivatives) continue;
    const shareRe = (outer * (vRe * (1.0 + vRe) + vIm * vIm)) / size2;
    const shareIm = (outer * vIm) / size2;
    const dRe = shareIm * zIm - shareRe * zRe;
    const dIm = -(shareRe * zIm + shareIm * zRe);
    const l = load<f64>(lnOmega() + at) + lnTau;
    put(jTau + at, inner * dRe, inner * dIm);
    put(jInner + at, l * dRe - HALF_PI * dIm, l * dIm + HALF_PI * dRe);
    put(jOuter + at, lnIm * zIm - lnRe * zRe, -(lnRe * zIm + lnIm * zRe));
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

function put(address: usize, re: f64, im: f64): void {
  store<f64>(address, re);
  store<f64>(address + bufferBytes, im);
}
