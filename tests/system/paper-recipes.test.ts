import { beforeAll, describe, expect, it } from 'vitest';
import {
  fineDetector,
  offRows,
  type PaperRun,
  rowOf,
  runPaper,
  type ScorecardDocument,
  scorecardOf,
} from '../support/paper-run.ts';

const RUN_MS = 600_000;

/** One run, looked at by every test of its group. */
function experiment(options: Parameters<typeof runPaper>[0]) {
  let run: PaperRun | undefined;
  let card: ScorecardDocument | undefined;
  beforeAll(async () => {
    run = await runPaper(options);
    card = await scorecardOf(run.folder);
  }, RUN_MS);
  return {
    run: (): PaperRun => defined(run),
    card: (): ScorecardDocument => defined(card),
  };
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the run has not been made');
  return value;
}

describe('Sun 2018, InLi|LSPS|Li2S at EDDI', () => {
  const { run, card } = experiment({ recipe: 'sun-2018', cell: 'in-li-lsps-li2s' });

  it('runs to its end with 136 shots', () => {
    expect(run().status).toBe('done');
    expect(rowOf(card(), 'simultaneous shots').recovered).toBe(136);
  });

  it('passes the conditioning charge, and 1C is 163 µA', () => {
    expect(rowOf(card(), 'conditioning charge').recovered).toBeCloseTo(0.05, 4);
    expect(Math.abs(rowOf(card(), '1C').fromPaper ?? 1)).toBeLessThan(0.001);
  });

  it('shows both masses, both pixel sizes and both volumes of the paper', () => {
    expect(card().contradictions.map(({ about }) => about)).toEqual([
      'mass of the electrolyte',
      'pixel size and field of view',
      'volume growth during the 0.1C charge',
    ]);
  });

  it('gives the spacing of InLi (422) before and in cycle 4 to 2e-4', () => {
    const spacings = ['cycles 1 to 3', 'cycle 4'].map((cycles) =>
      rowOf(card(), `spacing of InLi (422), ${cycles}`),
    );
    expect(spacings.map(({ verdict }) => verdict)).toEqual(['recovered', 'recovered']);
    expect(spacings.map(({ paper }) => paper)).toEqual([1.384, 1.397]);
    for (const { fromPaper, count } of spacings) {
      expect(Math.abs(fromPaper ?? 1)).toBeLessThan(2e-4);
      expect(count).toBeGreaterThan(50);
    }
  });

  it('does not claim what nothing has worked out', () => {
    const growth = rowOf(card(), 'volume growth in the tomograms');
    expect(growth).toMatchObject({ recovered: null, paper: 4.58e7 });
    expect(growth.note).not.toBeNull();
  });
});

describe('Sun 2019, Li|Li7P3S11|FeS2', () => {
  const { run, card } = experiment({ recipe: 'sun-2019', cell: 'li-li7p3s11-fes2' });

  it('runs to its end with a XANES set at each of five stops', () => {
    expect(run().status).toBe('done');
    expect(rowOf(card(), 'XANES tomograms').recovered).toBe(40);
  });

  it('has the first efficiency that the cell was given, charge over discharge', () => {
    expect(offRows(card())).toEqual([]);
    expect(rowOf(card(), 'coulombic efficiency').verdict).toBe('recovered');
  });

  it('sees the interphase grow between the first and the second discharge', () => {
    const first = rowOf(card(), 'interphase resistance, end of the first').recovered ?? 0;
    const second = rowOf(card(), 'interphase resistance, end of the second').recovered ?? 0;
    expect(second).toBeGreaterThan(1.05 * first);
  });
});

describe('Sun 2019, the electrolyte over temperature', () => {
  const { run, card } = experiment({ recipe: 'sun-2019-electrolyte', cell: 'li7p3s11-pellet' });

  it('runs to its end and recovers conductivity and activation energy within 1 %', () => {
    expect(run().status).toBe('done');
    expect(offRows(card())).toEqual([]);
    expect(Math.abs(rowOf(card(), 'activation energy, ln σ over').fromGiven ?? 1)).toBeLessThan(
      0.01,
    );
  });

  it('shows the other convention beside it, larger by R times the mean temperature', () => {
    const sigma = rowOf(card(), 'activation energy, ln σ over').recovered ?? 0;
    const sigmaT = rowOf(card(), 'activation energy, ln (σ T)').recovered ?? 0;
    expect(sigmaT - sigma).toBeGreaterThan(2.5);
    expect(sigmaT - sigma).toBeLessThan(2.9);
  });
});

describe('Park 2023, plating until the short', () => {
  const { run, card } = experiment({
    recipe: 'park-2023',
    cell: 'li-li3ps4-li-25c',
    changeRig: fineDetector,
  });

  it('chooses 0.8 mA/cm² by screening, and shorts within one sample of 3.2 h', () => {
    expect(run().status).toBe('done');
    expect(offRows(card())).toEqual([]);
    const time = rowOf(card(), 'time to the short');
    expect(Math.abs((time.recovered ?? 0) - (time.given ?? 1)) * 3600).toBeLessThanOrEqual(10);
  });

  it('takes the eighth tomogram because of the short', () => {
    expect(rowOf(card(), 'tomograms').recovered).toBe(8);
  });

  it('finds voids near the plated side, and lithium in the electrolyte late in the run only', () => {
    const voids = rowOf(card(), 'largest void share');
    expect(voids.recovered).toBeGreaterThan(0.3);
    expect(voids.recovered).toBeLessThan(2);
    expect(voids.standardError).toBeGreaterThan(0);
    const [early, late] = ['1.5 h', 'at the short'].map((when) =>
      rowOf(card(), `lithium seen in the electrolyte over what the charge makes, ${when}`),
    );
    expect(early?.recovered).toBeLessThan(0.15);
    // 90 % of what is plated, as the simulated cell has it.
    expect(Math.abs((late?.recovered ?? 0) - 0.9)).toBeLessThan(0.1);
  });

  it('follows the interphase within 2 % of what the cell was given', () => {
    for (const name of ['interphase resistance, fresh', 'interphase resistance, last']) {
      expect(Math.abs(rowOf(card(), name).fromGiven ?? 1)).toBeLessThan(0.02);
    }
  });
});

describe.each([
  ['lgps-xps', 46.4],
  ['lagp-xps', 42.3],
])('Liang, plating by electron beam on %s', (cell, chargeDensity) => {
  const { run, card } = experiment({ recipe: 'liang', cell });

  it('runs to its end and passes the charge of the paper', () => {
    expect(run().status).toBe('done');
    const charge = rowOf(card(), 'charge per area after 70 min');
    expect(charge.paper).toBe(chargeDensity);
    expect(Math.abs(charge.fromPaper ?? 1)).toBeLessThan(0.002);
  });

  it('gives each binding energy of the paper within 0.1 eV, free of the charging', () => {
    const energies = card().figures.filter(
      ({ quantity, recovered }) => quantity.startsWith('binding energy') && recovered !== null,
    );
    expect(energies.length).toBe(cell === 'lgps-xps' ? 3 : 6);
    for (const { paper, quantity, recovered } of energies) {
      expect(Math.abs((recovered ?? 0) - (paper ?? 0)), quantity).toBeLessThan(0.1);
    }
  });

  it('leaves out the figures of the other electrolyte', () => {
    const shares = card().figures.filter(({ quantity }) => quantity.startsWith('conducting share'));
    expect(shares).toHaveLength(1);
  });

  it('shows 248.8 and 284.8 eV', () => {
    expect(JSON.stringify(card().contradictions)).toContain('248.8');
    expect(JSON.stringify(card().contradictions)).toContain('284.8');
  });
});
