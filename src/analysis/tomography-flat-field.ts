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

/** -log data of one detector row, [view, column], dead pixels filled in. */
export function sinogramOf(
  kernel: TomographyKernel,
  scan: ScanData,
  flatField: FlatField,
  row: number,
): Float32Array {
  const { rows, columns, projections } = scan;
  const views = scan.anglesRadian.length;
  const counts =
    projections instanceof Uint16Array
      ? new Uint16Array(views * columns)
      : new Float32Array(views * columns);
  for (let view = 0; view < views; view++) {
    const at = (view * rows + row) * columns;
    counts.set(projections.subarray(at, at + columns), view * columns);
  }
  return attenuationOf(kernel, counts, rowReference(flatField, row, columns));
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
