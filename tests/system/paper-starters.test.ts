import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scorecardSchema } from '../../src/domain/scorecard.ts';
import { operando, ROOT } from '../support/built.ts';
import { runPaper, slowSensors } from '../support/paper-run.ts';

/** Every recipe of a paper and every starter, with a cell it is made for. */
const EXPERIMENTS = [
  ['sun-2018', 'in-li-lsps-li2s'],
  ['sun-2019', 'li-li7p3s11-fes2'],
  ['sun-2019-electrolyte', 'li7p3s11-pellet'],
  ['park-2023', 'li-li3ps4-li-25c'],
  ['liang', 'lgps-xps'],
  ['liang', 'lagp-xps'],
  ['wang-2020', 'nmc-lgps-lnto350'],
  ['wang-2020', 'nmc-lgps-lnto450'],
  ['wang-2020', 'nmc-lgps-lnto550'],
  ['formation', 'nmc-lgps-lnto450'],
  ['rate-test', 'nmc-lgps-lnto450'],
  ['gitt', 'nmc-lgps-lnto550'],
  ['arrhenius', 'li7p3s11-pellet'],
  ['critical-current-density', 'li-li3ps4-li'],
  ['calendar-ageing', 'nmc-lgps-lnto450'],
] as const;

const RUN_MS = 600_000;

describe('a dry run on the simulated rig', () => {
  it.each(EXPERIMENTS)('finds no problem in %s on %s', async (recipe, cell) => {
    const { code, errors } = await operando(
      'check',
      `${ROOT}recipes/${recipe}.yaml`,
      '--rig',
      `${ROOT}hardware/rigs/simulated.yaml`,
      '--cell',
      `${ROOT}recipes/cells/${cell}.yaml`,
    );
    expect({ code }, errors).toEqual({ code: 0 });
  });

  it('lists what the paper does not give', async () => {
    const { output } = await operando(
      'check',
      `${ROOT}recipes/sun-2018.yaml`,
      '--rig',
      `${ROOT}hardware/rigs/simulated.yaml`,
      '--cell',
      `${ROOT}recipes/cells/in-li-lsps-li2s.yaml`,
    );
    expect(output).toContain('voltage limits are in the ESI');
    expect(output).toContain('number of projections');
  });
});

describe('the starters run to their end', () => {
  it(
    'formation, with a spectrum before and after',
    async () => {
      const run = await runPaper({
        recipe: 'formation',
        cell: 'nmc-lgps-lnto450',
        changeRig: slowSensors,
      });
      expect(run.status).toBe('done');
      const { output } = await operando('cycling', 'summary', run.folder, '--json');
      const { cycles } = JSON.parse(output) as {
        cycles: readonly { readonly coulombicEfficiency: number }[];
      };
      expect(cycles).toHaveLength(3);
      // What the side reaction takes in the first cycle, and in the later ones.
      expect(cycles[0]?.coulombicEfficiency).toBeCloseTo(0.867, 2);
      expect(cycles[2]?.coulombicEfficiency).toBeCloseTo(0.992, 2);
    },
    RUN_MS,
  );

  it(
    'rate test, with less capacity at each higher rate',
    async () => {
      const run = await runPaper({
        recipe: 'rate-test',
        cell: 'nmc-lgps-lnto450',
        changeRig: slowSensors,
      });
      expect(run.status).toBe('done');
      const { output } = await operando('cycling', 'summary', run.folder, '--json');
      const { cycles } = JSON.parse(output) as {
        cycles: readonly { readonly discharge: { readonly chargeCoulomb: number } }[];
      };
      const capacities = cycles.map(({ discharge }) => discharge.chargeCoulomb);
      expect(capacities).toHaveLength(6);
      for (let at = 1; at < 5; at += 1) {
        expect(capacities[at]).toBeLessThan(capacities[at - 1] ?? 0);
      }
      expect(capacities[5]).toBeGreaterThan(capacities[4] ?? Number.POSITIVE_INFINITY);
    },
    RUN_MS,
  );

  it(
    'titration, with the diffusivity that the cell was given within 3 %',
    async () => {
      const run = await runPaper({
        recipe: 'gitt',
        cell: 'nmc-lgps-lnto550',
        changeRig: slowSensors,
      });
      expect(run.status).toBe('done');
      const { output } = await operando('cycling', 'gitt', run.folder, '--json');
      const { pulses } = JSON.parse(output) as {
        pulses: readonly { readonly diffusivity: { readonly fromSlope: number } }[];
      };
      expect(pulses.length).toBeGreaterThan(10);
      // The last pulses run off the end of the equilibrium curve.
      for (const { diffusivity } of pulses.slice(1, -2)) {
        expect(Math.abs(diffusivity.fromSlope / 2.664e-14 - 1)).toBeLessThan(0.03);
      }
    },
    RUN_MS,
  );

  it.each([
    ['arrhenius', 'li7p3s11-pellet'],
    ['critical-current-density', 'li-li3ps4-li'],
    ['calendar-ageing', 'nmc-lgps-lnto450'],
  ])(
    '%s',
    async (recipe, cell) => {
      const { status } = await runPaper({ recipe, cell });
      expect(status).toBe('done');
    },
    RUN_MS,
  );
});

describe('scorecards', () => {
  const folder = `${ROOT}recipes/scorecards/`;
  const names = readdirSync(folder);

  it('are there for every recipe of a paper', () => {
    const papers = EXPERIMENTS.filter(([recipe]) => /-20\d\d|liang/.test(recipe));
    for (const [recipe] of papers) expect(names).toContain(`${recipe}.yaml`);
  });

  it.each(names)('%s is understood and says where each figure stands', (name) => {
    const card = scorecardSchema.parse(parse(readFileSync(folder + name, 'utf8')));
    expect(`${card.scorecard}.yaml`).toBe(name);
    expect(card.contradictions.length).toBeGreaterThan(0);
    for (const { says } of card.contradictions) {
      expect(new Set(says.map(({ value }) => value)).size).toBe(says.length);
    }
  });

  it('are refused for a folder that holds no run, and for a run without one', async () => {
    const empty = mkdtempSync(`${tmpdir()}/operando-no-run-`);
    const nothing = await operando('scorecard', empty);
    expect(nothing.code).not.toBe(0);
    expect(nothing.output).toBe('');
    const words = await operando('scorecard');
    expect(words.code).toBe(2);
    expect(words.errors).toContain('expected one run');
  });
});
