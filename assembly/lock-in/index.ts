// Lock-in kernel: voltage and current of one window, fitted together by least squares on
// [1, u, P2(u), cos wt, sin wt], where u runs from -1 to 1 over the window. Constant, linear and
// quadratic parts take up a potential that drifts while the sine is measured.
//
// Order of calls: begin, then write samples at the addresses below and push, as often as needed,
// until the window is complete; then read the triangle, from which everything follows.
import * as givens from './givens';
import * as m from './memory';

/** The sine is computed afresh this often; between, it is turned step by step. */
const FRESH_EVERY: i32 = 64;
const TURN: f64 = 2 * Math.PI;

let cyclesPerSample: f64 = 0;
let cycleFirst: f64 = 0;
let sampleCount: f64 = 0;
let taken: f64 = 0;
let cosine: f64 = 0;
let sine: f64 = 0;
let stepCosine: f64 = 0;
let stepSine: f64 = 0;
let sinceFresh: i32 = 0;

/** Starts a window of `samples`; `first` is the sine's phase at its first sample, in cycles. */
export function begin(perSample: f64, first: f64, samples: f64): void {
  cyclesPerSample = perSample;
  cycleFirst = first;
  sampleCount = samples;
  taken = 0;
  sinceFresh = FRESH_EVERY;
  stepCosine = Math.cos(TURN * perSample);
  stepSine = Math.sin(TURN * perSample);
  givens.reset();
}

/** Takes the next `count` samples. Returns 0, or -1 when they do not fit the window or chunk. */
export function push(count: i32): i32 {
  if (count < 0 || count > m.CHUNK_SAMPLES_MAX || taken + <f64>count > sampleCount) return -1;
  for (let k = 0; k < count; k++) {
    turn();
    const u = (2 * taken + 1) / sampleCount - 1;
    m.set(m.ROW, 0, 1);
    m.set(m.ROW, 1, u);
    m.set(m.ROW, 2, 1.5 * u * u - 0.5);
    m.set(m.ROW, m.COLUMN_COS, cosine);
    m.set(m.ROW, m.COLUMN_SIN, sine);
    m.set(m.ROW, m.COLUMN_VOLTAGE, m.get(m.VOLTAGE, k));
    m.set(m.ROW, m.COLUMN_CURRENT, m.get(m.CURRENT, k));
    m.set(m.ROW, m.ROW_VALUES - 1, 0);
    givens.addRow();
    taken += 1;
  }
  return 0;
}

/** Sine and cosine at the next sample. */
function turn(): void {
  if (sinceFresh == FRESH_EVERY) {
    const cycles = cycleFirst + taken * cyclesPerSample;
    const angle = TURN * (cycles - Math.floor(cycles));
    cosine = Math.cos(angle);
    sine = Math.sin(angle);
    sinceFresh = 1;
    return;
  }
  const turned = cosine * stepCosine - sine * stepSine;
  sine = sine * stepCosine + cosine * stepSine;
  cosine = turned;
  sinceFresh += 1;
}

export function samplesTaken(): f64 {
  return taken;
}
export function voltageResidual(): f64 {
  return givens.voltageResidual;
}
export function currentResidual(): f64 {
  return givens.currentResidual;
}
export function chunkSamplesMax(): i32 {
  return m.CHUNK_SAMPLES_MAX;
}
export function voltageAddress(): usize {
  return m.VOLTAGE;
}
export function currentAddress(): usize {
  return m.CURRENT;
}
/** Five rows of ROW_VALUES: triangle, then the turned voltage and current, then padding. */
export function triangleAddress(): usize {
  return m.TRIANGLE;
}
export function rowValues(): i32 {
  return m.ROW_VALUES;
}
