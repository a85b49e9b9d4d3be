import { describe, expect, test } from 'vitest';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { twinImpedance, valuesOfTheta } from '../../src/kernels/impedance-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { randomCircuit, randomSource, randomTheta } from '../kernels/random-circuits.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const SEED = 777;
const REASONS = ['converged', 'iterationCap', 'timeCap', 'stalled'];

type Random = () => number;

/** Spectra that no fit can enjoy: what they have in common is that they are finite. */
const DATA: Readonly<Record<string, (random: Random, count: number) => ImpedancePoint[]>> = {
  noise: (random, count) => sweep(count, () => [random() - 0.5, random() - 0.5]),
  'noise over eighteen decades': (random, count) =>
    sweep(count, () => [10 ** (18 * random() - 9), -(10 ** (18 * random() - 9))]),
  'one constant': (_, count) => sweep(count, () => [1, -1e-12]),
  'negative resistance': (random, count) => sweep(count, () => [-random(), -random()]),
  'a step': (_, count) => sweep(count, (k) => (k < count / 2 ? [1, -1e-9] : [1e6, -1e6])),
  'another circuit': (random, count) => {
    const circuit = randomCircuit(random);
    const values = valuesOfTheta(circuit, randomTheta(circuit, random));
    return sweep(count, (_, f) => {
      const z = twinImpedance(circuit, values, f);
      return [z.re, z.im];
    });
  },
};

function sweep(
  count: number,
  z: (k: number, frequencyHertz: number) => readonly [number, number],
): ImpedancePoint[] {
  return Array.from({ length: count }, (_, k) => {
    const frequencyHertz = 10 ** (6 - (9 * k) / count);
    const [zRealOhm, zImagOhm] = z(k, frequencyHertz);
    return { frequencyHertz, zRealOhm, zImagOhm };
  });
}

describe('fits that cannot succeed', () => {
  test.each(Object.entries(DATA))(
    '%s: ends within its caps with numbers or a refusal',
    (_, make) => {
      const random = randomSource(SEED);
      const clock = new SystemClock();
      for (let trial = 0; trial < 25; trial++) {
        const circuit = randomCircuit(random);
        const points = make(random, 20 + Math.floor(60 * random()));
        const startSecond = clock.nowSecond();
        try {
          const options = { iterationsMax: 800, timeLimitMs: 2000 };
          const fit = fitSpectrum(kernel, circuit, { points }, options);
          expect(REASONS).toContain(fit.reason);
          expect(Number.isFinite(fit.chiSquare)).toBe(true);
          for (const { value, standardError, identifiable } of fit.parameters) {
            expect(Number.isFinite(value)).toBe(true);
            expect(standardError === null || Number.isFinite(standardError)).toBe(true);
            expect(standardError === null || identifiable).toBe(true);
          }
        } catch (error) {
          // Such as mostly positive imaginary parts for a circuit without an inductor.
          if (!(error instanceof Fault)) throw error;
          expect(['badInput', 'analysis']).toContain(error.code);
        }
        // The time cap and one piece of work between two looks at the clock; ten times that on a
        // machine that is busy with something else.
        expect(clock.nowSecond() - startSecond).toBeLessThan(20);
      }
    },
    60_000,
  );

  test('the largest problem there is gives up at its time cap', () => {
    const circuit = parseCircuit(Array.from({ length: 8 }, (_, k) => `p(R${k},CPE${k})`).join('-'));
    const random = randomSource(SEED);
    const points = sweep(1024, () => [random(), -random()]);
    const fit = fitSpectrum(kernel, circuit, { points }, { timeLimitMs: 200 });
    expect(['timeCap', 'converged']).toContain(fit.reason);
    expect(fit.durationMs).toBeLessThan(20_000);
  });
});
