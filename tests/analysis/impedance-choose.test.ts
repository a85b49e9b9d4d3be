import { describe, expect, test } from 'vitest';
import { chooseCircuit, USUAL_CIRCUITS } from '../../src/analysis/impedance-choose.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { describeWithData } from '../support/shared-data.ts';
import { readColumns, readZPlot } from './impedance-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const SWEEP = { maxHertz: 1e6, minHertz: 0.01, noise: 0.003, seed: 3 };

describe('choice of the circuit', () => {
  test.each([
    ['R0-p(R1,CPE1)', [20, 100, 1e-6, 0.9]],
    ['R0-p(R1,CPE1)-p(R2,CPE2)', [20, 100, 2e-8, 0.9, 300, 2e-5, 0.85]],
    ['R0-p(R1-W1,CPE1)', [20, 100, 3000, 1e-6, 0.9]],
    ['p(R1,CPE1)-p(R2,CPE2)-CPE3', [1e4, 1e-10, 0.95, 4e4, 1e-8, 0.85, 1e-6, 0.88]],
    ['R0-p(R1,CPE1)-p(R2,CPE2)-W3', [20, 100, 2e-8, 0.9, 300, 2e-5, 0.85, 60]],
  ])('finds %s again', (text, values) => {
    const circuit = parseCircuit(text);
    const { chosen, ranking } = chooseCircuit(kernel, { points: simulate(circuit, values, SWEEP) });
    expect(chosen?.circuit).toBe(text);
    expect(ranking[0]).toMatchObject({ circuit: text, verdict: 'chosen', bicDifference: 0 });
    expect(ranking).toHaveLength(USUAL_CIRCUITS.length);
    expect(ranking.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  test('says of a circuit that describes the spectrum nearly as well that it does', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)-W2');
    const points = simulate(circuit, [20, 100, 1e-6, 0.9, 3], SWEEP);
    const { ranking } = chooseCircuit(kernel, { points });
    const twin = ranking.find((entry) => entry.circuit === 'R0-p(R1-W1,CPE1)');
    expect(twin?.bicDifference).toBeLessThan(10);
    expect(
      ranking
        .slice(0, 2)
        .map((entry) => entry.circuit)
        .sort(),
    ).toEqual(['R0-p(R1,CPE1)-W2', 'R0-p(R1-W1,CPE1)']);
    expect(ranking[1]?.reason).toContain('nearly as well');
  });

  test('finds the inductance of the cables, and ranks on the points all circuits share', () => {
    const circuit = parseCircuit('L0-R0-p(R1,CPE1)-p(R2,CPE2)');
    const values = [2e-6, 20, 100, 2e-7, 0.9, 300, 2e-5, 0.85];
    const points = simulate(circuit, values, SWEEP);
    const { chosen, ranking } = chooseCircuit(kernel, { points });
    expect(chosen?.circuit).toBe(circuit.text);
    expect(chosen?.points).toBe(points.length);
    const without = ranking.find((entry) => entry.circuit === 'R0-p(R1,CPE1)-p(R2,CPE2)');
    expect(without?.fit?.points).toBeLessThan(points.length);
    expect(ranking.length).toBeGreaterThan(USUAL_CIRCUITS.length);
  });

  test('takes a standard deviation per point along to the points that are shared', () => {
    const circuit = parseCircuit('L0-R0-p(R1,CPE1)');
    const points = simulate(circuit, [2e-6, 20, 100, 2e-6, 0.9], SWEEP);
    const sigmaOhm = points.map(({ zRealOhm, zImagOhm }) => 0.003 * Math.hypot(zRealOhm, zImagOhm));
    const { chosen } = chooseCircuit(kernel, { points }, undefined, {
      weighting: 'sigma',
      sigmaOhm,
    });
    expect(chosen).toMatchObject({ circuit: circuit.text, weighting: 'sigma' });
  });

  test('vetoes a circuit that fits best but whose parameters are not determined', () => {
    const circuit = parseCircuit('R0-p(R1,C1)');
    const points = simulate(circuit, [10, 50, 1e-5], { ...SWEEP, minHertz: 1 });
    const { chosen, ranking } = chooseCircuit(kernel, { points }, [
      'R0-R9-p(R1,C1)',
      'R0-p(R1,C1)',
    ]);
    expect(chosen?.circuit).toBe('R0-p(R1,C1)');
    expect(ranking[1]).toMatchObject({ circuit: 'R0-R9-p(R1,C1)', verdict: 'vetoed' });
    expect(ranking[1]?.reason).toContain('does not determine R0, R9');
  });

  test('chooses nothing when every circuit is vetoed', () => {
    const points = simulate(parseCircuit('R0-C1'), [10, 1e-5], SWEEP);
    const { chosen, ranking } = chooseCircuit(kernel, { points }, ['R0-R1-C1']);
    expect(chosen).toBeNull();
    expect(ranking[0]).toMatchObject({ verdict: 'vetoed', bicDifference: null });
  });

  test('a circuit too large for the points is out, the others are ranked', () => {
    const circuit = parseCircuit('R0-p(R1,C1)');
    const points = simulate(circuit, [10, 50, 1e-5], { maxHertz: 1e4, minHertz: 4e3 });
    const { chosen, ranking } = chooseCircuit(kernel, { points }, [
      circuit.text,
      'R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)',
    ]);
    expect(chosen?.circuit).toBe(circuit.text);
    expect(ranking.at(-1)).toMatchObject({ verdict: 'failed', fit: null, bic: null });
    expect(ranking.at(-1)?.reason).toContain('too many for');
  });

  test('a bad spectrum and a bad candidate are refused as they are elsewhere', () => {
    const points = [{ frequencyHertz: 1, zRealOhm: Number.NaN, zImagOhm: 0 }];
    expect(() => chooseCircuit(kernel, { points: Array(20).fill(points[0]) })).toThrow(/point 1/);
    expect(() => chooseCircuit(kernel, { points }, ['R0-X1'])).toThrow(/found "X1"/);
    expect(() => chooseCircuit(kernel, { points }, [])).toThrow(/between 1 and 32/);
    expect(() => chooseCircuit(kernel, { points }, Array(33).fill('R0'))).toThrow(/33 circuits/);
  });
});

describeWithData('choice of the circuit of measured spectra', () => {
  test.each([
    'Circuit1_EIS_1.z',
    'Circuit1_EIS_2.z',
    'Circuit3_EIS_1.z',
    'Circuit3_EIS_2.z',
  ])('a soldered R-(R||C) with its cables is one arc with an inductance: %s', (file) => {
    const { chosen } = chooseCircuit(kernel, { points: readZPlot(file) });
    expect(chosen?.circuit).toBe('L0-R0-p(R1,CPE1)');
  });

  test('a solid-electrolyte pellet is two arcs from the origin and blocking electrodes', () => {
    const { chosen } = chooseCircuit(kernel, { points: readColumns('s04147-140deg.txt') });
    expect(chosen?.circuit).toBe('p(R1,CPE1)-p(R2,CPE2)-CPE3');
  });

  test('a battery cell with cables has two arcs, a slope and an inductance', () => {
    const { chosen } = chooseCircuit(kernel, { points: readColumns('exampleData.csv') });
    expect(chosen?.circuit).toBe('L0-R0-p(R1,CPE1)-p(R2,CPE2)-CPE3');
  });
});
