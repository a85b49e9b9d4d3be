import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  RELAXATION_FREQUENCIES_MAX,
  RELAXATIONS_MAX,
  RelaxationKernel,
  type RelaxationModel,
  type RelaxationSolution,
  type SpectrumPart,
  type WeightedSpectrum,
} from '../../src/kernels/relaxation-kernel.ts';
import {
  type TwinProblem,
  twinLeastSquares,
  twinNonNegative,
  twinObjective,
  twinProblem,
} from '../../src/kernels/relaxation-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';

const ALL_TERMS = { resistance: true, inductance: true, capacitance: true };

/** R0 + L + two arcs with a tail, and a ripple no chain can follow. */
function rippledSpectrum(count: number, fastest = 1e5, perDecade = 7): WeightedSpectrum {
  const frequencyHertz = Float64Array.from(
    { length: count },
    (_, k) => fastest / 10 ** (k / perDecade),
  );
  const omega = frequencyHertz.map((f) => 2 * Math.PI * f);
  const arc = (w: number, r: number, tau: number): [number, number] => {
    const x = w * tau;
    return [r / (1 + x * x), (-r * x) / (1 + x * x)];
  };
  const parts = Array.from(omega, (w, k) => {
    const [a, b] = [arc(w, 40, 3e-5), arc(w, 25, 2e-2)];
    const ripple = 1 + 0.003 * Math.sin(7.3 * k);
    return [
      (10 + a[0] + b[0]) * ripple,
      (a[1] + b[1] + w * 2e-6 - 1 / (w * 0.8)) * (2 - ripple),
    ] as const;
  });
  return {
    frequencyHertz,
    real: Float64Array.from(parts, ([re]) => re),
    imag: Float64Array.from(parts, ([, im]) => im),
    weight: Float64Array.from(parts, ([re, im]) => 1 / Math.hypot(re, im)),
  };
}

/** Even steps of ln tau. */
function tauGrid(count: number, from = 1.6e-6, to = 1e2): Float64Array {
  const step = Math.log(to / from) / Math.max(count - 1, 1);
  return Float64Array.from({ length: count }, (_, k) => from * Math.exp(k * step));
}

/** From 1/omega_max to 1/omega_min, as a Kramers-Kronig test has it. */
function gridWithin(count: number, { frequencyHertz }: WeightedSpectrum): Float64Array {
  const omega = frequencyHertz.map((f) => 2 * Math.PI * f);
  return tauGrid(count, 1 / Math.max(...omega), 1 / Math.min(...omega));
}

/** The solution in the twin's unknowns: every one an impedance. */
function asUnknowns(
  solution: RelaxationSolution,
  model: RelaxationModel,
  spectrum: WeightedSpectrum,
): number[] {
  const omega = spectrum.frequencyHertz.map((f) => 2 * Math.PI * f);
  return [
    ...(model.resistance ? [solution.resistance] : []),
    ...(model.inductance ? [solution.inductance * Math.max(...omega)] : []),
    ...(model.capacitance ? [solution.inverseCapacitance / Math.min(...omega)] : []),
    ...solution.amplitudes,
  ];
}

function misfits(problem: TwinProblem, x: readonly number[]): number[] {
  return problem.rows.map(
    (row, i) => (problem.right[i] ?? 0) - row.reduce((sum, a, c) => sum + a * (x[c] ?? 0), 0),
  );
}

function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const scale = Math.max(...Array.from(b, Math.abs), Number.MIN_VALUE);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? 0)))) / scale;
}

describe.each(['simd', 'scalar'] as const)('relaxation kernel, %s build', (build) => {
  const kernel = new RelaxationKernel(loadKernelModule('relaxation', build));

  test.each([
    [21, 2, ALL_TERMS],
    [22, 9, ALL_TERMS],
    [57, 18, { ...ALL_TERMS, capacitance: false }],
    [57, 25, ALL_TERMS],
    [8, 6, ALL_TERMS],
    [40, 12, { resistance: true, inductance: false, capacitance: false }],
  ])('solves %i points with %i elements as its plain twin does', (count, elements, terms) => {
    const spectrum = rippledSpectrum(count);
    const model = { tauSecond: gridWithin(elements, spectrum), ...terms };
    kernel.load(spectrum, model);
    const solution = kernel.leastSquares();
    const problem = twinProblem(spectrum, model);
    const expected = misfits(problem, twinLeastSquares(problem));
    expect(relativeDifference(solution.residuals, expected)).toBeLessThan(1e-9);
    const squared = expected.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(solution.squaredResidual / squared - 1)).toBeLessThan(1e-9);
  });

  test.each(['real', 'imaginary'] as const)('solves the %s parts alone as its twin', (part) => {
    const spectrum = rippledSpectrum(33);
    const isReal = part === 'real';
    const model = {
      tauSecond: gridWithin(9, spectrum),
      resistance: isReal,
      inductance: !isReal,
      capacitance: !isReal,
    };
    kernel.load(spectrum, model);
    const solution = kernel.leastSquares(part);
    const problem = twinProblem(spectrum, model, part);
    const x = twinLeastSquares(problem);
    expect(relativeDifference(asUnknowns(solution, model, spectrum), x)).toBeLessThan(1e-9);
    const all = misfits(twinProblem(spectrum, model), x);
    expect(relativeDifference(solution.residuals, all)).toBeLessThan(1e-9);
  });

  test.each([
    [1e-1, false],
    [1e-4, false],
    [1e-6, false],
    [1e-1, true],
    [1e-4, true],
  ])('finds the smooth solution for lambda %d, signed %s, as its twin does', (lambda, signed) => {
    const spectrum = rippledSpectrum(31);
    const model = { tauSecond: tauGrid(40), ...ALL_TERMS };
    kernel.load(spectrum, model);
    kernel.formNormalEquations();
    const solution = kernel.nonNegative({ lambda, signed });
    const problem = twinProblem(spectrum, model);
    const expected = twinNonNegative(problem, lambda, signed);
    expect(solution.status).toBe('solved');
    const found = twinObjective(problem, asUnknowns(solution, model, spectrum), lambda);
    expect(Math.abs(found / twinObjective(problem, expected, lambda) - 1)).toBeLessThan(1e-9);
    const misfit = misfits(problem, expected);
    expect(relativeDifference(solution.residuals, misfit)).toBeLessThan(1e-9);
    if (!signed) expect(Math.min(...solution.amplitudes)).toBeGreaterThanOrEqual(0);
  });

  test.each([
    'both',
    'real',
    'imaginary',
  ] as const)('forms the normal equations of %s parts', (part) => {
    const spectrum = rippledSpectrum(24);
    const model = {
      tauSecond: tauGrid(20),
      resistance: true,
      inductance: false,
      capacitance: false,
    };
    const usable = part === 'imaginary' ? { ...model, resistance: false } : model;
    kernel.load(spectrum, usable);
    kernel.formNormalEquations(part);
    const solution = kernel.nonNegative({ lambda: 1e-4 });
    const problem = twinProblem(spectrum, usable, part);
    const found = twinObjective(problem, asUnknowns(solution, usable, spectrum), 1e-4);
    const best = twinObjective(problem, twinNonNegative(problem, 1e-4), 1e-4);
    expect(Math.abs(found / best - 1)).toBeLessThan(1e-9);
  });

  test.each([
    [1e-2, false],
    [1e-5, false],
    [1e-7, false],
    [1e-4, true],
  ])('ends at the same solution by single exchanges, lambda %d, signed %s', (lambda, signed) => {
    kernel.load(rippledSpectrum(57), { tauSecond: tauGrid(100), ...ALL_TERMS });
    kernel.formNormalEquations();
    const blocks = kernel.nonNegative({ lambda, signed });
    const single = kernel.nonNegative({ lambda, signed, singly: true });
    expect(single.status).toBe('solved');
    expect(relativeDifference(single.residuals, blocks.residuals)).toBeLessThan(1e-9);
    expect(Math.abs(single.squaredResidual / blocks.squaredResidual - 1)).toBeLessThan(1e-7);
  });

  test('counts effective parameters between the two ends of lambda', () => {
    kernel.load(rippledSpectrum(31), { tauSecond: tauGrid(40), ...ALL_TERMS });
    kernel.formNormalEquations();
    const counts = [1e9, 1, 1e-3, 1e-6].map((lambda) => {
      kernel.nonNegative({ lambda, signed: true });
      return kernel.effectiveParameters(lambda);
    });
    // Infinitely stiff leaves a straight line over ln tau (2) and at most three series terms.
    expect(counts[0]).toBeGreaterThan(1.9);
    expect(counts[0]).toBeLessThan(5.1);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  test('ends at the same solution from any active set', () => {
    kernel.load(rippledSpectrum(31), { tauSecond: tauGrid(40), ...ALL_TERMS });
    kernel.formNormalEquations();
    const cold = kernel.nonNegative({ lambda: 1e-5 });
    for (const start of [cold.passive, cold.passive.map((p) => 1 - p), new Int32Array(43)]) {
      const warm = kernel.nonNegative({ lambda: 1e-5, start });
      expect(relativeDifference(warm.amplitudes, cold.amplitudes)).toBeLessThan(1e-9);
    }
  });
});

test('the two builds give the same bits', () => {
  const [simd, scalar] = (['simd', 'scalar'] as const).map((build) => {
    const kernel = new RelaxationKernel(loadKernelModule('relaxation', build));
    kernel.load(rippledSpectrum(57), { tauSecond: tauGrid(100), ...ALL_TERMS });
    kernel.formNormalEquations();
    const smooth = kernel.nonNegative({ lambda: 1e-6 });
    kernel.load(rippledSpectrum(57), { tauSecond: tauGrid(31), ...ALL_TERMS });
    return [smooth, kernel.leastSquares()];
  });
  expect(simd).toEqual(scalar);
});

describe('what the relaxation kernel refuses', () => {
  const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
  const model = { tauSecond: tauGrid(5), ...ALL_TERMS };
  const fine = rippledSpectrum(20);

  test.each<[string, WeightedSpectrum, RelaxationModel, string, RegExp]>([
    [
      'a value that is not a number',
      { ...fine, real: fine.real.with(3, Number.NaN) },
      model,
      'badInput',
      /value 4 is NaN/,
    ],
    [
      'an infinite weight',
      { ...fine, weight: fine.weight.with(0, Infinity) },
      model,
      'badInput',
      /value 1 is Infinity/,
    ],
    [
      'a frequency of zero',
      { ...fine, frequencyHertz: fine.frequencyHertz.with(1, 0) },
      model,
      'badInput',
      /value 2 is 0/,
    ],
    [
      'arrays of unequal length',
      { ...fine, imag: fine.imag.slice(1) },
      model,
      'badInput',
      /19 values/,
    ],
    [
      'a negative time constant',
      fine,
      { ...model, tauSecond: [1, -1] },
      'badInput',
      /value 2 is -1/,
    ],
    ['an empty grid', fine, { ...model, tauSecond: [] }, 'capacity', /0 time constants/],
    [
      'too many time constants',
      fine,
      { ...model, tauSecond: tauGrid(RELAXATIONS_MAX + 1) },
      'capacity',
      /129 time constants/,
    ],
    [
      'too many frequencies',
      rippledSpectrum(RELAXATION_FREQUENCIES_MAX + 1, 1e6, 200),
      model,
      'capacity',
      /1025 frequencies/,
    ],
  ])('%s', async (_, spectrum, given, code, message) => {
    const fault = await caughtFault(() => kernel.load(spectrum, given));
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(message);
  });

  test('more unknowns than rows', async () => {
    kernel.load(rippledSpectrum(6), { tauSecond: tauGrid(10), ...ALL_TERMS });
    expect((await caughtFault(() => kernel.leastSquares())).message).toMatch(/13 unknowns for 6/);
    expect((await caughtFault(() => kernel.leastSquares('real'))).code).toBe('badInput');
  });

  test('a lambda that is no weight', async () => {
    kernel.load(fine, model);
    kernel.formNormalEquations();
    for (const lambda of [-1, Number.NaN, Infinity]) {
      expect((await caughtFault(() => kernel.nonNegative({ lambda }))).message).toMatch(/lambda/);
    }
  });
});

test('the largest problem fits into the memory', () => {
  const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
  const spectrum = rippledSpectrum(RELAXATION_FREQUENCIES_MAX, 1e6, 120);
  kernel.load(spectrum, { tauSecond: tauGrid(RELAXATIONS_MAX), ...ALL_TERMS });
  expect(kernel.leastSquares().squaredResidual).toBeGreaterThan(0);
  kernel.formNormalEquations();
  expect(kernel.nonNegative({ lambda: 1e-6 }).status).toBe('solved');
});

test('any spectrum of finite numbers ends with finite, feasible values', () => {
  const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const point = fc.record({
    frequency: fc.double({ min: 1e-4, max: 1e7, noNaN: true }),
    real: value,
    imag: value,
  });
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 3, maxLength: 30 }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(0, 1e-12, 1e-6, 1, 1e12),
      fc.boolean(),
      fc.constantFrom<SpectrumPart>('both', 'real', 'imaginary'),
      (points, elements, lambda, signed, part) => {
        kernel.load(
          {
            frequencyHertz: Float64Array.from(points, (p) => p.frequency),
            real: Float64Array.from(points, (p) => p.real),
            imag: Float64Array.from(points, (p) => p.imag),
            weight: Float64Array.from(
              points,
              (p) => 1 / Math.max(Math.hypot(p.real, p.imag), 1e-9),
            ),
          },
          { tauSecond: tauGrid(elements), ...ALL_TERMS },
        );
        kernel.formNormalEquations(part);
        const solution = kernel.nonNegative({ lambda, signed });
        expect(solution.amplitudes.every(Number.isFinite)).toBe(true);
        expect(solution.residuals.every(Number.isFinite)).toBe(true);
        if (!signed) expect(solution.amplitudes.every((amplitude) => amplitude >= 0)).toBe(true);
        expect(solution.resistance).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 300, seed: 20_260_101 },
  );
});
