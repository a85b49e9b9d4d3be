import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { STALE_SECOND, STUCK_SECOND, StuckSensor } from '../../src/run/stuck-sensor.ts';

interface SensorLike {
  readonly everySecond?: number;
  readonly noise?: number;
  readonly resolution?: number;
  readonly truth?: (second: number) => number;
  /** From here on it repeats its last value. */
  readonly stuckSecond?: number;
}

/** When a sensor is first called stale, and when stuck. */
function judge(seconds: number, sensor: SensorLike = {}, seed = 1) {
  const { everySecond = 5, noise = 0.02, resolution = 0.01, truth = () => 60 } = sensor;
  const { stuckSecond = Number.POSITIVE_INFINITY } = sensor;
  const random = new Random(seed);
  const stuck = new StuckSensor();
  const found: { stale?: number; stuck?: number } = {};
  let value = 0;
  for (let second = 0; second < seconds; second += everySecond) {
    if (second < stuckSecond) {
      value = Math.round((truth(second) + noise * random.normal()) / resolution) * resolution;
    }
    const verdict = stuck.add(second, value);
    if (verdict === 'stale') found.stale ??= second;
    if (verdict === 'stuck') found.stuck ??= second;
  }
  return found;
}

describe('a sensor whose noise has gone', () => {
  it('is stale after a minute and stuck after five', () => {
    const { stale = 0, stuck = 0 } = judge(3000, { stuckSecond: 2000 });
    expect(stale - 2000).toBeGreaterThanOrEqual(STALE_SECOND - 15);
    expect(stale - 2000).toBeLessThanOrEqual(STALE_SECOND + 10);
    expect(stuck - 2000).toBeGreaterThanOrEqual(STUCK_SECOND - 15);
    expect(stuck - 2000).toBeLessThanOrEqual(STUCK_SECOND + 5);
  });

  it('is not called before its noise is known', () => {
    expect(judge(3000, { stuckSecond: 200 })).toEqual({});
    expect(judge(3000, { stuckSecond: 0 })).toEqual({});
  });
});

describe('a sound sensor', () => {
  it('is never called stuck in a week', () => {
    for (const seed of [1, 2, 3]) expect(judge(7 * 86_400, {}, seed)).toEqual({});
  });

  it('may read too coarsely to show any noise, while it heats and while it rests', () => {
    const truth = (second: number): number => Math.min(60, 25 + 0.1 * second);
    expect(judge(86_400, { resolution: 0.5, truth })).toEqual({});
    expect(judge(86_400, { resolution: 0.1, truth })).toEqual({});
    expect(judge(86_400, { noise: 0, resolution: 0.01, truth })).toEqual({});
  });
});
