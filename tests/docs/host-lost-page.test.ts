import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HOLD_SECOND_MAX } from '../../hardware/potentiostats/keithley-plan.ts';
import { CONTRACT_DRIVERS } from '../hardware/contract/contract-drivers.ts';

const PAGE = readFileSync(new URL('../../docs/safety.md', import.meta.url), 'utf8');

/** The rows of the table of what happens without a host: instruments, end, time, cell. */
function rows(): string[][] {
  const [, section = ''] = PAGE.split('## When the host is gone');
  const [, table = ''] = /((?:^\|.*\n)+)/m.exec(section) ?? [];
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The row of an instrument: the one that has all the words of its family. */
function rowOf(title: string): readonly string[] | undefined {
  const hardware = /V(0\.\d)$/.exec(title)?.[1];
  return rows().find(([names = '']) => {
    const [family = '', model = ''] = title.split(' ');
    if (!names.includes(family)) return false;
    if (hardware !== undefined) return names.includes(`hardware ${hardware}`);
    return family !== 'Keithley' || names.includes(model);
  });
}

describe('the page on safety', () => {
  it('says of every instrument how its cell goes off without a host', () => {
    for (const { title, leaves, lostHostSecondMax } of CONTRACT_DRIVERS) {
      const [, how = '', latest = '', then = ''] = rowOf(title) ?? [];
      expect(how, title).not.toBe('');
      expect(then.startsWith(leaves === 'open' ? 'open' : '**closed'), title).toBe(true);
      // Two bounds tell whether it depends on the length of the measurement.
      const isFixed = lostHostSecondMax(60) === lostHostSecondMax(3600);
      if (isFixed) expect(latest).toBe(`after ${HOLD_SECOND_MAX} s`);
      else expect(latest).toMatch(leaves === 'open' ? /^with the te(chnique|st)/ : /^never/);
    }
  });

  it('has no row of an instrument that nobody drives', () => {
    const titles = CONTRACT_DRIVERS.map(({ title }) => title);
    const known = new Set(titles.map((title) => JSON.stringify(rowOf(title))));
    for (const row of rows()) expect(known.has(JSON.stringify(row)), row[0]).toBe(true);
    expect(rows()).toHaveLength(4);
  });
});
