import { describe, expect, it } from 'vitest';
import { standardError, standardErrors } from '../../../hardware/potentiostats/measuring-error.ts';

const RANGES = [
  { fullScale: 1e-6, gainRelative: 0.001, offset: 1e-9 },
  { fullScale: 1e-3, gainRelative: 0.002, offset: 1e-6 },
  { fullScale: 1, gainRelative: 0.01, offset: 1e-3 },
];
const ACCURACY = {
  voltageVolt: [{ fullScale: 6, gainRelative: 0.002, offset: 1e-3 }],
  currentAmpere: RANGES,
  source: 'a test',
};

describe('the standard uncertainty of a reading', () => {
  it('is the limit of error of its range over the square root of three', () => {
    expect(standardError(RANGES, -5e-4, 1e-3)).toBeCloseTo(2e-6 / Math.sqrt(3), 15);
    expect(standardError(RANGES, 0, 1e-6)).toBeCloseTo(1e-9 / Math.sqrt(3), 18);
  });

  it.each([
    ['a full scale with the rounding of a literal', 1e-3 * (1 + 4e-6), 1e-3],
    ['one between two ranges, as the larger', 5e-6, 1e-3],
    ['one above all, as the largest', 20, 1],
    ['none told, as the largest: its limit holds whatever range it was', undefined, 1],
  ])('takes %s', (_, told, meant) => {
    expect(standardError(RANGES, 1e-6, told)).toBe(standardError(RANGES, 1e-6, meant));
  });

  it('is not told where there are no limits, nor of what is no number', () => {
    expect(standardError([], 1)).toBeUndefined();
    expect(standardError(RANGES, Number.NaN)).toBeUndefined();
    expect(standardError(RANGES, Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it('goes into a reading, each for itself', () => {
    const measured = { voltageVolt: 3, currentAmpere: Number.NaN, currentRangeAmpere: 1e-3 };
    expect(standardErrors(ACCURACY, measured)).toEqual({
      voltageErrorVolt: expect.closeTo(7e-3 / Math.sqrt(3), 12),
    });
    const both = standardErrors(ACCURACY, { ...measured, currentAmpere: 1e-3 });
    expect(both.currentErrorAmpere).toBeCloseTo(3e-6 / Math.sqrt(3), 15);
  });
});
