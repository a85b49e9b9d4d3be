import { describe, expect, it } from 'vitest';
import { fitAxisTilt } from '../../src/analysis/tomography-axis-tilt.ts';

describe('the tilt of the axis', () => {
  const rows = [100, 300, 500, 700, 900];
  const along = (slope: number, noise: readonly number[] = []) =>
    rows.map((row, at) => ({ row, axisPixel: 500 + slope * row + (noise[at] ?? 0) }));

  it('is the slope of the line through the rows', () => {
    const tilt = fitAxisTilt(along(0.002, [0.01, -0.02, 0.01, 0.01, -0.01]), 1000);
    expect(tilt?.pixelPerRow).toBeCloseTo(0.002, 4);
    expect(tilt?.tiltRadian).toBeCloseTo(0.002, 4);
    expect(tilt?.isSignificant).toBe(true);
  });

  it('is not significant when the rows scatter as much', () => {
    const tilt = fitAxisTilt(along(0.0005, [0.3, -0.3, 0.2, -0.3, 0.3]), 1000);
    expect(tilt?.isSignificant).toBe(false);
  });

  it('is not significant when it moves the axis by less than shows', () => {
    expect(fitAxisTilt(along(0.0001), 1000)?.isSignificant).toBe(false);
    expect(fitAxisTilt(along(0.0003), 1000)?.isSignificant).toBe(true);
  });

  it('needs three rows that differ', () => {
    expect(fitAxisTilt(along(0.01).slice(0, 2), 1000)).toBeUndefined();
    const same = along(0.01).map(({ axisPixel }) => ({ row: 5, axisPixel }));
    expect(fitAxisTilt(same, 1000)).toBeUndefined();
  });
});
