import { describe, expect, test } from 'vitest';
import { orderArcs } from '../../src/analysis/impedance-arcs.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';

const ln = Math.log;

function ordered(text: string, theta: readonly number[]): number[] {
  return [...orderArcs(parseCircuit(text), Float64Array.from(theta))];
}

describe('order of arcs', () => {
  test('puts the fast arc first and leaves ordered arcs as they are', () => {
    const [slow, fast] = [
      [ln(10), ln(1)],
      [ln(10), ln(1e-6)],
    ];
    const text = 'R0-p(R1,C1)-p(R2,C2)';
    expect(ordered(text, [0, ...slow, ...fast])).toEqual([0, ...fast, ...slow]);
    expect(ordered(text, [0, ...fast, ...slow])).toEqual([0, ...fast, ...slow]);
  });

  test('reads the time constant of a constant phase element as (R Q)^(1/n)', () => {
    // R Q = 1e-2 and 1e-3, but with exponents 1 and 0.5: 1e-2 s and 1e-6 s.
    const first = [ln(1), ln(1e-2), 1];
    const second = [ln(1), ln(1e-3), 0.5];
    expect(ordered('p(R1,CPE1)-p(R2,CPE2)', [...first, ...second])).toEqual([...second, ...first]);
  });

  test('orders three arcs, also inside a branch', () => {
    const arcs = [3, 1, 2].map((decade) => [0, decade]);
    expect(ordered('p(R9-p(R1,C1)-p(R2,C2)-p(R3,C3),C9)', [7, ...arcs.flat(), 8])).toEqual([
      7, 0, 1, 0, 2, 0, 3, 8,
    ]);
  });

  test('never exchanges blocks of different shape', () => {
    const theta = [ln(10), ln(1), ln(10), ln(1e-6), 0.9];
    expect(ordered('p(R1,C1)-p(R2,CPE2)', theta)).toEqual(theta);
  });

  test('leaves blocks without a time constant alone', () => {
    const theta = [5, 4, 3, 2];
    expect(ordered('p(R1,R2)-p(R3,R4)', theta)).toEqual(theta);
  });
});
