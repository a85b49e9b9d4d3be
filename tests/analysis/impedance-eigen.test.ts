import { describe, expect, test } from 'vitest';
import { symmetricEigen } from '../../src/analysis/impedance-eigen.ts';

describe('eigenvalues of a symmetric matrix', () => {
  test('with their vectors make the matrix again', () => {
    const n = 6;
    const matrix = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return i === j ? 1 : Math.cos(3 * i * j + i + j);
    });
    const { values, vectors } = symmetricEigen(Float64Array.from(matrix), n);
    const again = matrix.map((_, at) =>
      values.reduce((sum, value, k) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return sum + value * (vectors[k * n + i] ?? 0) * (vectors[k * n + j] ?? 0);
      }, 0),
    );
    again.forEach((value, at) => {
      expect(value).toBeCloseTo(matrix[at] ?? 0, 12);
    });
  });

  test('are told apart over ten decades', () => {
    const near = 1 - 1e-10;
    const { values } = symmetricEigen(Float64Array.of(1, near, near, 1), 2);
    const [small = 0, large = 0] = [...values].sort((a, b) => a - b);
    expect(small).toBeCloseTo(1e-10, 15);
    expect(large).toBeCloseTo(2, 9);
  });

  test('of no rows are none', () => {
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
  });
});
