import { describe, expect, it } from 'vitest';
import {
  BASELINE_SAMPLES_MIN,
  CONFIRM_SAMPLES,
  detectShort,
  type ElectricalPoint,
  WINDOW_SAMPLES_MAX,
} from '../../src/run/short-detector.ts';
import { seededNoise } from '../support/seeded-noise.ts';

const CURRENT_AMPERE = 6.28e-4;

function points(volts: readonly number[], currentAmpere = CURRENT_AMPERE): ElectricalPoint[] {
  return volts.map((voltageVolt, at) => ({ timeSecond: at * 10, voltageVolt, currentAmpere }));
}

function steady(count: number, volt = 0.2): number[] {
  return Array.from({ length: count }, () => volt);
}

/** Index of the sample at which a growing series is first called a short. */
function firstAlarm(volts: readonly number[]): number | undefined {
  const all = points(volts);
  for (let end = 1; end <= all.length; end += 1) {
    if (detectShort(all.slice(Math.max(0, end - WINDOW_SAMPLES_MAX), end))) return end - 1;
  }
  return undefined;
}

/** Plating as it goes: overpotential grows, noise of `sigmaVolt`, now and then a spike. */
function plating(seed: number, count: number, sigmaVolt: number): number[] {
  const noise = seededNoise(seed);
  return Array.from({ length: count }, (_, at) => {
    // Three uniform draws are close enough to a normal distribution of variance one.
    const normal = noise() + noise() + noise();
    const spike = noise() > 0.998 ? -0.15 : 0;
    return 0.2 + 0.1 * (at / count) + sigmaVolt * normal + spike;
  });
}

describe('the short detector', () => {
  it('calls a collapse at the second sample, and says from where to where', () => {
    const volts = [...steady(20), 0.002, 0.002];
    expect(firstAlarm(volts)).toBe(21);
    expect(detectShort(points(volts))).toEqual({ usualVolt: 0.2, shortedVolt: 0.002 });
  });

  it('does not call a single glitch', () => {
    expect(firstAlarm([...steady(20), 0, ...steady(20)])).toBeUndefined();
  });

  it('sees a collapse of a negative voltage too', () => {
    expect(firstAlarm([...steady(20, -0.2), -0.001, 0.001])).toBe(21);
  });

  it('says nothing before it knows what is usual', () => {
    expect(detectShort([])).toBeUndefined();
    expect(detectShort(points(steady(BASELINE_SAMPLES_MIN - 1).concat(0, 0)))).toBeUndefined();
    expect(detectShort(points(steady(BASELINE_SAMPLES_MIN).concat(0, 0)))).toBeDefined();
  });

  it('calls the collapse of a cell that gives power, and not one that empties', () => {
    const full = points([...steady(20, 3.6), 0.01, 0.012], -CURRENT_AMPERE);
    expect(detectShort(full)).toMatchObject({ usualVolt: 3.6 });
    const emptying = Array.from({ length: 60 }, (_, at) => 3.4 - 1.5e-3 * Math.exp(at / 7));
    const all = points(emptying, -CURRENT_AMPERE);
    for (let end = 1; end <= all.length; end += 1) {
      expect(detectShort(all.slice(Math.max(0, end - WINDOW_SAMPLES_MAX), end))).toBeUndefined();
    }
  });

  it('lets a cell pass through zero volts, in both directions', () => {
    const noise = seededNoise(11);
    for (const slope of [0.002, 0.02, 0.1]) {
      const volts = Array.from({ length: 80 }, (_, at) => slope * (at - 40) + 0.002 * noise());
      expect(firstAlarm(volts)).toBeUndefined();
      expect(firstAlarm(volts.map((volt) => -volt))).toBeUndefined();
    }
  });

  it('says nothing while no current flows', () => {
    expect(detectShort(points([...steady(20), 0, 0], 0))).toBeUndefined();
  });

  it('does not take a step to half the voltage for a short when the noise is as large', () => {
    const noise = seededNoise(3);
    const volts = Array.from({ length: 200 }, () => 0.001 + 0.001 * noise());
    expect(firstAlarm(volts)).toBeUndefined();
  });

  it('lets the voltage relax, drift and step by less than half', () => {
    const relaxing = Array.from({ length: 100 }, (_, at) => 0.1 + 0.2 * Math.exp(-at / 30));
    expect(firstAlarm(relaxing)).toBeUndefined();
    expect(firstAlarm([...steady(30), ...steady(30, 0.11)])).toBeUndefined();
  });

  it('gives no false alarm in 100 h of noisy ordinary plating', () => {
    const alarms = Array.from({ length: 10 }, (_, seed) =>
      firstAlarm(plating(seed + 1, 3600, 0.01)),
    );
    expect(alarms.every((alarm) => alarm === undefined)).toBe(true);
  });

  it('finds every short in noisy plating within two samples, for 100 seeds', () => {
    const late = Array.from({ length: 100 }, (_, seed) => {
      const noise = seededNoise(seed + 1000);
      const before = plating(seed + 1, 300, 0.005);
      const volts = [...before, ...Array.from({ length: 5 }, () => 0.002 + 0.002 * noise())];
      return (firstAlarm(volts) ?? Number.POSITIVE_INFINITY) - before.length + 1;
    });
    expect(Math.max(...late)).toBeLessThanOrEqual(CONFIRM_SAMPLES);
    expect(Math.min(...late)).toBeGreaterThan(0);
  });
});
