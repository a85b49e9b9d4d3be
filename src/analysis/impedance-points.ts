import { type Circuit, elementsOf, hasElement } from '../domain/circuit.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';

/** More problems than this are summed up in one line. */
const PROBLEMS_MAX = 20;
/** No frequency or impedance of a thing is beyond these; squares and cubes of them stay finite. */
const PLAUSIBLE_MIN = 1e-30;
const PLAUSIBLE_MAX = 1e30;
const PLAUSIBLE_ADVICE = 'too large or too small to be one; check the units and the columns';
/** Imaginary parts up to this share of |Z| may be positive by noise. */
const SIGN_TOLERANCE = 0.02;
const SIGN_PROBLEM = 'which a circuit';
const SIGN_ADVICE =
  'check the sign (capacitive is negative here; a table of -Im Z has to be negated when it is read)';

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
  return hasInductor(circuit) ? points : capacitivePoints(points);
}

/** The points from the first capacitive one downward. */
export function capacitivePoints(points: readonly ImpedancePoint[]): readonly ImpedancePoint[] {
  const fastest = points.reduce(
    (most, { frequencyHertz, zImagOhm }) => (zImagOhm > 0 ? most : Math.max(most, frequencyHertz)),
    Number.NEGATIVE_INFINITY,
  );
  return points.filter(({ frequencyHertz }) => !(frequencyHertz > fastest));
}

/** One number per point. */
export function perPoint(
  points: readonly ImpedancePoint[],
  of: (point: ImpedancePoint, index: number) => number,
): Float64Array {
  // Float64Array.from goes through the iterator protocol, which costs many times the loop.
  const values = new Float64Array(points.length);
  points.forEach((point, k) => {
    values[k] = of(point, k);
  });
  return values;
}

/** |Z| in ohm; plausible impedances have squares that neither overflow nor vanish. */
export function modulusOhm({ zRealOhm, zImagOhm }: ImpedancePoint): number {
  return Math.sqrt(zRealOhm * zRealOhm + zImagOhm * zImagOhm);
}

/** True when some element can follow positive imaginary parts. */
function hasInductor(circuit: Circuit): boolean {
  return hasElement(circuit.root, 'L') || hasElement(circuit.root, 'La');
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
  const problems = points.flatMap((point, index) =>
    isUsable(point) ? [] : pointProblems(point, `point ${index + 1}`),
  );
  if (!isSorted(points)) problems.push(...duplicates(points));
  if (problems.length > PROBLEMS_MAX) {
    const more = problems.length - PROBLEMS_MAX;
    problems.length = PROBLEMS_MAX;
    problems.push({ where: 'spectrum', message: `${more} more problems of this kind` });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  if (!canFit(circuit, points)) throw new Fault('badInput', tooFew(circuit, points));
  checkSign(circuit, points);
}

/**
 * Most of a spectrum on the inductive side is a matter of sign convention, not of noise. A circuit
 * with an inductor could follow it; but an inductance shows at the fast end, and where the slow
 * half of the spectrum is inductive too, the capacitances of the circuit have nothing to stand on.
 */
function checkSign(circuit: Circuit, points: readonly ImpedancePoint[]): void {
  if (!hasInductor(circuit)) {
    refuseInductive(
      fittedPoints(circuit, points),
      `${SIGN_PROBLEM} without L cannot have: add an L, or`,
    );
    return;
  }
  const isInductiveOnly = elementsOf(circuit.root).every(({ element }) =>
    /^(R|L|La)$/.test(element),
  );
  if (isInductiveOnly) return;
  const slowFirst = points.toSorted((a, b) => a.frequencyHertz - b.frequencyHertz);
  const slowHalf = slowFirst.slice(0, Math.ceil(points.length / 2));
  if (isMostlyInductive(slowHalf)) {
    refuseInductive(points, `${SIGN_PROBLEM} whose capacitances show cannot have:`);
  }
}

function refuseInductive(points: readonly ImpedancePoint[], problem: string): void {
  if (!isMostlyInductive(points)) return;
  const count = points.filter(isInductive).length;
  const message = `${count} of ${points.length} points have a positive imaginary part, ${problem} ${SIGN_ADVICE}`;
  throw new Fault('badInput', { where: 'spectrum', message });
}

function isMostlyInductive(points: readonly ImpedancePoint[]): boolean {
  return points.filter(isInductive).length > points.length / 2;
}

function isInductive(point: ImpedancePoint): boolean {
  return point.zImagOhm > SIGN_TOLERANCE * modulusOhm(point);
}

/** True when `pointProblems` would find none. */
function isUsable(point: ImpedancePoint): boolean {
  return isPlausible(point.frequencyHertz) && isPlausible(modulusOhm(point));
}

function pointProblems(point: ImpedancePoint, where: string): Problem[] {
  const { frequencyHertz, zRealOhm, zImagOhm } = point;
  const problems: Problem[] = [];
  if (!(frequencyHertz > 0 && Number.isFinite(frequencyHertz))) {
    const message = `frequency is ${frequencyHertz} Hz; expected a positive number`;
    problems.push({ where, message });
  } else if (!isPlausible(frequencyHertz)) {
    const message = `frequency is ${frequencyHertz} Hz, which is ${PLAUSIBLE_ADVICE}`;
    problems.push({ where, message });
  }
  if (!Number.isFinite(zRealOhm) || !Number.isFinite(zImagOhm)) {
    const message = `impedance is ${zRealOhm} + ${zImagOhm}j ohm; expected finite numbers`;
    problems.push({ where, message });
  } else if (zRealOhm === 0 && zImagOhm === 0) {
    const message = 'impedance is 0 ohm, which has no relative weight; leave the point out';
    problems.push({ where, message });
  } else if (!isPlausible(Math.hypot(zRealOhm, zImagOhm))) {
    const size = Math.hypot(zRealOhm, zImagOhm);
    problems.push({ where, message: `|Z| is ${size} ohm, which is ${PLAUSIBLE_ADVICE}` });
  }
  return problems;
}

function isPlausible(value: number): boolean {
  return value >= PLAUSIBLE_MIN && value <= PLAUSIBLE_MAX;
}

/** True when every frequency is beyond the one before: then none is there twice. */
function isSorted(points: readonly ImpedancePoint[]): boolean {
  const first = points[0]?.frequencyHertz ?? 0;
  const sign = (points[1]?.frequencyHertz ?? 0) < first ? -1 : 1;
  let before = -Infinity;
  return points.every(({ frequencyHertz }) => {
    const isBeyond = sign * frequencyHertz > before;
    before = sign * frequencyHertz;
    return isBeyond;
  });
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
      : `; ${inductive} of ${points.length} points have a positive imaginary part, ${SIGN_PROBLEM} without L cannot have: add an L, or ${SIGN_ADVICE}`;
  const message = `${left} usable points; ${circuit.text} has ${circuit.parameters.length} parameters and needs at least ${pointsNeeded(circuit)}${reason}`;
  return { where: 'spectrum', message };
}
