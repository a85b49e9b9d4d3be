import { describe, expect, it } from 'vitest';
import { atCommonTime, type TimedPoint } from '../../src/analysis/lock-in-common-time.ts';
import { caughtFault } from '../support/caught-fault.ts';

/** A cell whose impedance grows by 0.1 % of its value at 0 s, per second. */
function pointAt(frequencyHertz: number, timeSecond: number): TimedPoint {
  const grown = 1 + 1e-3 * timeSecond;
  const zImagOhm = (-5 / frequencyHertz) * grown;
  return { frequencyHertz, zRealOhm: 20 * grown, zImagOhm, sigmaOhm: 0.01, timeSecond };
}

const BEFORE = [pointAt(100, 0), pointAt(1, 10), pointAt(0.1, 100)];
const AFTER = [pointAt(100, 200), pointAt(1, 210), pointAt(0.1, 300)];

describe('two sweeps brought to a common time', () => {
  it.each([150, 0, 400])('show a cell that changes steadily as it was at %f s', (time) => {
    for (const [k, point] of atCommonTime(BEFORE, AFTER, time).entries()) {
      const expected = pointAt(BEFORE[k]?.frequencyHertz ?? NaN, time);
      expect(point.zRealOhm).toBeCloseTo(expected.zRealOhm, 10);
      expect(point.zImagOhm).toBeCloseTo(expected.zImagOhm, 10);
      expect(point.timeSecond).toBe(time);
    }
  });

  it('are surer between their measurements than beyond them', () => {
    expect(atCommonTime(BEFORE, AFTER, 100)[0]?.sigmaOhm).toBeCloseTo(0.01 / Math.SQRT2, 12);
    expect(atCommonTime(BEFORE, AFTER, 0)[0]?.sigmaOhm).toBe(0.01);
    expect(atCommonTime(BEFORE, AFTER, 400)[0]?.sigmaOhm).toBeGreaterThan(0.02);
  });

  it.each([
    ['of unequal length', AFTER.slice(1), '3 and 2 points'],
    ['of other frequencies', AFTER.toReversed(), 'point 1: 100 Hz in one sweep and 0.1 Hz'],
    ['at the same time', BEFORE, 'expected the second sweep later'],
  ])('are refused when %s', async (_, after, message) => {
    const fault = await caughtFault(() => atCommonTime(BEFORE, after, 100));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });
});
