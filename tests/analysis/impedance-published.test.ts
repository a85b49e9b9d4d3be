import { expect, test } from 'vitest';
import { type FitOptions, fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { describeWithData } from '../support/shared-data.ts';
import { readColumns } from './impedance-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const SEEDS = 100;
const PELLET = 'p(R1,CPE1)-p(R2,CPE2)-CPE3';

function fitted(text: string, points: readonly ImpedancePoint[], options: FitOptions = {}) {
  const fit = fitSpectrum(kernel, parseCircuit(text), { points }, options);
  return { fit, values: fit.parameters.map(({ value }) => value) };
}

function expectClose(values: readonly number[], expected: readonly number[], share: number): void {
  expect(values).toHaveLength(expected.length);
  values.forEach((value, p) => {
    expect(Math.abs(value / (expected[p] ?? 0) - 1), `parameter ${p}`).toBeLessThan(share);
  });
}

describeWithData('fits that others have published', () => {
  // EISFitpython, example 3: chi-square, bulk and grain-boundary resistance.
  test.each([
    ['s04147-140deg.txt', 7.33226e-3, 1.462e5, 2.012e6],
    ['s04147-160deg.txt', 2.61595e-3, 7.949e4, 6.673e5],
    ['s04147-180deg.txt', 1.21374e-3, 3.984e4, 2.43e5],
    ['s04147-200deg.txt', 1.73186e-3, 2.246e4, 9.502e4],
  ])(
    `${PELLET} on %s, from no guess, with each of ${SEEDS} seeds`,
    (file, chiSquare, bulk, boundary) => {
      const points = readColumns(file);
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { fit } = fitted(PELLET, points, { seed });
        expect(Math.abs(fit.chiSquare / chiSquare - 1)).toBeLessThan(5e-5);
        const named = (name: string) => fit.parameters.find((p) => p.name === name)?.value ?? 0;
        expectClose([named('R1'), named('R2')], [bulk, boundary], 1e-3);
      }
    },
    60_000,
  );

  test('EISFitpython, example 2: parameters, errors and the whole correlation matrix', () => {
    const points = readColumns('Example2b.txt').filter(({ frequencyHertz }) => frequencyHertz >= 5);
    const published = [4.471e4, 1.727e-10, 0.8501, 4.712e4, 1.244e-8, 0.8189, 4.405e-7, 0.8824];
    const errors = [2.723e2, 6.415e-12, 2.535e-3, 5.485e2, 9.687e-10, 9.211e-3, 9.47e-9, 5.467e-3];
    // In thousandths.
    const correlations = [
      [707],
      [-715, -996],
      [-801, -503, 517],
      [-691, -348, 369, 831],
      [787, 430, -450, -862, -984],
      [258, 126, -135, -599, -435, 418],
      [-307, -150, 161, 676, 510, -489, -960],
    ];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { fit, values } = fitted(PELLET, points, { seed });
      expect(fit.chiSquare).toBeCloseTo(4.311136e-3, 8);
      expectClose(values, published, 1e-3);
    }
    const { fit } = fitted(PELLET, points);
    expectClose(
      fit.parameters.map(({ standardError }) => standardError ?? 0),
      errors,
      5e-3,
    );
    correlations.forEach((row, i) => {
      row.forEach((value, j) => {
        const ours = fit.diagnostics?.correlation[i + 1]?.[j] ?? Number.NaN;
        expect(Math.abs(1000 * ours - value)).toBeLessThan(2);
      });
    });
  });

  test('impedance.py, global fit with unit weights: the slow branch takes the diffusion', () => {
    const points = readColumns('exampleData.csv').filter(({ zImagOhm }) => zImagOhm < 0);
    const { fit, values } = fitted('R0-p(R1,C1)-p(R2-Wo1,C2)', points, { weighting: 'unit' });
    const [r0, r1, c1, r2, wr, wt, c2] = [1.65e-2, 5.34e-3, 0.22, 9.15e-3, 0.131, 1.1e3, 2.78];
    expectClose(
      [values[0], values[1], values[2], values[3], values[6]].map((value) => value ?? 0),
      [r0, r1, c1, r2, c2],
      0.02,
    );
    // Of the diffusion only R / sqrt(tau) is determined.
    const ratio = (values[4] ?? 0) / Math.sqrt(values[5] ?? 0);
    expect(Math.abs(ratio / (wr / Math.sqrt(wt)) - 1)).toBeLessThan(0.02);
    expect(fit.status).toBe('notIdentifiable');
  });

  test('pymultieis, column 25 of the redox sequence', () => {
    const points = readColumns('redox-sequence/spectrum-25.csv');
    const { values } = fitted('R0-p(R1-W1,CPE1)', points);
    expectClose(values, [160.9, 6678, 1.244e5, 3.073e-8, 0.9264], 1e-3);
  });

  test('pyDRTtools, a simulated ZARC with noise', () => {
    const { values } = fitted('R0-Zarc1', readColumns('zarc_data.txt'));
    expectClose(values, [10, 50, 0.01, 0.7], 0.01);
  });

  test('eispec, a simulated R-(R||C) with noise', () => {
    const { values } = fitted('R0-p(R1,C1)', readColumns('randles_example_data.csv'));
    expectClose(values, [1000, 200, 1e-6], 0.02);
  });
});

test('pyimpspec, its test spectrum, is recovered to rounding', () => {
  const text = 'R(RC)(RW)';
  const truth = [100, 200, 0.8e-6, 500, 1 / (4e-4 * Math.SQRT2)];
  const points = simulate(parseCircuit(text), truth, { maxHertz: 1e4, minHertz: 1 });
  const { fit, values } = fitted(text, points);
  expect(fit.chiSquare).toBeLessThan(1e-15);
  expectClose(values, truth, 1e-6);
});
