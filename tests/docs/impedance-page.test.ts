import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CIRCUIT_ELEMENTS } from '../../src/domain/circuit.ts';
import { operando, ROOT } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { commandsOf } from './markdown-commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-docs-'));
const PAGE = readFileSync(`${ROOT}docs/impedance.md`, 'utf8');

/** What stands for a reader's own files in the examples. */
const STAND_INS: Readonly<Record<string, () => string>> = {
  'spectrum.mpt': () => sharedData('eis/exampleDataBioLogic.mpt'),
  'spectrum2.csv': () => sharedData('eis/eis_button_sofc.csv'),
  'cold.txt': () => sharedData('eis/s04147-140deg.txt'),
  'warm.txt': () => sharedData('eis/s04147-160deg.txt'),
  'hot.txt': () => sharedData('eis/s04147-180deg.txt'),
};

function withFiles(words: readonly string[]): string[] {
  return words.map((word) => {
    if (/^\w+\.svg$|^simulated\.csv$/.test(word)) return join(folder, word);
    const [name = '', ...rest] = word.split('=');
    const stands = STAND_INS[name]?.();
    return stands ? [stands, ...rest].join('=') : word;
  });
}

describe('the page on impedance', () => {
  it('has a row for every element', () => {
    for (const element of Object.keys(CIRCUIT_ELEMENTS)) expect(PAGE).toMatch(`\`${element}\``);
  });
});

describeWithData('the commands of the page on impedance', () => {
  const commands = commandsOf(PAGE);

  it('are found, one for each eis command at least', () => {
    const names = new Set(commands.map((words) => words.slice(0, 2).join(' ')));
    expect([...names].sort()).toEqual([
      'eis arrhenius',
      'eis drt',
      'eis fit',
      'eis kk',
      'eis simulate',
    ]);
  });

  it.each(
    commands.map((words) => [words.slice(0, 4).join(' '), words] as const),
  )('%s works as written', async (_name, words) => {
    const all = withFiles(words);
    const { code, errors } = await operando(...all);
    expect(code, errors).toBe(0);
    for (const word of all.filter((one) => one.endsWith('.svg')))
      expect(existsSync(word)).toBe(true);
  });
});
