import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../../src/domain/injected-fault.ts';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/safety.md', ROOT), 'utf8');

/** The rows of the table of hazards, cell by cell. */
function hazards(): string[][] {
  return PAGE.split('\n')
    .filter((line) => /^\| H\d+ \|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function testSources(): string {
  const files = readdirSync(new URL('tests', ROOT), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('safety-page.test.ts'))
    .map((file) => readFileSync(new URL(`tests/${file}`, ROOT), 'utf8'))
    .join('\n');
}

describe('the table of hazards', () => {
  it('says of each hazard its cause, detection, reaction, time, fault and test', () => {
    const rows = hazards();
    expect(rows.length).toBeGreaterThanOrEqual(15);
    for (const row of rows) {
      expect(row).toHaveLength(8);
      for (const cell of row) expect(cell, row[0]).not.toBe('');
    }
    expect(rows.map(([id]) => id)).toEqual(rows.map((_, at) => `H${at + 1}`));
  });

  it('names tests that exist', () => {
    const sources = testSources();
    for (const [id = '', ...cells] of hazards()) {
      const test = cells.at(-1) ?? '';
      expect(sources.includes(`it('${test}'`), `${id}: no test is called "${test}"`).toBe(true);
    }
  });

  it('plays every fault there is, and no other', () => {
    const played = hazards().flatMap((cells) =>
      [...(cells[6] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect([...new Set(played)].sort()).toEqual([...FAULT_NAMES].sort());
  });
});
