import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import { scoreRun } from '../../src/analysis/scorecard.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import type { DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import { scorecardSchema } from '../../src/domain/scorecard.ts';
import { countedSpectrum } from './counted-spectrum.ts';
import { WrittenRun } from './cycling-run.ts';

const CELL = cellSchema.parse({
  cell: 'test-cell',
  title: 'A cell of a test',
  area: '1 cm²',
  reference: 'Li/Li+',
  simulation: { lattices: { InLi: { a: { points: [[0, '6.7802 Å']] } } } },
});

/** The energy of lattice planes at 2θ = 8°, keV. */
const energyOf = (spacing: number): number =>
  12.398_419_843 / (2 * spacing * Math.sin((4 * Math.PI) / 180));

const SPACING = {
  quantity: 'spacing',
  dimension: 'length',
  paper: { value: '1.384 Å', where: 'p. 1' },
  given: { sum: ['lattices.InLi.a.points.0.1'], dimension: 'length', factor: 1 / Math.sqrt(24) },
  recover: {
    method: 'peakSpacing',
    steps: 'cycle-*',
    peak: { region: 'edxrd', from: '62.8 keV', to: '64.9 keV', shape: 'gaussian', twoTheta: '8°' },
  },
  tolerance: 0.0002,
};

const XPS_AXIS = { label: 'binding energy', unit: 'eV', from: 278, to: 294, channels: 321 };
const ENERGY = {
  quantity: 'binding energy',
  dimension: 'photonEnergy',
  paper: { value: '28 eV', where: 'p. 1' },
  recover: {
    method: 'bindingEnergy',
    steps: 'spectra-*',
    peak: { region: 'Ge 3d', from: '284 eV', to: '293 eV', background: 'step' },
    reference: {
      peak: { region: 'C 1s', from: '281 eV', to: '290 eV', background: 'step' },
      energy: '284.8 eV',
    },
  },
};

interface TakenSpectrum {
  readonly region: string;
  readonly spectrum: DetectorSpectrum;
}

/** A step during which these spectra are counted, one after another. */
function step(run: WrittenRun, name: string, taken: readonly TakenSpectrum[]): WrittenRun {
  run.start(name, 'spectrum');
  for (const { region, spectrum } of taken) {
    const startSecond = run.nowSecond;
    run.wait(90);
    run.run.append(run.nowSecond, {
      kind: 'detectorSpectrum',
      spectrumId: `${name}-${region}`,
      startSecond,
      stopSecond: run.nowSecond,
      startChargeCoulomb: 0,
      stopChargeCoulomb: 0,
      spectrum: { ...spectrum, region },
    });
  }
  return run.end(name, 'spectrum').wait(10);
}

const pattern = async (spacing: number, seed: number, region = 'edxrd') => ({
  region,
  spectrum: await countedSpectrum({
    seed,
    lines: [{ position: energyOf(spacing), width: 0.35, area: 400 }],
  }),
});

const line = async (region: string, position: number, seed: number) => ({
  region,
  spectrum: await countedSpectrum({
    seed,
    axis: XPS_AXIS,
    second: 300,
    background: [15, 18],
    step: 0.0005,
    lines: [{ position, width: 1.4, lorentzian: 0.3, area: 200 }],
  }),
});

function score(figure: object, run: WrittenRun) {
  const card = scorecardSchema.parse({ scorecard: 'test', source: 'a paper', figures: [figure] });
  return scoreRun(card, readTrace(run.finish()), CELL)[0];
}

describe('the spacing of a diffraction peak', () => {
  it('is that of the lattice, from the median of the spectra in the steps', async () => {
    const run = new WrittenRun();
    for (const seed of [1, 2, 3]) step(run, `cycle-${seed}`, [await pattern(1.384, seed)]);
    step(run, 'other', [await pattern(1.397, 4)]);
    const row = score(SPACING, run);
    expect(row).toMatchObject({ verdict: 'recovered', count: 3 });
    expect(row?.recovered).toBeCloseTo(1.384, 4);
    expect(row?.given).toBeCloseTo(1.384, 4);
    expect(row?.standardError).toBeLessThan(1e-4);
  });

  it('is off when the lattice is another, and known to the error of its fit when alone', async () => {
    const run = step(new WrittenRun(), 'cycle-1', [await pattern(1.39, 1)]);
    const row = score(SPACING, run);
    expect(row).toMatchObject({ verdict: 'off', count: 1 });
    expect(row?.standardError).toBeGreaterThan(0);
  });

  it('is missing without a spectrum of the region, without a peak, and without an angle', async () => {
    expect(score(SPACING, new WrittenRun())?.verdict).toBe('missing');
    const other = step(new WrittenRun(), 'cycle-1', [await pattern(1.384, 1, 'S 2p')]);
    expect(score(SPACING, other)?.verdict).toBe('missing');
    const away = step(new WrittenRun(), 'cycle-1', [await pattern(1.3, 1)]);
    expect(score(SPACING, away)?.verdict).toBe('missing');
    const { twoTheta: _, ...peak } = SPACING.recover.peak;
    const run = step(new WrittenRun(), 'cycle-1', [await pattern(1.384, 1)]);
    expect(score({ ...SPACING, recover: { ...SPACING.recover, peak } }, run)?.verdict).toBe(
      'missing',
    );
  });
});

describe('a binding energy', () => {
  it('is free of the charging that moves the reference as well', async () => {
    const run = new WrittenRun();
    for (const [at, volt] of [0, 0.4, 0.9].entries()) {
      const reference = await line('C 1s', 284.8 + volt, at + 1);
      step(run, `spectra-${at}`, [await line('Ge 3d', 287.2 + volt, at + 7), reference]);
    }
    const row = score(ENERGY, run);
    expect(row?.count).toBe(3);
    expect(Math.abs((row?.recovered ?? 0) - 287.2)).toBeLessThan(0.02);
  });

  it('is missing where the set has no reference', async () => {
    const run = step(new WrittenRun(), 'spectra-0', [await line('Ge 3d', 287.2, 1)]);
    expect(score(ENERGY, run)?.verdict).toBe('missing');
  });

  it('does not take the reference of another step', async () => {
    const run = step(new WrittenRun(), 'spectra-0', [await line('Ge 3d', 287.2, 1)]);
    step(run, 'spectra-1', [await line('C 1s', 284.8, 2)]);
    expect(score(ENERGY, run)?.verdict).toBe('missing');
  });

  it('carries the errors of both fits', async () => {
    const set = [await line('Ge 3d', 287.2, 1), await line('C 1s', 284.8, 2)];
    const row = score(ENERGY, step(new WrittenRun(), 'spectra-0', set));
    const [pull] = [Math.abs((row?.recovered ?? 0) - 287.2) / (row?.standardError ?? 0)];
    expect(row?.standardError).toBeGreaterThan(0.002);
    expect(pull).toBeLessThan(4);
  });

  it('needs a reference with its energy', () => {
    const { reference: _, ...recover } = ENERGY.recover;
    expect(() => score({ ...ENERGY, recover }, new WrittenRun())).toThrow();
    const unknown = {
      ...ENERGY.recover,
      reference: { ...ENERGY.recover.reference, energy: '284.8' },
    };
    expect(() => score({ ...ENERGY, recover: unknown }, new WrittenRun())).toThrow('unit');
  });
});

describe('the share of a phase', () => {
  const SHARE = {
    quantity: 'share of iron',
    dimension: 'ratio',
    paper: { value: '70 %', where: 'p. 1' },
    recover: { method: 'phaseShare', steps: 'xanes-*', phase: 'Fe' },
  };
  const derived = (run: WrittenRun, name: string, value: number): void => {
    run.wait(60);
    const of = { name, value, standardError: 0.01, source: 'scan-001' };
    run.run.append(run.nowSecond, { kind: 'derived', value: of });
  };
  const sets = (): WrittenRun => {
    const run = new WrittenRun();
    for (const share of [0.1, 0.5]) {
      run.start(`xanes-${share * 10}`, 'scan');
      derived(run, 'phase-share.FeS2', 1 - share);
      derived(run, 'phase-share.Fe', share);
      run.end(`xanes-${share * 10}`, 'scan').wait(10);
    }
    derived(run, 'phase-share.Fe', 0.9);
    return run;
  };

  it('is that of the last set in the steps, or of the one that is asked for, with its error', () => {
    expect(score(SHARE, sets())).toMatchObject({ recovered: 50, standardError: 1, count: 1 });
    const first = { ...SHARE, recover: { ...SHARE.recover, scan: 1 } };
    expect(score(first, sets())?.recovered).toBe(10);
  });

  it('is missing for a phase, a set or a step that is not there', () => {
    for (const change of [{ phase: 'Ni' }, { scan: 3 }, { steps: 'other' }]) {
      const row = score({ ...SHARE, recover: { ...SHARE.recover, ...change } }, sets());
      expect(row?.verdict).toBe('missing');
    }
  });
});
