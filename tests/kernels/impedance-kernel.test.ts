import { describe, expect, test } from 'vitest';
import { parseCircuit } from '../../src/domain/circuit.ts';
import {
  FREQUENCIES_MAX,
  ImpedanceKernel,
  type KernelSpectrum,
} from '../../src/kernels/impedance-kernel.ts';
import { twinImpedance, twinJacobian, valuesOfTheta } from '../../src/kernels/impedance-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { randomCircuit, randomSource, randomTheta } from './random-circuits.ts';

const SEED = 20_240_611;

function spectrumOf(frequencies: readonly number[]): KernelSpectrum {
  const frequencyHertz = Float64Array.from(frequencies);
  const ones = frequencyHertz.map(() => 1);
  return { frequencyHertz, zRealOhm: ones, zImagOhm: ones, weightPerOhm: ones };
}

const FREQUENCIES = Array.from({ length: 41 }, (_, k) => 10 ** (6 - k / 4.5));
const CIRCUITS = [
  'R0',
  'C1',
  'L1',
  'CPE1',
  'W1',
  'Wo1',
  'Ws1',
  'La1',
  'WoN1',
  'WsN1',
  'G1',
  'HN1',
  'Zarc1',
  'TLMb1',
  'TLMf1',
  'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3',
  'R0-p(R1,C1)-p(R2-Wo1,C2)',
  'L0-R0-p(R1-p(R2-Ws1,CPE2),CPE1,R3-L2)-W1',
  'p(p(R1,C1)-R2,p(R3,CPE3)-L1)',
];

describe.each(['simd', 'scalar'] as const)('impedance kernel, %s build', (build) => {
  const kernel = new ImpedanceKernel(loadKernelModule('impedance', build));

  test.each(CIRCUITS)('gives the impedance of %s as its plain twin does', (text) => {
    const circuit = parseCircuit(text);
    const random = randomSource(SEED);
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    let worst = 0;
    for (let trial = 0; trial < 50; trial++) {
      const theta = randomTheta(circuit, random);
      const z = kernel.impedance(theta);
      FREQUENCIES.forEach((frequency, k) => {
        const twin = twinImpedance(circuit, valuesOfTheta(circuit, theta), frequency);
        const [re = Number.NaN, im = Number.NaN] = [z[k], z[k + FREQUENCIES.length]];
        const error = Math.hypot(re - twin.re, im - twin.im) / Math.hypot(twin.re, twin.im);
        worst = Math.max(worst, error);
        expect(error).not.toBeNaN();
      });
    }
    expect(worst).toBeLessThan(1e-12);
  });

  test.each(CIRCUITS)('differentiates %s as central differences do', (text) => {
    const circuit = parseCircuit(text);
    const random = randomSource(SEED + 1);
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    let worst = 0;
    for (let trial = 0; trial < 25; trial++) {
      const theta = randomTheta(circuit, random);
      const analytic = kernel.jacobian(theta);
      FREQUENCIES.forEach((frequency, k) => {
        const z = twinImpedance(circuit, valuesOfTheta(circuit, theta), frequency);
        const numeric = twinJacobian(circuit, theta, frequency);
        numeric.forEach((d, p) => {
          const re = (analytic[p]?.[k] ?? Number.NaN) - d.re;
          const im = (analytic[p]?.[k + FREQUENCIES.length] ?? Number.NaN) - d.im;
          const error = Math.hypot(re, im) / Math.hypot(z.re, z.im);
          worst = Math.max(worst, error);
          expect(error).not.toBeNaN();
        });
      });
    }
    expect(worst).toBeLessThan(1e-6);
  });

  test('agrees with its twin on circuits of random shape, values and derivatives', () => {
    const random = randomSource(SEED + 3);
    const frequencies = FREQUENCIES.filter((_, k) => k % 4 === 0);
    for (let trial = 0; trial < 60; trial++) {
      const circuit = randomCircuit(random);
      const theta = randomTheta(circuit, random);
      kernel.load(circuit, spectrumOf(frequencies));
      const z = kernel.impedance(theta);
      const analytic = kernel.jacobian(theta);
      frequencies.forEach((frequency, k) => {
        const at = (pair: Float64Array | undefined, d: { re: number; im: number }): number =>
          Math.hypot(
            (pair?.[k] ?? Number.NaN) - d.re,
            (pair?.[k + frequencies.length] ?? Number.NaN) - d.im,
          );
        const twin = twinImpedance(circuit, valuesOfTheta(circuit, theta), frequency);
        const size = Math.hypot(twin.re, twin.im);
        const where = `${circuit.text} at ${frequency} Hz, trial ${trial}`;
        expect(at(z, twin) / size, where).toBeLessThan(1e-12);
        twinJacobian(circuit, theta, frequency).forEach((d, p) => {
          expect(at(analytic[p], d) / size, `${where}, d${p}`).toBeLessThan(1e-6);
        });
      });
    }
  });

  test.each([
    ['Wo1', [0, 0]],
    ['Ws1', [0, 0]],
    ['WoN1', [0, 0, 0.5]],
    ['WsN1', [0, 0, 0.35]],
    ['TLMb1', [0, 0, 0.9]],
    ['TLMf1', [0, 2, 0, 0.8]],
    ['G1', [0, 0]],
    ['HN1', [0, 0, 0.9, 0.6]],
    ['Zarc1', [0, 0, 0.8]],
  ])('%s stays right where its argument is very small or very large', (text, theta) => {
    const circuit = parseCircuit(text);
    const frequencies = Array.from({ length: 81 }, (_, k) => 10 ** (20 - k / 2));
    kernel.load(circuit, spectrumOf(frequencies));
    const z = kernel.impedance(theta);
    const jacobian = kernel.jacobian(theta);
    frequencies.forEach((frequency, k) => {
      const [re = Number.NaN, im = Number.NaN] = [z[k], z[k + frequencies.length]];
      // Below |s| = 1e-7 the twin's own formula loses what is left of the smaller part.
      const twin = twinImpedance(circuit, valuesOfTheta(circuit, theta), frequency);
      const size = Math.hypot(twin.re, twin.im);
      expect(Math.hypot(re - twin.re, im - twin.im) / size, `${frequency} Hz`).toBeLessThan(1e-9);
      expect(re).toBeGreaterThan(0);
      for (const column of jacobian) expect(column.every(Number.isFinite)).toBe(true);
    });
  });

  test('residuals agree with the twin to 1e-9 on circuits of random shape', () => {
    const random = randomSource(SEED + 4);
    for (let trial = 0; trial < 40; trial++) {
      const circuit = randomCircuit(random);
      const theta = randomTheta(circuit, random);
      const measured = randomTheta(circuit, random);
      const z = FREQUENCIES.map((f) => twinImpedance(circuit, valuesOfTheta(circuit, measured), f));
      const weights = Float64Array.from(z, ({ re, im }) => 1 / Math.hypot(re, im));
      const other = weights.map((weight) => 0.5 * weight);
      kernel.load(circuit, {
        frequencyHertz: Float64Array.from(FREQUENCIES),
        zRealOhm: Float64Array.from(z, ({ re }) => re),
        zImagOhm: Float64Array.from(z, ({ im }) => im),
        weightPerOhm: weights,
        weightImagPerOhm: other,
      });
      const residuals = kernel.residuals(theta);
      FREQUENCIES.forEach((frequency, k) => {
        const model = twinImpedance(circuit, valuesOfTheta(circuit, theta), frequency);
        const at = z[k] ?? { re: 0, im: 0 };
        const re = (at.re - model.re) * (weights[k] ?? 0);
        const im = (at.im - model.im) * (other[k] ?? 0);
        const error = Math.hypot(
          (residuals[k] ?? Number.NaN) - re,
          (residuals[k + FREQUENCIES.length] ?? Number.NaN) - im,
        );
        // Relative to what was subtracted: |Z| of the model against |Z| measured.
        const size = Math.max(1, Math.hypot(model.re, model.im) * (weights[k] ?? 0));
        expect(error / size, `${circuit.text} at ${frequency} Hz`).toBeLessThan(1e-9);
      });
    }
  });

  test('a parameter whose bounds are equal stays where it is, in projection too', () => {
    const circuit = parseCircuit('R0-p(R1,C1)');
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    kernel.setLimits({
      lower: Float64Array.of(-20, 1.5, -20),
      upper: Float64Array.of(20, 1.5, 20),
      stepMax: Float64Array.of(2, 2, 2),
    });
    expect(kernel.project([0, 0, 0])[1]).toBe(1.5);
    const minimum = kernel.minimise([0, 0, 0], { iterationsMax: 50, tolerance: 1e-9 });
    expect(minimum.theta[1]).toBe(1.5);
    expect(minimum.theta[0]).not.toBe(0);
  });

  test('recovers the parameters of a circuit from its own impedance', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)');
    const truth = [Math.log(10), Math.log(50), Math.log(3e-4), 0.85];
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    const z = kernel.impedance(truth);
    const zRealOhm = z.slice(0, FREQUENCIES.length);
    const zImagOhm = z.slice(FREQUENCIES.length);
    kernel.load(circuit, {
      frequencyHertz: Float64Array.from(FREQUENCIES),
      zRealOhm,
      zImagOhm,
      weightPerOhm: zRealOhm.map((re, k) => 1 / Math.hypot(re, zImagOhm[k] ?? 0)),
    });
    const start = [Math.log(20), Math.log(20), Math.log(1e-3), 0.7];
    const minimum = kernel.minimise(start, { iterationsMax: 100, tolerance: 1e-9 });
    expect(minimum.status).toBe('converged');
    expect(minimum.chiSquare).toBeLessThan(1e-20);
    minimum.theta.forEach((t, p) => {
      expect(t).toBeCloseTo(truth[p] ?? Number.NaN, 8);
    });
  });

  test('stops at the iteration limit with the best point so far', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)');
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    const start = [3, 3, -7, 0.7];
    const before = kernel.residuals(start).reduce((sum, r) => sum + r * r, 0);
    const minimum = kernel.minimise(start, { iterationsMax: 2, tolerance: 1e-12 });
    expect(minimum.status).toBe('iterationLimit');
    expect(minimum.iterations).toBe(2);
    expect(minimum.chiSquare).toBeLessThanOrEqual(before);
  });

  test('projects block amplitudes without touching time constants and exponents', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)-Wo1');
    const truth = [1, 3, -7, 0.8, 2, 4];
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    const z = kernel.impedance(truth);
    kernel.load(circuit, {
      ...spectrumOf(FREQUENCIES),
      zRealOhm: z.slice(0, FREQUENCIES.length),
      zImagOhm: z.slice(FREQUENCIES.length),
    });
    // Each block scaled by a factor of its own.
    const theta = kernel.project([1 - 2, 3 + 1.5, -7 - 1.5, 0.8, 2 + 0.7, 4]);
    truth.forEach((t, p) => {
      expect(theta[p]).toBeCloseTo(t, 3);
    });
  });

  test('keeps parameters within their bounds', () => {
    const circuit = parseCircuit('CPE1');
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    kernel.setLimits({
      lower: Float64Array.of(-3, 0.2),
      upper: Float64Array.of(3, 1),
      stepMax: Float64Array.of(2, 0.2),
    });
    const { theta } = kernel.minimise([0, 0.9], { iterationsMax: 50, tolerance: 1e-9 });
    expect(theta[0]).toBeGreaterThanOrEqual(-3);
    expect(theta[1]).toBeGreaterThanOrEqual(0.2);
  });

  test('a strong prior holds the parameters at its mean', () => {
    const circuit = parseCircuit('R0-C1');
    kernel.load(circuit, spectrumOf(FREQUENCIES));
    kernel.setPrior({ mean: Float64Array.of(1, 2), weight: Float64Array.of(1e30, 1e30) });
    const { theta } = kernel.minimise([0, 0], { iterationsMax: 100, tolerance: 1e-9 });
    expect(theta[0]).toBeCloseTo(1, 6);
    expect(theta[1]).toBeCloseTo(2, 6);
  });

  test('takes as many frequencies as it says and refuses one more', () => {
    const circuit = parseCircuit('R0-p(R1,C1)');
    const frequencies = Array.from({ length: FREQUENCIES_MAX }, (_, k) => k + 1);
    kernel.load(circuit, spectrumOf(frequencies));
    expect(kernel.impedance([0, 0, 0])).toHaveLength(2 * FREQUENCIES_MAX);
    expect(() => kernel.load(circuit, spectrumOf([...frequencies, 2000]))).toThrow(/frequencies/);
  });

  test('refuses values that are not finite and tables of the wrong length', () => {
    const circuit = parseCircuit('R0');
    expect(() => kernel.load(circuit, spectrumOf([1, Number.NaN]))).toThrow(/value 2 is NaN/);
    kernel.load(circuit, spectrumOf([1, 2]));
    expect(() => kernel.impedance([1, 2])).toThrow(/1 parameters/);
    expect(() => kernel.impedance([Number.NaN])).toThrow(/not a number/);
  });
});

describe('the two builds of the impedance kernel', () => {
  test('give the same bits', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)-p(R2-Ws1,CPE2)-W1');
    const theta = randomTheta(circuit, randomSource(SEED + 2));
    const [simd, scalar] = (['simd', 'scalar'] as const).map((build) => {
      const kernel = new ImpedanceKernel(loadKernelModule('impedance', build));
      kernel.load(circuit, spectrumOf(FREQUENCIES));
      return [kernel.impedance(theta), kernel.normalMatrix(theta)];
    });
    expect(simd).toEqual(scalar);
  });
});
