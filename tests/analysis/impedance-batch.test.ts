import { describe, expect, test } from 'vitest';
import {
  doubtsAbout,
  fitSequence,
  SEQUENCE_SPECTRA_MAX,
  type SequenceResult,
} from '../../src/analysis/impedance-batch.ts';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { type Circuit, parseCircuit } from '../../src/domain/circuit.ts';
import type { Spectrum } from '../../src/domain/spectrum.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { twinImpedance } from '../../src/kernels/impedance-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { circuitFit, fitParameter } from '../support/circuit-fit.ts';
import { describeWithData } from '../support/shared-data.ts';
import { BATTERY_CYCLING, REDOX_SEQUENCE, readColumns } from './impedance-data.ts';

const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
const TWO_ARCS = parseCircuit('R0-p(R1,CPE1)-p(R2,CPE2)');
const TRUTH = [120, 300, 2e-8, 0.95, 900, 1.2e-5, 0.85];

function simulate(circuit: Circuit, values: readonly number[], pattern = 0): Spectrum {
  const points = Array.from({ length: 45 }, (_, k) => {
    const frequencyHertz = 200e3 * (0.1 / 200e3) ** (k / 44);
    const z = twinImpedance(circuit, values, frequencyHertz);
    const size = 0.003 * Math.hypot(z.re, z.im);
    return {
      frequencyHertz,
      zRealOhm: z.re + size * Math.sin(12.9898 * k + pattern),
      zImagOhm: z.im + size * Math.sin(78.233 * k + 1.7 * pattern),
    };
  });
  return { points };
}

/** Both arcs' resistances at these shares of the truth's, one spectrum each. */
function agingCell(shares: readonly number[]): Spectrum[] {
  return shares.map((share, i) =>
    simulate(
      TWO_ARCS,
      TRUTH.map((value, p) => (p === 4 || p === 1 ? value * share : value)),
      i,
    ),
  );
}

const reached = (results: readonly SequenceResult[]): (string | undefined)[] =>
  results.map((result) => (result.fit ? result.reachedBy : result.fault.code));

describe('a sequence of spectra', () => {
  test('of a cell that changes slowly is searched globally once, then carried forward', () => {
    const results = fitSequence(kernel, TWO_ARCS, agingCell([1, 0.95, 0.9, 0.88]));
    expect(reached(results)).toEqual(['global', 'forward', 'forward', 'forward']);
    expect(results.map((result) => result.fit && result.doubts)).toEqual([
      ['noPredecessor'],
      [],
      [],
      [],
    ]);
    for (const { fit } of results) expect(fit?.status).toBe('converged');
  });

  test('with a jump is doubted there, and the fit is the one of a global search', () => {
    const spectra = agingCell([1, 0.95, 0.3, 0.3]);
    const results = fitSequence(kernel, TWO_ARCS, spectra);
    const [, , jump, after] = results;
    expect(jump?.fit && jump.doubts).toContain('moved');
    expect(after?.fit && after.doubts).toEqual([]);
    results.forEach(({ fit }, i) => {
      const alone = fitSpectrum(kernel, TWO_ARCS, spectra[i] ?? { points: [] });
      expect((fit?.chiSquare ?? Number.NaN) / alone.chiSquare).toBeLessThan(1.0005);
    });
  });

  test('equal input gives equal results, and the way back makes none worse', () => {
    const spectra = agingCell([1, 0.7, 0.2, 0.6]);
    const there = fitSequence(kernel, TWO_ARCS, spectra, { backward: false });
    const back = fitSequence(kernel, TWO_ARCS, spectra);
    const again = fitSequence(kernel, TWO_ARCS, spectra);
    const values = (results: readonly SequenceResult[]) =>
      results.map(({ fit }) => fit?.parameters.map(({ value }) => value));
    expect(values(again)).toEqual(values(back));
    back.forEach(({ fit }, i) => {
      expect(fit?.chiSquare).toBeLessThanOrEqual(there[i]?.fit?.chiSquare ?? 0);
    });
  });

  test('that starts badly is put right on the way back', () => {
    const spectra = agingCell([1, 0.98, 0.96, 0.94, 0.92, 0.9]);
    const options = { fit: { iterationsMax: 40 } };
    const there = fitSequence(kernel, TWO_ARCS, spectra, { ...options, backward: false });
    const back = fitSequence(kernel, TWO_ARCS, spectra, options);
    // Forty iterations are too few to find the first, and enough to go on from a neighbour.
    expect(there[0]?.fit?.status).toBe('failed');
    expect(there.at(-1)?.fit?.status).toBe('converged');
    expect(reached(back)[0]).toBe('backward');
    for (const { fit } of back) expect(fit?.status).toBe('converged');
  });

  test('goes on over a spectrum that cannot be fitted, which says why', () => {
    const spectra = agingCell([1, 0.98, 0.95]);
    spectra[1] = { points: [{ frequencyHertz: 1, zRealOhm: Number.NaN, zImagOhm: 0 }] };
    const results = fitSequence(kernel, TWO_ARCS, spectra);
    expect(reached(results)).toEqual(['global', 'badInput', 'forward']);
    const [, broken] = results;
    expect(broken?.fit ? '' : broken?.fault.message).toContain('point 1');
  });

  test('of nothing gives nothing; of too many spectra is refused before any work', async () => {
    expect(fitSequence(kernel, TWO_ARCS, [])).toEqual([]);
    const many = Array.from({ length: SEQUENCE_SPECTRA_MAX + 1 }, () => ({ points: [] }));
    const fault = await caughtFault(() => fitSequence(kernel, TWO_ARCS, many));
    expect(fault.code).toBe('capacity');
    expect(fault.message).toContain('10001 spectra');
  });
});

describe('doubts about a fit that was started from the one before', () => {
  const having = (chiSquare: number, r: number, n: number, state: 'free' | 'atBound' = 'free') =>
    circuitFit({
      points: 10,
      chiSquare,
      rmsPercent: 100 * Math.sqrt(chiSquare / 10),
      parameters: [
        fitParameter({ name: 'R1', value: r }),
        fitParameter({ name: 'CPE1.n', unit: '1', value: n, state }),
      ],
    });
  const before = having(1e-4, 100, 0.9);

  test.each([
    ['none at the limits', having(1.99e-4, 271, 0.9), []],
    ['more than twice the residual', having(2.01e-4, 100, 0.9), ['worse']],
    ['a factor e more', having(1e-4, 272, 0.9), ['moved']],
    ['a factor e less', having(1e-4, 36, 0.9), ['moved']],
    ['a bound that became active', having(1e-4, 100, 1, 'atBound'), ['cameToBound']],
    ['more than 1 % rms', having(1.01e-3, 100, 0.9), ['poor', 'worse']],
    ['a search that did not end', { ...before, status: 'failed' as const }, ['notConverged']],
  ])('%s', (_name, now, doubts) => {
    expect(doubtsAbout(now, before)).toEqual(doubts);
  });

  test('are the least that can be said of a start that led nowhere', () => {
    expect(doubtsAbout(undefined, before)).toEqual(['notConverged']);
  });

  test('a bound that was active before is no news, nor is growth below 0.1 % rms', () => {
    expect(doubtsAbout(having(1e-4, 100, 1, 'atBound'), having(1e-4, 100, 1, 'atBound'))).toEqual(
      [],
    );
    expect(doubtsAbout(having(1e-5, 100, 0.9), having(1e-12, 100, 0.9))).toEqual([]);
  });
});

describeWithData('measured sequences', () => {
  test('a local search keeps to the minimum it was started in, also where it is not the lowest', () => {
    const circuit = parseCircuit('R0-p(R1,C1)-p(R2-Wo1,C2)');
    const spectrum = { points: readColumns('exampleData.csv') };
    // The published side minimum of this spectrum: the diffusion stands in the fast branch.
    const starts = [[0.0164, 9.06e-3, 3.06, 5.29e-3, 0.145, 1320, 0.202]];
    const alone = fitSpectrum(kernel, circuit, spectrum, { starts, localOnly: true });
    const lowest = fitSpectrum(kernel, circuit, spectrum, { starts });
    expect(alone.chiSquare / lowest.chiSquare).toBeCloseTo(1.0888, 3);
  });

  test.each([
    ['battery, 65 spectra', 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', BATTERY_CYCLING],
    ['battery, a circuit that misses the data', 'R0-p(R1,CPE1)-p(R2,CPE2)', BATTERY_CYCLING],
    ['redox electrolyte, 50 spectra', 'R0-p(R1-W1,CPE1)', REDOX_SEQUENCE],
  ])('%s: none is worse than a global search by more than 1 %%', (_name, text, files) => {
    const circuit = parseCircuit(text);
    const spectra = files.map((file) => ({ points: readColumns(file) }));
    const results = fitSequence(kernel, circuit, spectra);
    const ratios = spectra.map((spectrum, i) => {
      const alone = fitSpectrum(kernel, circuit, spectrum, { seed: 11 });
      return (results[i]?.fit?.chiSquare ?? Number.NaN) / alone.chiSquare;
    });
    expect(ratios.filter((ratio) => !(ratio <= 1.01))).toEqual([]);
  });
});
