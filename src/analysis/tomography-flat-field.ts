import { Fault, type Problem } from '../domain/fault.ts';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';

/** A pixel whose flat is below this share of the mean flat sees no beam: it is dead. */
const DEAD_FLAT_FRACTION = 0.01;

/** What turns counts into attenuation, [row, column]. */
export interface FlatField {
  readonly dark: Float32Array;
  /** 1 / (flat - dark); 0 for a dead pixel. */
  readonly gain: Float32Array;
}

function checkFrames(scan: Pick<ScanSource, 'rows' | 'columns' | 'flats' | 'darks'>): void {
  const frameSize = scan.rows * scan.columns;
  const problems = [
    ...frameProblems('flat fields', scan.flats, frameSize, 'images of the beam without the sample'),
    ...frameProblems('dark fields', scan.darks, frameSize, 'images without the beam'),
  ];
  if (problems.length > 0) throw new Fault('badInput', problems);
}

/** @param flat mean flat field, overwritten @param dark mean dark field */
function gainOf(flat: Float64Array, dark: Float64Array): Float32Array {
  let [lit, sum, brightest] = [0, 0, 0];
  for (let at = 0; at < flat.length; at++) {
    const value = flat[at] ?? 0;
    const beam = value - (dark[at] ?? 0);
    brightest = Math.max(brightest, value);
    flat[at] = beam;
    if (!(beam > 0 && Number.isFinite(beam))) continue;
    lit += 1;
    sum += beam;
  }
  if (lit === 0) {
    const message = `no pixel is brighter than in the dark fields (the brightest mean is ${brightest}); expected the open beam`;
    throw new Fault('badInput', { where: 'flat fields', message });
  }
  const faintest = (DEAD_FLAT_FRACTION * sum) / lit;
  const gain = sharedFloats(flat.length);
  for (let at = 0; at < flat.length; at++) {
    const beam = flat[at] ?? 0;
    gain[at] = beam > faintest ? 1 / beam : 0;
  }
  return gain;
}

function finiteFloats(values: Float64Array): Float32Array {
  const floats = sharedFloats(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    floats[at] = Number.isFinite(value) ? value : 0;
  }
  return floats;
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length));
}

/** A flat field and when it was taken. */
export interface FlatMoment {
  /** How many projections were taken before it. */
  readonly afterViews: number;
  readonly field: FlatField;
}

/** What is known of the beam and the detector besides the projections. */
export type ScanReferences = Pick<
  ScanSource,
  'rows' | 'columns' | 'flats' | 'darks' | 'flatsAfterViews'
>;

/**
 * The flat fields of a scan by the moments at which they were taken; one moment when that is not
 * known. All share one dark field, and lie in memory that threads can share.
 * @throws Fault badInput when there are no flats or darks, when their size is not the detector's,
 * when the flats show no beam, or when there are not as many moments as flats
 */
export function flatMomentsOf(scan: ScanReferences): readonly FlatMoment[] {
  const { flatsAfterViews, flats, rows, columns } = scan;
  const frameSize = rows * columns;
  checkFrames(scan);
  const count = flats.length / frameSize;
  if (flatsAfterViews && flatsAfterViews.length !== count) {
    const message = `${flatsAfterViews.length} moments for ${count} flats; expected one for each`;
    throw new Fault('badInput', { where: 'flat fields', message });
  }
  const moments = Array.from(new Set(Array.from(flatsAfterViews ?? []))).sort((a, b) => a - b);
  const darkMean = meanFrame(scan.darks, frameSize);
  const dark = finiteFloats(darkMean);
  if (moments.length < 2) {
    return [
      { afterViews: 0, field: { dark, gain: gainOf(meanFrame(flats, frameSize), darkMean) } },
    ];
  }
  const every = Array.from({ length: count }, (_, flat) => flat);
  return moments.map((afterViews) => {
    const chosen = every.filter((flat) => flatsAfterViews?.[flat] === afterViews);
    const gain = gainOf(meanFrame(flats, frameSize, chosen), darkMean);
    return { afterViews, field: { dark, gain } };
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

/** Dark field and gain of one detector row. */
export function rowReference(flatField: FlatField, row: number, columns: number): FlatField {
  return {
    dark: flatField.dark.subarray(row * columns, (row + 1) * columns),
    gain: flatField.gain.subarray(row * columns, (row + 1) * columns),
  };
}

/** Mean of all frames, or of those chosen. */
function meanFrame(
  frames: ScanPixels,
  frameSize: number,
  chosen: readonly number[] = Array.from({ length: frames.length / frameSize }, (_, at) => at),
): Float64Array {
  const mean = new Float64Array(frameSize);
  for (const frame of chosen) {
    const first = frame * frameSize;
    for (let at = 0; at < frameSize; at++) mean[at] = (mean[at] ?? 0) + (frames[first + at] ?? 0);
  }
  for (let at = 0; at < frameSize; at++) mean[at] = (mean[at] ?? 0) / chosen.length;
  return mean;
}

function frameProblems(
  where: string,
  frames: ScanPixels,
  frameSize: number,
  what: string,
): Problem[] {
  if (frames.length === 0) {
    return [{ where, message: `the scan has none; expected ${what}, to normalise with` }];
  }
  if (frames.length % frameSize === 0) return [];
  const message = `${frames.length} values are not a whole number of frames of ${frameSize} pixels`;
  return [{ where, message }];
}
