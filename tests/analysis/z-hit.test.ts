import { describe, expect, test } from 'vitest';
import { testZHit } from '../../src/analysis/z-hit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { simulate } from './simulated-spectrum.ts';

const SWEEP = { maxHertz: 1e5, minHertz: 1e-2 };
const CELLS: readonly (readonly [string, readonly number[]])[] = [
  ['R0-p(R1,C1)', [20, 100, 1e-5]],
  ['R0-p(R1,CPE1)', [20, 100, 1e-4, 0.75]],
  ['R0-p(R1,CPE1)-W1', [20, 100, 1e-4, 0.75, 20]],
  ['L0-R0-p(R1,C1)-C2', [1e-5, 2, 10, 1e-3, 0.03]],
];

function drifting(points: readonly ImpedancePoint[], share: number): ImpedancePoint[] {
  return points.map((point) => {
    const growth = 1 + share * Math.max(0, -Math.log10(point.frequencyHertz) / 2);
    return { ...point, zRealOhm: point.zRealOhm * growth, zImagOhm: point.zImagOhm * growth };
  });
}

describe('Z-HIT', () => {
  test.each(CELLS)('foretells |Z| of %s within 1 %% at the slow end', (text, values) => {
    const result = testZHit({ points: simulate(parseCircuit(text), values, SWEEP) });
    expect(Math.abs(result.driftPercent)).toBeLessThan(1);
    expect(result.bandPercent).toBeLessThan(1.5);
  });

  test.each(CELLS)('finds a drift of 5 %% below 1 Hz on %s, with its sign', (text, values) => {
    const points = simulate(parseCircuit(text), values, SWEEP);
    for (const share of [0.05, -0.05]) {
      const { driftPercent } = testZHit({ points: drifting(points, share) });
      expect(Math.abs(driftPercent - 100 * share)).toBeLessThan(1.5);
    }
  });

  test('needs its derivative term: an arc bends the phase', () => {
    const points = simulate(parseCircuit('R0-p(R1,C1)'), [20, 100, 1e-5], SWEEP);
    const { points: found } = testZHit({ points });
    expect(
      Math.max(...found.map(({ differencePercent }) => Math.abs(differencePercent))),
    ).toBeLessThan(3);
  });

  test('does not depend on the order of the points or the unit of Z', () => {
    const points = simulate(parseCircuit('R0-p(R1,C1)'), [20, 100, 1e-5], SWEEP);
    const scaled = points.toReversed().map((point) => ({
      ...point,
      zRealOhm: 1e6 * point.zRealOhm,
      zImagOhm: 1e6 * point.zImagOhm,
    }));
    expect(testZHit({ points: scaled }).driftPercent).toBeCloseTo(
      testZHit({ points }).driftPercent,
      6,
    );
  });

  test('reports at most a factor of ten for data that are no impedance', () => {
    const points = Array.from({ length: 40 }, (_, k) => ({
      frequencyHertz: 1e4 / 1.3 ** k,
      zRealOhm: Math.cos(2.6 * k),
      zImagOhm: Math.sin(2.6 * k),
    }));
    expect(Math.abs(testZHit({ points }).driftPercent)).toBeLessThanOrEqual(900.001);
  });

  test('bears repeated frequencies', () => {
    const points = simulate(parseCircuit('R0-p(R1,C1)'), [20, 100, 1e-5], SWEEP);
    const { driftPercent } = testZHit({ points: points.flatMap((point) => [point, point]) });
    expect(Math.abs(driftPercent)).toBeLessThan(2);
  });

  test('refuses a handful of points', async () => {
    const points = simulate(parseCircuit('R0'), [20], SWEEP).slice(0, 5);
    expect((await caughtFault(() => testZHit({ points }))).message).toMatch(/at least 6/);
  });
});
