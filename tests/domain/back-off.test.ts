import { describe, expect, it } from 'vitest';
import { BackOff } from '../../src/domain/back-off.ts';

function waits(count: number, seed = 1): number[] {
  const backOff = new BackOff({ firstSecond: 0.25, longestSecond: 5, seed });
  return Array.from({ length: count }, () => backOff.nextSecond());
}

describe('waits between attempts', () => {
  it('grow from the first to the longest, each shortened by a quarter at the most', () => {
    const whole = [0.25, 0.5, 1, 2, 4, 5, 5, 5];
    for (const [at, second] of waits(whole.length).entries()) {
      expect(second).toBeLessThanOrEqual(whole[at] ?? 0);
      expect(second).toBeGreaterThanOrEqual(0.75 * (whole[at] ?? 0));
    }
  });

  it('stay finite however many there are', () => {
    expect(Math.max(...waits(5000))).toBeLessThanOrEqual(5);
  });

  it('are the same for the same seed, and others for another', () => {
    expect(waits(10, 7)).toEqual(waits(10, 7));
    expect(waits(10, 7)).not.toEqual(waits(10, 8));
  });

  it('are counted, and begin anew after a success', () => {
    const backOff = new BackOff({ firstSecond: 1, longestSecond: 8, factor: 4, seed: 1 });
    backOff.nextSecond();
    expect(backOff.nextSecond()).toBeGreaterThan(2);
    expect(backOff.attempts).toBe(2);
    backOff.reset();
    expect(backOff.attempts).toBe(0);
    expect(backOff.nextSecond()).toBeLessThanOrEqual(1);
  });
});
