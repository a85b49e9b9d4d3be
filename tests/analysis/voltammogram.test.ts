import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import { findVoltammogramPeaks, peakSeparations } from '../../src/analysis/voltammogram.ts';
import { WrittenRun } from './cycling-run.ts';

const bell = (volt: number, at: number): number => Math.exp(-(((volt - at) / 0.05) ** 2) / 2);

/** Sweeps between 3 and 4 V; one peak up at 3.6, one down at 3.4 V. */
function voltammogram(current: (volt: number, rising: boolean) => number, cycles = 1) {
  const run = new WrittenRun();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    for (let at = 0; at <= 500; at += 1) {
      run.wait(1).reading(3 + at * 0.002, current(3 + at * 0.002, true));
    }
    for (let at = 500; at >= 0; at -= 1) {
      run.wait(1).reading(3 + at * 0.002, current(3 + at * 0.002, false));
    }
  }
  return readTrace(run.finish()).electrical;
}

const REVERSIBLE = (volt: number, rising: boolean): number =>
  rising ? 1e-4 * bell(volt, 3.6011) : -1e-4 * bell(volt, 3.4007);

describe('a voltammogram', () => {
  it('has its peaks between the readings, by a parabola', () => {
    const [oxidation, reduction] = findVoltammogramPeaks(voltammogram(REVERSIBLE));
    expect(oxidation).toMatchObject({ direction: 'oxidation', sweep: 1 });
    expect(oxidation?.voltageVolt).toBeCloseTo(3.6011, 4);
    expect(reduction).toMatchObject({ direction: 'reduction', sweep: 2 });
    expect(reduction?.voltageVolt).toBeCloseTo(3.4007, 4);
  });

  it('says how far the peaks of neighbouring sweeps are apart, for each cycle', () => {
    const peaks = findVoltammogramPeaks(voltammogram(REVERSIBLE, 2));
    const separations = peakSeparations(peaks);
    expect(separations).toHaveLength(3);
    for (const separation of separations) expect(separation).toBeCloseTo(0.2004, 3);
  });

  it('has no peak where the current only rises to the end of the sweep', () => {
    const rising = (volt: number, up: boolean): number => (up ? 1e-4 * (volt - 3) : 0);
    expect(findVoltammogramPeaks(voltammogram(rising))).toEqual([]);
  });

  it('takes the tallest of several peaks, and a ripple for none', () => {
    const two = (volt: number, up: boolean): number =>
      up ? 0.5e-4 * bell(volt, 3.3) + 1e-4 * bell(volt, 3.7) : -1e-4 * bell(volt, 3.5);
    const [oxidation] = findVoltammogramPeaks(voltammogram(two));
    expect(oxidation?.voltageVolt).toBeCloseTo(3.7, 3);
    const ripple = (volt: number): number => 1e-4 * (volt - 3) + 1e-7 * Math.sin(40 * volt);
    expect(findVoltammogramPeaks(voltammogram(ripple))).toEqual([]);
  });

  it('pairs no peak with one of another cycle', () => {
    const lonely = (volt: number, up: boolean): number => (up ? 1e-4 * bell(volt, 3.6) : 0);
    const peaks = findVoltammogramPeaks(voltammogram(lonely, 2));
    expect(peaks).toHaveLength(2);
    expect(peakSeparations(peaks)).toEqual([]);
  });

  it('is nothing without readings', () => {
    expect(findVoltammogramPeaks(readTrace(new WrittenRun().finish()).electrical)).toEqual([]);
  });
});
