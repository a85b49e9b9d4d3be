// Impedance of each element at all frequencies, and its derivatives with respect to theta, which
// is ln p for every parameter but the CPE exponent. `j` is the element's first Jacobian buffer.

import { exponential } from './exponential';
import { bufferBytes, inverseRootOmega, jacobian, lnOmega, omega } from './memory';
import { fill, scale } from './vector';

const HALF_PI: f64 = 1.5707963267948966;
/** Below this |s|^2 = omega tau the coth and tanh forms lose digits and their series take over. */
const SERIES_BELOW: f64 = 0.0025;
/** Beyond Re(s) = 20, e^(-2s) is below 1 ulp: coth and tanh are 1. */
const SATURATED_ABOVE: f64 = 20;

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

// coth or tanh of s = sqrt(j x), divided by s, and what the derivative needs: see `finiteLength`.
let quotientRe: f64 = 0;
let quotientIm: f64 = 0;
let curvatureRe: f64 = 0;
let curvatureIm: f64 = 0;

/**
 * Finite-length diffusion, s = sqrt(j omega tau): Z = R f(s)/s with f = coth (reflecting end, Wo)
 * or tanh (transmitting end, Ws); dZ/dlnR = Z, dZ/dlntau = -(R/2) (f(s)/s + f(s)^2 - 1).
 */
export function finiteLength(
  z: usize,
  resistance: f64,
  timeConstant: f64,
  reflecting: bool,
  parameter: i32,
  derivatives: bool,
): void {
  const w = omega();
  const jTau = jacobian(parameter + 1);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    const x = load<f64>(w + at) * timeConstant;
    if (x < SERIES_BELOW) {
      if (reflecting) cothSeries(x);
      else tanhSeries(x);
    } else {
      closedForm(x, reflecting);
    }
    store<f64>(z + at, resistance * quotientRe);
    store<f64>(z + bufferBytes + at, resistance * quotientIm);
    if (derivatives) {
      store<f64>(jTau + at, -0.5 * resistance * curvatureRe);
      store<f64>(jTau + bufferBytes + at, -0.5 * resistance * curvatureIm);
    }
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/** With e = e^(-2s): coth = (1 + e)/(1 - e), tanh = (1 - e)/(1 + e); never overflows. */
function closedForm(x: f64, reflecting: bool): void {
  const m = Math.sqrt(0.5 * x);
  let fRe: f64 = 1;
  let fIm: f64 = 0;
  if (m < SATURATED_ABOVE) {
    const size = Math.exp(-2.0 * m);
    const eRe = size * Math.cos(2.0 * m);
    const eIm = -size * Math.sin(2.0 * m);
    const sign: f64 = reflecting ? 1 : -1;
    const topRe = 1.0 + sign * eRe;
    const topIm = sign * eIm;
    const bottomRe = 1.0 - sign * eRe;
    const bottomIm = -sign * eIm;
    const inverse = 1.0 / (bottomRe * bottomRe + bottomIm * bottomIm);
    fRe = (topRe * bottomRe + topIm * bottomIm) * inverse;
    fIm = (topIm * bottomRe - topRe * bottomIm) * inverse;
  }
  const g = 0.5 / m;
  quotientRe = (fRe + fIm) * g;
  quotientIm = (fIm - fRe) * g;
  curvatureRe = quotientRe + fRe * fRe - fIm * fIm - 1.0;
  curvatureIm = quotientIm + 2.0 * fRe * fIm;
}

/**
 * With u = s^2 = j x: coth(s)/s = 1/u + 1/3 - u/45 + 2u^2/945 - u^3/4725 and
 * coth(s)/s + coth(s)^2 - 1 = 2/u + 2u/45 - 8u^2/945 + 2u^3/1575.
 */
function cothSeries(x: f64): void {
  const x2 = x * x;
  quotientRe = 1.0 / 3.0 - (2.0 / 945.0) * x2;
  quotientIm = -1.0 / x - x / 45.0 + (x2 * x) / 4725.0;
  curvatureRe = (8.0 / 945.0) * x2;
  curvatureIm = -2.0 / x + (2.0 / 45.0) * x - (2.0 / 1575.0) * x2 * x;
}

/**
 * With u = s^2 = j x: tanh(s)/s = 1 - u/3 + 2u^2/15 - 17u^3/315 + 62u^4/2835 and
 * tanh(s)/s + tanh(s)^2 - 1 = 2u/3 - 8u^2/15 + 34u^3/105 - 496u^4/2835.
 */
function tanhSeries(x: f64): void {
  const x2 = x * x;
  quotientRe = 1.0 - (2.0 / 15.0) * x2 + (62.0 / 2835.0) * x2 * x2;
  quotientIm = -x / 3.0 + (17.0 / 315.0) * x2 * x;
  curvatureRe = (8.0 / 15.0) * x2 - (496.0 / 2835.0) * x2 * x2;
  curvatureIm = (2.0 / 3.0) * x - (34.0 / 105.0) * x2 * x;
}
