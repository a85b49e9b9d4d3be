import { describe, expect, test } from 'vitest';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { describeWithData } from '../support/shared-data.ts';
import { readColumns, readZPlot } from './impedance-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));

// Letters as in the reference table of published and measured fits.
const A = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)-CPE3');
const B = parseCircuit('R0-p(R1,C1)-p(R2-Wo1,C2)');
const D = parseCircuit('R0-p(R1,C1)');
const F = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)');

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

function value(fit: CircuitFit, name: string): number {
  return fit.parameters.find((parameter) => parameter.name === name)?.value ?? Number.NaN;
}

function faultOf(points: readonly ImpedancePoint[], circuit = F): Fault {
  try {
    fitSpectrum(kernel, circuit, { points });
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('the spectrum was accepted');
}

describeWithData('fit of measured spectra without a starting guess', () => {
  test.each(SEEDS)('battery cell with finite diffusion, seed %i', (seed) => {
    const fit = fitSpectrum(kernel, B, { points: readColumns('exampleData.csv') }, { seed });
    expect(fit.points).toBe(57);
    expect(fit.chiSquare).toBeLessThanOrEqual(1.02 * 1.8388e-2);
    expect(fit.chiSquare).toBeGreaterThan(0.99 * 1.8388e-2);
  });

  test('says that diffusion resistance and time are not determined one by one', () => {
    const fit = fitSpectrum(kernel, B, { points: readColumns('exampleData.csv') });
    expect(fit.status).toBe('notIdentifiable');
    const undetermined = fit.parameters.filter(({ identifiable }) => !identifiable);
    expect(undetermined.map(({ name }) => name)).toEqual(['Wo1.R', 'Wo1.tau']);
    expect(undetermined.map(({ standardError }) => standardError)).toEqual([null, null]);
    // What the data do determine: R / sqrt(tau), and the fast arc.
    expect(value(fit, 'Wo1.R') / Math.sqrt(value(fit, 'Wo1.tau'))).toBeCloseTo(3.95e-3, 4);
    expect(value(fit, 'R1')).toBeCloseTo(5.226e-3, 5);
  });

  test.each(SEEDS)('battery cell with three constant phase elements, seed %i', (seed) => {
    const fit = fitSpectrum(kernel, A, { points: readColumns('exampleData.csv') }, { seed });
    expect(fit.chiSquare).toBeLessThanOrEqual(1.01 * 5.443e-3);
    expect(fit.status).toBe('converged');
  });

  test('leaves inductive points out, counts the rest, and draws the curve at all of them', () => {
    const points = readColumns('exampleData.csv');
    const fit = fitSpectrum(kernel, A, { points });
    expect(points.filter(({ zImagOhm }) => zImagOhm > 0)).toHaveLength(9);
    expect(fit.points).toBe(57);
    expect(fit.curve).toHaveLength(66);
    expect(fit.rmsPercent).toBeCloseTo(100 * Math.sqrt(fit.chiSquare / 57), 12);
    const sum = points.reduce((total, point, k) => {
      const z = fit.curve[k];
      if (!z || point.zImagOhm > 0) return total;
      const error = Math.hypot(z.zRealOhm - point.zRealOhm, z.zImagOhm - point.zImagOhm);
      return total + (error / Math.hypot(point.zRealOhm, point.zImagOhm)) ** 2;
    }, 0);
    expect(sum).toBeCloseTo(fit.chiSquare, 12);
  });

  test('uses every point when the circuit has an inductor', () => {
    const points = readColumns('exampleData.csv');
    const circuit = parseCircuit('L0-R0-p(R1,CPE1)-p(R2,CPE2)-CPE3');
    expect(fitSpectrum(kernel, circuit, { points }).points).toBe(66);
  });

  test.each([
    ['Circuit1_EIS_1.z', 29.14, 46.64, 10.43e-6],
    ['Circuit3_EIS_1.z', 1505, 4632, 20.21e-9],
  ])('dummy cell %s gives the values soldered into it', (file, r0, r1, c1) => {
    const fit = fitSpectrum(kernel, D, { points: readZPlot(file) });
    expect(fit.status).toBe('converged');
    expect(Math.abs(value(fit, 'R0') / r0 - 1)).toBeLessThan(0.01);
    expect(Math.abs(value(fit, 'R1') / r1 - 1)).toBeLessThan(0.01);
    expect(Math.abs(value(fit, 'C1') / c1 - 1)).toBeLessThan(0.01);
  });

  test('65 spectra of a battery: a chain of warm starts loses none against the global search', () => {
    let previous: CircuitFit | undefined;
    const ratios: number[] = [];
    for (let i = 0; i <= 64; i++) {
      const file = `battery-cycling/spectrum-${String(i).padStart(3, '0')}.csv`;
      const points = readColumns(file);
      const global = fitSpectrum(kernel, A, { points }, { seed: 7 });
      const values = previous?.parameters.map((parameter) => parameter.value);
      const chained: CircuitFit = fitSpectrum(
        kernel,
        A,
        { points },
        previous && values
          ? {
              starts: [values],
              reference: { values, chiSquarePerPoint: previous.chiSquare / previous.points },
            }
          : {},
      );
      ratios.push(chained.chiSquare / global.chiSquare);
      expect(chained.status).not.toBe('failed');
      expect(global.rmsPercent).toBeLessThan(3);
      previous = chained;
    }
    expect(Math.max(...ratios)).toBeLessThan(1.01);
    expect(Math.min(...ratios)).toBeGreaterThan(0.99);
  });
});

describe('fit of simulated spectra', () => {
  const truth = [120, 300, 2e-8, 0.95, 900, 1.2e-5, 0.85];
  const sweep = { maxHertz: 200e3, minHertz: 0.1, noise: 0.003 };

  test.each(SEEDS)('recovers two arcs within their standard errors, seed %i', (seed) => {
    const fit = fitSpectrum(kernel, F, { points: simulate(F, truth, sweep) }, { seed });
    expect(fit.status).toBe('converged');
    fit.parameters.forEach((parameter, p) => {
      const distance = Math.abs(parameter.value - (truth[p] ?? 0));
      expect(distance).toBeLessThan(4 * (parameter.standardError ?? 0));
    });
  });

  test('numbers the arcs by time constant, whichever way the truth was written', () => {
    const [r0 = 0, r1 = 0, q1 = 0, n1 = 0, r2 = 0, q2 = 0, n2 = 0] = truth;
    const swapped = [r0, r2, q2, n2, r1, q1, n1];
    const a = fitSpectrum(kernel, F, { points: simulate(F, truth, sweep) });
    const b = fitSpectrum(kernel, F, { points: simulate(F, swapped, sweep) });
    expect(value(a, 'R1')).toBeCloseTo(value(b, 'R1'), 6);
    expect(value(a, 'R1')).toBeLessThan(value(a, 'R2'));
  });

  test('equal input gives equal output', () => {
    const points = simulate(F, truth, sweep);
    const strip = ({ durationMs, ...rest }: CircuitFit) => ({ ...rest, timed: durationMs >= 0 });
    expect(strip(fitSpectrum(kernel, F, { points }))).toEqual(
      strip(fitSpectrum(kernel, F, { points })),
    );
  });

  test('the order of the points does not matter', () => {
    const points = simulate(F, truth, sweep);
    const a = fitSpectrum(kernel, F, { points });
    const b = fitSpectrum(kernel, F, { points: points.toReversed() });
    expect(b.parameters).toEqual(a.parameters);
    expect(b.chiSquare).toBe(a.chiSquare);
    expect(b.curve).toEqual(a.curve.toReversed());
  });

  test.each([
    [1e-6, 1],
    [1e6, 1],
    [1, 1e-3],
    [1, 1e3],
  ])('scaling Z by %f and f by %f scales the parameters and nothing else', (z, f) => {
    const points = simulate(F, truth, sweep);
    const scaled = points.map((point) => ({
      frequencyHertz: point.frequencyHertz * f,
      zRealOhm: point.zRealOhm * z,
      zImagOhm: point.zImagOhm * z,
    }));
    const a = fitSpectrum(kernel, F, { points });
    const b = fitSpectrum(kernel, F, { points: scaled });
    expect(b.chiSquare / a.chiSquare).toBeCloseTo(1, 6);
    const n1 = value(a, 'CPE1.n');
    expect(value(b, 'R2') / (value(a, 'R2') * z)).toBeCloseTo(1, 4);
    expect(value(b, 'CPE1.Q') / (value(a, 'CPE1.Q') / z / f ** n1)).toBeCloseTo(1, 3);
  });

  test('calls parameters that only occur as a sum not identifiable', () => {
    const circuit = parseCircuit('R0-R1-p(R2,C2)');
    const points = simulate(circuit, [10, 20, 50, 1e-6], {
      maxHertz: 1e6,
      minHertz: 10,
      noise: 0.001,
    });
    const fit = fitSpectrum(kernel, circuit, { points });
    expect(fit.status).toBe('notIdentifiable');
    expect(fit.parameters.map(({ identifiable }) => identifiable)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(value(fit, 'R0') + value(fit, 'R1')).toBeCloseTo(30, 1);
  });

  test('calls an arc outside the measured window not identifiable', () => {
    const points = simulate(F, truth, { ...sweep, minHertz: 2000 });
    const fit = fitSpectrum(kernel, F, { points });
    expect(fit.status).toBe('notIdentifiable');
    expect(fit.parameters.find(({ name }) => name === 'R2')?.identifiable).toBe(false);
    expect(fit.chiSquare).toBeLessThan(1e-3);
  });

  test('keeps exponents at or below 1 where the truth is a capacitor', () => {
    const points = simulate(D, [10, 50, 1e-5], { maxHertz: 1e5, minHertz: 1, noise: 0.002 });
    const fit = fitSpectrum(kernel, parseCircuit('R0-p(R1,CPE1)'), { points });
    expect(value(fit, 'CPE1.n')).toBeLessThanOrEqual(1);
    expect(value(fit, 'CPE1.n')).toBeGreaterThan(0.995);
    expect(fit.status).toBe('converged');
    expect(value(fit, 'R1')).toBeCloseTo(50, 0);
  });

  test('a prior holds what the data do not determine, and yields where they do', () => {
    const points = simulate(F, truth, { ...sweep, minHertz: 2000 });
    const priorValues = truth.map((t, p) => (p === 1 ? t * 1.3 : t));
    const fit = fitSpectrum(kernel, F, { points }, { priorValues, starts: [priorValues] });
    expect(value(fit, 'R2') / 900).toBeGreaterThan(0.7);
    expect(value(fit, 'R2') / 900).toBeLessThan(1.4);
    expect(value(fit, 'R1') / 300).toBeGreaterThan(0.95);
    expect(value(fit, 'R1') / 300).toBeLessThan(1.05);
    // The prior does not make the data say more than they do.
    expect(fit.parameters.find(({ name }) => name === 'R2')?.identifiable).toBe(false);
  });

  test('leaves out the inductive end but no noise around zero further down', () => {
    const circuit = parseCircuit('L0-R0-p(R1,C1)');
    const values = [1e-6, 10, 50, 1e-6];
    const points = simulate(circuit, values, { maxHertz: 1e6, minHertz: 0.1, noise: 0.003 });
    const noisy = points.filter(
      ({ frequencyHertz, zImagOhm }) => frequencyHertz < 10 && zImagOhm > 0,
    );
    expect(noisy.length).toBeGreaterThan(3);
    const inductive = points.findIndex(({ zImagOhm }) => zImagOhm <= 0);
    expect(inductive).toBeGreaterThan(3);
    expect(fitSpectrum(kernel, D, { points }).points).toBe(points.length - inductive);
  });

  test('a warm start far off and a wrong reference do not spoil the result', () => {
    const points = simulate(F, truth, sweep);
    const good = fitSpectrum(kernel, F, { points });
    const values = [1, 1, 1, 0.5, 1, 1, 0.5];
    const reference = { values, chiSquarePerPoint: 1e-5 };
    const fit = fitSpectrum(kernel, F, { points }, { starts: [values], reference });
    expect(fit.chiSquare / good.chiSquare).toBeCloseTo(1, 5);
  });
});

describe('spectra that cannot be fitted', () => {
  const good = simulate(F, [120, 300, 2e-8, 0.95, 900, 1.2e-5, 0.85], {
    maxHertz: 200e3,
    minHertz: 0.1,
  });
  const replaced = (index: number, change: Partial<ImpedancePoint>): ImpedancePoint[] =>
    good.map((point, k) => (k === index ? { ...point, ...change } : point));

  test.each([
    ['frequency is NaN', { frequencyHertz: Number.NaN }],
    ['frequency is 0 Hz', { frequencyHertz: 0 }],
    ['frequency is -5 Hz', { frequencyHertz: -5 }],
    ['frequency is Infinity', { frequencyHertz: Number.POSITIVE_INFINITY }],
    ['impedance is NaN', { zRealOhm: Number.NaN }],
    ['expected finite numbers', { zImagOhm: Number.NEGATIVE_INFINITY }],
    ['impedance is 0 ohm', { zRealOhm: 0, zImagOhm: 0 }],
    ['there already as point 1', { frequencyHertz: good[0]?.frequencyHertz ?? 0 }],
  ])('%s: refused, naming the point', (message, change) => {
    const fault = faultOf(replaced(6, change));
    expect(fault.code).toBe('badInput');
    expect(fault.problems[0]?.where).toBe('point 7');
    expect(fault.message).toContain(message);
  });

  test('every bad point is named at once, up to a limit', () => {
    const two = replaced(3, { frequencyHertz: -1 }).map((point, k) =>
      k === 5 ? { ...point, zRealOhm: Number.NaN } : point,
    );
    expect(faultOf(two).problems.map(({ where }) => where)).toEqual(['point 4', 'point 6']);
    const all = good.map((point) => ({ ...point, zRealOhm: Number.NaN }));
    expect(faultOf(all).problems).toHaveLength(21);
  });

  test('too few points: says how many there are and how many it takes', () => {
    expect(faultOf(good.slice(0, 3)).message).toContain('needs at least 4');
    expect(faultOf([]).message).toContain('0 usable points');
    expect(faultOf(good.slice(0, 3), A).message).toContain('has 9 parameters and needs at least 5');
    expect(fitSpectrum(kernel, F, { points: good.slice(0, 4) }).points).toBe(4);
  });

  test('the wrong sign of the imaginary part is pointed out, not flipped', () => {
    const flipped = good.map((point) => ({ ...point, zImagOhm: -point.zImagOhm }));
    expect(faultOf(flipped).message).toContain('check the sign');
    expect(faultOf(flipped).message).toContain('has to be negated when it is read');
    const withCables = parseCircuit(`L0-${F.text}`);
    expect(faultOf(flipped, withCables).message).toContain('check the sign');
    expect(fitSpectrum(kernel, withCables, { points: good }).reason).toBe('converged');
  });

  test('a spectrum that is inductive because the thing is an inductor is fitted', () => {
    const coil = parseCircuit('R0-p(R1,L1)');
    const points = simulate(coil, [1, 50, 1e-3], { maxHertz: 1e5, minHertz: 10 });
    expect(fitSpectrum(kernel, coil, { points }).status).toBe('converged');
  });

  test.each([
    ['impedances', 1e-40, 1],
    ['frequencies', 1, 1e40],
  ])('%s that no thing has are refused, not fitted wrongly', (_, z, f) => {
    const odd = good.map((point) => ({
      frequencyHertz: point.frequencyHertz * f,
      zRealOhm: point.zRealOhm * z,
      zImagOhm: point.zImagOhm * z,
    }));
    expect(faultOf(odd).message).toContain('too large or too small');
  });

  test('more points than the kernel holds are refused', () => {
    const many = Array.from({ length: 1025 }, (_, k) => ({
      frequencyHertz: k + 1,
      zRealOhm: 1,
      zImagOhm: -1,
    }));
    expect(faultOf(many).code).toBe('capacity');
  });

  test('starting values that do not belong to the circuit are refused', () => {
    const fitFrom = (values: number[]) =>
      fitSpectrum(kernel, F, { points: good }, { starts: [values] });
    expect(() => fitFrom([1, 2])).toThrow(/has 7 parameters/);
    expect(() => fitFrom([1, 2, 3, 0.5, -1, 1, 0.5])).toThrow(/R2 is -1/);
  });
});
