import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { checkText, completeRig, GOOD_RECIPE } from './bad-recipes.ts';

const RECIPES = new URL('../../recipes/', import.meta.url);
const GOOD = [
  GOOD_RECIPE,
  ...readdirSync(RECIPES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(new URL(name, RECIPES), 'utf8')),
];

const SEED = 5;
const MUTATIONS = 2000;
const EDITS_MAX = 4;

/** Pieces that have broken parsers before, and pieces of the language where they do not belong. */
const PIECES = [
  ...['[', ']', '{', '}', ':', '-', '#', '"', "'", '|', '>', '&a', '*a', '!!map', '? ', '\t', '\n'],
  ...['null', '~', 'true', '.nan', '.inf', '-0', '1e999', '0x10', '2026-11-21', '__proto__: 1'],
  ...['$choose', '$', '{ unknown: x }', '{ unknown: [], assume: {} }', 'constructor', '<<: *a'],
  ...['"1e300 h"', '"1e-300 Hz"', '"-1 min"', '"9e99 A"', '"> "', '"C/0"', '"0 %"', '\u0000', '🔋'],
];

type Edit = (text: string, random: Random) => string;

function below(random: Random, count: number): number {
  return Math.floor(random.uniform() * count);
}

function lineEdit(edit: (lines: string[], at: number, random: Random) => void): Edit {
  return (text, random) => {
    const lines = text.split('\n');
    edit(lines, below(random, lines.length), random);
    return lines.join('\n');
  };
}

const EDITS: readonly Edit[] = [
  lineEdit((lines, at) => lines.splice(at, 1)),
  lineEdit((lines, at) => lines.splice(at, 0, lines[at] ?? '')),
  lineEdit((lines, at, random) => {
    const other = below(random, lines.length);
    [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  }),
  lineEdit((lines, at, random) => {
    lines[at] = `${' '.repeat(below(random, 6))}${lines[at]?.trimStart() ?? ''}`;
  }),
  lineEdit((lines, at, random) => {
    const piece = PIECES[below(random, PIECES.length)] ?? '';
    lines[at] = (lines[at] ?? '').replace(/: .*/, `: ${piece}`);
  }),
  (text, random) => {
    const at = below(random, text.length);
    return text.slice(0, at) + (PIECES[below(random, PIECES.length)] ?? '') + text.slice(at);
  },
  (text, random) => {
    const at = below(random, text.length);
    return text.slice(0, at) + text.slice(at + 1 + below(random, 12));
  },
  (text, random) => text.slice(0, below(random, text.length)),
];

function mutated(seed: number): string {
  const random = new Random(seed);
  let text = GOOD[below(random, GOOD.length)] ?? GOOD_RECIPE;
  for (let left = 1 + below(random, EDITS_MAX); left > 0; left -= 1) {
    text = EDITS[below(random, EDITS.length)]?.(text, random) ?? text;
  }
  return text;
}

describe('a recipe that was damaged at random', () => {
  const instruments = completeRig();

  it(`never crashes the check, and every problem has its place and its words (seed ${SEED})`, () => {
    let refused = 0;
    for (let count = 0; count < MUTATIONS; count += 1) {
      const seed = SEED * 1_000_003 + count;
      const problems = checkText(mutated(seed), { instruments });
      if (problems.length > 0) refused += 1;
      for (const { where, message } of problems) {
        expect(where, `seed ${seed}`).toMatch(/^(bad|cell)\.yaml:\d+/);
        expect(message, `seed ${seed}`).toMatch(/^\S.{4,}/s);
        expect(message, `seed ${seed}`).not.toMatch(/undefined|\[object|NaN|Invalid input/);
      }
    }
    // Some damage falls on comments and titles, most does not.
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
    expect(refused).toBeLessThan(MUTATIONS);
  }, 300_000);

  it.each([
    ['lists in lists', '['.repeat(20_000)],
    ['keys in keys', Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
    ['one long line', `recipe: ${'x'.repeat(900_000)}`],
    ['nothing', ''],
    ['a text', 'recipe'],
    ['two documents', `${GOOD_RECIPE}---\n${GOOD_RECIPE}`],
  ])('that is %s is refused', (_, text) => {
    expect(checkText(text, { instruments }).length).toBeGreaterThan(0);
  });
});
