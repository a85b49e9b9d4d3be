import { Fault, type Problem } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import { RELAXATION_FREQUENCIES_MAX } from '../kernels/relaxation-kernel.ts';

/** A spectrum as arrays, from the highest frequency to the lowest. */
export interface OrderedSpectrum {
  readonly frequencyHertz: Float64Array;
  readonly zRealOhm: Float64Array;
  readonly zImagOhm: Float64Array;
  readonly modulusOhm: Float64Array;
  /** Median |Z|: the scale that makes results independent of the unit. */
  readonly typicalOhm: number;
}

/** More problems than this are summed up in one line. */
const PROBLEMS_MAX = 20;

/**
 * The points in falling order of frequency.
 * @throws Fault badInput that names every point that is not usable, or says how many are missing;
 *   capacity when there are more points than the kernel holds
 */
export function orderedSpectrum(
  points: readonly ImpedancePoint[],
  pointsMin: number,
): OrderedSpectrum {
  const problems = points.flatMap((point, index) => pointProblems(point, `point ${index + 1}`));
  if (problems.length > PROBLEMS_MAX) {
    const more = problems.length - PROBLEMS_MAX;
    problems.length = PROBLEMS_MAX;
    problems.push({ where: 'spectrum', message: `${more} more problems of this kind` });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  const distinct = new Set(points.map(({ frequencyHertz }) => frequencyHertz)).size;
  if (distinct < pointsMin) {
    const message = `${distinct} different frequencies; expected at least ${pointsMin}`;
    throw new Fault('badInput', { where: 'spectrum', message });
  }
  if (points.length > RELAXATION_FREQUENCIES_MAX) {
    const message = `${points.length} points; at most ${RELAXATION_FREQUENCIES_MAX} are accepted`;
    throw new Fault('capacity', { where: 'spectrum', message });
  }
  const sorted = points.toSorted((a, b) => b.frequencyHertz - a.frequencyHertz);
  const modulusOhm = Float64Array.from(sorted, ({ zRealOhm, zImagOhm }) =>
    Math.hypot(zRealOhm, zImagOhm),
  );
  return {
    frequencyHertz: Float64Array.from(sorted, ({ frequencyHertz }) => frequencyHertz),
    zRealOhm: Float64Array.from(sorted, ({ zRealOhm }) => zRealOhm),
    zImagOhm: Float64Array.from(sorted, ({ zImagOhm }) => zImagOhm),
    modulusOhm,
    typicalOhm: modulusOhm.toSorted()[modulusOhm.length >> 1] ?? 1,
  };
}

/** Time constants in even steps of ln τ, from 1/ω_max to 1/ω_min and `marginLn` beyond. */
export function tauGrid(spectrum: OrderedSpectrum, count: number, marginLn: number): Float64Array {
  const fastest = spectrum.frequencyHertz[0] ?? 1;
  const slowest = spectrum.frequencyHertz.at(-1) ?? 1;
  const from = -Math.log(2 * Math.PI * fastest) - marginLn;
  const to = -Math.log(2 * Math.PI * slowest) + marginLn;
  return Float64Array.from({ length: count }, (_, k) =>
    Math.exp(from + ((to - from) * k) / Math.max(count - 1, 1)),
  );
}

function pointProblems(point: ImpedancePoint, where: string): Problem[] {
  const { frequencyHertz, zRealOhm, zImagOhm } = point;
  if (!(frequencyHertz > 0 && Number.isFinite(frequencyHertz))) {
    const message = `frequency is ${frequencyHertz} Hz; expected a finite, positive number`;
    return [{ where, message }];
  }
  if (!Number.isFinite(zRealOhm) || !Number.isFinite(zImagOhm)) {
    const message = `impedance is ${zRealOhm}, ${zImagOhm} ohm; expected finite numbers`;
    return [{ where, message }];
  }
  const modulus = Math.hypot(zRealOhm, zImagOhm);
  if (!(modulus > 0 && Number.isFinite(1 / modulus) && Number.isFinite(modulus))) {
    return [{ where, message: 'impedance is zero or out of range; expected a measured value' }];
  }
  return [];
}
