import { describe, expect, test } from 'vitest';
import {
  type ArrheniusPoint,
  BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
  conductivityOf,
  fitArrhenius,
} from '../../src/analysis/arrhenius.ts';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData } from '../support/shared-data.ts';
import { readColumns } from './impedance-data.ts';

/** Disc of 0.8 cm diameter and 0.21 cm thickness: L/A = 0.4178 / cm. */
const PELLET = { thicknessMetre: 0.0021, areaSquareMetre: Math.PI * 0.004 ** 2 };

/** σ T = A exp(-E / k T), with ln errors of the given sizes. */
function series(energy: number, prefactor: number, errors: readonly number[]): ArrheniusPoint[] {
  return errors.map((error, i) => {
    const temperatureKelvin = 300 + 20 * i;
    const exponent = -energy / (BOLTZMANN_ELECTRON_VOLT_PER_KELVIN * temperatureKelvin) + error;
    const conductivitySiemensPerMetre = (prefactor / temperatureKelvin) * Math.exp(exponent);
    return { temperatureKelvin, conductivitySiemensPerMetre, relativeError: 0.01 };
  });
}

describe('Arrhenius fit', () => {
  test('recovers an exact line, in electronvolt and in kilojoule per mole', () => {
    const { sigmaT } = fitArrhenius(series(0.6, 5e5, [0, 0, 0, 0, 0]));
    expect(sigmaT.activationEnergyElectronVolt).toBeCloseTo(0.6, 10);
    expect(sigmaT.activationEnergyKilojoulePerMole).toBeCloseTo(57.8912, 3);
    expect(sigmaT.prefactor / 5e5).toBeCloseTo(1, 8);
    expect(sigmaT.prefactorUnit).toBe('S K/m');
    expect(sigmaT.activationEnergyErrorElectronVolt).toBeLessThan(1e-10);
  });

  test('labels both conventions, which differ by about k T', () => {
    const { sigma, sigmaT } = fitArrhenius(series(0.6, 5e5, [0, 0, 0, 0, 0]));
    expect([sigma.convention, sigmaT.convention]).toEqual(['sigma', 'sigmaT']);
    expect(sigma.prefactorUnit).toBe('S/m');
    const difference = sigmaT.activationEnergyElectronVolt - sigma.activationEnergyElectronVolt;
    expect(difference).toBeCloseTo(BOLTZMANN_ELECTRON_VOLT_PER_KELVIN * 340, 3);
  });

  test('weights move the line towards the precise points and away from a rough one', () => {
    const points = series(0.6, 5e5, [0, 0, 0, 0, 0.5]).map((point, i) => ({
      ...point,
      relativeError: i === 4 ? 0.5 : 0.005,
    }));
    const plain = fitArrhenius(points).sigmaT;
    const weighted = fitArrhenius(points, { weighted: true }).sigmaT;
    expect([plain.weighted, weighted.weighted]).toEqual([false, true]);
    expect(Math.abs(plain.activationEnergyElectronVolt - 0.6)).toBeGreaterThan(0.04);
    expect(Math.abs(weighted.activationEnergyElectronVolt - 0.6)).toBeLessThan(1e-4);
  });

  test('only the ratio of the errors counts: the scatter says how large they are', () => {
    const points = series(0.6, 5e5, [0.02, -0.01, 0.03, -0.02, 0.01]);
    const tenfold = points.map((point) => ({ ...point, relativeError: 0.1 }));
    const few = fitArrhenius(points, { weighted: true }).sigmaT;
    const many = fitArrhenius(tenfold, { weighted: true }).sigmaT;
    const plain = fitArrhenius(points).sigmaT;
    const error = plain.activationEnergyErrorElectronVolt ?? 0;
    expect(error).toBeGreaterThan(0);
    expect(few.activationEnergyErrorElectronVolt).toBeCloseTo(error, 10);
    expect(many.activationEnergyErrorElectronVolt).toBeCloseTo(error, 10);
  });

  test('two temperatures give a line without errors', () => {
    const { sigmaT } = fitArrhenius(series(0.6, 5e5, [0, 0.01]));
    expect(sigmaT.activationEnergyErrorElectronVolt).toBeNull();
    expect(sigmaT.activationEnergyErrorKilojoulePerMole).toBeNull();
    expect(sigmaT.lnPrefactorError).toBeNull();
    expect(sigmaT.residualDeviation).toBeNull();
  });

  test('refuses what has no line, naming every point', async () => {
    const good = series(0.6, 5e5, [0, 0, 0]);
    const bad = [
      { temperatureKelvin: -5, conductivitySiemensPerMetre: 1 },
      { temperatureKelvin: 300, conductivitySiemensPerMetre: 0 },
      { temperatureKelvin: Number.NaN, conductivitySiemensPerMetre: Number.POSITIVE_INFINITY },
    ];
    const fault = await caughtFault(() => fitArrhenius([...good, ...bad]));
    expect(fault.code).toBe('badInput');
    expect(fault.problems.map(({ where }) => where)).toEqual([
      'point 4',
      'point 5',
      'point 6',
      'point 6',
    ]);
    const one = await caughtFault(() => fitArrhenius(good.slice(0, 1)));
    expect(one.message).toContain('1 different temperatures');
    const unweighted = good.map(({ relativeError: _, ...point }) => point);
    const missing = await caughtFault(() => fitArrhenius(unweighted, { weighted: true }));
    expect(missing.message).toContain('relative error is missing');
    expect((await caughtFault(() => fitArrhenius([]))).message).toContain('0 different');
  });
});

describeWithData('solid-electrolyte pellet from 140 to 200 °C', () => {
  const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
  const circuit = parseCircuit('p(R1,CPE1)-p(R2,CPE2)-CPE3');
  const fits = () =>
    [140, 160, 180, 200].map((celsius) => {
      const points = readColumns(`s04147-${celsius}deg.txt`);
      const [bulk, grain] = ['R1', 'R2'].map((name) => {
        const parameters = fitSpectrum(kernel, circuit, { points }).parameters;
        return parameters.find((one) => one.name === name);
      });
      const error = (one: typeof bulk) => (one?.standardError ?? Number.NaN) / (one?.value ?? 0);
      return {
        temperatureKelvin: celsius + 273.15,
        bulk: { ohm: bulk?.value ?? Number.NaN, relativeError: error(bulk) },
        grain: { ohm: grain?.value ?? Number.NaN, relativeError: error(grain) },
      };
    });

  // Published from seven temperatures (140 to 200 °C in steps of 10): 0.5869 ± 0.0163 eV for the
  // bulk, 0.8919 ± 0.0025 for the grain boundary, 0.8555 ± 0.0006 for both together. `fourOf` is
  // the line through these four by numpy.linalg.lstsq on the published resistances. The published
  // value and ours share half of their data, so that they must agree within the errors of both.
  test.each([
    ['bulk', { published: 0.5869, error: 0.0163, fourOf: 0.569165, fourOfError: 0.016453 }],
    ['grain', { published: 0.8919, error: 0.0025, fourOf: 0.89472, fourOfError: 0.00313 }],
    ['total', { published: 0.8555, error: 0.0006, fourOf: 0.855704, fourOfError: 0.000947 }],
  ])('%s: activation energy as published, within the errors', (which, expected) => {
    const points = fits().map(({ temperatureKelvin, bulk, grain }) => {
      const ohm = { bulk: bulk.ohm, grain: grain.ohm, total: bulk.ohm + grain.ohm }[which];
      const conductivitySiemensPerMetre = conductivityOf(ohm ?? Number.NaN, PELLET);
      return { temperatureKelvin, conductivitySiemensPerMetre };
    });
    const { sigmaT } = fitArrhenius(points);
    // The published resistances have four digits.
    expect(Math.abs(sigmaT.activationEnergyElectronVolt - expected.fourOf)).toBeLessThan(3e-4);
    expect(sigmaT.activationEnergyErrorElectronVolt).toBeCloseTo(expected.fourOfError, 3);
    const distance = Math.abs(sigmaT.activationEnergyElectronVolt - expected.published);
    expect(distance).toBeLessThan(Math.hypot(expected.error, expected.fourOfError));
  });

  test('weighting by the errors of the fits changes the bulk value: the result says which it is', () => {
    const points = fits().map(({ temperatureKelvin, bulk }) => ({
      temperatureKelvin,
      conductivitySiemensPerMetre: conductivityOf(bulk.ohm, PELLET),
      relativeError: bulk.relativeError,
    }));
    const plain = fitArrhenius(points).sigmaT;
    const weighted = fitArrhenius(points, { weighted: true }).sigmaT;
    expect(weighted.weighted).toBe(true);
    const moved = weighted.activationEnergyElectronVolt - plain.activationEnergyElectronVolt;
    expect(Math.abs(moved)).toBeGreaterThan(1e-3);
    expect(Math.abs(moved)).toBeLessThan(2 * (plain.activationEnergyErrorElectronVolt ?? 0));
  });
});
