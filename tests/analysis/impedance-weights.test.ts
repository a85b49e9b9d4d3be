import { describe, expect, test } from 'vitest';
import { huberFactors, weightsOf } from '../../src/analysis/impedance-weights.ts';

const POINTS = [
  { frequencyHertz: 10, zRealOhm: 3, zImagOhm: -4 },
  { frequencyHertz: 1, zRealOhm: 5, zImagOhm: -1e-9 },
];

describe('weights of residuals', () => {
  test('modulus divides by |Z|, unit by nothing', () => {
    expect([...weightsOf(POINTS, {}).realPerOhm]).toEqual([0.2, 0.2]);
    expect([...weightsOf(POINTS, {}).imagPerOhm]).toEqual([0.2, 0.2]);
    expect([...weightsOf(POINTS, { weighting: 'unit' }).imagPerOhm]).toEqual([1, 1]);
  });

  test('proportional divides each part by itself, down to a thousandth of |Z|', () => {
    const { realPerOhm, imagPerOhm } = weightsOf(POINTS, { weighting: 'proportional' });
    expect([...realPerOhm]).toEqual([1 / 3, 1 / 5]);
    expect(imagPerOhm[0]).toBe(1 / 4);
    expect(imagPerOhm[1]).toBeCloseTo(200, 6);
  });

  test('sigma divides each part by the standard error that its point carries', () => {
    const carrying = POINTS.map((point, k) => ({
      ...point,
      standardErrorOhm: { real: 2, imag: 4 + k },
    }));
    const { realPerOhm, imagPerOhm } = weightsOf(carrying, { weighting: 'sigma' });
    expect([...realPerOhm]).toEqual([0.5, 0.5]);
    expect([...imagPerOhm]).toEqual([0.25, 0.2]);
    const given = weightsOf(carrying, { weighting: 'sigma', sigmaOhm: [1, 10] });
    expect([...given.imagPerOhm]).toEqual([1, 0.1]);
    expect(() => weightsOf([...carrying, ...POINTS], { weighting: 'sigma' })).toThrow(
      '2 of 4 points carry no standard error, such as the one at 10 Hz',
    );
  });

  test('the error model adds its four parts as variances', () => {
    const errorModel = { a: 1, b: 2, c: 0.04, d: 1 };
    const { realPerOhm } = weightsOf(POINTS, { weighting: 'errorModel', errorModel });
    expect(realPerOhm[0]).toBeCloseTo(1 / Math.sqrt(3 + 8 + 1 + 1), 12);
  });
});

describe("Huber's factors", () => {
  test('leave residuals within 1.345 deviations alone and weaken the others by their size', () => {
    const residuals = Float64Array.of(1, -1, 1, -1, 1, -1, 1, 100);
    const factors = huberFactors(residuals);
    expect([...factors.slice(0, 7)]).toEqual(Array(7).fill(1));
    // The weighted residual grows as the root of the residual: its square, the pull, no further.
    expect((factors[7] ?? 0) ** 2 * 100).toBeCloseTo(1.345 * 1.4826, 9);
  });

  test('leave a perfect fit alone', () => {
    expect([...huberFactors(Float64Array.of(0, 0, 0))]).toEqual([1, 1, 1]);
    expect([...huberFactors(new Float64Array(0))]).toEqual([]);
  });
});
