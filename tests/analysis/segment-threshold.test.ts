import { describe, expect, it } from 'vitest';
import {
  onGrid,
  otsuSplit,
  otsuThreeClasses,
  thresholdSigmaBins,
} from '../../src/analysis/segment-threshold.ts';
import { Random } from '../../src/domain/random.ts';

/** The split with the greatest variance between classes, by its definition. */
function bruteForce(counts: ArrayLike<number>): number {
  let best = 0;
  let variance = -1;
  const part = (from: number, to: number) => {
    let n = 0;
    let sum = 0;
    for (let k = from; k < to; k++) {
      n += counts[k] ?? 0;
      sum += k * (counts[k] ?? 0);
    }
    return { n, mean: n > 0 ? sum / n : 0 };
  };
  for (let split = 1; split < counts.length; split++) {
    const [dark, bright] = [part(0, split), part(split, counts.length)];
    const between = dark.n * bright.n * (dark.mean - bright.mean) ** 2;
    if (between > variance * (1 + 1e-12)) [best, variance] = [split, between];
  }
  return best;
}

function twoPeaks(seed: number, share: number, width = 8): Float64Array {
  const random = new Random(seed);
  const counts = new Float64Array(256);
  for (let k = 0; k < 20_000; k++) {
    const middle = random.uniform() < share ? 90 : 160;
    const bin = Math.max(0, Math.min(255, Math.round(middle + width * random.normal())));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

describe('Otsu', () => {
  it.each([0.1, 0.35, 0.5, 0.9])('parts two peaks as the definition does, share %d', (share) => {
    const counts = twoPeaks(7, share, 20);
    const { bin, curve, separability } = otsuSplit(counts);
    expect(bin).toBe(bruteForce(counts));
    expect(Math.max(...curve)).toBeCloseTo(separability, 12);
    expect(curve.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('takes the middle of an empty range between two values', () => {
    const counts = new Float64Array(101);
    counts[20] = 500;
    counts[80] = 70;
    expect(otsuSplit(counts).bin).toBe(51);
    expect(otsuSplit(counts).separability).toBeCloseTo(1, 12);
  });

  it('parts three peaks between them', () => {
    const counts = new Float64Array(100);
    for (const [bin, n] of [
      [10, 50],
      [11, 40],
      [50, 900],
      [52, 800],
      [90, 300],
    ] as const) {
      counts[bin] = n;
    }
    const [low, high] = otsuThreeClasses(counts);
    expect(low).toBeGreaterThan(11);
    expect(low).toBeLessThanOrEqual(50);
    expect(high).toBeGreaterThan(52);
    expect(high).toBeLessThanOrEqual(90);
  });

  it('refuses a histogram with a single value, and an empty one', () => {
    const one = new Float64Array(256);
    expect(() => otsuSplit(one)).toThrow(/same value/);
    one[17] = 1e6;
    expect(() => otsuSplit(one)).toThrow(/same value/);
  });

  it('says how uncertain a threshold is: more where slabs differ, half a bin at least', () => {
    const alike = Array.from({ length: 8 }, (_, k) => twoPeaks(k, 0.4, 25));
    const different = Array.from({ length: 8 }, (_, k) => twoPeaks(k, k < 4 ? 0.1 : 0.8, 25));
    expect(thresholdSigmaBins(alike)).toBeGreaterThanOrEqual(0.5);
    expect(thresholdSigmaBins(alike)).toBeLessThan(1);
    expect(thresholdSigmaBins(different)).toBeGreaterThan(2 * thresholdSigmaBins(alike));
    expect(thresholdSigmaBins([])).toBe(0.5);
  });

  it('carries a histogram to another grid without losing a voxel', () => {
    const from = { offsetPerPixel: 0.1, stepPerPixel: 0.02, counts: [5, 0, 7, 11, 3] };
    for (const to of [
      { offsetPerPixel: 0.1, stepPerPixel: 0.02, bins: 5 },
      { offsetPerPixel: 0.05, stepPerPixel: 0.013, bins: 40 },
      { offsetPerPixel: 0.12, stepPerPixel: 0.03, bins: 2 },
    ]) {
      const counts = onGrid(from, to);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(26, 9);
    }
    const same = onGrid(from, { offsetPerPixel: 0.1, stepPerPixel: 0.02, bins: 5 });
    expect(Array.from(same, (count) => Math.round(count * 1e6) / 1e6)).toEqual([5, 0, 7, 11, 3]);
  });
});
