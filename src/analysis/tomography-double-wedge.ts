import {
  type AttenuationData,
  type AxisFinding,
  type AxisRange,
  binnedColumns,
} from './tomography-axis-finding.ts';
import { vertexOffset } from './tomography-opposite-views.ts';

/** Detector frequencies that are looked at. */
const FREQUENCIES_MAX = 12;
/** Root mean square error on one row of 256 columns at a signal-to-noise ratio of 20. */
const USUAL_ERROR_PIXEL = 0.12;
/** Columns of the coarse search, to which the data are binned. */
const COARSE_COLUMNS = 128;
const COARSE_FREQUENCIES = 8;
/** Angular harmonics that are granted beyond the wedge, for the window's own width. */
const WEDGE_MARGIN = 4;
/** Share of the window that is not faded, and harmonics granted beyond the wedge: least noise. */
const FINE_FLAT = 0.8;
const FINE_MARGIN = 2;
/** Detector frequencies of the refinement. */
const FINE_FREQUENCIES_MAX = 24;
/** How often the window is put about the axis found last, and what is then no news. */
const REFINEMENTS_MAX = 4;
const SETTLED_PIXEL = 1e-3;
/** Detector rows of the refinement; fewer than these cannot tell the error. */
const ROWS_MAX = 8;
const ROWS_FOR_ERROR_MIN = 3;
const ERROR_PIXEL_MIN = 0.02;
/** The refinement looks this far to each side, in steps of so much before it interpolates. */
const REFINED_REACH_PIXEL = 2;
const REFINED_STEP_PIXEL = 0.05;
/** Columns at each end of the detector that a window leaves free. */
const WINDOW_MARGIN = 2;
/** A gap between views wider than so many usual steps cannot be transformed over. */
const GAP_STEPS_MAX = 3;
/** A view closer to the one before than this part of a step repeats it. */
const REPEAT_STEPS = 0.1;
const VIEWS_PER_HALF_TURN_MIN = 8;
/** Values that one candidate may cost; more detector rows are used when they are small. */
const VALUES_MAX = 2 ** 19;

/**
 * A projection and its mirror image half a turn on make a full turn. Its transform over column
 * and angle is empty outside a double wedge |harmonic| < 2 pi frequency radius, unless the mirror
 * axis is wrong (Vo et al. 2014, Opt. Express 22, 19078). The axis is where least energy lies
 * outside. A window about the trial axis makes it work on samples wider than the detector.
 * Undefined when the views do not cover half a turn evenly.
 */
export function doubleWedgeAxis(data: AttenuationData, range: AxisRange): AxisFinding | undefined {
  const halfTurns = evenHalfTurns(data.anglesRadian);
  if (halfTurns.length === 0) return undefined;
  const rows = data.sinograms.slice(
    0,
    Math.max(1, Math.floor(VALUES_MAX / (data.columns * data.anglesRadian.length))),
  );
  const coarse = coarseAxis({ ...data, sinograms: rows }, halfTurns, range);
  const usual = { finder: 'double wedge', usualErrorPixel: USUAL_ERROR_PIXEL } as const;
  if (coarse.atRangeEdge) return { ...usual, ...coarse };
  const widest = Math.min(coarse.axisPixel, data.columns - 1 - coarse.axisPixel);
  const trial: Trial = {
    sinograms: rows,
    columns: data.columns,
    halfTurns,
    reach: Math.max(4, Math.floor(widest) - WINDOW_MARGIN - 2),
    frequencies: FREQUENCIES_MAX,
  };
  const near = leastNear(trial, coarse.axisPixel, 1);
  const found = refined({ ...trial, sinograms: data.sinograms.slice(0, ROWS_MAX) }, near);
  return { ...usual, ...found, atRangeEdge: false };
}

interface Trial {
  readonly sinograms: readonly Float32Array[];
  readonly columns: number;
  /** Views of each half turn, evenly spaced, in ascending angle. */
  readonly halfTurns: readonly Int32Array[];
  /** Half width of the window, in columns. */
  readonly reach: number;
  readonly frequencies: number;
}

/** Every whole pixel of the range, on binned data. */
function coarseAxis(
  data: AttenuationData,
  halfTurns: readonly Int32Array[],
  range: AxisRange,
): { readonly axisPixel: number; readonly atRangeEdge: boolean } {
  const factor = Math.max(1, Math.floor(data.columns / COARSE_COLUMNS));
  const columns = Math.floor(data.columns / factor);
  const first = Math.ceil(range.firstFraction * (columns - 1));
  const last = Math.floor(range.lastFraction * (columns - 1));
  const trial: Trial = {
    sinograms: data.sinograms.map((sinogram) => binnedColumns(sinogram, data.columns, factor)),
    columns,
    halfTurns,
    reach: Math.max(2, first - WINDOW_MARGIN),
    frequencies: COARSE_FREQUENCIES,
  };
  let best = first;
  let least = Number.POSITIVE_INFINITY;
  for (let axis = first; axis <= last; axis++) {
    // Relative, or the best axis would be where the window sees least of the sample.
    const { outside, all } = wedgeEnergy(trial, axis);
    const value = outside / all;
    if (!(value < least)) continue;
    least = value;
    best = axis;
  }
  return {
    axisPixel: best * factor + (factor - 1) / 2,
    atRangeEdge: best === first || best === last,
  };
}

/**
 * Walks downhill from `start` in whole steps, then interpolates between the last three. Energies
 * are absolute here: noise has the same in every window, and a quotient would lean towards the
 * window with more of the sample in it.
 */
function leastNear(trial: Trial, start: number, step: number): number {
  const walkMax = Math.ceil(trial.columns / COARSE_COLUMNS) + 3;
  let axis = start;
  let [before, here, after] = [-step, 0, step].map((d) => wedgeEnergy(trial, axis + d).outside);
  for (let walked = 0; walked < walkMax; walked++) {
    if (before === undefined || here === undefined || after === undefined) break;
    if (here <= before && here <= after) return axis + step * vertexOffset(before, here, after);
    const direction = before < after ? -1 : 1;
    axis += direction * step;
    const next = wedgeEnergy(trial, axis + direction * step).outside;
    [before, here, after] = direction < 0 ? [next, before, here] : [here, after, next];
  }
  return axis;
}

/**
 * With the window where it is, moving the mirror by d only turns phases: the energy within the
 * wedge is a constant and Re sum_s C_s exp(2 i s d), C_s the correlation of the harmonics of the
 * views with those of their mirror images. So noise in the window is the same for every d. The
 * window is then put about the axis found, until that stays. How far the detector rows disagree
 * tells the error.
 */
function refined(
  trial: Trial,
  start: number,
): { readonly axisPixel: number; readonly usualErrorPixel: number } {
  let axisPixel = start;
  let rows: readonly Complex[] = [];
  for (let pass = 0; pass < REFINEMENTS_MAX; pass++) {
    rows = trial.sinograms.map((sinogram) => mirrorCorrelations(trial, sinogram, axisPixel));
    const moved = bestShift(summed(rows), trial.reach);
    axisPixel += moved;
    if (Math.abs(moved) < SETTLED_PIXEL) break;
  }
  if (rows.length < ROWS_FOR_ERROR_MIN) return { axisPixel, usualErrorPixel: USUAL_ERROR_PIXEL };
  const shifts = rows.map((row) => bestShift(row, trial.reach));
  const mean = shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length;
  const variance =
    shifts.reduce((sum, shift) => sum + (shift - mean) ** 2, 0) / (shifts.length - 1);
  const usualErrorPixel = Math.max(ERROR_PIXEL_MIN, Math.sqrt(variance / shifts.length));
  return { axisPixel, usualErrorPixel };
}

function summed(rows: readonly Complex[]): Complex {
  const count = rows[0]?.re.length ?? 0;
  const sum = (part: 're' | 'im') =>
    Float64Array.from({ length: count }, (_, at) =>
      rows.reduce((total, row) => total + (row[part][at] ?? 0), 0),
    );
  return { re: sum('re'), im: sum('im') };
}

/** Re and Im of C_s for the frequencies from 1 on, summed over the half turns. */
function mirrorCorrelations(trial: Trial, sinogram: Float32Array, axis: number): Complex {
  const from = Math.max(0, Math.ceil(axis - trial.reach));
  const end = Math.min(trial.columns - 1, Math.floor(axis + trial.reach));
  const places = Float64Array.from(
    { length: end - from + 1 },
    (_, k) => (from + k - axis) / trial.reach,
  );
  const frequencies = Math.min(FINE_FREQUENCIES_MAX, trial.reach >> 2);
  const re = new Float64Array(frequencies);
  const im = new Float64Array(frequencies);
  for (const views of trial.halfTurns) {
    const circle = unitCircle(2 * views.length);
    for (let at = 0; at < frequencies; at++) {
      const wave = windowedWave(places, at + 1, FINE_FLAT);
      const turn = fullTurn(sinogram, views, { wave, from, columns: trial.columns });
      const highest = Math.ceil(Math.PI * (at + 1)) + FINE_MARGIN;
      const { sumRe, sumIm } = correlation(turn, circle, highest);
      re[at] = (re[at] ?? 0) + sumRe;
      im[at] = (im[at] ?? 0) + sumIm;
    }
  }
  return { re, im };
}

/** Sum over the harmonics within the wedge of those of one half times the conjugate others. */
function correlation(
  turn: Complex,
  circle: Complex,
  harmonics: number,
): { readonly sumRe: number; readonly sumIm: number } {
  const count = turn.re.length;
  const half = count >> 1;
  const highest = Math.min(harmonics, half - 1);
  let [sumRe, sumIm] = [0, 0];
  for (let harmonic = -highest; harmonic <= highest; harmonic++) {
    const step = harmonic < 0 ? harmonic + count : harmonic;
    const [first, second] = [0, half].map((begin) => {
      let [re, im] = [0, 0];
      let turned = (step * begin) % count;
      for (let at = begin; at < begin + half; at++) {
        const [c, s] = [circle.re[turned] ?? 0, circle.im[turned] ?? 0];
        const [x, y] = [turn.re[at] ?? 0, turn.im[at] ?? 0];
        re += x * c + y * s;
        im += y * c - x * s;
        turned = turned + step < count ? turned + step : turned + step - count;
      }
      return { re, im };
    });
    if (!first || !second) continue;
    sumRe += first.re * second.re + first.im * second.im;
    sumIm += first.im * second.re - first.re * second.im;
  }
  return { sumRe, sumIm };
}

/** Where Re sum C_s exp(2 i s d) is greatest. */
function bestShift({ re, im }: Complex, reach: number): number {
  const value = (shift: number): number => {
    let sum = 0;
    for (let at = 0; at < re.length; at++) {
      const phase = (2 * Math.PI * (at + 1) * shift) / reach;
      sum += (re[at] ?? 0) * Math.cos(phase) - (im[at] ?? 0) * Math.sin(phase);
    }
    return sum;
  };
  let best = 0;
  let most = value(0);
  for (
    let shift = -REFINED_REACH_PIXEL;
    shift <= REFINED_REACH_PIXEL;
    shift += REFINED_STEP_PIXEL
  ) {
    const found = value(shift);
    if (found <= most) continue;
    most = found;
    best = shift;
  }
  const [before, after] = [value(best - REFINED_STEP_PIXEL), value(best + REFINED_STEP_PIXEL)];
  return best + REFINED_STEP_PIXEL * vertexOffset(-before, -most, -after);
}

interface WedgeEnergy {
  readonly outside: number;
  readonly all: number;
}

/** Energy outside the double wedge, and in all, for a trial axis. */
function wedgeEnergy(trial: Trial, axis: number): WedgeEnergy {
  const from = Math.max(0, Math.ceil(axis - trial.reach));
  const end = Math.min(trial.columns - 1, Math.floor(axis + trial.reach));
  const places = Float64Array.from(
    { length: end - from + 1 },
    (_, k) => (from + k - axis) / trial.reach,
  );
  const frequencies = Math.min(trial.frequencies, trial.reach >> 2);
  const circles = trial.halfTurns.map((views) => unitCircle(2 * views.length));
  let outside = 0;
  let all = 0;
  for (let frequency = 1; frequency <= frequencies; frequency++) {
    const wave = windowedWave(places, frequency);
    for (const sinogram of trial.sinograms) {
      for (const [half, circle] of circles.entries()) {
        const views = trial.halfTurns[half] ?? new Int32Array(0);
        const turn = fullTurn(sinogram, views, { wave, from, columns: trial.columns });
        const harmonics = Math.ceil(Math.PI * frequency) + WEDGE_MARGIN;
        const energy = turn.re.reduce((sum, re, at) => sum + re * re + (turn.im[at] ?? 0) ** 2, 0);
        outside += energy - energyWithin(turn, circle, harmonics);
        all += energy;
      }
    }
  }
  return { outside, all };
}

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The roots of unity. */
function unitCircle(count: number): Complex {
  const angles = Float64Array.from({ length: count }, (_, k) => (2 * Math.PI * k) / count);
  return { re: angles.map(Math.cos), im: angles.map(Math.sin) };
}

/** One period of `frequency` per window half, faded out beyond the flat part (Hann, Tukey). */
function windowedWave(places: Float64Array, frequency: number, flat = 0): Complex {
  const fade = (place: number): number => {
    const beyond = Math.max(0, Math.abs(place) - flat) / (1 - flat);
    return (1 + Math.cos(Math.PI * beyond)) / 2;
  };
  return {
    re: places.map((place) => fade(place) * Math.cos(Math.PI * frequency * place)),
    im: places.map((place) => -fade(place) * Math.sin(Math.PI * frequency * place)),
  };
}

/** One frequency of every view; half a turn on, the mirrored view has the conjugate. */
function fullTurn(
  sinogram: Float32Array,
  views: Int32Array,
  place: { readonly wave: Complex; readonly from: number; readonly columns: number },
): Complex {
  const { wave, from, columns } = place;
  const count = views.length;
  const re = new Float64Array(2 * count);
  const im = new Float64Array(2 * count);
  for (let at = 0; at < count; at++) {
    const first = (views[at] ?? 0) * columns + from;
    let sumRe = 0;
    let sumIm = 0;
    for (let k = 0; k < wave.re.length; k++) {
      const value = sinogram[first + k] ?? 0;
      sumRe += value * (wave.re[k] ?? 0);
      sumIm += value * (wave.im[k] ?? 0);
    }
    re[at] = sumRe;
    im[at] = sumIm;
    re[at + count] = sumRe;
    im[at + count] = -sumIm;
  }
  return { re, im };
}

/** Energy of the harmonics up to `harmonics`, on the scale of the sum of squares. */
function energyWithin(turn: Complex, circle: Complex, harmonics: number): number {
  const count = turn.re.length;
  const highest = Math.min(harmonics, (count >> 1) - 1);
  let energy = 0;
  for (let harmonic = -highest; harmonic <= highest; harmonic++) {
    let sumRe = 0;
    let sumIm = 0;
    let turned = 0;
    const step = harmonic < 0 ? harmonic + count : harmonic;
    for (let at = 0; at < count; at++) {
      const c = circle.re[turned] ?? 0;
      const s = circle.im[turned] ?? 0;
      const re = turn.re[at] ?? 0;
      const im = turn.im[at] ?? 0;
      sumRe += re * c + im * s;
      sumIm += im * c - re * s;
      turned = turned + step < count ? turned + step : turned + step - count;
    }
    energy += (sumRe * sumRe + sumIm * sumIm) / count;
  }
  return energy;
}

/** Splits the views into one or two half turns that are covered evenly, each once. */
function evenHalfTurns(anglesRadian: Float64Array): Int32Array[] {
  const { angles, order, stepRadian } = inOneTurn(anglesRadian);
  const halfTurns: Int32Array[] = [];
  for (const startRadian of [0, Math.PI]) {
    const endRadian = startRadian + Math.PI - stepRadian / 2;
    const views: number[] = [];
    let last = startRadian - stepRadian;
    let widest = 0;
    for (const [at, angle] of angles.entries()) {
      if (angle < startRadian - stepRadian / 2 || angle >= endRadian) continue;
      if (angle - last < REPEAT_STEPS * stepRadian) continue;
      widest = Math.max(widest, angle - last);
      last = angle;
      views.push(order[at] ?? 0);
    }
    widest = Math.max(widest, startRadian + Math.PI - last);
    const isEven = widest <= GAP_STEPS_MAX * stepRadian;
    if (isEven && views.length >= VIEWS_PER_HALF_TURN_MIN) halfTurns.push(Int32Array.from(views));
  }
  return halfTurns;
}

/** Views sorted by angle within one turn: from behind a wide gap if there is one, else the first. */
function inOneTurn(anglesRadian: Float64Array): {
  readonly angles: Float64Array;
  readonly order: Int32Array;
  readonly stepRadian: number;
} {
  const turn = 2 * Math.PI;
  const within = anglesRadian.map((angle) => angle - turn * Math.floor(angle / turn));
  const sorted = Int32Array.from(within.keys()).sort((a, b) => (within[a] ?? 0) - (within[b] ?? 0));
  const gapBefore = Float64Array.from(sorted, (view, at) => {
    const previous = within[sorted[at - 1] ?? sorted.at(-1) ?? 0] ?? 0;
    return (within[view] ?? 0) - previous + (at === 0 ? turn : 0);
  });
  const gaps = gapBefore.slice().sort();
  const stepRadian = gaps[gaps.length >> 1] ?? turn;
  const widest = gaps.at(-1) ?? turn;
  const isWholeTurn = widest <= GAP_STEPS_MAX * stepRadian;
  const first = isWholeTurn ? sorted.indexOf(0) : gapBefore.indexOf(widest);
  const order = Int32Array.from([...sorted.subarray(first), ...sorted.subarray(0, first)]);
  const origin = within[order[0] ?? 0] ?? 0;
  const angles = Float64Array.from(order, (view) => {
    const angle = (within[view] ?? 0) - origin;
    return angle < 0 ? angle + turn : angle;
  });
  return { angles, order, stepRadian };
}
