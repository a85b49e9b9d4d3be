import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';

/** A point of a sweep, with the moment it was measured. */
export interface TimedPoint extends ImpedancePoint {
  /** One standard deviation of the real, and of the imaginary, part. */
  readonly sigmaOhm: number;
  /** On the clock both sweeps share. */
  readonly timeSecond: number;
}

/** Frequencies of both sweeps may differ by this share. */
const FREQUENCY_TOLERANCE = 1e-6;

/**
 * The spectrum of one moment from two sweeps of a cell that changes: each frequency on a straight
 * line between its two measurements. A sweep alone mixes the cell as it was at its start with the
 * cell as it was at its end.
 * @param before a sweep, and `after` the next one, of the same frequencies in the same order
 * @throws Fault badInput when the sweeps do not match, or a point is not later in the second
 */
export function atCommonTime(
  before: readonly TimedPoint[],
  after: readonly TimedPoint[],
  atSecond: number,
): readonly TimedPoint[] {
  if (before.length !== after.length) {
    const message = `${before.length} and ${after.length} points; expected as many`;
    throw new Fault('badInput', { where: 'two sweeps', message });
  }
  return before.map((first, index) => {
    const second = after[index] ?? first;
    checkPair(first, second, index);
    const share = (atSecond - first.timeSecond) / (second.timeSecond - first.timeSecond);
    return {
      frequencyHertz: first.frequencyHertz,
      zRealOhm: first.zRealOhm + share * (second.zRealOhm - first.zRealOhm),
      zImagOhm: first.zImagOhm + share * (second.zImagOhm - first.zImagOhm),
      sigmaOhm: Math.hypot((1 - share) * first.sigmaOhm, share * second.sigmaOhm),
      timeSecond: atSecond,
    };
  });
}

function checkPair(first: TimedPoint, second: TimedPoint, index: number): void {
  const where = `point ${index + 1}`;
  const apart = Math.abs(second.frequencyHertz - first.frequencyHertz);
  if (!(apart <= FREQUENCY_TOLERANCE * first.frequencyHertz)) {
    const message = `${first.frequencyHertz} Hz in one sweep and ${second.frequencyHertz} Hz in the other; expected the same`;
    throw new Fault('badInput', { where, message });
  }
  if (!(second.timeSecond > first.timeSecond)) {
    const message = `measured at ${first.timeSecond} s and at ${second.timeSecond} s; expected the second sweep later`;
    throw new Fault('badInput', { where, message });
  }
}
