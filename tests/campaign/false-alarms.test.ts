import { describe, expect, it } from 'vitest';
import { falseAlarms } from './false-alarms.ts';
import { ordinaryCycling, STRETCH_KINDS } from './voltage-traces.ts';

describe('sound cells in ordinary cycling', () => {
  it('raise no alarm of a hard or a soft short in 100 h, ten seeds of 10 h', () => {
    const all = Array.from({ length: 10 }, (_, at) => falseAlarms(at + 1, 10));
    expect(all.flatMap(({ alarms }) => alarms)).toEqual([]);
    expect(all.reduce((sum, { readings }) => sum + readings, 0)).toBeGreaterThan(50_000);
  });

  it('are of every kind', () => {
    const kinds = new Set([...ordinaryCycling(1, 300)].map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...STRETCH_KINDS].sort());
  });
});
