import { describe, expect, test } from 'vitest';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import {
  fitTogether,
  GLOBAL_SPECTRA_MAX,
  type GlobalFit,
} from '../../src/analysis/impedance-global.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { Spectrum } from '../../src/domain/spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { twinImpedance } from '../../src/kernels/impedance-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData } from '../support/shared-data.ts';
import { BATTERY_CYCLING, readColumns } from './impedance-data.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const circuit = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)');
const SHARED = ['R0', 'CPE1.n', 'CPE2.n'];
const [R0, N1, N2] = [120, 0.95, 0.85];
const COUNT = 12;

/** Gaussian numbers (Box and Muller) from a linear congruential generator. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** An aging cell: R0 and both exponents stay, all else drifts smoothly. */
function truthOf(k: number): number[] {
  const s = k / (COUNT - 1);
  return [R0, 300 * (1 + 0.5 * s), 2e-8 * (1 - 0.2 * s), N1, 900 * (1 + s), 1.2e-5, N2];
}

function agingCell(noise: number, seed = 1): Spectrum[] {
  const draw = gaussian(seed);
  return Array.from({ length: COUNT }, (_, k) => ({
    points: Array.from({ length: 45 }, (_v, i) => {
      const frequencyHertz = 200e3 * (0.1 / 200e3) ** (i / 44);
      const z = twinImpedance(circuit, truthOf(k), frequencyHertz);
      const size = noise * Math.hypot(z.re, z.im);
      return {
        frequencyHertz,
        zRealOhm: z.re + size * draw(),
        zImagOhm: z.im + size * draw(),
      };
    }),
  }));
}

const indexOf = (name: string): number =>
  circuit.parameters.findIndex((parameter) => parameter.name === name);

/** Values of one parameter along the sequence. */
function course(fit: GlobalFit, name: string): number[] {
  return fit.fits.map(({ parameters }) => parameters[indexOf(name)]?.value ?? Number.NaN);
}

describe('spectra fitted together', () => {
  test('without noise give the truth to rounding', () => {
    const fit = fitTogether(kernel, circuit, agingCell(0), { shared: SHARED });
    expect(fit.reason).toBe('converged');
    fit.fits.forEach(({ parameters }, k) => {
      parameters.forEach(({ value }, p) => {
        expect(Math.abs(Math.log(value / (truthOf(k)[p] ?? 0)))).toBeLessThan(1e-6);
      });
    });
  });

  test('have the shared parameters in common, near the truth by their errors', () => {
    const fit = fitTogether(kernel, circuit, agingCell(0.005), { shared: SHARED });
    expect(fit.shared.map(({ name }) => name)).toEqual(SHARED);
    fit.shared.forEach((parameter, s) => {
      const truth = [R0, N1, N2][s] ?? Number.NaN;
      const error = parameter.standardError ?? Number.NaN;
      expect(Math.abs(parameter.value - truth)).toBeLessThan(4 * error);
      expect(parameter.interval?.lower).toBeLessThan(parameter.value);
      expect(parameter.interval?.upper).toBeGreaterThan(parameter.value);
      expect(new Set(course(fit, parameter.name)).size).toBe(1);
    });
    for (const one of fit.fits) expect(one.status).toBe('converged');
    const misfit = fit.fits.reduce((sum, { chiSquare }) => sum + chiSquare, 0);
    expect(fit.chiSquare).toBeCloseTo(misfit, 12);
  });

  test('state errors that are those of repeated measurements', () => {
    const trials = Array.from({ length: 60 }, (_, i) =>
      fitTogether(kernel, circuit, agingCell(0.005, 1000 + i), { shared: SHARED }),
    );
    for (const name of ['R0', 'CPE2.n', 'R1', 'CPE1.Q']) {
      const site = 4;
      const values = trials.map(({ fits }) => fits[site]?.parameters[indexOf(name)]);
      const truth = truthOf(site)[indexOf(name)] ?? Number.NaN;
      const squares = values.map((one) => ((one?.value ?? 0) - truth) ** 2);
      const scatter = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / trials.length);
      const stated = values.reduce((sum, one) => sum + (one?.standardError ?? 0), 0) / 60;
      // The scatter of 60 values is known to 9 %.
      expect(scatter / stated).toBeGreaterThan(0.7);
      expect(scatter / stated).toBeLessThan(1.3);
    }
  });

  test('agree with single fits in which the shared value is fixed: minimum and error', () => {
    const spectra = agingCell(0.005);
    const { shared, chiSquare } = fitTogether(kernel, circuit, spectra, { shared: ['R0'] });
    const [r0] = shared;
    const misfitAt = (value: number): number =>
      spectra.reduce((sum, spectrum) => {
        const options = { fixed: { R0: value }, starts: [truthOf(5).with(0, value)] };
        return sum + fitSpectrum(kernel, circuit, spectrum, options).chiSquare;
      }, 0);
    const [value, error] = [r0?.value ?? 0, r0?.standardError ?? 0];
    expect(misfitAt(value) / chiSquare).toBeCloseTo(1, 7);
    // One standard error away the misfit is larger by the variance of one residual.
    const variance = chiSquare / (2 * 45 * COUNT - 6 * COUNT - 1);
    for (const away of [value - error, value + error]) {
      expect((misfitAt(away) - chiSquare) / variance).toBeGreaterThan(0.95);
      expect((misfitAt(away) - chiSquare) / variance).toBeLessThan(1.05);
    }
  });

  test('determine what they share better than any of them alone', () => {
    const spectra = agingCell(0.005);
    const { shared } = fitTogether(kernel, circuit, spectra, { shared: SHARED });
    const alone = fitSpectrum(kernel, circuit, spectra[3] ?? { points: [] });
    shared.forEach((parameter) => {
      const single = alone.parameters[indexOf(parameter.name)]?.standardError ?? 0;
      expect(parameter.standardError).toBeLessThan(single / 2.5);
    });
  });

  test('with everything but one resistance in common follow that resistance', () => {
    const others = circuit.parameters.map(({ name }) => name).filter((name) => name !== 'R2');
    const spectra = agingCell(0).map(({ points }) => ({ points }));
    const fit = fitTogether(kernel, circuit, spectra, { shared: others });
    const r2 = course(fit, 'R2');
    expect(r2.toSorted((a, b) => a - b)).toEqual(r2);
    expect(fit.shared).toHaveLength(6);
  });

  test('smoothness calms the course of the local parameters without moving its ends far', () => {
    const spectra = agingCell(0.02);
    const free = fitTogether(kernel, circuit, spectra, { shared: SHARED });
    const smooth = fitTogether(kernel, circuit, spectra, {
      shared: SHARED,
      secondDifference: 0.003,
    });
    const bend = (values: readonly number[]): number =>
      values.slice(2).reduce((sum, value, k) => {
        const [a = 0, b = 0] = values.slice(k, k + 2).map(Math.log);
        return sum + (a - 2 * b + Math.log(value)) ** 2;
      }, 0);
    const miss = (fit: GlobalFit): number =>
      course(fit, 'R1').reduce((sum, value, k) => {
        return sum + Math.log(value / (truthOf(k)[1] ?? 0)) ** 2;
      }, 0);
    expect(smooth.reason).toBe('converged');
    expect(bend(course(smooth, 'R1'))).toBeLessThan(bend(course(free, 'R1')) / 10);
    expect(miss(smooth)).toBeLessThan(miss(free));
    expect(smooth.chiSquare).toBeGreaterThanOrEqual(free.chiSquare);
    expect(smooth.chiSquare).toBeLessThan(1.1 * free.chiSquare);
  });

  test.each([
    ['without noise', 0],
    ['with noise', 0.005],
  ])('do not claim what no spectrum tells apart, %s', (_name, noise) => {
    const twice = parseCircuit('R0-R9-p(R1,CPE1)-p(R2,CPE2)');
    const spectra = agingCell(noise).slice(0, 4);
    const fit = fitTogether(kernel, twice, spectra, { shared: ['CPE1.n'] });
    for (const { parameters, status } of fit.fits) {
      expect(status).toBe('notIdentifiable');
      const unclear = parameters.flatMap(({ name, identifiable }) => (identifiable ? [] : [name]));
      expect(unclear).toEqual(['R0', 'R9']);
    }
  });

  test('refuse names that are no parameters, nothing shared, no spectra, too many of them', async () => {
    const spectra = agingCell(0);
    const refused = (given: readonly Spectrum[], shared: readonly string[], bend?: number) =>
      caughtFault(() =>
        fitTogether(kernel, circuit, given, {
          shared,
          ...(bend !== undefined && { secondDifference: bend }),
        }),
      );
    expect((await refused(spectra, ['R7'])).message).toContain('expected one of R0, R1, CPE1.Q');
    expect((await refused(spectra, [])).code).toBe('badInput');
    expect((await refused([], ['R0'])).message).toContain('there are none');
    expect((await refused(spectra, ['R0'], 0)).message).toContain('greater than 0');
    const many = Array.from({ length: GLOBAL_SPECTRA_MAX + 1 }, () => ({ points: [] }));
    expect((await refused(many, ['R0'])).code).toBe('capacity');
    const broken = [...spectra, { points: [] }];
    const fault = await refused(broken, ['R0']);
    expect(fault.problems.map(({ where }) => where)).toEqual(['spectrum 13, spectrum']);
  });

  test('give what they have when iterations or time run out, and say so', () => {
    const capped = fitTogether(kernel, circuit, agingCell(0.02), {
      shared: SHARED,
      iterationsMax: 1,
    });
    expect(capped).toMatchObject({ reason: 'iterationCap', iterations: 1 });
    for (const { status } of capped.fits) expect(status).toBe('failed');
  });
});

describeWithData('measured spectra fitted together', () => {
  test('a pellet at four temperatures shares its exponents at a small cost', () => {
    const pellet = parseCircuit('p(R1,CPE1)-p(R2,CPE2)-CPE3');
    const spectra = [140, 160, 180, 200].map((celsius) => ({
      points: readColumns(`s04147-${celsius}deg.txt`),
    }));
    const fit = fitTogether(kernel, pellet, spectra, { shared: ['CPE1.n', 'CPE2.n'] });
    expect(fit.reason).toBe('converged');
    const alone = spectra.map((spectrum) => fitSpectrum(kernel, pellet, spectrum));
    const aloneSquares = alone.reduce((sum, { chiSquare }) => sum + chiSquare, 0);
    expect(fit.chiSquare).toBeGreaterThan(aloneSquares);
    // Six parameters fewer.
    expect(fit.chiSquare).toBeLessThan(4 * aloneSquares);
    fit.shared.forEach(({ name, value }) => {
      const own = alone.map(
        ({ parameters }) => parameters.find((one) => one.name === name)?.value ?? Number.NaN,
      );
      expect(value).toBeGreaterThan(Math.min(...own) - 0.02);
      expect(value).toBeLessThan(Math.max(...own) + 0.02);
    });
    // Both resistances fall as the pellet warms, as alone.
    for (const name of ['R1', 'R2']) {
      const values = fit.fits.map(
        ({ parameters }) => parameters.find((one) => one.name === name)?.value ?? Number.NaN,
      );
      expect(values).toEqual(values.toSorted((a, b) => b - a));
    }
  });

  test('65 spectra of a battery share their series resistance', () => {
    const battery = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)-CPE3');
    const spectra = BATTERY_CYCLING.map((file) => ({ points: readColumns(file) }));
    const fit = fitTogether(kernel, battery, spectra, { shared: ['R0'] });
    expect(fit.reason).toBe('converged');
    expect(fit.fits).toHaveLength(65);
    expect(fit.shared[0]?.identifiable).toBe(true);
    expect(Math.max(...fit.fits.map(({ rmsPercent }) => rmsPercent))).toBeLessThan(10);
  });
});
