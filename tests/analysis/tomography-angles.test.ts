import { describe, expect, it } from 'vitest';
import { AngularCoverage, viewWeights } from '../../src/analysis/tomography-angles.ts';

const DEGREE = Math.PI / 180;

function degrees(count: number, step: number, first = 0): number[] {
  return Array.from({ length: count }, (_, k) => (first + k * step) * DEGREE);
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

describe('weights of views', () => {
  it('are equal for an even half turn', () => {
    const weights = viewWeights(degrees(180, 1, -37));
    for (const weight of weights) expect(weight).toBeCloseTo(DEGREE, 12);
  });

  it.each([
    ['half a turn with both ends', degrees(181, 1)],
    ['a full turn', degrees(360, 1)],
    ['a full turn of an odd number of views', degrees(359, 360 / 359)],
    ['golden-angle order', degrees(233, 111.246)],
    ['two turns', degrees(720, 1)],
    ['a gap of twenty views', degrees(1000, 0.18).filter((_, view) => view < 400 || view >= 420)],
    ['a single view', [0.3]],
  ])('sum to half a turn for %s', (_, angles) => {
    const weights = viewWeights(angles);
    expect(sum(weights)).toBeCloseTo(Math.PI, 10);
    expect(weights.every((weight) => weight >= 0)).toBe(true);
  });

  it('share what a repeated view stands for', () => {
    const weights = viewWeights([...degrees(180, 1), 90 * DEGREE]);
    expect((weights[90] ?? 0) + (weights[180] ?? 0)).toBeCloseTo(DEGREE, 10);
    expect(weights[45]).toBeCloseTo(DEGREE, 10);
  });

  it('do not let two views stand for a wedge that nobody has seen', () => {
    const weights = viewWeights(degrees(91, 1));
    expect(Math.max(...weights)).toBeLessThan(1.01 * DEGREE);
    expect(sum(weights)).toBeLessThan(0.52 * Math.PI);
  });
});

describe('angular coverage', () => {
  it('grows from nothing to one over half a turn', () => {
    const coverage = new AngularCoverage(DEGREE);
    expect(coverage.fraction).toBe(0);
    const seen = degrees(180, 1).map((angle) => {
      coverage.add(angle);
      return coverage.fraction;
    });
    expect(seen[89]).toBeCloseTo(0.5, 1);
    expect(seen).toEqual(seen.slice().sort((a, b) => a - b));
    expect(seen[179]).toBe(1);
  });

  it('does not count a direction twice', () => {
    const coverage = new AngularCoverage(DEGREE);
    for (const angle of [...degrees(90, 1), ...degrees(90, 1, 180)]) coverage.add(angle);
    expect(coverage.fraction).toBeLessThan(0.52);
  });

  it('is complete after half a turn with both ends, and after a full turn', () => {
    for (const angles of [degrees(91, 2, -88.2), degrees(360, 1)]) {
      const span = (angles.at(-1) ?? 0) - (angles[0] ?? 0);
      const coverage = new AngularCoverage(span / angles.length);
      for (const angle of angles) coverage.add(angle);
      expect(coverage.fraction).toBeCloseTo(1, 6);
    }
  });
});
