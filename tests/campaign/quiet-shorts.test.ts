import { describe, expect, it } from 'vitest';
import { quietDetections, quietFalseAlarms } from './quiet-shorts.ts';

describe('shorts without current, a slice of the campaign', () => {
  it('takes no sound cell for a shorted one in 100 h of rest and 100 h of held voltage', () => {
    expect(quietFalseAlarms(1, 50)).toEqual([]);
    expect(quietFalseAlarms(2, 50)).toEqual([]);
  });

  it('finds most filaments that take three times what the recipe allows', () => {
    const found = Array.from({ length: 12 }, (_, at) => quietDetections(31 + at)).flat();
    const seen = found.filter(({ afterSecond }) => afterSecond !== undefined);
    expect(found.length).toBeGreaterThan(24);
    expect(seen.length / found.length).toBeGreaterThan(0.8);
    for (const trace of ['rest', 'hold']) {
      expect(seen.some((one) => one.trace === trace)).toBe(true);
    }
  });
});
