import { describe, expect, test } from 'vitest';
import { distributionOfRelaxationTimes } from '../../src/analysis/drt.ts';
import { startsFromPeaks } from '../../src/analysis/drt-starts.ts';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { CIRCUIT_ELEMENTS, parseCircuit } from '../../src/domain/circuit.ts';
import type { Spectrum } from '../../src/domain/spectrum.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
const SWEEP = { maxHertz: 1e5, minHertz: 1e-2, noise: 1e-3, seed: 5 };

function starts(spectrum: Spectrum, text: string): number[] | undefined {
  return startsFromPeaks(distributionOfRelaxationTimes(kernel, spectrum), parseCircuit(text));
}

describe('starts from the peaks of a distribution', () => {
  const text = 'L0-R0-p(R1,CPE1)-p(R2,C2)-C3';
  const truth = [2e-6, 10, 40, 1e-4, 0.8, 25, 1.2e-2, 2];
  const spectrum = { points: simulate(parseCircuit(text), truth, SWEEP) };

  test('lie near the truth, in the order of the circuit', () => {
    const values = starts(spectrum, text) ?? [];
    expect(values).toHaveLength(truth.length);
    for (const [p, value] of values.entries()) {
      const factor = value / (truth[p] ?? Number.NaN);
      expect(Math.abs(Math.log(factor))).toBeLessThan(Math.log(3));
    }
  });

  test('give fast arcs to blocks that are written first', () => {
    const [, r1 = 0, c1 = 0, r2 = 0, c2 = 0] = starts(spectrum, 'R0-p(R1,C1)-p(R2,C2)-C3') ?? [];
    expect(r1 * c1).toBeGreaterThan(0);
    expect(r1 * c1).toBeLessThan(r2 * c2);
  });

  test.each(Object.keys(CIRCUIT_ELEMENTS))('are usable for a circuit with %s', (element) => {
    for (const circuit of [
      `R0-p(R1,CPE1)-${element}9`,
      `p(R1-${element}9,C1)`,
      `p(R1,${element}9)`,
    ]) {
      const values = starts(spectrum, circuit);
      expect(values).toBeDefined();
      const { parameters } = parseCircuit(circuit);
      for (const [p, value] of (values ?? []).entries()) {
        expect(value).toBeGreaterThan(0);
        const { scale, exponentMax } = parameters[p] ?? { scale: 'log', exponentMax: 0 };
        if (scale === 'exponent') expect(value).toBeLessThan(exponentMax);
      }
    }
  });

  test('serve more arcs than there are peaks', () => {
    const values = starts(spectrum, 'R0-p(R1,C1)-p(R2,C2)-p(R3,C3)-p(R4,C4)-p(R5,C5)');
    expect(values?.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
  });

  test('are not invented where there is no peak', () => {
    const drt = distributionOfRelaxationTimes(kernel, spectrum);
    expect(startsFromPeaks({ ...drt, peaks: [] }, parseCircuit('R0-p(R1,C1)'))).toBeUndefined();
    const nothing = { ...drt, lowFrequencyOhm: 0, polarisationOhm: 0 };
    expect(startsFromPeaks(nothing, parseCircuit('R0'))).toBeUndefined();
  });
});

describeWithData('a fit from the peaks alone, on measured data', () => {
  const fitter = new ImpedanceKernel(loadKernelModule('impedance'));

  test.each([
    ['exampleData.csv', 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', 5.443e-3],
    ['exampleData.csv', 'R0-p(R1,C1)-p(R2-Wo1,C2)', 1.8388e-2],
    ['LIB_data.txt', 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', 1.334e-3],
    ['battery-cycling/spectrum-064.csv', 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', 2.795e-3],
    ['s04147-140deg.txt', 'p(R1,CPE1)-p(R2,CPE2)-CPE3', 7.3323e-3],
    ['redox-sequence/spectrum-25.csv', 'R0-p(R1-W1,CPE1)', 1.812e-3],
    ['eis_button_sofc.csv', 'R0-p(R1,CPE1)-p(R2,CPE2)', 1.059e-2],
    ['Circuit3_EIS_1.z', 'R0-p(R1,C1)', 3.079e-3],
  ])('%s with %s ends at the global optimum', async (file, text, chiSquare) => {
    const { spectrum } = await readSpectrum(sharedData(`eis/${file}`));
    const values = starts(spectrum, text);
    const capacitive = { points: spectrum.points.filter(({ zImagOhm }) => zImagOhm < 0) };
    const fit = fitSpectrum(fitter, parseCircuit(text), capacitive, {
      starts: values ? [values] : [],
      localOnly: true,
    });
    expect(fit.chiSquare / chiSquare).toBeLessThan(1.01);
  });
});
