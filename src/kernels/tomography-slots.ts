import { Fault } from '../domain/fault.ts';
import { floats, type RawKernel } from './tomography-raw.ts';

/** The kernel holds two sinograms, those of a pair of slices. */
export type SinogramSlot = 0 | 1;

/** Views of one sinogram the kernel takes. */
export const SINOGRAM_VIEWS_MAX = 65_535;

/** The noise is estimated on about this many pairs of neighbouring views. */
const NOISE_SAMPLES = 4096;
/** Median of |a - b| of two normal values, in standard deviations. */
const MEDIAN_DIFFERENCE = 0.6745 * Math.SQRT2;

/** The flat field of one detector row, and when it was taken. */
export interface ReferenceMoment {
  /** How many projections were taken before it. */
  readonly afterViews: number;
  readonly dark: Float32Array;
  /** 1 / (flat - dark); 0 for pixels that see nothing. */
  readonly gain: Float32Array;
}

/**
 * One detector row in all its views, where it lies in a band of rows [view, row, column]: nothing
 * is copied together before the kernel takes it.
 */
export interface BandRow {
  /** Counts, or intensities; transmissions go with dark 0 and gain 1. */
  readonly pixels: Uint16Array | Float32Array;
  readonly columns: number;
  /** Index in `pixels` of the row's first column in view 0: row * columns. */
  readonly first: number;
  /** From one view to the next: rows of the band * columns. */
  readonly viewStride: number;
  /** Indices of the views that are used, in order. */
  readonly views: ArrayLike<number>;
  /** At least one, by ascending `afterViews`: between two, the flats are interpolated in time. */
  readonly moments: readonly ReferenceMoment[];
  /** ln of the beam of each view in `views`, added to its attenuation. */
  readonly beamOffsets?: ArrayLike<number>;
}

/** What quantising a slice met inside the inscribed disc. */
export interface SliceTally {
  /** Pixels that the scale could not hold: they are stored as its nearest end. */
  readonly clipped: number;
  /** Range of the slice as it was, 1/pixel. */
  readonly least: number;
  readonly most: number;
}

/** What stripe removal took off a held sinogram. */
export interface StripeTally {
  /** Columns that were changed. */
  readonly columns: number;
  /** Sum of the squares of all that was removed. */
  readonly removedSquares: number;
  /** Mean over the views of what each column lost. */
  readonly removedMean: Float32Array;
}

/** The two flat fields around a view: dark and gain of the first, and how far to the second. */
interface Bracket {
  readonly before: ReferenceMoment;
  readonly after: ReferenceMoment;
  readonly share: number;
}

/** Makes room for two sinograms. @throws Fault capacity */
export function placeSinograms(raw: RawKernel, views: number, columns: number): void {
  if (raw.placeSinograms(views) === 0) return;
  const message = `a sinogram of ${views} views and ${columns} columns does not fit in the kernel's memory; at most ${SINOGRAM_VIEWS_MAX} views`;
  throw new Fault('capacity', { where: 'sinogram', message });
}

/** See TomographyKernel.loadSinogram. */
export function loadSinogram(raw: RawKernel, slot: SinogramSlot, row: BandRow): void {
  const { pixels, columns, views, beamOffsets } = row;
  const isCounts = pixels instanceof Uint16Array;
  const input = isCounts
    ? new Uint16Array(raw.memory.buffer, raw.rawAddress(), columns)
    : floats(raw, raw.rawAddress(), columns);
  let held: Bracket | undefined;
  let fillings: readonly Filling[] = [];
  const stride = raw.stride();
  for (let at = 0; at < views.length; at++) {
    const view = views[at] ?? 0;
    const bracket = bracketOf(row.moments, view);
    if (bracket.before !== held?.before || bracket.after !== held.after) {
      writeReference(raw, bracket, columns);
      fillings = fillingsOf(bracket);
      held = bracket;
    }
    const from = row.first + view * row.viewStride;
    input.set(pixels.subarray(from, from + columns));
    const beam = beamOffsets?.[at] ?? 0;
    if (isCounts) raw.loadCounts(slot, at, bracket.share, beam);
    else raw.loadFloats(slot, at, bracket.share, beam);
    if (fillings.length === 0) continue;
    fill(floats(raw, raw.sinogramAddress(slot) + 4 * at * stride, columns), fillings);
  }
}

/** @throws Fault badInput when a band's row lies outside its pixels or its references do not fit */
export function checkBandRow(row: BandRow): void {
  const { pixels, columns, first, viewStride, views, moments, beamOffsets } = row;
  if (views.length < 1) refuse('views', 'none are used; expected at least one');
  if (moments.length < 1) refuse('flat fields', 'there are none; expected at least one');
  for (const { dark, gain } of moments) {
    if (dark.length === columns && gain.length === columns) continue;
    refuse('flat fields', `${dark.length} and ${gain.length} values; expected ${columns}`);
  }
  for (let at = 0; at < views.length; at++) {
    const view = views[at] ?? Number.NaN;
    const from = first + view * viewStride;
    if (Number.isInteger(from) && view >= 0 && from >= 0 && from + columns <= pixels.length) {
      continue;
    }
    refuse('views', `view ${view} of a row lies outside the ${pixels.length} values of its band`);
  }
  if (!beamOffsets) return;
  if (beamOffsets.length !== views.length) {
    refuse('beam', `${beamOffsets.length} values; expected ${views.length}`);
  }
  const bad = Array.from(beamOffsets).findIndex((offset) => !Number.isFinite(offset));
  if (bad >= 0) refuse('beam', `${beamOffsets[bad]} at view ${bad + 1}; expected a finite number`);
}

/** Standard deviation of a held sinogram's noise, as it shows between neighbouring views. */
export function noiseOf(
  sinogram: Float32Array,
  { columns, stride, views }: { columns: number; stride: number; views: number },
): number {
  const pairs = (views - 1) * columns;
  if (pairs < 1) return 0;
  const step = Math.max(1, Math.floor(pairs / NOISE_SAMPLES));
  const differences = Float64Array.from({ length: Math.ceil(pairs / step) }, (_, k) => {
    const at = Math.floor((k * step) / columns) * stride + ((k * step) % columns);
    return Math.abs((sinogram[at + stride] ?? 0) - (sinogram[at] ?? 0));
  }).sort();
  return (differences[differences.length >> 1] ?? 0) / MEDIAN_DIFFERENCE;
}

/** The flats around a view, which is taken after `view` others and lasts until the next. */
function bracketOf(moments: readonly ReferenceMoment[], view: number): Bracket {
  const time = view + 0.5;
  const before = moments.findLast(({ afterViews }) => afterViews <= time);
  const after = moments.find(({ afterViews }) => afterViews > time);
  const only = before ?? after;
  if (!only) throw new Fault('badInput', { where: 'flat fields', message: 'there are none' });
  if (!before || !after) return { before: only, after: only, share: 0 };
  const share = (time - before.afterViews) / (after.afterViews - before.afterViews);
  return { before, after, share };
}

function writeReference(raw: RawKernel, { before, after }: Bracket, columns: number): void {
  floats(raw, raw.darkAddress(), columns).set(before.dark);
  floats(raw, raw.gainAddress(), columns).set(before.gain);
  floats(raw, raw.gainAfterAddress(), columns).set(after.gain);
}

/** A dead pixel takes what lies on the line between its living neighbours. */
interface Filling {
  readonly column: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly share: number;
}

function fillingsOf({ before, after }: Bracket): readonly Filling[] {
  const columns = before.gain.length;
  const isDead = (column: number) =>
    !((before.gain[column] ?? 0) > 0 && (after.gain[column] ?? 0) > 0);
  const fillings: Filling[] = [];
  let left: number | undefined;
  for (let column = 0; column < columns; column++) {
    if (!isDead(column)) {
      left = column;
      continue;
    }
    let next = column + 1;
    while (next < columns && isDead(next)) next += 1;
    const right = next < columns ? next : undefined;
    for (let dead = column; dead < next; dead++) {
      const hasBoth = left !== undefined && right !== undefined;
      const share = hasBoth ? (dead - (left ?? 0)) / ((right ?? 0) - (left ?? 0)) : 0;
      fillings.push({ column: dead, from: left ?? right, to: right ?? left, share });
    }
    column = next - 1;
  }
  return fillings;
}

function fill(row: Float32Array, fillings: readonly Filling[]): void {
  for (const { column, from, to, share } of fillings) {
    const a = from === undefined ? 0 : (row[from] ?? 0);
    const b = to === undefined ? 0 : (row[to] ?? 0);
    row[column] = a + (b - a) * share;
  }
}

function refuse(where: string, message: string): never {
  throw new Fault('badInput', { where, message });
}
