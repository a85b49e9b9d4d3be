// Spectra of the projections, spread onto a Cartesian Fourier grid with Kaiser-Bessel weights four
// cells wide (Fourier slice theorem). The two slices of a pair are one complex signal, so sample j
// and sample -j of a view are independent and both are spread.
import { continueRows } from './edges';
import { transform } from './fourier';
import { add, loadSplat, mul, storeTransposed, sub } from '../lanes';
import * as m from './memory';
import { takeRows } from './rows';

/** Samples that are spread for all views of a bundle before moving on: their rows stay in L1. */
const SPREAD_BLOCK: i32 = 64;
/** The outermost samples have weights beyond the grid's edge and are left out. */
const EDGE_SAMPLES: i32 = 2;

/** Adds the four views of the rows and `viewTable` to the grid. A view of weight 0 adds nothing. */
export function gridViews(): void {
  const result = transformRows();
  for (let view = 0; view < m.LANES; view++) anchorPhases(view);
  if (ASC_FEATURE_SIMD) filterSpectra<v128>(result);
  else filterSpectra<f32>(result);
  const samples = m.gridSize / 2 - EDGE_SAMPLES;
  for (let first = 0; first < samples; first += SPREAD_BLOCK) {
    const end = min(first + SPREAD_BLOCK, samples);
    for (let view = 0; view < m.LANES; view++) spread(view, first, end);
  }
}

/** Views into lanes, slices into real and imaginary plane, zeros behind, transformed. */
function transformRows(): usize {
  const bundle = m.bundle(0);
  const plane = m.planeBytes(m.gridSize);
  takeRows(bundle, plane);
  continueRows(bundle, plane, m.gridSize, m.gridBlend);
  return transform(bundle, m.bundle(1), plane, m.gridTwiddles, m.gridSize);
}

/**
 * weight exp(2 pi i j c / M) at every PHASE_BLOCK-th j, in one lane: it moves the origin of the
 * projection to the axis c. Between two of these, single precision multiplies up.
 *
 * The pixels of a slice of even size lie half a pixel off the grid's origin; moving the axis by
 * (cos + sin) / 2 in each view moves the slice there.
 */
function anchorPhases(view: i32): void {
  const half = <f64>(m.columns >> 1) - <f64>(m.columns - 1) / 2;
  const axis = m.viewValue(view, 2) + half * (m.viewValue(view, 0) + m.viewValue(view, 1));
  const angle = (2 * Math.PI * axis) / <f64>m.gridSize;
  const weight = m.viewValue(view, 3);
  const blocks = m.gridSize / 2 / m.PHASE_BLOCK;
  const turnRe = Math.cos(angle * <f64>m.PHASE_BLOCK);
  const turnIm = Math.sin(angle * <f64>m.PHASE_BLOCK);
  let to = m.phaseAnchors + ((<usize>view) << 2);
  let re = weight;
  let im: f64 = 0;
  for (let block = 0; block < blocks; block++, to += 32) {
    store<f32>(to, <f32>re);
    store<f32>(to, <f32>im, 16);
    const next = re * turnRe - im * turnIm;
    im = re * turnIm + im * turnRe;
    re = next;
  }
  store<f32>(to, <f32>Math.cos(angle));
  store<f32>(to, <f32>Math.sin(angle), 16);
}

/** Multiplies P(j) by ramp and phase, P(-j) by ramp and conjugate phase, sorted by view. */
function filterSpectra<T>(transformed: usize): void {
  const plane = m.planeBytes(m.gridSize);
  const samples = <usize>m.gridSize / 2;
  const step = m.phaseAnchors + ((samples / m.PHASE_BLOCK) << 5);
  for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
    const stepRe = load<T>(step + lane);
    const stepIm = load<T>(step + lane + 16);
    for (let first: usize = 0; first < samples; first += m.PHASE_BLOCK) {
      const anchor = m.phaseAnchors + ((first / m.PHASE_BLOCK) << 5) + lane;
      let phaseRe = load<T>(anchor);
      let phaseIm = load<T>(anchor + 16);
      const end = first + m.PHASE_BLOCK;
      for (let j = first; j < end; j++) {
        const ramp = loadSplat<T>(m.gridRamp + (j << 2));
        const re = mul<T>(phaseRe, ramp);
        const im = mul<T>(phaseIm, ramp);
        const p = transformed + (j << 4) + lane;
        const q = transformed + (((<usize>m.gridSize - j) & (j == 0 ? 0 : ~0)) << 4) + lane;
        const pRe = load<T>(p);
        const pIm = load<T>(p + plane);
        const qRe = load<T>(q);
        const qIm = load<T>(q + plane);
        storeSample<T>(
          j,
          lane,
          sub<T>(mul<T>(pRe, re), mul<T>(pIm, im)),
          add<T>(mul<T>(pRe, im), mul<T>(pIm, re)),
          add<T>(mul<T>(qRe, re), mul<T>(qIm, im)),
          sub<T>(mul<T>(qIm, re), mul<T>(qRe, im)),
        );
        const next = sub<T>(mul<T>(phaseRe, stepRe), mul<T>(phaseIm, stepIm));
        phaseIm = add<T>(mul<T>(phaseRe, stepIm), mul<T>(phaseIm, stepRe));
        phaseRe = next;
      }
    }
  }
}

/** One sample of each view of T: [P(j), P(-j)], 16 bytes. */
// @ts-ignore: decorator
@inline
function storeSample<T>(j: usize, lane: usize, pRe: T, pIm: T, qRe: T, qIm: T): void {
  const bytes = m.spectrumBytes;
  const to = m.spectra + (lane >> 2) * bytes + (j << 4);
  if (isVector<T>()) {
    storeTransposed(pRe, pIm, qRe, qIm, to, to + bytes, to + 2 * bytes, to + 3 * bytes);
  } else {
    store<T>(to, pRe);
    store<T>(to, pIm, 4);
    store<T>(to, qRe, 8);
    store<T>(to, qIm, 12);
  }
}

/** Spreads samples [first, end) of one view, and their partners at -j, over 4 x 4 cells each. */
function spread(view: i32, first: i32, end: i32): void {
  const cosine = <f32>m.viewValue(view, 0);
  const sine = <f32>m.viewValue(view, 1);
  const middle = <f32>(m.gridSize / 2);
  const spectrum = m.spectra + <usize>view * m.spectrumBytes;
  for (let j = first; j < end; j++) {
    const x = <f32>j * cosine + middle;
    const y = <f32>j * sine + middle;
    const column = <i32>Mathf.ceil(x - 2);
    const row = <i32>Mathf.ceil(y - 2);
    // x - column - 1 is in (0, 1]: the position within a cell.
    const stepX = <i32>((x - <f32>(column + 1)) * <f32>m.WEIGHT_STEPS + 0.5);
    const stepY = <i32>((y - <f32>(row + 1)) * <f32>m.WEIGHT_STEPS + 0.5);
    const weightsX = m.weights + ((<usize>stepX) << 4);
    const weightsY = m.weights + ((<usize>stepY) << 4);
    const cell = m.grid + <usize>row * m.gridRowBytes + ((<usize>column) << 3);
    const partner =
      m.grid +
      <usize>(m.gridSize - row) * m.gridRowBytes +
      ((<usize>(m.gridSize - column - 3)) << 3);
    if (ASC_FEATURE_SIMD) {
      spreadSample4(spectrum + ((<usize>j) << 4), weightsX, weightsY, cell, partner);
    } else {
      spreadSample(spectrum + ((<usize>j) << 4), weightsX, weightsY, cell, partner);
    }
  }
}

/** @param partner first cell of the last row of the mirrored 4 x 4 cells */
// @ts-ignore: decorator
@inline
function spreadSample4(
  sample: usize,
  weightsX: usize,
  weightsY: usize,
  cell: usize,
  partner: usize,
): void {
  const both = v128.load(sample);
  const p = v128.shuffle<i64>(both, both, 0, 0);
  const q = v128.shuffle<i64>(both, both, 1, 1);
  const w = v128.load(weightsX);
  const p01 = f32x4.mul(p, v128.shuffle<i32>(w, w, 0, 0, 1, 1));
  const p23 = f32x4.mul(p, v128.shuffle<i32>(w, w, 2, 2, 3, 3));
  const q32 = f32x4.mul(q, v128.shuffle<i32>(w, w, 3, 3, 2, 2));
  const q10 = f32x4.mul(q, v128.shuffle<i32>(w, w, 1, 1, 0, 0));
  for (let tap: usize = 0; tap < 16; tap += 4) {
    const wy = v128.load32_splat(weightsY + tap);
    v128.store(cell, f32x4.add(v128.load(cell), f32x4.mul(p01, wy)));
    v128.store(cell, f32x4.add(v128.load(cell, 16), f32x4.mul(p23, wy)), 16);
    v128.store(partner, f32x4.add(v128.load(partner), f32x4.mul(q32, wy)));
    v128.store(partner, f32x4.add(v128.load(partner, 16), f32x4.mul(q10, wy)), 16);
    cell += m.gridRowBytes;
    partner -= m.gridRowBytes;
  }
}

function spreadSample(
  sample: usize,
  weightsX: usize,
  weightsY: usize,
  cell: usize,
  partner: usize,
): void {
  for (let tapY: usize = 0; tapY < 4; tapY++) {
    const wy = load<f32>(weightsY + (tapY << 2));
    for (let tapX: usize = 0; tapX < 4; tapX++) {
      const wx = load<f32>(weightsX + (tapX << 2));
      const p = cell + (tapX << 3);
      const q = partner + ((3 - tapX) << 3);
      store<f32>(p, load<f32>(p) + load<f32>(sample) * wx * wy);
      store<f32>(p, load<f32>(p, 4) + load<f32>(sample, 4) * wx * wy, 4);
      store<f32>(q, load<f32>(q) + load<f32>(sample, 8) * wx * wy);
      store<f32>(q, load<f32>(q, 4) + load<f32>(sample, 12) * wx * wy, 4);
    }
    cell += m.gridRowBytes;
    partner -= m.gridRowBytes;
  }
}
