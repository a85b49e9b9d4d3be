import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { LinearEstimate } from '../../src/run/linear-estimate.ts';

describe('a linear law learned equation by equation', () => {
  it('comes to the factors, and knows how well', () => {
    const random = new Random(3);
    const estimate = new LinearEstimate([1e6, 1e6]);
    const truth = [2, -0.5];
    const noise = 0.1;
    for (let at = 0; at < 400; at += 1) {
      const row = [1, 20 * random.uniform()];
      const value = 2 * 1 - 0.5 * (row[1] ?? 0) + noise * random.normal();
      // In units of the noise, as its variances are.
      estimate.learn(row, value);
    }
    for (const [at, row] of [
      [0, [1, 0]],
      [1, [0, 1]],
    ] as const) {
      const error = Math.abs((estimate.values[at] ?? 0) - (truth[at] ?? 0));
      expect(error).toBeLessThan(4 * noise * Math.sqrt(estimate.variance(row)));
    }
    // Of a mean over 400 equations: 1 / 400, and four times that at the end of the range.
    expect(estimate.variance([1, 10])).toBeCloseTo(1 / 400, 4);
    expect(estimate.variance([1, 20])).toBeGreaterThan(3 / 400);
  });

  it('is as ignorant as before of what no equation has shown', () => {
    const estimate = new LinearEstimate([4, 9]);
    for (let at = 0; at < 50; at += 1) estimate.learn([1, 0], 7);
    expect(estimate.value([1, 0])).toBeCloseTo(7, 1);
    expect(estimate.variance([0, 1])).toBe(9);
    expect(estimate.variance([1, 1])).toBeGreaterThan(9);
  });

  it('says of two factors that were never apart only what they are together', () => {
    const estimate = new LinearEstimate([100, 100]);
    for (let at = 0; at < 50; at += 1) estimate.learn([1, 1], 10);
    expect(estimate.value([1, 1])).toBeCloseTo(10, 2);
    expect(estimate.variance([1, 1])).toBeLessThan(0.03);
    expect(estimate.variance([1, -1])).toBeGreaterThan(150);
  });
});
