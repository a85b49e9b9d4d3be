import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { cellSimulationSchema } from '../../../hardware/simulated/cell-parameters.ts';

const PAGE = readFileSync(new URL('../../../docs/simulated-cells.md', import.meta.url), 'utf8');

/** Every key of every object in the schema. */
function keysOf(schema: unknown, keys = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return keys;
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'properties') for (const key of Object.keys(value)) keys.add(key);
    keysOf(value, keys);
  }
  return keys;
}

const keys = [...keysOf(z.toJSONSchema(cellSimulationSchema, { io: 'input' }))];

test('the page on simulated cells names every key of the simulation section', () => {
  expect(keys.length).toBeGreaterThan(60);
  expect(keys.filter((key) => !PAGE.includes(`\`${key}\``) && key !== 'kind')).toEqual([]);
  expect(PAGE).toContain('`kind: symmetric`');
  expect(PAGE).toContain('`kind: insertion`');
});

test('the page on simulated cells names no key that does not exist', () => {
  const table = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const named = table.flatMap((line) => {
    const [, first = ''] = line.split('|');
    return [...first.matchAll(/`(\w+)`/g)].map(([, key = '']) => key);
  });
  expect(named.length).toBeGreaterThan(12);
  for (const key of named) expect(keys).toContain(key);
});
