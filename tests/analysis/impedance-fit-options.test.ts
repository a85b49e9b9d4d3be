import { describe, expect, test } from 'vitest';
import { type FitOptions, fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { CircuitFit, FitParameter } from '../../src/domain/circuit-fit.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const F = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)');
const TRUTH = [120, 300, 2e-8, 0.95, 900, 1.2e-5, 0.85];
const SWEEP = { maxHertz: 200e3, minHertz: 0.1, noise: 0.003, seed: 5 };
const POINTS = simulate(F, TRUTH, SWEEP);

function run(options: FitOptions = {}, points: readonly ImpedancePoint[] = POINTS): CircuitFit {
  return fitSpectrum(kernel, F, { points }, options);
}

function parameter(result: CircuitFit, name: string): FitParameter {
  const found = result.parameters.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no parameter ${name}`);
  return found;
}

function problemsOf(options: FitOptions): readonly string[] {
  try {
    run(options);
  } catch (error) {
    if (error instanceof Fault) {
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    }
    throw error;
  }
  throw new Error('the options were accepted');
}

/** Real time that passes only when it is looked at. */
function tickingClock(tickSecond: number): Clock {
  let now = 0;
  return {
    nowSecond: () => {
      now += tickSecond;
      return now;
    },
    utcMs: () => 0,
    after: () => () => {},
    hold: () => () => {},
  };
}

describe('weights', () => {
  test.each(['modulus', 'unit', 'proportional'] as const)('%s: finds the truth', (weighting) => {
    const exact = simulate(F, TRUTH, { ...SWEEP, noise: 0 });
    const result = run({ weighting }, exact);
    expect(result.weighting).toBe(weighting);
    expect(result.status).toBe('converged');
    result.parameters.forEach((p, k) => {
      expect(Math.abs(p.value / (TRUTH[k] ?? 0) - 1), p.name).toBeLessThan(1e-6);
    });
  });

  test('unit: chi-square is the sum of squared errors in ohm, whatever their size', () => {
    for (const factor of [1, 1e-6, 1e6]) {
      const points = POINTS.map((point) => ({
        ...point,
        zRealOhm: point.zRealOhm * factor,
        zImagOhm: point.zImagOhm * factor,
      }));
      const result = run({ weighting: 'unit' }, points);
      const sum = points.reduce((total, { zRealOhm, zImagOhm }, k) => {
        const z = result.curve[k] ?? { zRealOhm: 0, zImagOhm: 0 };
        return total + (z.zRealOhm - zRealOhm) ** 2 + (z.zImagOhm - zImagOhm) ** 2;
      }, 0);
      expect(result.chiSquare / sum).toBeCloseTo(1, 9);
    }
  });

  test('sigma: a point of large sigma has no say, in whatever order the points come', () => {
    const spoilt = POINTS.map((point, k) => (k === 20 ? { ...point, zRealOhm: 5000 } : point));
    const sigmaOhm = POINTS.map(({ zRealOhm, zImagOhm }, k) =>
      k === 20 ? 1e9 : 0.003 * Math.hypot(zRealOhm, zImagOhm),
    );
    const result = run({ weighting: 'sigma', sigmaOhm }, spoilt);
    expect(parameter(result, 'R2').value / 900).toBeCloseTo(1, 1);
    // Residuals in standard deviations: each of the 2N numbers contributes about 1.
    expect(result.chiSquare / (2 * POINTS.length)).toBeGreaterThan(0.7);
    expect(result.chiSquare / (2 * POINTS.length)).toBeLessThan(1.3);
    const reversed = run(
      { weighting: 'sigma', sigmaOhm: sigmaOhm.toReversed() },
      spoilt.toReversed(),
    );
    expect(reversed.chiSquare).toBe(result.chiSquare);
  });

  test('error model: c alone is modulus weighting', () => {
    const model = run({ weighting: 'errorModel', errorModel: { a: 0, b: 0, c: 1e-4, d: 0 } });
    expect(model.chiSquare * 1e-4).toBeCloseTo(run().chiSquare, 10);
    expect(parameter(model, 'R1').value).toBeCloseTo(parameter(run(), 'R1').value, 6);
  });

  test('what a weighting needs and does not get is asked for', () => {
    expect(problemsOf({ weighting: 'sigma' })[0]).toContain('give one per point');
    expect(problemsOf({ weighting: 'sigma', sigmaOhm: [1, 2] })[0]).toContain('2 values for');
    const zero = POINTS.map(() => 0);
    expect(problemsOf({ weighting: 'sigma', sigmaOhm: zero })[0]).toContain('expected a positive');
    expect(problemsOf({ weighting: 'errorModel' })[0]).toContain('a, b, c and d are missing');
    const negative = { a: 0, b: 0, c: 0, d: -1 };
    expect(problemsOf({ weighting: 'errorModel', errorModel: negative })[0]).toContain('-1 ohm²');
  });
});

describe('robust fit', () => {
  const spoilt = POINTS.map((point, k) =>
    k % 13 === 5 ? { ...point, zRealOhm: point.zRealOhm * 1.3 } : point,
  );
  const error = (result: CircuitFit): number =>
    Math.max(...result.parameters.map((p, k) => Math.abs(Math.log(p.value / (TRUTH[k] ?? 0)))));

  test('holds its ground against single points that lie far off', () => {
    expect(error(run({}, spoilt))).toBeGreaterThan(0.08);
    expect(error(run({ robust: true }, spoilt))).toBeLessThan(0.05);
  });

  test('hardly changes a clean spectrum, and reports the plain chi-square', () => {
    const [plain, robust] = [run(), run({ robust: true })];
    expect(robust.chiSquare).toBeGreaterThan(plain.chiSquare * (1 - 1e-9));
    expect(robust.chiSquare / plain.chiSquare).toBeLessThan(1.05);
    expect(robust.reason).toBe('converged');
  });
});

describe('bounds and fixed parameters', () => {
  test('a fixed parameter keeps its value, has no error, and the others adapt', () => {
    const result = run({ fixed: { R0: 130, 'CPE2.n': 0.85 } });
    expect(parameter(result, 'R0')).toMatchObject({
      state: 'fixed',
      standardError: null,
      interval: null,
    });
    expect(parameter(result, 'R0').value).toBeCloseTo(130, 9);
    expect(parameter(result, 'CPE2.n').value).toBe(0.85);
    expect(result.chiSquare).toBeGreaterThan(run().chiSquare);
    expect(result.diagnostics?.correlated).not.toContain('R0');
    expect(result.diagnostics?.correlated).toHaveLength(5);
  });

  test('a fixed Q stays fixed while its exponent moves', () => {
    const result = run({ fixed: { 'CPE2.Q': 1.3e-5 } });
    expect(parameter(result, 'CPE2.Q').value).toBeCloseTo(1.3e-5, 15);
    expect(parameter(result, 'CPE2.n').state).toBe('free');
  });

  test('fixing what the circuit cannot tell apart makes the rest identifiable', () => {
    const circuit = parseCircuit('R0-R1-p(R2,C2)');
    const points = simulate(circuit, [10, 20, 50, 1e-6], { maxHertz: 1e6, minHertz: 10 });
    const result = fitSpectrum(kernel, circuit, { points }, { fixed: { R0: 12 } });
    expect(result.status).toBe('converged');
    expect(parameter(result, 'R1').value).toBeCloseTo(18, 6);
  });

  test('a parameter that a bound holds is said to be at it', () => {
    const result = run({ bounds: { R2: { upper: 800 } } });
    expect(parameter(result, 'R2')).toMatchObject({ state: 'atBound', interval: null });
    expect(parameter(result, 'R2').value).toBeCloseTo(800, 9);
    // The arcs have not traded places to dodge the bound.
    expect(parameter(result, 'R1').value).toBeLessThan(350);
    expect(run({ bounds: { R2: { lower: 10, upper: 5000 } } }).chiSquare).toBeCloseTo(
      run().chiSquare,
      10,
    );
  });

  test('limits that are none are refused, all at once', () => {
    const problems = problemsOf({
      fixed: { R9: 1, R0: -1, 'CPE1.n': 1.5 },
      bounds: { R1: { lower: 5, upper: 2 } },
    });
    expect(problems[0]).toContain('expected one of R0, R1, CPE1.Q');
    expect(problems[1]).toContain('fixed R0: -1; expected a number greater than 0');
    expect(problems[2]).toContain('up to 1');
    expect(problems[3]).toContain('expected lower < upper');
  });
});

describe('caps', () => {
  test('an iteration cap ends the fit with its reason and the best so far', () => {
    const result = run({ iterationsMax: 20 });
    expect(result.reason).toBe('iterationCap');
    expect(result.status).toBe('failed');
    expect(result.parameters.every(({ value }) => value > 0)).toBe(true);
    expect(run({ iterationsMax: 1 }).chiSquare).toBeGreaterThanOrEqual(result.chiSquare);
  });

  test('a time cap ends the fit with its reason and the best so far', () => {
    const options = { timeLimitMs: 50 };
    const result = fitSpectrum(kernel, F, { points: POINTS }, options, tickingClock(0.01));
    expect(result.reason).toBe('timeCap');
    expect(result.status).toBe('failed');
    expect(Number.isFinite(result.chiSquare)).toBe(true);
  });

  test('a usual fit is far from either cap', () => {
    const result = fitSpectrum(kernel, F, { points: POINTS }, {}, tickingClock(0.001));
    expect(result.reason).toBe('converged');
  });
});

describe('starts', () => {
  test('a local search goes to the minimum nearest to its starts', () => {
    const near = TRUTH.map((value, k) => (k === 3 || k === 6 ? 0.8 : value * (k % 2 ? 2 : 0.5)));
    const result = run({ starts: [near], localOnly: true });
    expect(result.chiSquare / run().chiSquare).toBeCloseTo(1, 9);
    expect(problemsOf({ localOnly: true })[0]).toContain('none are given');
  });

  test('peaks of relaxation times lead to the arcs they belong to', () => {
    const peaks = [
      { timeConstantSecond: 5e-6, resistanceOhm: 300 },
      { timeConstantSecond: 1e-2, resistanceOhm: 900 },
      { timeConstantSecond: 1, resistanceOhm: 1 },
    ];
    expect(run({ peaks }).chiSquare / run().chiSquare).toBeCloseTo(1, 9);
    expect(run({ peaks: [] }).chiSquare).toBe(run().chiSquare);
    const odd = [{ timeConstantSecond: Number.NaN, resistanceOhm: -1 }];
    expect(run({ peaks: odd }).chiSquare).toBe(run().chiSquare);
  });
});

describe('what a fit says about its parameters', () => {
  test('intervals are asymmetric around positive parameters and hold the truth', () => {
    const result = run();
    result.parameters.forEach((p, k) => {
      const { lower = 0, upper = 0 } = p.interval ?? {};
      expect(lower).toBeLessThan(p.value);
      expect(upper).toBeGreaterThan(p.value);
      expect(lower).toBeLessThan((TRUTH[k] ?? 0) * 1.02);
      expect(upper).toBeGreaterThan((TRUTH[k] ?? 0) * 0.98);
      if (p.unit !== '1') expect(upper / p.value).toBeCloseTo(p.value / lower, 6);
    });
  });

  test('intervals hold the truth in 95 of 100 repetitions', () => {
    const trials = 150;
    const hits = TRUTH.map(() => 0);
    for (let seed = 1; seed <= trials; seed++) {
      const points = simulate(F, TRUTH, { ...SWEEP, noise: 0.01, seed });
      const { parameters } = run({ starts: [TRUTH], localOnly: true }, points);
      parameters.forEach(({ interval }, p) => {
        const truth = TRUTH[p] ?? 0;
        if (interval && interval.lower <= truth && truth <= interval.upper) {
          hits[p] = (hits[p] ?? 0) + 1;
        }
      });
    }
    // Three binomial deviations of a single parameter, sqrt(150 * 0.95 * 0.05) = 2.7.
    for (const count of hits) expect(count / trials).toBeGreaterThan(0.95 - 0.055);
    const mean = hits.reduce((sum, count) => sum + count, 0) / trials / hits.length;
    expect(mean).toBeGreaterThan(0.93);
    expect(mean).toBeLessThan(0.98);
  });

  test('intervals by profile agree with the curvature where the valley is a parabola', () => {
    const profiled = run({ intervals: 'profile' });
    run().parameters.forEach(({ name, value, interval }, p) => {
      const other = profiled.parameters[p]?.interval;
      const width = Math.log((interval?.upper ?? 0) / (interval?.lower ?? 1));
      const otherWidth = Math.log((other?.upper ?? 0) / (other?.lower ?? 1));
      expect(otherWidth / width, name).toBeGreaterThan(0.95);
      expect(otherWidth / width, name).toBeLessThan(1.05);
      expect(profiled.parameters[p]?.value).toBeCloseTo(value, 6);
    });
  });

  test('intervals by profile are wider on the side where the valley opens', () => {
    // The slow arc is only begun in the window.
    const points = POINTS.filter(({ frequencyHertz }) => frequencyHertz > 150);
    const [curved, profiled] = (['curvature', 'profile'] as const).map((intervals) =>
      parameter(run({ intervals }, points), 'R2'),
    );
    const up = Math.log((profiled?.interval?.upper ?? 0) / (profiled?.value ?? 1));
    const down = Math.log((profiled?.value ?? 0) / (profiled?.interval?.lower ?? 1));
    expect(up).toBeGreaterThan(1.1 * down);
    expect(profiled?.interval?.upper).toBeGreaterThan(curved?.interval?.upper ?? 0);
  });

  test('a valley that never closes has no interval by profile', () => {
    const points = POINTS.filter(({ frequencyHertz }) => frequencyHertz > 2000);
    const result = run({ intervals: 'profile' }, points);
    expect(result.status).toBe('notIdentifiable');
    expect(parameter(result, 'R2').interval).toBeNull();
  });

  test('correlations are symmetric, of unit diagonal, and name the free parameters', () => {
    const { correlated = [], correlation = [] } = run().diagnostics ?? {};
    expect(correlated).toEqual(F.parameters.map(({ name }) => name));
    correlation.forEach((row, i) => {
      expect(row[i]).toBe(1);
      row.forEach((value, j) => {
        expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-9);
        expect(value).toBeCloseTo(correlation[j]?.[i] ?? Number.NaN, 9);
      });
    });
    // Admittance and exponent of a CPE go against each other.
    const [q, n] = [correlated.indexOf('CPE2.Q'), correlated.indexOf('CPE2.n')];
    expect(correlation[q]?.[n]).toBeLessThan(-0.9);
  });

  test('names the combination that is least determined', () => {
    const circuit = parseCircuit('R0-R1-p(R2,C2)');
    const points = simulate(circuit, [10, 20, 50, 1e-6], { maxHertz: 1e6, minHertz: 10 });
    const { diagnostics } = fitSpectrum(kernel, circuit, { points });
    expect([...(diagnostics?.weakest ?? [])].sort()).toEqual(['R0', 'R1']);
    expect(diagnostics?.conditionNumber).toBeGreaterThan(1e10);
    expect(Number.isFinite(diagnostics?.conditionNumber)).toBe(true);
    expect(run().diagnostics?.conditionNumber).toBeLessThan(1e6);
  });

  test('criteria prefer the circuit that the spectrum was made of', () => {
    const smaller = fitSpectrum(kernel, parseCircuit('R0-p(R1,CPE1)'), { points: POINTS });
    const larger = fitSpectrum(kernel, parseCircuit(`${F.text}-p(R3,CPE3)`), { points: POINTS });
    const bic = (result: CircuitFit): number => result.diagnostics?.bic ?? Number.NaN;
    expect(bic(run())).toBeLessThan(bic(smaller));
    expect(bic(run())).toBeLessThan(bic(larger));
    expect(run().diagnostics?.aic).toBeLessThan(bic(run()));
  });

  test('a parameter the points say nothing about is the prior’s', () => {
    const points = POINTS.filter(({ frequencyHertz }) => frequencyHertz > 2000);
    const result = run({ priorValues: TRUTH, starts: [TRUTH] }, points);
    expect(parameter(result, 'R2').priorDominated).toBe(true);
    expect(parameter(result, 'R1').priorDominated).toBe(false);
    expect(result.diagnostics).toBeNull();
    const complete = run({ priorValues: TRUTH, starts: [TRUTH], diagnostics: true });
    expect(complete.parameters.some(({ priorDominated }) => priorDominated)).toBe(false);
    expect(complete.diagnostics).not.toBeNull();
  });

  test('arcs come with time constant, effective capacitance and assignment', () => {
    // C = (R^(1-n) Q)^(1/n)
    const capacitance = (r: number, q: number, n: number): number => (r ** (1 - n) * q) ** (1 / n);
    const { arcs } = run();
    expect(arcs.map(({ resistance, assignment }) => `${resistance} ${assignment}`)).toEqual([
      'R1 interphase',
      'R2 chargeTransfer',
    ]);
    const [fast, slow] = arcs;
    expect((fast?.capacitanceFarad ?? 0) / capacitance(300, 2e-8, 0.95)).toBeCloseTo(1, 1);
    expect((slow?.capacitanceFarad ?? 0) / capacitance(900, 1.2e-5, 0.85)).toBeCloseTo(1, 1);
    const r2 = parameter(run(), 'R2').value;
    expect(slow?.timeConstantSecond).toBeCloseTo(r2 * (slow?.capacitanceFarad ?? 0), 12);
  });
});
