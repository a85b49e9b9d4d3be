import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/app/command-line.ts';
import { COMMANDS } from '../../src/app/commands.ts';
import { UNITS } from '../../src/domain/units.ts';
import { checkText } from '../recipes-bad/bad-recipes.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { commandsOf } from './markdown-commands.ts';

const PAGE = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'operando-recipes-page-'));

const HEAD = `recipe: example
title: An example of the page
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
steps:
`;

/** An example is a whole recipe or a list of steps. */
function recipeOf(block: string): string {
  if (block.startsWith('recipe:')) return block;
  return HEAD + block.replace(/^(?=.)/gm, '  ');
}

describe('the examples of the recipe page', () => {
  it.each(BLOCKS.map((block) => [block.split('\n')[0] ?? '', block]))('%s is right', (_, block) => {
    expect(checkText(recipeOf(block))).toEqual([]);
  });

  it('show every technique', () => {
    const schema = readFileSync(
      new URL('../../docs/schemas/recipe.schema.json', import.meta.url),
      'utf8',
    );
    const techniques = new Set(
      [...schema.matchAll(/"const": "([a-zA-Z]+)"/g)].map(([, name]) => name),
    );
    expect(techniques.size).toBeGreaterThanOrEqual(14);
    for (const name of techniques) expect(BLOCKS.join('\n')).toContain(`technique: ${name}`);
  });

  it('name every unit of the dimensions a recipe uses', () => {
    const table = PAGE.slice(PAGE.indexOf('| of | units |'), PAGE.indexOf('## Techniques'));
    for (const dimension of [
      'time',
      'current',
      'currentDensity',
      'charge',
      'voltage',
      'pressure',
      'frequency',
    ] as const) {
      for (const unit of Object.keys(UNITS[dimension])) {
        const written = unit.replace(/^u/, 'µ').replace(/2$/, '²');
        expect(table, `${unit} of ${dimension}`).toContain(written);
      }
    }
  });
});

describe('the commands of the recipe page', () => {
  const stand: Readonly<Record<string, string>> = {
    'cycles.txt': join(folder, 'cycles.txt'),
    'cycles.yaml': join(folder, 'cycles.yaml'),
  };
  const commands = commandsOf(PAGE).map((words) => words.map((word) => stand[word] ?? word));

  it.each(
    commands.map((words) => [words.slice(0, 2).join(' '), words] as const),
  )('%s works as written', async (_, words) => {
    writeFileSync(join(folder, 'cycles.txt'), 'Charge at 1 mA until 4.2 V\nRest for 1 hour\n');
    const terminal = new RecordedTerminal();
    expect(await runCommandLine(COMMANDS, words, terminal), terminal.errors).toBe(0);
  });

  it('are both there, and the import has written its file', () => {
    expect(commands).toHaveLength(2);
    expect(existsSync(join(folder, 'cycles.yaml'))).toBe(true);
  });
});
