// Finite-length diffusion and transmission lines. All are Z = R f(s)/s of one complex u = s^2,
// with f = coth (reflecting end) or tanh (transmitting end); they differ in what u is made of.
// The derivative is u d(f(s)/s)/du = -(f(s)/s + f(s)^2 - 1)/2 times d ln u / dtheta.

import { exponential } from './exponential';
import { bufferBytes, jacobian, lnOmega, omega } from './memory';

const HALF_PI: f64 = 1.5707963267948966;
/** Below this |u| the closed forms lose digits and their series take over. */
const SERIES_BELOW: f64 = 0.0025;
/** Beyond Re(s) = 20, e^(-2s) is below 1 ulp: coth and tanh are 1. */
const SATURATED_ABOVE: f64 = 20;

/** f(s)/s at the last point. */
let quotientRe: f64 = 0;
let quotientIm: f64 = 0;
/** u d(f(s)/s)/du at the last point. */
let slopeRe: f64 = 0;
let slopeIm: f64 = 0;

/** Wo and Ws: u = j omega tau. Parameters R, tau. */
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
    const m = Math.sqrt(0.5 * x);
    quotient(m, m, 0, x, reflecting);
    put(z + at, resistance * quotientRe, resistance * quotientIm);
    if (derivatives) put(jTau + at, resistance * slopeRe, resistance * slopeIm);
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/** WoN and WsN: s = (j omega tau)^n, so u = (j omega tau)^(2n). Parameters R, tau, n. */
export function generalisedLength(
  z: usize,
  resistance: f64,
  timeConstant: f64,
  exponent: f64,
  reflecting: bool,
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
    const re = magnitude * turnRe;
    const im = magnitude * turnIm;
    quotient(re, im, re * re - im * im, 2.0 * re * im, reflecting);
    put(z + at, resistance * quotientRe, resistance * quotientIm);
    if (!derivatives) continue;
    const dRe = 2.0 * resistance * slopeRe;
    const dIm = 2.0 * resistance * slopeIm;
    const l = load<f64>(lnOmega() + at) + lnTau;
    put(jTau + at, exponent * dRe, exponent * dIm);
    put(jExponent + at, l * dRe - HALF_PI * dIm, l * dIm + HALF_PI * dRe);
  }
  if (derivatives) memory.copy(jacobian(parameter), z, 2 * bufferBytes);
}

/**
 * TLMb and TLMf: a pore of ionic resistance R, sqrt(R Z_s) coth(sqrt(R / Z_s)), with
 * 1/Z_s = Q (j omega)^n, and + 1/Rct where the wall reacts; so u = R / Z_s.
 * Parameters R, Q, n; with a reacting wall R, Rct, Q, n.
 */
export function transmissionLine(
  z: usize,
  resistance: f64,
  wallConductance: f64,
  admittance: f64,
  exponent: f64,
  parameter: i32,
  derivatives: bool,
): void {
  const isReactive = wallConductance > 0;
  const leak = resistance * wallConductance;
  const scaleRe = resistance * admittance * Math.cos(exponent * HALF_PI);
  const scaleIm = resistance * admittance * Math.sin(exponent * HALF_PI);
  const first = jacobian(parameter);
  const jWall = jacobian(parameter + 1);
  const next = isReactive ? 2 : 1;
  const jAdmittance = jacobian(parameter + next);
  const jExponent = jacobian(parameter + next + 1);
  exponential(z, lnOmega(), exponent, bufferBytes);
  for (let at: usize = 0; at < bufferBytes; at += 8) {
    const magnitude = load<f64>(z + at);
    const storeRe = magnitude * scaleRe;
    const storeIm = magnitude * scaleIm;
    const uRe = leak + storeRe;
    rootThenQuotient(uRe, storeIm);
    const zRe = resistance * quotientRe;
    const zIm = resistance * quotientIm;
    put(z + at, zRe, zIm);
    if (!derivatives) continue;
    const dRe = resistance * slopeRe;
    const dIm = resistance * slopeIm;
    put(first + at, zRe + dRe, zIm + dIm);
    // Shares of u: slope / u times the part that the parameter scales.
    const inverse = 1.0 / (uRe * uRe + storeIm * storeIm);
    const perRe = (dRe * uRe + dIm * storeIm) * inverse;
    const perIm = (dIm * uRe - dRe * storeIm) * inverse;
    if (isReactive) put(jWall + at, -leak * perRe, -leak * perIm);
    const qRe = perRe * storeRe - perIm * storeIm;
    const qIm = perRe * storeIm + perIm * storeRe;
    const l = load<f64>(lnOmega() + at);
    put(jAdmittance + at, qRe, qIm);
    put(jExponent + at, l * qRe - HALF_PI * qIm, l * qIm + HALF_PI * qRe);
  }
}

function put(address: usize, re: f64, im: f64): void {
  store<f64>(address, re);
  store<f64>(address + bufferBytes, im);
}

/** The principal square root of u with Im u >= 0, then `quotient`. */
function rootThenQuotient(uRe: f64, uIm: f64): void {
  const size = Math.sqrt(uRe * uRe + uIm * uIm);
  const sRe = Math.sqrt(0.5 * (size + uRe));
  const sIm = uIm / (2.0 * sRe);
  quotient(sRe, sIm, uRe, uIm, true);
}

function quotient(sRe: f64, sIm: f64, uRe: f64, uIm: f64, reflecting: bool): void {
  if (uRe * uRe + uIm * uIm < SERIES_BELOW * SERIES_BELOW) {
    if (reflecting) cothSeries(uRe, uIm);
    else tanhSeries(uRe, uIm);
  } else {
    closedForm(sRe, sIm, reflecting);
  }
}

/** With e = e^(-2s): coth = (1 + e)/(1 - e), tanh = (1 - e)/(1 + e); never overflows. */
function closedForm(sRe: f64, sIm: f64, reflecting: bool): void {
  let fRe: f64 = 1;
  let fIm: f64 = 0;
  if (sRe < SATURATED_ABOVE) {
    const size = Math.exp(-2.0 * sRe);
    const eRe = size * Math.cos(2.0 * sIm);
    const eIm = -size * Math.sin(2.0 * sIm);
    const sign: f64 = reflecting ? 1 : -1;
    const topRe = 1.0 + sign * eRe;
    const topIm = sign * eIm;
    const bottomRe = 1.0 - sign * eRe;
    const bottomIm = -sign * eIm;
    const inverse = 1.0 / (bottomRe * bottomRe + bottomIm * bottomIm);
    fRe = (topRe * bottomRe + topIm * bottomIm) * inverse;
    fIm = (topIm * bottomRe - topRe * bottomIm) * inverse;
  }
  const inverse = 1.0 / (sRe * sRe + sIm * sIm);
  quotientRe = (fRe * sRe + fIm * sIm) * inverse;
  quotientIm = (fIm * sRe - fRe * sIm) * inverse;
  slopeRe = -0.5 * (quotientRe + fRe * fRe - fIm * fIm - 1.0);
  slopeIm = -0.5 * (quotientIm + 2.0 * fRe * fIm);
}

// Horner's scheme in the complex u.
let sumRe: f64 = 0;
let sumIm: f64 = 0;
function horner(uRe: f64, uIm: f64, coefficient: f64): void {
  const re = sumRe * uRe - sumIm * uIm + coefficient;
  sumIm = sumRe * uIm + sumIm * uRe;
  sumRe = re;
}

/**
 * coth(s)/s = 1/u + 1/3 - u/45 + 2u^2/945 - u^3/4725 and
 * u d/du of it = -1/u - u/45 + 4u^2/945 - u^3/1575.
 */
function cothSeries(uRe: f64, uIm: f64): void {
  const inverse = 1.0 / (uRe * uRe + uIm * uIm);
  sumRe = -1.0 / 4725.0;
  sumIm = 0;
  horner(uRe, uIm, 2.0 / 945.0);
  horner(uRe, uIm, -1.0 / 45.0);
  horner(uRe, uIm, 1.0 / 3.0);
  quotientRe = sumRe + uRe * inverse;
  quotientIm = sumIm - uIm * inverse;
  sumRe = -1.0 / 1575.0;
  sumIm = 0;
  horner(uRe, uIm, 4.0 / 945.0);
  horner(uRe, uIm, -1.0 / 45.0);
  horner(uRe, uIm, 0);
  slopeRe = sumRe - uRe * inverse;
  slopeIm = sumIm + uIm * inverse;
}

/**
 * tanh(s)/s = 1 - u/3 + 2u^2/15 - 17u^3/315 + 62u^4/2835 and
 * u d/du of it = -u/3 + 4u^2/15 - 17u^3/105 + 248u^4/2835.
 */
function tanhSeries(uRe: f64, uIm: f64): void {
  sumRe = 62.0 / 2835.0;
  sumIm = 0;
  horner(uRe, uIm, -17.0 / 315.0);
  horner(uRe, uIm, 2.0 / 15.0);
  horner(uRe, uIm, -1.0 / 3.0);
  horner(uRe, uIm, 1);
  quotientRe = sumRe;
  quotientIm = sumIm;
  sumRe = 248.0 / 2835.0;
  sumIm = 0;
  horner(uRe, uIm, -17.0 / 105.0);
  horner(uRe, uIm, 4.0 / 15.0);
  horner(uRe, uIm, -1.0 / 3.0);
  horner(uRe, uIm, 0);
  slopeRe = sumRe;
  slopeIm = sumIm;
}
