import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distributionOfRelaxationTimes } from '../../src/analysis/drt.ts';
import { exponentOfWidth } from '../../src/analysis/drt-peaks.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { type Drt, type DrtPeak, LAMBDA_RULES } from '../../src/domain/drt.ts';
import type { ImpedancePoint, Spectrum } from '../../src/domain/spectrum.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
const SWEEP = { maxHertz: 1e5, minHertz: 1e-2 };
const TWO_ARCS = parseCircuit('R0-p(R1,C1)-p(R2,C2)');
/** τ of 1 ms and 0.3 s. */
const TWO_ARCS_VALUES = [10, 40, 2.5e-5, 25, 1.2e-2];

function twoArcs(noise = 0.002): ImpedancePoint[] {
  return simulate(TWO_ARCS, TWO_ARCS_VALUES, { ...SWEEP, noise, seed: 3 });
}

function largest(drt: Drt): DrtPeak | undefined {
  return drt.peaks.toSorted((a, b) => b.areaOhm - a.areaOhm)[0];
}

function ratio(a: number | undefined, b: number): number {
  return Math.abs(Math.log((a ?? 0) / b));
}

describe('distribution of relaxation times', () => {
  test.each([...LAMBDA_RULES, 1e-5, 1e-7])('finds two arcs with lambda %s', (lambda) => {
    const drt = distributionOfRelaxationTimes(kernel, { points: twoArcs() }, { lambda });
    const [fast, slow] = drt.peaks
      .toSorted((a, b) => b.areaOhm - a.areaOhm)
      .slice(0, 2)
      .toSorted((a, b) => a.tauSecond - b.tauSecond);
    expect(drt.status).toBe('solved');
    expect(ratio(fast?.tauSecond, 1e-3)).toBeLessThan(0.1);
    expect(ratio(fast?.areaOhm, 40)).toBeLessThan(0.05);
    expect(ratio(slow?.tauSecond, 0.3)).toBeLessThan(0.1);
    expect(ratio(slow?.areaOhm, 25)).toBeLessThan(0.05);
    expect(ratio(drt.seriesResistanceOhm, 10)).toBeLessThan(0.05);
    expect(drt.lambdaRule).toBe(typeof lambda === 'number' ? 'given' : lambda);
  });

  test('areas and series resistance add up to the low-frequency intercept', () => {
    const drt = distributionOfRelaxationTimes(kernel, { points: twoArcs() });
    expect(ratio(drt.lowFrequencyOhm, 75)).toBeLessThan(0.01);
    const areas = drt.peaks.reduce((sum, { areaOhm }) => sum + areaOhm, 0);
    expect(areas).toBeLessThanOrEqual(drt.polarisationOhm * (1 + 1e-12));
    expect(areas).toBeGreaterThan(0.97 * drt.polarisationOhm);
    expect(drt.seriesResistanceOhm + drt.polarisationOhm).toBeCloseTo(drt.lowFrequencyOhm, 9);
  });

  test('finds inductance and blocking capacitance beside the arcs', () => {
    const circuit = parseCircuit('L0-R0-p(R1,C1)-C2');
    const points = simulate(circuit, [2e-5, 10, 40, 2.5e-5, 5e-3], {
      ...SWEEP,
      noise: 1e-3,
      seed: 1,
    });
    const drt = distributionOfRelaxationTimes(kernel, { points });
    expect(ratio(drt.inductanceHenry, 2e-5)).toBeLessThan(0.1);
    expect(ratio(drt.capacitanceFarad ?? undefined, 5e-3)).toBeLessThan(0.05);
    expect(ratio(largest(drt)?.areaOhm, 40)).toBeLessThan(0.1);
  });

  test('has no capacitance where the spectrum ends on the real axis', () => {
    const drt = distributionOfRelaxationTimes(
      kernel,
      { points: twoArcs() },
      { capacitance: false },
    );
    expect(drt.capacitanceFarad).toBeNull();
  });

  test('shows an inductive loop as a negative peak when signs are allowed', () => {
    const points = twoArcs(0).map((point) => {
      const x = 2 * Math.PI * point.frequencyHertz * 3;
      return {
        ...point,
        zRealOhm: point.zRealOhm - 15 / (1 + x * x),
        zImagOhm: point.zImagOhm + (15 * x) / (1 + x * x),
      };
    });
    const signed = distributionOfRelaxationTimes(
      kernel,
      { points },
      { signed: true, lambda: 1e-7, capacitance: false },
    );
    const plain = distributionOfRelaxationTimes(kernel, { points }, { lambda: 1e-7 });
    const loop = signed.peaks.toSorted((a, b) => a.areaOhm - b.areaOhm)[0];
    expect(ratio(loop?.tauSecond, 3)).toBeLessThan(0.3);
    // Without the sign to hold them, curves ring: lobes beside a peak take part of its area.
    expect(ratio(-(loop?.areaOhm ?? 0), 15)).toBeLessThan(0.3);
    expect(ratio(signed.lowFrequencyOhm, 60)).toBeLessThan(0.02);
    expect(signed.rmsPercent).toBeLessThan(plain.rmsPercent / 5);
    expect(plain.gammaOhm.every((gamma) => gamma >= 0)).toBe(true);
  });

  test.each([
    [1e-6, 1],
    [1e6, 1],
    [1, 1e-3],
    [1e6, 1e3],
  ])('has the same shape for Z times %d and f times %d', (ohms, hertz) => {
    const points = twoArcs();
    const scaled = points.map(({ frequencyHertz, zRealOhm, zImagOhm }) => ({
      frequencyHertz: hertz * frequencyHertz,
      zRealOhm: ohms * zRealOhm,
      zImagOhm: ohms * zImagOhm,
    }));
    const plain = distributionOfRelaxationTimes(kernel, { points });
    const other = distributionOfRelaxationTimes(kernel, { points: scaled });
    expect(other.lambda).toBe(plain.lambda);
    expect(other.rmsPercent).toBeCloseTo(plain.rmsPercent, 8);
    const top = Math.max(...plain.gammaOhm);
    const far = plain.gammaOhm.map((gamma, k) => Math.abs((other.gammaOhm[k] ?? 0) / ohms - gamma));
    expect(Math.max(...far) / top).toBeLessThan(1e-6);
    expect(ratio(largest(other)?.tauSecond, (largest(plain)?.tauSecond ?? 0) / hertz)).toBeLessThan(
      1e-6,
    );
  });

  test('from an earlier distribution reaches the same curve', () => {
    const previous = distributionOfRelaxationTimes(kernel, { points: twoArcs(0.003) });
    const spectrum = { points: twoArcs() };
    const lambda = 1e-6;
    const cold = distributionOfRelaxationTimes(kernel, spectrum, { lambda });
    const warm = distributionOfRelaxationTimes(kernel, spectrum, { lambda, previous });
    const top = Math.max(...cold.gammaOhm);
    const far = cold.gammaOhm.map((gamma, k) => Math.abs(gamma - (warm.gammaOhm[k] ?? 0)));
    expect(Math.max(...far) / top).toBeLessThan(1e-8);
  });

  test.each(LAMBDA_RULES)('near an earlier lambda the rule %s still decides', (lambda) => {
    const spectrum = { points: twoArcs() };
    const previous = distributionOfRelaxationTimes(kernel, spectrum, { lambda });
    const next = distributionOfRelaxationTimes(kernel, spectrum, { lambda, previous });
    expect(Math.abs(Math.log10(next.lambda / previous.lambda))).toBeLessThanOrEqual(1.001);
  });

  test('a pure resistor has no peak', () => {
    const points = simulate(parseCircuit('R0'), [47], SWEEP);
    const drt = distributionOfRelaxationTimes(kernel, { points }, { lambda: 1e-5 });
    expect(ratio(drt.lowFrequencyOhm, 47)).toBeLessThan(1e-3);
    expect(drt.rmsPercent).toBeLessThan(0.1);
  });

  test.each([Number.NaN, -1, Infinity])('refuses a lambda of %d', async (lambda) => {
    const action = () => distributionOfRelaxationTimes(kernel, { points: twoArcs() }, { lambda });
    expect((await caughtFault(action)).code).toBe('badInput');
  });

  test('refuses too few points', async () => {
    const spectrum = { points: twoArcs().slice(0, 5) };
    const fault = await caughtFault(() => distributionOfRelaxationTimes(kernel, spectrum));
    expect(fault.message).toMatch(/at least 6/);
  });

  test('ends with finite values, whatever the points', () => {
    const part = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    const point = fc.record({
      frequencyHertz: fc.integer({ min: -40, max: 70 }).map((k) => 10 ** (k / 10)),
      zRealOhm: part.map((z) => (Math.abs(z) < 1e-9 ? 1 : z)),
      zImagOhm: part,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(point, { minLength: 6, maxLength: 30, selector: (p) => p.frequencyHertz }),
        fc.constantFrom(...LAMBDA_RULES, 0, 1e-12, 1e3),
        fc.boolean(),
        (points, lambda, signed) => {
          const drt = distributionOfRelaxationTimes(kernel, { points }, { lambda, signed });
          const numbers = [drt.rmsPercent, drt.lowFrequencyOhm, drt.lambda, ...drt.gammaOhm];
          expect(numbers.every(Number.isFinite)).toBe(true);
          for (const { exponent, tauSecond, widthLn } of drt.peaks) {
            expect([exponent, tauSecond, widthLn].every(Number.isFinite)).toBe(true);
          }
        },
      ),
      { numRuns: 60, seed: 20_260_103 },
    );
  });
});

describe('exponent of an arc from the width of its peak', () => {
  test.each([0.5, 0.7, 0.9, 0.97])('recovers n = %d', (n) => {
    const gamma = (x: number): number =>
      Math.sin((1 - n) * Math.PI) / (Math.cosh(n * x) - Math.cos((1 - n) * Math.PI));
    let [low, high] = [0, 50];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (gamma(middle) > gamma(0) / 2) low = middle;
      else high = middle;
    }
    expect(exponentOfWidth(2 * low)).toBeCloseTo(n, 6);
  });

  test('is 1 for a single time constant and stays in its bounds', () => {
    expect(exponentOfWidth(0)).toBeCloseTo(1, 6);
    expect(exponentOfWidth(1e6)).toBeGreaterThanOrEqual(0.05);
  });
});

describeWithData('distribution of measured spectra', () => {
  const measured = async (file: string): Promise<Spectrum> =>
    (await readSpectrum(sharedData(`eis/${file}`))).spectrum;

  test('recovers the arc behind zarc_data: 50 ohm, 10 ms, n = 0.70', async () => {
    const drt = distributionOfRelaxationTimes(kernel, await measured('zarc_data.txt'));
    const peak = largest(drt);
    expect(ratio(peak?.areaOhm, 50)).toBeLessThan(0.04);
    expect(ratio(peak?.tauSecond, 0.01)).toBeLessThan(0.15);
    expect(Math.abs((peak?.exponent ?? 0) - 0.7)).toBeLessThan(0.06);
    expect(ratio(drt.lowFrequencyOhm, 60)).toBeLessThan(0.005);
  });

  test('shows four processes of a battery: 0.25 ms, 1.4 ms, 31 ms, 0.67 s', async () => {
    const drt = distributionOfRelaxationTimes(kernel, await measured('exampleData.csv'), {
      lambda: 1e-5,
    });
    const closed = drt.peaks.filter(({ isOpen }) => !isOpen);
    expect(closed).toHaveLength(4);
    for (const [k, tau] of [2.5e-4, 1.4e-3, 3.1e-2, 0.67].entries()) {
      expect(ratio(closed[k]?.tauSecond, tau)).toBeLessThan(0.2);
    }
    expect(drt.rmsPercent).toBeLessThan(0.7);
  });

  test.each([
    ['Circuit1_EIS_1.z', 29.14, 46.64, 4.864e-4],
    ['Circuit3_EIS_1.z', 1505, 4632, 9.361e-5],
  ])('%s is one arc', async (file, series, arc, tau) => {
    const drt = distributionOfRelaxationTimes(kernel, await measured(file), { lambda: 1e-6 });
    expect(drt.peaks).toHaveLength(1);
    expect(ratio(drt.seriesResistanceOhm, series)).toBeLessThan(0.02);
    expect(ratio(drt.peaks[0]?.areaOhm, arc)).toBeLessThan(0.02);
    expect(ratio(drt.peaks[0]?.tauSecond, tau)).toBeLessThan(0.05);
  });
});
