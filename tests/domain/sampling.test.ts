import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingsOf, samplingStretches } from '../../src/domain/sampling.ts';

describe('the rhythm of a technique', () => {
  it('is one stretch without an edge, never slower than the whole', () => {
    expect(samplingStretches({ sampleEverySecond: 10, durationSecond: 3600 })).toEqual([
      { everySecond: 10, durationSecond: 3600 },
    ]);
    expect(samplingStretches({ sampleEverySecond: 10, durationSecond: 4 })).toEqual([
      { everySecond: 4, durationSecond: 4 },
    ]);
  });

  it('is fine at first, ten times slower after ten readings, and usual after the edge', () => {
    const edge = { everySecond: 0.01, durationSecond: 2 };
    const stretches = samplingStretches({ sampleEverySecond: 10, durationSecond: 62, edge });
    expect(stretches.map(({ everySecond }) => everySecond)).toEqual([0.01, 0.1, 1, 10]);
    const lengths = stretches.map(({ durationSecond }) => durationSecond);
    for (const [at, length] of [0.1, 0.9, 1, 60].entries()) expect(lengths[at]).toBeCloseTo(length);
    expect(readingsOf({ sampleEverySecond: 10, durationSecond: 62, edge })).toBe(10 + 9 + 1 + 6);
  });

  it('has a last reading at the very end, where the next switch is measured against it', () => {
    const edge = { everySecond: 0.01, durationSecond: 1 };
    const stretches = samplingStretches({ sampleEverySecond: 10, durationSecond: 68, edge });
    expect(stretches.at(-1)?.everySecond).toBeCloseTo(7);
    expect(stretches.at(-1)?.durationSecond).toBeCloseTo(7);
  });

  it('is never slower in its edge than after it', () => {
    const edge = { everySecond: 0.1, durationSecond: 600 };
    const stretches = samplingStretches({ sampleEverySecond: 5, durationSecond: 3600, edge });
    for (const { everySecond } of stretches) expect(everySecond).toBeLessThanOrEqual(5 + 1e-9);
  });

  it('lasts as long as the technique, whatever the numbers', () => {
    const second = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(
        second(0.5, 600),
        second(0.002, 1e5),
        second(1e-3, 1),
        second(1e-3, 1e3),
        (a, b, c, d) => {
          const edge = { everySecond: c, durationSecond: d };
          const stretches = samplingStretches({ sampleEverySecond: a, durationSecond: b, edge });
          const sum = stretches.reduce((all, one) => all + one.durationSecond, 0);
          expect(Math.abs(sum - b)).toBeLessThanOrEqual(1.1e-6 * (a + b));
          for (const { everySecond, durationSecond } of stretches) {
            expect(everySecond).toBeGreaterThan(0);
            expect(everySecond).toBeLessThanOrEqual(durationSecond * (1 + 1e-9));
          }
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });
});
