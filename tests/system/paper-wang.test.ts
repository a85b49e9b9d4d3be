import { beforeAll, describe, expect, it } from 'vitest';
import {
  offRows,
  type PaperRun,
  rowOf,
  runPaper,
  type ScorecardDocument,
  scorecardOf,
  slowSensors,
} from '../support/paper-run.ts';

const RUN_MS = 900_000;

/** The whole recipe on one coating; on the other two the 200 cycles are cut to a dozen. */
const COATINGS = [
  { cell: 'nmc-lgps-lnto350', isWhole: false, paperTauRest: 4.55e-11 },
  { cell: 'nmc-lgps-lnto450', isWhole: true, paperTauRest: 1.36e-10 },
  { cell: 'nmc-lgps-lnto550', isWhole: false, paperTauRest: 1.11e-11 },
] as const;

function fewCycles(text: string): string {
  const shorter = text.replace('repeat: 93', 'repeat: 10').replace('repeat: 99', 'repeat: 2');
  expect(shorter).not.toBe(text);
  return shorter;
}

describe.each(COATINGS)('Wang 2020, $cell', ({ cell, isWhole, paperTauRest }) => {
  let made: { readonly run: PaperRun; readonly card: ScorecardDocument } | undefined;
  const card = (): ScorecardDocument => {
    if (!made) throw new Error('the run has not been made');
    return made.card;
  };

  beforeAll(async () => {
    const changeRecipe = isWhole ? {} : { changeRecipe: fewCycles };
    const run = await runPaper({
      recipe: 'wang-2020',
      cell,
      changeRig: slowSensors,
      ...changeRecipe,
    });
    made = { run, card: await scorecardOf(run.folder) };
  }, RUN_MS);

  it('runs to its end, and nothing that the cell was given is off', () => {
    expect(made?.run.status).toBe('done');
    expect(offRows(card())).toEqual([]);
  });

  it('gives the diffusivity within 3 %', () => {
    const row = rowOf(card(), 'diffusivity by Weppner and Huggins');
    expect(Math.abs(row.fromGiven ?? 1)).toBeLessThan(0.03);
    expect(row.count).toBeGreaterThan(30);
  });

  it("labels both meanings of τ, 24 apart, and the paper's is near its figure", () => {
    const pulse = rowOf(card(), 'diffusivity by eq. 1, τ = pulse').recovered ?? 0;
    const rest = rowOf(card(), 'diffusivity by eq. 1, τ = rest');
    expect(rest.paper).toBe(paperTauRest);
    expect(pulse / (rest.recovered ?? 1)).toBeGreaterThan(23.9);
    expect(pulse / (rest.recovered ?? 1)).toBeLessThan(24.1);
  });

  it('gives the ohmic drop within 1 %', () => {
    expect(Math.abs(rowOf(card(), 'ohmic drop').fromGiven ?? 1)).toBeLessThan(0.01);
  });

  it('follows the interphase resistance within 2 %, fresh and cycled', () => {
    for (const name of ['interphase resistance, first', 'interphase resistance after']) {
      expect(Math.abs(rowOf(card(), name).fromGiven ?? 1)).toBeLessThan(0.02);
    }
  });

  it('shows the three labels "-450" of the paper', () => {
    expect(JSON.stringify(card().contradictions)).toContain('all three labelled');
  });
});
