import { describe, expect, test } from 'vitest';
import { describeArcs, orderArcs } from '../../src/analysis/impedance-arcs.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { FitParameter } from '../../src/domain/circuit-fit.ts';

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

describe('description of arcs', () => {
  const described = (text: string, values: readonly number[], unknown: readonly string[] = []) => {
    const circuit = parseCircuit(text);
    const parameters = circuit.parameters.map(
      ({ name, unit }, p): FitParameter => ({
        name,
        unit,
        value: values[p] ?? Number.NaN,
        standardError: null,
        identifiable: !unknown.includes(name),
        interval: null,
        state: 'free',
        priorDominated: false,
      }),
    );
    return describeArcs(circuit, parameters);
  };

  test('takes the capacitance from C, CPE, Zarc and the reacting wall of a pore', () => {
    const [zarc] = described('R0-Zarc1', [10, 50, 0.01, 0.7]);
    expect(zarc).toMatchObject({ resistance: 'Zarc1.R', timeConstantSecond: 0.01 });
    expect(zarc?.capacitanceFarad).toBeCloseTo(2e-4, 12);
    const [rc] = described('p(R1,C1)', [50, 1e-5]);
    expect(rc?.timeConstantSecond).toBeCloseTo(5e-4, 12);
    const [pore] = described('TLMf1', [10, 1000, 1e-5, 0.8]);
    expect(pore?.resistance).toBe('TLMf1.Rct');
    expect(pore?.capacitanceFarad).toBeCloseTo((1000 ** 0.2 * 1e-5) ** (1 / 0.8), 12);
  });

  test('finds the charge transfer before a diffusion element, and nested arcs, fast first', () => {
    expect(described('p(R1-Wo1,CPE1)', [10, 5, 1, 1e-5, 0.9])[0]?.resistance).toBe('R1');
    const nested = described('p(R1-p(R2,C2),C1)', [10, 20, 1e-9, 1e-3]);
    expect(nested.map(({ resistance }) => resistance)).toEqual(['R2', 'R1']);
    expect(described('R0-L1-p(R1,L2)-C1-G1', [1, 1, 1, 1, 1, 1, 1])).toEqual([]);
  });

  test.each([
    [2.9e-10, 'unassigned'],
    [3.3e-10, 'interphase'],
    [1e-8, 'interphase'],
    [3.1e-7, 'interphase'],
    [3.3e-7, 'chargeTransfer'],
    [1e-5, 'chargeTransfer'],
    [3.3e-4, 'unassigned'],
  ])('%f F is %s', (capacitance, assignment) => {
    expect(described('p(R1,C1)', [100, capacitance])[0]?.assignment).toBe(assignment);
  });

  test('assigns no arc whose parameters the data do not determine', () => {
    expect(described('p(R1,C1)', [100, 1e-8], ['C1'])[0]?.assignment).toBe('unassigned');
  });
});
