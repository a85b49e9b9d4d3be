import { describe, expect, it } from 'vitest';
import { otsuThreshold, steadyLevel } from '../../src/analysis/volume-change-levels.ts';
import { voxelSizeDoubts } from '../../src/analysis/voxel-size-doubt.ts';
import { Random } from '../../src/domain/random.ts';

function normals(seed: number, length: number, mean: number, deviation: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => mean + deviation * random.normal());
}

describe('the threshold between two phases', () => {
  it('lies halfway between equally wide phases, however few one of them has', () => {
    const found = otsuThreshold([normals(1, 20_000, 0.4, 0.04), normals(2, 4_000, 1, 0.04)]);
    expect(found?.threshold).toBeCloseTo(0.7, 1);
    expect(found?.dark).toBeCloseTo(0.4, 2);
    expect(found?.bright).toBeCloseTo(1, 2);
  });

  it('lies in the middle of the gap between phases without noise', () => {
    expect(otsuThreshold([Float32Array.of(0, 0, 0, 1, 1)])?.threshold).toBeCloseTo(0.5, 3);
  });

  it('is none where all values are the same, or there are none', () => {
    expect(otsuThreshold([new Float32Array(9).fill(3)])).toBeUndefined();
    expect(otsuThreshold([])).toBeUndefined();
  });
});

describe('the level of a phase', () => {
  it('is the mean of normal values, with its standard deviation', () => {
    const found = steadyLevel(normals(3, 10_000, 0.4, 0.05));
    expect(found?.level).toBeCloseTo(0.4, 2);
    expect(found?.error).toBeLessThan(0.005);
    expect(found?.error).toBeGreaterThan(0.0002);
  });

  it('is not pulled by pores on one side, and says that both sides differ', () => {
    const values = [...normals(4, 8_000, 0.4, 0.01), ...normals(5, 2_000, 0.25, 0.05)];
    const found = steadyLevel(Float32Array.from(values));
    expect(Math.abs((found?.level ?? 0) - 0.4)).toBeLessThan(0.002);
    expect(found?.error).toBeGreaterThan(0.001);
  });

  it('is the value itself when all are the same, and none without values', () => {
    expect(steadyLevel(new Float32Array(5).fill(2))).toEqual({ level: 2, error: 0 });
    expect(steadyLevel(new Float32Array(0))).toBeUndefined();
  });
});

describe('the size of a voxel', () => {
  it('is doubted where the paper contradicts itself: 2.5 um, 2016 pixels and 4 mm', () => {
    const [doubt, ...others] = voxelSizeDoubts(2.5, 2016, { fieldOfViewUm: 4000 });
    expect(doubt).toMatch(/2.5 um does not fit the field of view, which say 1.984 um.*2.00/);
    expect(others).toEqual([]);
  });

  it('is believed within 5 %, and where nothing else is known', () => {
    expect(voxelSizeDoubts(2.5, 2016, { pitchOverMagnificationUm: 11 / 4.4 })).toEqual([]);
    expect(voxelSizeDoubts(2.5, 2016, { fieldOfViewUm: 2016 * 2.4 })).toEqual([]);
    expect(voxelSizeDoubts(2.5, 2016, {})).toEqual([]);
    expect(
      voxelSizeDoubts(2.5, 2016, { fieldOfViewUm: 4000, pitchOverMagnificationUm: 2 }),
    ).toHaveLength(2);
  });
});
