import { describe, expect, it } from 'vitest';
import {
  DIPS_MIN,
  SoftShortDetector,
  type SoftShortVerdict,
} from '../../src/run/soft-short-detector.ts';
import { seededNoise } from '../support/seeded-noise.ts';

const EVERY_SECOND = 5;

/** Every verdict on a series of voltages along the current. */
function verdicts(volts: readonly number[], sign = 1): SoftShortVerdict[] {
  const detector = new SoftShortDetector();
  return volts.flatMap((volt, at) => {
    const point = {
      timeSecond: at * EVERY_SECOND,
      voltageVolt: sign * volt,
      currentAmpere: sign * 1e-3,
    };
    return detector.add(point) ?? [];
  });
}

/** Plating that slowly rises, with a little noise. */
function plating(count: number, seed = 1): number[] {
  const noise = seededNoise(seed);
  return Array.from({ length: count }, (_, at) => 0.2 + 2e-5 * at + 5e-4 * noise());
}

/** Takes a share away from some samples. */
function dipped(volts: readonly number[], at: readonly number[], share = 0.15, long = 3): number[] {
  const low = new Set(at.flatMap((from) => Array.from({ length: long }, (_, step) => from + step)));
  return volts.map((volt, index) => (low.has(index) ? volt * (1 - share) : volt));
}

describe('the soft short detector', () => {
  it('calls dips that come again and heal, at the last of them', () => {
    const found = verdicts(dipped(plating(200), [60, 90, 120]));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: 'dips', count: DIPS_MIN });
    expect(found[0]?.usualVolt).toBeCloseTo(0.202, 2);
    expect(found[0]?.seenVolt).toBeCloseTo(0.172, 2);
  });

  it('calls them in both directions of a symmetric cell', () => {
    expect(verdicts(dipped(plating(200), [60, 90, 120]), -1)).toHaveLength(1);
  });

  it('does not call fewer, or so far apart that they are no series', () => {
    expect(verdicts(dipped(plating(200), [60, 90]))).toEqual([]);
    expect(verdicts(dipped(plating(700), [60, 260, 460]))).toEqual([]);
  });

  it('does not call single samples, which the meter may have made', () => {
    expect(verdicts(dipped(plating(300), [60, 90, 120, 150, 180], 0.2, 1))).toEqual([]);
  });

  it('does not call dips that are no deeper than a few per cent or than the noise', () => {
    expect(verdicts(dipped(plating(200), [60, 90, 120], 0.02))).toEqual([]);
    const noise = seededNoise(4);
    const noisy = plating(300).map((volt) => volt + 0.03 * noise());
    expect(verdicts(dipped(noisy, [60, 90, 120], 0.1))).toEqual([]);
  });

  it('takes a voltage that falls and stays for a new level, not for a dip', () => {
    const volts = plating(400).map((volt, at) => (at > 100 ? volt * 0.85 : volt));
    expect(verdicts(volts).filter(({ kind }) => kind === 'dips')).toEqual([]);
  });

  it('calls a voltage that has risen and then falls while the current goes on, once', () => {
    const volts = Array.from({ length: 900 }, (_, at) =>
      at < 300 ? 0.2 + 1e-4 * at : 0.23 - 1.2e-4 * (at - 300),
    );
    const found = verdicts(volts);
    expect(found.map(({ kind }) => kind)).toEqual(['falling']);
    expect(found[0]?.usualVolt).toBeCloseTo(0.23, 2);
  });

  it('does not call a nucleation peak that decays from the start', () => {
    const volts = Array.from({ length: 900 }, (_, at) => 0.2 + 0.15 * Math.exp(-at / 60));
    expect(verdicts(volts)).toEqual([]);
  });

  it('does not judge a cell that gives power: it falls as it empties', () => {
    const volts = Array.from({ length: 900 }, (_, at) => -(4 - 0.002 * at));
    expect(verdicts(volts)).toEqual([]);
    expect(verdicts(dipped(volts, [60, 90, 120]))).toEqual([]);
  });

  it('says nothing while no current flows', () => {
    const detector = new SoftShortDetector();
    for (let at = 0; at < 100; at += 1) {
      const voltageVolt = at % 10 < 3 ? 0.1 : 0.2;
      const point = { timeSecond: at, voltageVolt, currentAmpere: 0 };
      expect(detector.add(point)).toBeUndefined();
    }
  });
});
