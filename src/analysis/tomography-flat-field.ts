import { Fault, type Problem } from '../domain/fault.ts';
import type { ScanData } from '../domain/scan.ts';
import type { TomographyKernel } from '../kernels/tomography-kernel.ts';

/** A pixel whose flat is below this share of the mean flat sees no beam: it is dead. */
const DEAD_FLAT_FRACTION = 0.01;

/** What turns counts into attenuation, [row, column]. */
export interface FlatField {
  readonly dark: Float32Array;
  /** 1 / (flat - dark); 0 for a dead pixel. */
  readonly gain: Float32Array;
}

type Frames = Uint16Array | Float32Array;

/**
 * Mean dark field, and gain from the mean flat field.
 * @throws Fault badInput when there are none, when their size is not the detector's, or when the
 * flats show no beam
 */
export function flatFieldOf(
  scan: Pick<ScanData, 'rows' | 'columns' | 'flats' | 'darks'>,
): FlatField {
  const frameSize = scan.rows * scan.columns;
  const problems = [
    ...frameProblems('flat fields', scan.flats, frameSize, 'images of the beam without the sample'),
    ...frameProblems('dark fields', scan.darks, frameSize, 'images without the beam'),
  ];
  if (problems.length > 0) throw new Fault('badInput', problems);
  const flat = meanFrame(scan.flats, frameSize);
  const dark = meanFrame(scan.darks, frameSize);
  const beam = flat.map((value, at) => value - (dark[at] ?? 0));
  let lit = 0;
  let sum = 0;
  for (const value of beam) {
    if (!(value > 0 && Number.isFinite(value))) continue;
    lit += 1;
    sum += value;
  }
  if (lit === 0) {
    const brightest = flat.reduce((most, value) => Math.max(most, value), 0);
    const message = `no pixel is brighter than in the dark fields (the brightest mean is ${brightest}); expected the open beam`;
    throw new Fault('badInput', { where: 'flat fields', message });
  }
  const faintest = (DEAD_FLAT_FRACTION * sum) / lit;
  return {
    dark: Float32Array.from(dark, (value) => (Number.isFinite(value) ? value : 0)),
    gain: Float32Array.from(beam, (value) => (value > faintest ? 1 / value : 0)),
  };
}

/** A flat field and when it was taken. */
export interface FlatMoment {
  /** How many projections were taken before it. */
  readonly afterViews: number;
  readonly field: FlatField;
}

/**
 * The flat fields of a scan by the moments at which they were taken; one moment when that is not
 * known.
 * @throws Fault badInput as flatFieldOf, or when there are not as many moments as flats
 */
export function flatMomentsOf(scan: ScanData): readonly FlatMoment[] {
  const { flatsAfterViews, flats, rows, columns } = scan;
  const frameSize = rows * columns;
  const everything = { afterViews: 0, field: flatFieldOf(scan) };
  if (!flatsAfterViews) return [everything];
  const count = flats.length / frameSize;
  if (flatsAfterViews.length !== count) {
    const message = `${flatsAfterViews.length} moments for ${count} flats; expected one for each`;
    throw new Fault('badInput', { where: 'flat fields', message });
  }
  const moments = Array.from(new Set(Array.from(flatsAfterViews))).sort((a, b) => a - b);
  if (moments.length < 2) return [everything];
  return moments.map((afterViews) => {
    const chosen = Array.from({ length: count }, (_, flat) => flat).filter(
      (flat) => flatsAfterViews[flat] === afterViews,
    );
    const frames = new Float32Array(chosen.length * frameSize);
    for (const [at, flat] of chosen.entries()) {
      frames.set(flats.subarray(flat * frameSize, (flat + 1) * frameSize), at * frameSize);
    }
    return { afterViews, field: flatFieldOf({ ...scan, flats: frames }) };
  });
}

/** The flat field of one detector row at a view: on the line between the moments around it. */
export function referenceAt(
  moments: readonly FlatMoment[],
  view: number,
  row: number,
  columns: number,
): FlatField {
  // A view is taken after `view` others, and lasts until the next.
  const time = view + 0.5;
  const before = moments.findLast(({ afterViews }) => afterViews <= time);
  const after = moments.find(({ afterViews }) => afterViews > time);
  const only = before ?? after;
  if (!only) throw new Fault('analysis', { where: 'flat fields', message: 'there are none' });
  if (!before || !after) return rowReference(only.field, row, columns);
  const share = (time - before.afterViews) / (after.afterViews - before.afterViews);
  const first = rowReference(before.field, row, columns);
  const second = rowReference(after.field, row, columns);
  // 1 / ((1 - share) / a + share / b), 0 where either pixel is dead.
  const gain = first.gain.map((a, column) => {
    const b = second.gain[column] ?? 0;
    return a > 0 && b > 0 ? (a * b) / ((1 - share) * b + share * a) : 0;
  });
  return { dark: first.dark, gain };
}

/** -log data of one detector row, [view, column], of the views named; dead pixels filled in. */
export function sinogramOf(
  kernel: TomographyKernel,
  scan: ScanData,
  moments: readonly FlatMoment[],
  row: number,
  viewsUsed: Int32Array,
): Float32Array {
  const { rows, columns, projections } = scan;
  const [only, ...others] = moments;
  const length = viewsUsed.length * columns;
  const isCounts = projections instanceof Uint16Array;
  const counts = isCounts ? new Uint16Array(length) : new Float32Array(length);
  for (const [at, view] of viewsUsed.entries()) {
    const from = (view * rows + row) * columns;
    counts.set(projections.subarray(from, from + columns), at * columns);
  }
  if (only && others.length === 0) {
    return attenuationOf(kernel, counts, rowReference(only.field, row, columns));
  }
  const sinogram = new Float32Array(length);
  for (const [at, view] of viewsUsed.entries()) {
    const part = counts.subarray(at * columns, (at + 1) * columns);
    const reference = referenceAt(moments, view, row, columns);
    sinogram.set(attenuationOf(kernel, part, reference), at * columns);
  }
  return sinogram;
}

/** Dark field and gain of one detector row. */
export function rowReference(flatField: FlatField, row: number, columns: number): FlatField {
  return {
    dark: flatField.dark.subarray(row * columns, (row + 1) * columns),
    gain: flatField.gain.subarray(row * columns, (row + 1) * columns),
  };
}

/** -log data of views of one detector row, [view, column], dead pixels filled in. */
export function attenuationOf(
  kernel: TomographyKernel,
  counts: Frames,
  reference: FlatField,
): Float32Array {
  const attenuation = new Float32Array(counts.length);
  kernel.normalise(counts, reference, attenuation);
  fillDeadPixels(attenuation, reference.gain);
  return attenuation;
}

/** Dead pixels take what lies on the line between their living neighbours; 0 if there are none. */
function fillDeadPixels(attenuation: Float32Array, gain: Float32Array): void {
  const columns = gain.length;
  const dead = Array.from(gain.keys()).filter((column) => gain[column] === 0);
  if (dead.length === 0) return;
  const living = Array.from(gain.keys()).filter((column) => gain[column] !== 0);
  const fillings = dead.map((column) => {
    const left = living.findLast((other) => other < column);
    const right = living.find((other) => other > column);
    const from = left ?? right;
    const to = right ?? left;
    const share = left === undefined || right === undefined ? 0 : (column - left) / (right - left);
    return { column, from, to, share };
  });
  for (let first = 0; first < attenuation.length; first += columns) {
    for (const { column, from, to, share } of fillings) {
      const a = from === undefined ? 0 : (attenuation[first + from] ?? 0);
      const b = to === undefined ? 0 : (attenuation[first + to] ?? 0);
      attenuation[first + column] = a + (b - a) * share;
    }
  }
}

function meanFrame(frames: Frames, frameSize: number): Float64Array {
  const mean = new Float64Array(frameSize);
  for (let first = 0; first < frames.length; first += frameSize) {
    for (let at = 0; at < frameSize; at++) mean[at] = (mean[at] ?? 0) + (frames[first + at] ?? 0);
  }
  const count = frames.length / frameSize;
  return mean.map((sum) => sum / count);
}

function frameProblems(where: string, frames: Frames, frameSize: number, what: string): Problem[] {
  if (frames.length === 0) {
    return [{ where, message: `the scan has none; expected ${what}, to normalise with` }];
  }
  if (frames.length % frameSize === 0) return [];
  const message = `${frames.length} values are not a whole number of frames of ${frameSize} pixels`;
  return [{ where, message }];
}
