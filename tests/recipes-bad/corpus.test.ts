import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scriptedRig } from '../support/scripted-run.ts';
import { checkText, completeRig, edited, GOOD_RECIPE } from './bad-recipes.ts';

interface WrongRecipe {
  readonly wrong: string;
  readonly from: string;
  readonly to: string;
  /** Each as `file:line: key: message`. */
  readonly problems: readonly string[];
}

const CORPUS = parse(
  readFileSync(new URL('corpus.yaml', import.meta.url), 'utf8'),
) as readonly WrongRecipe[];

function found(...arguments_: Parameters<typeof checkText>): string[] {
  return checkText(...arguments_).map(({ where, message }) => `${where}: ${message}`);
}

describe('the recipe that the wrong ones are made of', () => {
  it('has nothing wrong', () => {
    expect(found(GOOD_RECIPE)).toEqual([]);
  });
});

describe('a wrong recipe', () => {
  it('comes in at least 60 kinds', () => {
    expect(new Set(CORPUS.map(({ wrong }) => wrong)).size).toBeGreaterThanOrEqual(60);
  });

  it.each(CORPUS.map((one) => [one.wrong, one] as const))('is told about %s', (_, one) => {
    expect(found(edited(one.from, one.to))).toEqual(one.problems);
    expect(one.problems.length).toBeGreaterThan(0);
  });
});

describe('a recipe for the wrong cell or rig', () => {
  it('is told that its C-rates need a capacity', () => {
    const cell = 'cell: c\ntitle: C\narea: 1 cm²\nreference: Li/Li+\n';
    expect(found(GOOD_RECIPE, { cell })).toEqual([
      'bad.yaml:70: steps[5].steps[0].current: a C-rate needs the capacity of the cell, which its file does not give',
      'bad.yaml:72: steps[5].steps[0].until.any[0].current: a C-rate needs the capacity of the cell, which its file does not give',
    ]);
  });

  it('is told that nobody exchanges the cells of its screen', () => {
    const { freshCell: _, ...instruments } = completeRig();
    expect(found(GOOD_RECIPE, { instruments })).toEqual([
      'bad.yaml:22: steps[2].technique: nobody can put a fresh cell into this rig while a run goes on',
    ]);
  });

  it('is told which instruments are not there', () => {
    const { potentiostat, sensors } = scriptedRig().instruments;
    const instruments = { potentiostat, sensors, freshCell: async () => {} };
    expect(found(GOOD_RECIPE, { instruments })).toEqual([
      'bad.yaml:13: steps[0].technique: the rig has no heater, which a soak needs',
      'bad.yaml:49: steps[3].during[1].technique: the rig has no scanner, which a scan needs',
      'bad.yaml:60: steps[4].cases.short[0].technique: the rig has no scanner, which a scan needs',
      'bad.yaml:62: steps[4].cases.voltage[0].technique: the rig has no heater, which a soak needs',
      'bad.yaml:89: steps[7].technique: the rig has no spectrometer, which a spectrum needs',
    ]);
  });
});
