import { describe, expect, test } from 'vitest';
import { KRAMERS_KRONIG_POINTS_MIN, testKramersKronig } from '../../src/analysis/kramers-kronig.ts';
import { residualStructure } from '../../src/analysis/kramers-kronig-residuals.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { Spectrum } from '../../src/domain/spectrum.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { randomSource } from '../kernels/random-circuits.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
const SWEEP = { maxHertz: 1e5, minHertz: 1e-2 };
const CELL = parseCircuit('R0-p(R1,CPE1)-p(R2,C2)-W1');
const CELL_VALUES = [20, 50, 1e-4, 0.8, 30, 1e-2, 10];

function cell(noise = 0, seed = 1): Spectrum {
  return { points: simulate(CELL, CELL_VALUES, { ...SWEEP, noise, seed }) };
}

describe('linear Kramers-Kronig test', () => {
  test.each([
    ['complex', 'impedance'],
    ['complex', 'admittance'],
    ['real', 'impedance'],
    ['imaginary', 'impedance'],
  ] as const)('follows a simulated cell: %s fit of the %s', (fit, representation) => {
    const result = testKramersKronig(kernel, cell(), { fit, representation });
    expect(result.rmsPercent).toBeLessThan(0.5);
    expect(result.residuals).toHaveLength(71);
  });

  test('finds the noise that is there, and no trend', () => {
    const result = testKramersKronig(kernel, cell(0.003, 7));
    // Two parts with 0.3 % each make 0.42 % per point.
    expect(result.structure.noisePercent).toBeGreaterThan(0.3);
    expect(result.structure.noisePercent).toBeLessThan(0.55);
    expect(result.rmsPercent).toBeLessThan(0.5);
    expect(result.structure.isStructured).toBe(false);
  });

  test('does not stop at the dip of mu that a single sharp arc shows at three elements', () => {
    const arc = { points: simulate(parseCircuit('R0-p(R1,C1)'), [1500, 4600, 2e-8], SWEEP) };
    const three = testKramersKronig(kernel, arc, { elementCount: 3 });
    const chosen = testKramersKronig(kernel, arc);
    expect(three.rmsPercent).toBeGreaterThan(3);
    expect(chosen.elementCount).toBeGreaterThan(5);
    expect(chosen.rmsPercent).toBeLessThan(0.1);
  });

  test('says where the residuals are worst, and the sign of a drift at the slow end', () => {
    const points = cell().points.map((point) => {
      const growth = point.frequencyHertz < 0.1 ? 1.05 : 1;
      return { ...point, zRealOhm: point.zRealOhm * growth, zImagOhm: point.zImagOhm * growth };
    });
    const result = testKramersKronig(kernel, { points });
    expect(result.structure.isStructured).toBe(true);
    expect(result.worstFrequencyHertz).toBeLessThan(0.5);
    expect(result.worstPercent).toBeGreaterThan(1);
  });

  test('does not depend on the order of the points or on the unit of Z', () => {
    const { points } = cell(0.002);
    const scaled = points.toReversed().map(({ frequencyHertz, zRealOhm, zImagOhm }) => ({
      frequencyHertz,
      zRealOhm: zRealOhm * 2 ** 20,
      zImagOhm: zImagOhm * 2 ** 20,
    }));
    const [plain, other] = [points, scaled].map((each) =>
      testKramersKronig(kernel, { points: each }),
    );
    expect(other?.elementCount).toBe(plain?.elementCount);
    expect(other?.rmsPercent).toBeCloseTo(plain?.rmsPercent ?? 0, 9);
  });

  test('a resistor passes with nothing to overfit', () => {
    const points = cell().points.map((point) => ({ ...point, zRealOhm: 50, zImagOhm: 0 }));
    const result = testKramersKronig(kernel, { points });
    expect(result.rmsPercent).toBeLessThan(1e-6);
    expect(Number.isFinite(result.mu)).toBe(true);
  });

  test.each([0, 1.5, 200])('refuses a chain of %d elements', async (elementCount) => {
    const action = () => testKramersKronig(kernel, cell(), { elementCount });
    expect((await caughtFault(action)).message).toMatch(
      /elementCount: .*whole number from 1 to 128/,
    );
  });

  test('reaches further with an extension of the time constants', () => {
    const loop = cell().points.map((point) => ({
      ...point,
      zImagOhm: point.zImagOhm + 2 * Math.PI * point.frequencyHertz * 2e-3,
    }));
    const result = testKramersKronig(kernel, { points: loop }, { extensionDecades: 1 });
    expect(result.rmsPercent).toBeLessThan(0.5);
  });

  test.each([
    ['too few frequencies', cell().points.slice(0, KRAMERS_KRONIG_POINTS_MIN - 1), /5 different/],
    ['six points at one frequency', Array(6).fill(cell().points[0]), /1 different/],
    ['no points', [], /0 different frequencies/],
    [
      'a frequency of zero',
      cell().points.with(2, { frequencyHertz: 0, zRealOhm: 1, zImagOhm: 0 }),
      /point 3.*0 Hz/,
    ],
    [
      'a value that is not a number',
      cell().points.with(4, { frequencyHertz: 1, zRealOhm: Number.NaN, zImagOhm: 0 }),
      /point 5/,
    ],
    [
      'an impedance of zero',
      cell().points.with(0, { frequencyHertz: 1, zRealOhm: 0, zImagOhm: 0 }),
      /point 1.*zero/,
    ],
  ])('refuses %s', async (_, points, message) => {
    const fault = await caughtFault(() => testKramersKronig(kernel, { points }));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toMatch(message);
  });

  test('sums up a flood of bad points', async () => {
    const points = cell().points.map((point) => ({ ...point, zRealOhm: Number.NaN }));
    const fault = await caughtFault(() => testKramersKronig(kernel, { points }));
    expect(fault.problems).toHaveLength(21);
  });

  test('refuses more points than the kernel holds', async () => {
    const points = Array.from({ length: 1025 }, (_, k) => ({
      frequencyHertz: k + 1,
      zRealOhm: 1,
      zImagOhm: 0,
    }));
    expect((await caughtFault(() => testKramersKronig(kernel, { points }))).code).toBe('capacity');
  });
});

describe('structure of residuals', () => {
  const random = randomSource(20_250_611);
  const noise = Float64Array.from({ length: 200 }, () => 0.01 * (random() - 0.5));

  test('noise has no trend', () => {
    const result = residualStructure(noise.slice(0, 100), noise.slice(100));
    expect(result.isStructured).toBe(false);
    expect(result.structuredPercent).toBeLessThan(0.25 * result.noisePercent);
  });

  test('a slow wave under noise is a trend, and the noise is still told', () => {
    const wave = noise.map((value, k) => value + 0.01 * Math.sin(k / 8));
    const result = residualStructure(wave.slice(0, 100), wave.slice(100));
    expect(result.isStructured).toBe(true);
    expect(result.structuredPercent).toBeGreaterThan(0.7);
    // Uniform noise of width 1 % has 0.29 % per part.
    expect(result.noisePercent).toBeGreaterThan(0.3);
    expect(result.noisePercent).toBeLessThan(0.6);
  });

  test('residuals of zero are no trend', () => {
    const zero = new Float64Array(10);
    expect(residualStructure(zero, zero)).toMatchObject({ isStructured: false, noisePercent: 0 });
  });
});

describeWithData('Kramers-Kronig test on measured data', () => {
  const measured = async (file: string): Promise<Spectrum> =>
    (await readSpectrum(sharedData(`eis/${file}`))).spectrum;

  test('agrees with the tool of Schönleber on ten elements of a dummy cell', async () => {
    const spectrum = await measured('Circuit3_EIS_1.z');
    const result = testKramersKronig(kernel, spectrum, { elementCount: 10, fit: 'real' });
    expect(result.mu).toBeCloseTo(0.6843821117885, 12);
  });

  test.each([
    ['Circuit1_EIS_1.z', 0.04],
    ['Circuit3_EIS_1.z', 0.15],
    ['LIB_data.txt', 0.06],
    ['exampleData.csv', 0.25],
    ['redox-sequence/spectrum-25.csv', 0.25],
  ])('follows %s to %d %% rms', async (file, rmsPercent) => {
    const result = testKramersKronig(kernel, await measured(file));
    expect(result.rmsPercent).toBeLessThan(rmsPercent);
  });
});
