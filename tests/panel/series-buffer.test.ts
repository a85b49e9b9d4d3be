import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesBuffer } from '../../src/panel/web/series-buffer.ts';

describe('a time series in the page', () => {
  it('keeps every point while there is room', () => {
    const series = new SeriesBuffer(8);
    for (let at = 0; at < 8; at++) series.add(at, at * at);
    expect(series.times).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(series.newestValue).toBe(49);
  });

  it('never grows beyond its bound and never loses the extremes', () => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(null) },
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 2000 }), (values) => {
        const series = new SeriesBuffer(64);
        for (const [at, one] of values.entries()) {
          series.add(at * 0.5, one);
          expect(series.length).toBeLessThanOrEqual(64);
        }
        const known = values.filter((one) => one !== null);
        const kept = series.values.filter((one) => one !== null);
        expect(Math.min(...kept)).toBe(Math.min(...known));
        expect(Math.max(...kept)).toBe(Math.max(...known));
        expect([...series.times]).toEqual([...series.times].sort((a, b) => a - b));
      }),
      { seed: 20261121 },
    );
  });

  it('shows a spike of one sample among a million', () => {
    const series = new SeriesBuffer();
    for (let at = 0; at < 1_000_000; at++) series.add(at, at === 123_456 ? 5 : 0);
    const spike = series.values.indexOf(5);
    expect(spike).toBeGreaterThan(0);
    expect(series.times[spike]).toBe(123_456);
  });

  it('keeps a gap when it is thinned', () => {
    const series = new SeriesBuffer(64);
    for (let at = 0; at < 500; at++) series.add(at, at === 250 ? null : 1);
    expect(series.values).toContain(null);
  });

  it('puts a late point in its place', () => {
    const series = new SeriesBuffer();
    for (const at of [1, 2, 4, 3]) series.add(at, at);
    expect(series.times).toEqual([1, 2, 3, 4]);
  });

  it('stays bounded when all points have the same time', () => {
    const series = new SeriesBuffer(64);
    for (let at = 0; at < 1000; at++) series.add(7, at);
    expect(series.length).toBeLessThanOrEqual(64);
    expect(Math.max(...series.values.map((value) => value ?? 0))).toBe(999);
  });

  it('gives the value nearest to a time, and none for a gap or an empty series', () => {
    const series = new SeriesBuffer();
    expect(series.valueAt(1)).toBeUndefined();
    expect(series.newestValue).toBeUndefined();
    series.add(0, 10);
    series.add(10, 20);
    series.add(20, null);
    expect([-5, 4, 6, 14, 19, 99].map((at) => series.valueAt(at))).toEqual([
      10,
      10,
      20,
      20,
      undefined,
      undefined,
    ]);
  });
});
