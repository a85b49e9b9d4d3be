import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assessSpectrum } from '../../src/analysis/spectrum-validity.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import type { ImpedancePoint, Spectrum } from '../../src/domain/spectrum.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { randomSource } from '../kernels/random-circuits.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { simulate } from './simulated-spectrum.ts';

const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
const SWEEP = { maxHertz: 1e5, minHertz: 1e-2 };
const CELLS: readonly (readonly [string, readonly number[]])[] = [
  ['R0-p(R1,C1)', [20, 100, 1e-5]],
  ['R0-p(R1,CPE1)', [20, 100, 1e-4, 0.7]],
  ['R0-p(R1,CPE1)-p(R2,C2)-W1', [20, 50, 1e-4, 0.8, 30, 1e-2, 10]],
];

function cell(index: number, noise = 0.0005, seed = 1): ImpedancePoint[] {
  const [text = '', values = []] = CELLS[index] ?? [];
  return simulate(parseCircuit(text), values, { ...SWEEP, noise, seed });
}

function changed(
  points: readonly ImpedancePoint[],
  factor: (frequencyHertz: number) => number,
): Spectrum {
  return {
    points: points.map((point) => ({
      ...point,
      zRealOhm: point.zRealOhm * factor(point.frequencyHertz),
      zImagOhm: point.zImagOhm * factor(point.frequencyHertz),
    })),
  };
}

/** Ways in which a cell changes by `share` below 1 Hz. */
const DRIFTS: readonly (readonly [string, (share: number) => (f: number) => number])[] = [
  ['with every decade', (share) => (f) => 1 + share * Math.max(0, -Math.log10(f) / 2)],
  ['at once', (share) => (f) => (f < 1 ? 1 + share : 1)],
  ['with the time of measurement', (share) => (f) => (f < 1 ? 1 + (0.01 * share) / f : 1)],
];

const KINDS = [
  'R0-p(R1,C1)',
  'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3',
  'L0-R0-p(R1,CPE1)-p(R2-Wo1,C2)',
  'R0-p(R1-Ws1,CPE1)',
  'p(R1,CPE1)-W1',
  'R0-C1',
  'R0-p(R1,C1)-G2',
  'L0-R0-p(R1,L1)-p(R2,CPE2)',
];

/** A value that shows within the sweep; resistances of 1 to 30 ohm. */
function randomValue(
  unit: string,
  sweep: { maxHertz: number; minHertz: number },
  random: () => number,
): number {
  const resistance = 10 ** (1.5 * random());
  const tau = (sweep.maxHertz / sweep.minHertz) ** random() / (2 * Math.PI * sweep.maxHertz);
  switch (unit) {
    case 'ohm':
      return resistance;
    case 's':
      return tau;
    case 'F':
      return tau / resistance;
    case 'H':
      return resistance / (2 * Math.PI * sweep.maxHertz);
    case 'S s^n':
      return tau ** 0.8 / resistance;
    case '1':
      return 0.6 + 0.4 * random();
    default:
      return resistance / Math.sqrt(tau);
  }
}

describe('verdict on a spectrum', () => {
  test.each([0, 1, 2])('cell %i passes without remark', (index) => {
    expect(assessSpectrum(kernel, { points: cell(index) })).toMatchObject({
      verdict: 'pass',
      reasons: [],
    });
  });

  describe.each(DRIFTS)('a cell that drifts %s', (_, drift) => {
    test.each([0, 1, 2])('fails with 5 %% below 1 Hz: cell %i', (index) => {
      for (const share of [0.05, -0.05]) {
        const result = assessSpectrum(kernel, changed(cell(index), drift(share)));
        expect(result.verdict).toBe('fail');
        expect(result.reasons.join()).toMatch(
          /follow one another|changed while it was measured|up to/,
        );
        expect(Math.sign(result.driftPercent)).toBe(Math.sign(share));
      }
    });

    test('passes with 0.2 %', () => {
      expect(assessSpectrum(kernel, changed(cell(1), drift(0.002))).verdict).toBe('pass');
    });
  });

  test.each([0.003, 0.007])('noise of %d alone passes, with a remark', (noise) => {
    for (let seed = 1; seed <= 20; seed++) {
      const result = assessSpectrum(kernel, { points: cell(seed % 3, noise, seed) });
      expect(result.verdict).toBe('pass');
      expect(result.reasons.join()).toMatch(/noise of .* % per point/);
    }
  });

  test('tells drifting cells of many kinds from steady ones, with 0.2 % noise', () => {
    const random = randomSource(20_260_111);
    const tally = { steady: 0, drifting: 0, count: 0 };
    for (const text of KINDS) {
      const circuit = parseCircuit(text);
      for (let round = 0; round < 20; round++) {
        const sweep = { maxHertz: 10 ** (4 + 2 * random()), minHertz: 10 ** (3 * random() - 3) };
        const values = circuit.parameters.map(({ unit }) => randomValue(unit, sweep, random));
        const points = simulate(circuit, values, { ...sweep, noise: 0.002, seed: round + 1 });
        const share = random() < 0.5 ? 0.05 : -0.05;
        const drift = (f: number): number =>
          1 + share * Math.max(0, 1 - Math.log10(f / sweep.minHertz) / 2);
        const isFailure = (spectrum: Spectrum): number =>
          Number(assessSpectrum(kernel, spectrum).verdict === 'fail');
        tally.steady += isFailure({ points });
        tally.drifting += isFailure(changed(points, drift));
        tally.count += 1;
      }
    }
    expect(tally.steady / tally.count).toBeLessThan(0.01);
    expect(tally.drifting / tally.count).toBeGreaterThan(0.98);
  });

  test('noise of 10 % is too much to tell', () => {
    expect(assessSpectrum(kernel, { points: cell(1, 0.1) }).verdict).toBe('fail');
  });

  test('the wrong sign of the imaginary part fails, and is named first', () => {
    const points = cell(2).map((point) => ({ ...point, zImagOhm: -point.zImagOhm }));
    const result = assessSpectrum(kernel, { points });
    expect(result.verdict).toBe('fail');
    expect(result.reasons[0]).toMatch(/other sign of the imaginary part/);
  });

  test('one point far off fails, and is named', () => {
    const points = cell(1);
    const spectrum = changed(points, (f) => (f === points[30]?.frequencyHertz ? 1.1 : 1));
    const result = assessSpectrum(kernel, spectrum);
    expect(result.verdict).toBe('fail');
    expect(result.worstFrequencyHertz).toBe(points[30]?.frequencyHertz);
    expect(result.reasons[0]).toMatch(/100 Hz/);
  });

  test('one point a little off is only remarked', () => {
    const points = cell(1);
    const spectrum = changed(points, (f) => (f === points[30]?.frequencyHertz ? 1.025 : 1));
    const result = assessSpectrum(kernel, spectrum);
    expect(result.verdict).toBe('pass');
    expect(result.reasons.join()).toMatch(/stands out/);
  });

  test('stricter limits are kept', () => {
    const spectrum = { points: cell(1, 0.003) };
    const limits = { rmsPercent: 0.5, worstPercent: 0.1, driftPercent: 0.01 };
    expect(assessSpectrum(kernel, spectrum, limits).reasons.join()).toMatch(/noise/);
  });

  test.each([1e-6, 1e6])('is the same for Z times %d', (factor) => {
    const plain = assessSpectrum(kernel, { points: cell(2) });
    const scaled = assessSpectrum(
      kernel,
      changed(cell(2), () => factor),
    );
    expect(scaled.verdict).toBe(plain.verdict);
    expect(scaled.elementCount).toBe(plain.elementCount);
    expect(scaled.rmsPercent).toBeCloseTo(plain.rmsPercent, 6);
  });

  test('points that are no numbers are refused', async () => {
    const points = cell(0).with(3, { frequencyHertz: 1, zRealOhm: Infinity, zImagOhm: 0 });
    expect((await caughtFault(() => assessSpectrum(kernel, { points }))).code).toBe('badInput');
  });

  test('ends with finite numbers, whatever the points', () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    const point = fc.record({
      frequencyHertz: fc.double({ min: 1e-4, max: 1e7, noNaN: true }),
      zRealOhm: value.map((z) => (Math.abs(z) < 1e-9 ? 1 : z)),
      zImagOhm: value,
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 6, maxLength: 25 }), (points) => {
        const distinct = new Set(points.map(({ frequencyHertz }) => frequencyHertz)).size;
        fc.pre(distinct >= 6);
        const result = assessSpectrum(kernel, { points });
        expect(result.rmsPercent).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(result.rmsPercent)).toBe(true);
        expect(Number.isFinite(result.driftPercent)).toBe(true);
        expect(Number.isFinite(result.mu)).toBe(true);
      }),
      { numRuns: 100, seed: 20_260_102 },
    );
  });
});

describeWithData('verdict on measured spectra', () => {
  const assess = async (file: string) =>
    assessSpectrum(kernel, (await readSpectrum(sharedData(`eis/${file}`))).spectrum);

  test.each([
    'Circuit1_EIS_1.z',
    'Circuit1_EIS_2.z',
    'Circuit3_EIS_1.z',
    'Circuit3_EIS_2.z',
    'EISGALV_EISTest3.DTA',
    'exampleData.csv',
    'LIB_data.txt',
    's04147-140deg.txt',
    'redox-sequence/spectrum-25.csv',
  ])('%s passes without remark', async (file) => {
    expect(await assess(file)).toMatchObject({ verdict: 'pass', reasons: [] });
  });

  test('simulated arcs with published noise pass with the noise named', async () => {
    const result = await assess('zarc_data.txt');
    expect(result.verdict).toBe('pass');
    expect(result.reasons.join()).toMatch(/noise of 0\.5\d? % per point/);
  });

  test('a spectrum whose points contradict each other fails', async () => {
    expect((await assess('eis_planar_sofc1.csv')).verdict).toBe('fail');
  });

  test('a cell measured to 1 mHz while it changes fails with the drift', async () => {
    const result = await assess('test_data.txt');
    expect(result.verdict).toBe('fail');
    expect(result.reasons.join()).toMatch(/changed while it was measured/);
  });
});
