import { describe, expect, it } from 'vitest';
import { bridgesOf, withBridges } from '../../src/analysis/tomography-gaps.ts';
import { Random } from '../../src/domain/random.ts';

const STEP = Math.PI / 180;
const regular = (count: number) => Array.from({ length: count }, (_, k) => k * STEP);

describe('bridges over missing views', () => {
  it('are none where nothing is missing, also when angles jitter or are out of order', () => {
    expect(bridgesOf(regular(180))).toEqual([]);
    const random = new Random(3);
    expect(bridgesOf(regular(180).map((a) => a + 0.05 * STEP * random.normal()))).toEqual([]);
    expect(bridgesOf(regular(180).toSorted((a, b) => Math.sin(97 * a) - Math.sin(97 * b)))).toEqual(
      [],
    );
    expect(bridgesOf([])).toEqual([]);
    expect(bridgesOf([1])).toEqual([]);
  });

  it('stand where views are missing, between those on their sides', () => {
    const angles = regular(180).filter((_, view) => view !== 7 && (view < 20 || view > 22));
    const bridges = bridgesOf(angles.toReversed());
    expect(bridges.map(({ angleRadian }) => Math.round(angleRadian / STEP))).toEqual([
      7, 20, 21, 22,
    ]);
    const last = angles.length - 1;
    expect(bridges[0]).toMatchObject({ before: last - 6, after: last - 7, share: 0.5 });
    expect(bridges.slice(1).map(({ share }) => share)).toEqual([0.25, 0.5, 0.75]);
  });

  it('are not built over a missing wedge, nor between angles that are not regular', () => {
    expect(bridgesOf(regular(180).filter((_, view) => view < 90 || view > 105))).toEqual([]);
    const golden = Array.from({ length: 180 }, (_, k) => (k * 1.9416) % Math.PI);
    expect(bridgesOf(golden)).toEqual([]);
    const random = new Random(8);
    expect(bridgesOf(regular(180).map(() => Math.PI * random.uniform()))).toEqual([]);
    expect(bridgesOf(new Float64Array(50))).toEqual([]);
  });

  it('lie on the line between the views on their sides', () => {
    const sinogram = Float32Array.of(1, 2, 3, 5, 0, 4);
    const bridges = [{ angleRadian: 0.5, before: 0, after: 2, share: 0.25 }];
    expect(withBridges(sinogram, 2, bridges)).toEqual(Float32Array.of(1, 2, 3, 5, 0, 4, 0.75, 2.5));
    expect(withBridges(sinogram, 2, [])).toEqual(sinogram);
  });
});
