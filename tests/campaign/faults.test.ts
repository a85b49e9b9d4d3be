import { describe, expect, it } from 'vitest';
import {
  DETECTION_SECOND_MAX,
  quietDays,
  restartedDays,
  run,
  THERMAL_FAULTS,
  tryFault,
} from './faults.ts';

describe('the fault campaign, a slice of it', () => {
  it('sees two of each thermal fault, in time where it can show, and the plant stays below its limits', async () => {
    const lines: string[] = [];
    const figures = await run({
      seed: 101,
      tell: (line) => lines.push(line),
      trialsPerFault: 2,
      quietRigs: 0,
    });
    expect(figures.trials).toBe(2 * THERMAL_FAULTS.length);
    expect(figures.missed).toBe(0);
    expect(figures.tooHot).toBe(0);
    expect(figures.visible).toBeGreaterThan(THERMAL_FAULTS.length / 2);
    expect(figures.visibleInTime / figures.visible).toBeGreaterThanOrEqual(0.95);
    expect(lines).toHaveLength(THERMAL_FAULTS.length + 1);
  });

  it('never says that a fault was seen before it was there', async () => {
    for (const seed of [201, 202, 203]) {
      const { detectedSecond = Number.NaN } = await tryFault('heaterStuckOn', seed);
      expect(detectedSecond).toBeGreaterThan(0);
      expect(detectedSecond).toBeLessThanOrEqual(DETECTION_SECOND_MAX);
    }
  });

  it('has no trip in quiet days of a rig with two thermometers and of one with a single one', async () => {
    for (const seed of [7, 3]) {
      const quiet = await quietDays(seed, 1);
      expect(quiet.trips).toEqual([]);
      expect(quiet.days).toBeGreaterThanOrEqual(1);
    }
  });

  it('has no trip after a host has died in the midst of heating, holding or cooling', async () => {
    for (const seed of [2, 3, 12, 28]) {
      const restarted = await restartedDays(seed, 0.5);
      expect(restarted.trips).toEqual([]);
      expect(restarted.days).toBeGreaterThanOrEqual(0.5);
    }
  });
});
