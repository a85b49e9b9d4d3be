import { Fault } from '../domain/fault.ts';
import { cholesky, solveCholesky } from './symmetric-system.ts';

/**
 * X-ray absorption near an edge: where the edge is, how high its step is, and the spectrum with the
 * step as 1. Conventions are those of Larch 0.9.58, with every range it chose in the result.
 * Energies in eV, rising.
 */

export interface AbsorptionSpectrum {
  readonly energy: Float64Array;
  /** µ times thickness, in any unit. */
  readonly absorption: Float64Array;
}

/**
 * Offsets from the edge, eV. As in Larch a range begins with the last point at or below it and ends
 * before the point nearest to its end.
 */
export interface EdgeRanges {
  readonly preFrom: number;
  readonly preTo: number;
  readonly postFrom: number;
  readonly postTo: number;
  /** Of the polynomial after the edge. */
  readonly degree: 0 | 1 | 2;
}

export interface NormalisedEdge {
  readonly edge: number;
  /** Absorption after minus absorption before, at the edge. */
  readonly step: number;
  /** (µ - before) / step. */
  readonly normalised: Float64Array;
  readonly ranges: EdgeRanges;
}

const POINTS_MIN = 5;
/** The steepest point is looked for away from the ends, and with neighbours that are steep too. */
const END_POINTS = 3;
const END_SHARE = 0.05;
const STEEP_SHARE = 0.1;
const ROUNDING = 5;
const POST_FROM_MAX = 150;
const QUADRATIC_RANGE_MIN = 350;
const LINEAR_RANGE_MIN = 50;

/** E0: the measured energy where absorption rises most steeply, not interpolated. */
export function edgeByDerivative({ energy, absorption }: AbsorptionSpectrum): number {
  checkSpectrum({ energy, absorption });
  const rises = gradient(absorption);
  const widths = gradient(energy);
  const slopes = rises.map((rise, at) => rise / (widths[at] ?? 1));
  const ends = Math.max(END_POINTS, Math.floor(END_SHARE * energy.length));
  const inner = Array.from(slopes.keys()).slice(ends, -ends);
  const steepest = Math.max(...inner.map((at) => slopes[at] ?? 0));
  const isSteep = (at: number): boolean => (slopes[at] ?? 0) > STEEP_SHARE * steepest;
  let best: number | undefined;
  for (const at of inner) {
    if (!isSteep(at - 1) || !isSteep(at) || !isSteep(at + 1)) continue;
    if (best === undefined || (slopes[at] ?? 0) > (slopes[best] ?? 0)) best = at;
  }
  if (best !== undefined && steepest > 0) return energy[best] ?? 0;
  throw new Fault('badInput', {
    where: 'absorption spectrum',
    message: 'has no edge: nowhere does absorption rise over three neighbouring energies',
  });
}

/**
 * A line before the edge and a polynomial after it; their distance at the edge is the step.
 * @param chosen what is to be used instead of Larch's choice
 * @throws Fault badInput when a range has too few points or the step does not rise
 */
export function normaliseEdge(
  spectrum: AbsorptionSpectrum,
  {
    edge = edgeByDerivative(spectrum),
    ...chosen
  }: Partial<EdgeRanges> & { readonly edge?: number } = {},
): NormalisedEdge {
  const { energy, absorption } = spectrum;
  checkSpectrum(spectrum);
  const ranges = { ...usualRanges(energy, edge), ...chosen };
  const before = polynomial(spectrum, [edge + ranges.preFrom, edge + ranges.preTo], edge, 1);
  const above = absorption.map((value, at) => value - before((energy[at] ?? 0) - edge));
  const after = polynomial(
    { energy, absorption: above },
    [edge + ranges.postFrom, edge + ranges.postTo],
    edge,
    ranges.degree,
  );
  const step = after(0);
  if (!(step > 0)) {
    const message = `the step at ${edge} eV is ${step}: expected absorption to rise at the edge`;
    throw new Fault('badInput', { where: 'absorption spectrum', message });
  }
  return { edge, step, normalised: above.map((value) => value / step), ranges };
}

/** Where the normalised spectrum first passes half of the step, between its points. */
export function edgeByHalfStep(energy: Float64Array, normalised: Float64Array): number | undefined {
  for (let at = 1; at < energy.length; at += 1) {
    const [low = 0, high = 0] = [normalised[at - 1], normalised[at]];
    if (!(low < 0.5 && high >= 0.5)) continue;
    const [from = 0, to = 0] = [energy[at - 1], energy[at]];
    return from + ((to - from) * (0.5 - low)) / (high - low);
  }
  return undefined;
}

/** How far above the edge the white line is looked for, eV. */
const WHITE_LINE_REACH = 30;

/** The highest point just above the edge; undefined when it is the last one looked at. */
export function whiteLine(
  energy: Float64Array,
  { edge, normalised }: Pick<NormalisedEdge, 'edge' | 'normalised'>,
): { readonly energy: number; readonly height: number } | undefined {
  const near = Array.from(energy.keys()).filter(
    (at) => (energy[at] ?? 0) >= edge && (energy[at] ?? 0) <= edge + WHITE_LINE_REACH,
  );
  const [first = 0] = near;
  const top = near.reduce((a, b) => ((normalised[b] ?? 0) > (normalised[a] ?? 0) ? b : a), first);
  if (near.length < 3 || top === near.at(-1)) return undefined;
  return { energy: energy[top] ?? 0, height: normalised[top] ?? 0 };
}

function usualRanges(energy: Float64Array, edge: number): EdgeRanges {
  const preFrom = rounded((energy[1] ?? 0) - edge);
  const preTo = rounded(preFrom / 3);
  const postTo = rounded((energy.at(-1) ?? 0) - edge);
  const postFrom = rounded(Math.min(POST_FROM_MAX, postTo / 3));
  const range = postTo - postFrom;
  const degree = range < LINEAR_RANGE_MIN ? 0 : range < QUADRATIC_RANGE_MIN ? 1 : 2;
  return { preFrom, preTo, postFrom, postTo, degree };
}

function rounded(offset: number): number {
  return ROUNDING * Math.round(offset / ROUNDING);
}

function checkSpectrum({ energy, absorption }: AbsorptionSpectrum): void {
  const problem = (message: string): Fault =>
    new Fault('badInput', { where: 'absorption spectrum', message });
  if (energy.length !== absorption.length || energy.length < POINTS_MIN) {
    throw problem(
      `${energy.length} energies and ${absorption.length} values: expected as many, ${POINTS_MIN} or more`,
    );
  }
  for (const [at, one] of energy.entries()) {
    if (!Number.isFinite(one) || !Number.isFinite(absorption[at])) {
      throw problem(`point ${at + 1} is no number`);
    }
    if (at > 0 && !(one > (energy[at - 1] ?? one))) {
      throw problem(`the energies must rise: ${one} eV follows ${energy[at - 1]} eV`);
    }
  }
}

function nearest(energy: Float64Array, place: number): number {
  return Array.from(energy.keys()).reduce((a, b) =>
    Math.abs((energy[b] ?? 0) - place) < Math.abs((energy[a] ?? 0) - place) ? b : a,
  );
}

/** Central differences of the values over their index, one-sided at the ends. */
function gradient(values: Float64Array): Float64Array {
  const last = values.length - 1;
  return values.map((value, at) => {
    if (at === 0) return (values[1] ?? 0) - value;
    if (at === last) return value - (values[at - 1] ?? 0);
    return ((values[at + 1] ?? 0) - (values[at - 1] ?? 0)) / 2;
  });
}

/** Least squares in powers of the distance from the edge, over the points of a range. */
function polynomial(
  { energy, absorption }: AbsorptionSpectrum,
  [from, to]: readonly [number, number],
  edge: number,
  degree: 0 | 1 | 2,
): (distance: number) => number {
  // Larch begins with the last point at or below a range and ends before the nearest to its end.
  const end = nearest(energy, to);
  const begin = Math.max(
    0,
    energy.findLastIndex((one) => one <= from),
  );
  const inside = Array.from(energy.keys()).slice(begin, Math.max(end, begin + 2));
  if (inside.length <= degree) {
    throw new Fault('badInput', {
      where: 'absorption spectrum',
      message: `${inside.length} points from ${from} to ${to} eV: expected more than ${degree}`,
    });
  }
  // Scaled to the range, so that the normal equations are well conditioned.
  const scale = Math.max(1, ...inside.map((at) => Math.abs((energy[at] ?? 0) - edge)));
  const size = degree + 1;
  const sums = new Float64Array(2 * size - 1);
  const moments = new Float64Array(size);
  for (const at of inside) {
    const x = ((energy[at] ?? 0) - edge) / scale;
    for (let power = 0; power < sums.length; power += 1)
      sums[power] = (sums[power] ?? 0) + x ** power;
    for (let power = 0; power < size; power += 1) {
      moments[power] = (moments[power] ?? 0) + (absorption[at] ?? 0) * x ** power;
    }
  }
  const matrix = Float64Array.from({ length: size * size }, (_, place) => {
    return sums[Math.floor(place / size) + (place % size)] ?? 0;
  });
  const lower = cholesky(matrix, size);
  if (!lower) throw new Error('different energies have independent powers');
  const coefficients = solveCholesky(lower, moments);
  return (distance) =>
    coefficients.reduce((sum, one, power) => sum + one * (distance / scale) ** power, 0);
}
