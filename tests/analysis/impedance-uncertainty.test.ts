import { describe, expect, test } from 'vitest';
import {
  curvatureOf,
  studentQuantile,
  thetaDeviations,
} from '../../src/analysis/impedance-uncertainty.ts';

const none = (count: number): boolean[] => Array(count).fill(false);

describe('standard deviations from the normal matrix', () => {
  test("are the square roots of the diagonal of s² (J'J)^-1", () => {
    // Inverse of [[4, 2], [2, 3]] is [[3, -2], [-2, 4]] / 8.
    const [a, b] = thetaDeviations(Float64Array.of(4, 2, 2, 3), none(2), 2);
    expect(a).toBeCloseTo(Math.sqrt((2 * 3) / 8), 12);
    expect(b).toBeCloseTo(Math.sqrt((2 * 4) / 8), 12);
  });

  test('do not depend on the units of the columns', () => {
    const [a = 0, b = 0] = thetaDeviations(Float64Array.of(4, 2, 2, 3), none(2), 1);
    const scaled = Float64Array.of(4e12, 2, 2, 3e-12);
    const [c = 0, d = 0] = thetaDeviations(scaled, none(2), 1);
    expect(c * 1e6).toBeCloseTo(a, 10);
    expect(d * 1e-6).toBeCloseTo(b, 10);
  });

  test('are infinite for parameters in a lost direction, and finite for the others', () => {
    // The first two columns are the same: only their sum is known.
    const matrix = Float64Array.of(1, 1, 0.1, 1, 1, 0.1, 0.1, 0.1, 1);
    const [a, b, c] = thetaDeviations(matrix, none(3), 1);
    expect(a).toBe(Number.POSITIVE_INFINITY);
    expect(b).toBe(Number.POSITIVE_INFINITY);
    expect(c).toBeCloseTo(1 / Math.sqrt(1 - 0.01), 6);
  });

  test('are infinite for a parameter without effect and for a held one', () => {
    const [a, b] = thetaDeviations(Float64Array.of(0, 0, 0, 4), none(2), 1);
    expect(a).toBe(Number.POSITIVE_INFINITY);
    expect(b).toBeCloseTo(0.5, 12);
    const [c, d] = thetaDeviations(Float64Array.of(4, 2, 2, 3), [true, false], 1);
    expect(c).toBe(Number.POSITIVE_INFINITY);
    expect(d).toBeCloseTo(1 / Math.sqrt(3), 12);
  });

  test('are infinite when there is nothing left to judge the residuals by', () => {
    const deviations = thetaDeviations(Float64Array.of(1), none(1), Number.POSITIVE_INFINITY);
    expect(deviations).toEqual([Number.POSITIVE_INFINITY]);
  });
});

describe('curvature at a minimum', () => {
  test('names the combination that is least determined, most involved first', () => {
    const matrix = Float64Array.of(1, 0.999, 0, 0.999, 1, 0, 0, 0, 1);
    const { weakest, conditionNumber, lost } = curvatureOf(matrix, none(3));
    expect([...weakest].sort()).toEqual([0, 1]);
    expect(conditionNumber).toBeCloseTo(1.999 / 0.001, 6);
    expect(lost).toEqual([false, false, false]);
  });

  test('stays a finite number where a direction is lost', () => {
    const matrix = Float64Array.of(1, 1, 1, 1);
    const { conditionNumber, lost, covariance } = curvatureOf(matrix, none(2));
    expect(conditionNumber).toBeLessThanOrEqual(1e16);
    expect(conditionNumber).toBeGreaterThan(1e12);
    expect(lost).toEqual([true, true]);
    expect(covariance.every(Number.isFinite)).toBe(true);
  });

  test('has nothing to say when every parameter is held', () => {
    expect(curvatureOf(Float64Array.of(1), [true])).toMatchObject({ weakest: [], lost: [false] });
  });
});

describe("Student's quantile", () => {
  test.each([
    [0, Number.POSITIVE_INFINITY],
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [1e6, 1.96],
  ])('for %d degrees of freedom is %d', (freedom, quantile) => {
    if (freedom === 0) expect(studentQuantile(freedom)).toBe(quantile);
    else expect(Math.abs(studentQuantile(freedom) - quantile)).toBeLessThan(4e-3);
  });
});
