import { readFileSync } from 'node:fs';
import { parseYaml } from '../../src/app/load-yaml.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { Fault, type Problem } from '../../src/domain/fault.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { planRun } from '../../src/run/planner.ts';
import { scriptedRig } from '../support/scripted-run.ts';

const HERE = new URL('.', import.meta.url);

export const GOOD_RECIPE = readFileSync(new URL('good.yaml', HERE), 'utf8');
const CELL = readFileSync(new URL('cell.yaml', HERE), 'utf8');

/** A rig that has everything the good recipe asks for. */
export function completeRig(): Instruments {
  const { scanner, ...instruments } = scriptedRig().instruments;
  if (!scanner) throw new Error('the scripted rig has no scanner');
  return {
    ...instruments,
    scanner: {
      ...{ info: scanner.info, viewsMax: scanner.viewsMax, rows: 64, columns: 192 },
      voxel: { acrossMetre: 60e-6, alongMetre: 20e-6 },
      connect: async () => {},
      scan: () => {
        throw new Error('nothing is measured while a recipe is checked');
      },
      stop: async () => {},
      disconnect: async () => {},
    },
    spectrometer: {
      info: { id: 'spectrometer', model: 'Counter One', provenance: 'simulated' },
      regions: ['edxrd'],
      connect: async () => {},
      measure: async () => {
        throw new Error('nothing is measured while a recipe is checked');
      },
      stop: async () => {},
      disconnect: async () => {},
    },
    freshCell: async () => {},
  };
}

/** Checks a recipe as `operando check` does: parse, then plan, each problem at its line. */
export function checkText(
  text: string,
  options: { readonly cell?: string; readonly instruments?: Instruments } = {},
): readonly Problem[] {
  try {
    const recipe = parseYaml('bad.yaml', text, recipeSchema);
    const cell = parseYaml('cell.yaml', options.cell ?? CELL, cellSchema);
    try {
      planRun(recipe.value, cell.value, options.instruments ?? completeRig());
      return [];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return error.problems.map(({ where, message }) => ({
        where: recipe.placeOf(where),
        message,
      }));
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.problems;
  }
}

/** The good recipe with one passage changed. @throws Error when it has no such passage */
export function edited(from: string, to: string): string {
  if (!GOOD_RECIPE.includes(from)) throw new Error(`the good recipe has no "${from}"`);
  return GOOD_RECIPE.replace(from, to);
}
