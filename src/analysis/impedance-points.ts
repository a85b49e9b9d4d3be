import { type Circuit, hasElement } from '../domain/circuit.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';

/** More problems than this are summed up in one line. */
const PROBLEMS_MAX = 20;
/** Imaginary parts up to this share of |Z| may be positive by noise. */
const SIGN_TOLERANCE = 0.02;
const SIGN_ADVICE =
  'which a circuit without L cannot have: add an L, or check the sign (capacitive is negative here)';

/**
 * The points a circuit is fitted on. A circuit without an inductor cannot follow the positive
 * imaginary parts that cables and cells show at the highest frequencies: that end of the spectrum
 * is left out, down to the first capacitive point, and the fit says how many points it has seen.
 * Positive imaginary parts further down are kept: to drop the noisy half around zero would bias
 * the fit.
 */
export function fittedPoints(
  circuit: Circuit,
  points: readonly ImpedancePoint[],
): readonly ImpedancePoint[] {
  if (hasElement(circuit.root, 'L')) return points;
  const fastest = points.reduce(
    (most, { frequencyHertz, zImagOhm }) => (zImagOhm > 0 ? most : Math.max(most, frequencyHertz)),
    Number.NEGATIVE_INFINITY,
  );
  return points.filter(({ frequencyHertz }) => !(frequencyHertz > fastest));
}

/** True once there are enough points: two numbers each, and one more than there are parameters. */
export function canFit(circuit: Circuit, points: readonly ImpedancePoint[]): boolean {
  return fittedPoints(circuit, points).length >= pointsNeeded(circuit);
}

/** The fewest points that leave a residual. */
export function pointsNeeded(circuit: Circuit): number {
  return Math.ceil((circuit.parameters.length + 1) / 2);
}

/** @throws Fault badInput that names every point that cannot be fitted, or says what is missing */
export function checkPoints(circuit: Circuit, points: readonly ImpedancePoint[]): void {
  const problems = points.flatMap((point, index) => pointProblems(point, `point ${index + 1}`));
  problems.push(...duplicates(points));
  if (problems.length > PROBLEMS_MAX) {
    const more = problems.length - PROBLEMS_MAX;
    problems.length = PROBLEMS_MAX;
    problems.push({ where: 'spectrum', message: `${more} more problems of this kind` });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  if (!canFit(circuit, points)) throw new Fault('badInput', tooFew(circuit, points));
  checkSign(circuit, points);
}

/** Most of a spectrum on the inductive side is a matter of sign convention, not of noise. */
function checkSign(circuit: Circuit, points: readonly ImpedancePoint[]): void {
  if (hasElement(circuit.root, 'L')) return;
  const used = fittedPoints(circuit, points);
  const positive = used.filter(
    ({ zRealOhm, zImagOhm }) => zImagOhm > SIGN_TOLERANCE * Math.hypot(zRealOhm, zImagOhm),
  );
  if (positive.length <= used.length / 2) return;
  const message = `${positive.length} of ${used.length} points have a positive imaginary part, ${SIGN_ADVICE}`;
  throw new Fault('badInput', { where: 'spectrum', message });
}

function pointProblems(point: ImpedancePoint, where: string): Problem[] {
  const { frequencyHertz, zRealOhm, zImagOhm } = point;
  const problems: Problem[] = [];
  if (!(frequencyHertz > 0 && Number.isFinite(frequencyHertz))) {
    const message = `frequency is ${frequencyHertz} Hz; expected a positive number`;
    problems.push({ where, message });
  }
  if (!Number.isFinite(zRealOhm) || !Number.isFinite(zImagOhm)) {
    const message = `impedance is ${zRealOhm} + ${zImagOhm}j ohm; expected finite numbers`;
    problems.push({ where, message });
  } else if (zRealOhm === 0 && zImagOhm === 0) {
    const message = 'impedance is 0 ohm, which has no relative weight; leave the point out';
    problems.push({ where, message });
  }
  return problems;
}

function duplicates(points: readonly ImpedancePoint[]): Problem[] {
  const seen = new Map<number, number>();
  return points.flatMap(({ frequencyHertz }, index) => {
    const before = seen.get(frequencyHertz);
    if (before === undefined) {
      seen.set(frequencyHertz, index);
      return [];
    }
    const message = `frequency ${frequencyHertz} Hz is there already as point ${before + 1}; keep one of them`;
    return [{ where: `point ${index + 1}`, message }];
  });
}

function tooFew(circuit: Circuit, points: readonly ImpedancePoint[]): Problem {
  const left = fittedPoints(circuit, points).length;
  const inductive = points.length - left;
  const reason =
    inductive === 0
      ? ''
      : `; ${inductive} of ${points.length} points have a positive imaginary part, ${SIGN_ADVICE}`;
  const message = `${left} usable points; ${circuit.text} has ${circuit.parameters.length} parameters and needs at least ${pointsNeeded(circuit)}${reason}`;
  return { where: 'spectrum', message };
}
