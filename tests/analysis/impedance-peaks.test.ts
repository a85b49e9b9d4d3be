import { describe, expect, test } from 'vitest';
import { arcStarts } from '../../src/analysis/impedance-peaks.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';

const SCALE = { impedanceOhmMax: 200, resistanceOhmMin: 10, omegaMin: 0.1, omegaMax: 1e6 };
const PEAKS = [
  { timeConstantSecond: 1, resistanceOhm: 0.1 },
  { timeConstantSecond: 1e-2, resistanceOhm: 40 },
  { timeConstantSecond: 1e-5, resistanceOhm: 25 },
];

function startsOf(text: string, peaks = PEAKS): number[][] {
  const circuit = parseCircuit(text);
  return arcStarts(circuit, SCALE, peaks).map((theta) =>
    circuit.parameters.map(({ scale }, p) => {
      const value = theta[p] ?? Number.NaN;
      return scale === 'log' ? Math.exp(value) : value;
    }),
  );
}

describe('starts from peaks of relaxation times', () => {
  test('give the largest peaks to the arcs, fast to slow, whatever stands beside them', () => {
    for (const values of startsOf('R0-p(R1,C1)-p(R2-W2,C2)')) {
      const [, r1 = 0, c1 = 0, r2 = 0, , c2 = 0] = values;
      expect([r1, r2]).toEqual([expect.closeTo(25, 9), expect.closeTo(40, 9)]);
      expect(r1 * c1).toBeCloseTo(1e-5, 12);
      expect(r2 * c2).toBeCloseTo(1e-2, 12);
    }
  });

  test('try a sharp and a broad arc, each with the time constant of its peak', () => {
    const starts = startsOf('R0-p(R1,CPE1)-Zarc2');
    expect(starts.map(([, , , n]) => n)).toEqual([0.9, 0.7]);
    for (const [, r = 0, q = 0, n = 0, zarcOhm, tau] of starts) {
      expect((r * q) ** (1 / n)).toBeCloseTo(1e-5, 12);
      expect([zarcOhm, tau]).toEqual([expect.closeTo(40, 9), expect.closeTo(1e-2, 12)]);
    }
  });

  test('are none without an arc, or with fewer usable peaks than arcs', () => {
    const lost = { timeConstantSecond: 0, resistanceOhm: Number.NaN };
    expect(startsOf('R0-C1')).toEqual([]);
    expect(startsOf('p(R1,C1)', [])).toEqual([]);
    expect(startsOf('p(R1,C1)-p(R2,C2)', [...PEAKS.slice(0, 1), lost])).toEqual([]);
  });
});
