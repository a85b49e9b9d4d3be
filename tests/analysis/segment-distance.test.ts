import { describe, expect, it } from 'vitest';
import { depthMeans, distanceTransform } from '../../src/analysis/segment-distance.ts';
import { Random } from '../../src/domain/random.ts';

describe('distanceTransform', () => {
  it.each([
    0.5, 0.9, 0.995,
  ])('is the distance to the nearest background voxel, share %d', (share) => {
    const block = { slices: 9, rows: 11, columns: 14 };
    const random = new Random(Math.round(share * 1000));
    const foreground = Uint8Array.from({ length: 9 * 11 * 14 }, () =>
      Number(random.uniform() < share),
    );
    const place = (at: number) =>
      [at % 14, Math.floor(at / 14) % 11, Math.floor(at / 154)] as const;
    const background = Array.from(foreground.keys()).filter((at) => !foreground[at]);
    expect(background.length).toBeGreaterThan(0);
    const distances = distanceTransform(foreground, block);
    for (const [at, distance] of distances.entries()) {
      const [x, y, z] = place(at);
      const nearest = Math.min(
        ...background.map((other) => {
          const [u, v, w] = place(other);
          return (x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2;
        }),
      );
      expect(distance).toBeCloseTo(Math.sqrt(nearest), 5);
    }
  });

  it('finds the shell of a ball: 40.8 % of its volume, at depths up to its thickness', () => {
    // Radius 50 with a shell of 8: 1 - 0.84^3 = 0.40730 of the volume.
    const side = 128;
    const radius = (at: number) => {
      const [x, y, z] = [at % side, Math.floor(at / side) % side, Math.floor(at / side ** 2)];
      return Math.hypot(x - 63.5, y - 63.5, z - 63.5);
    };
    const count = side ** 3;
    const ball = Uint8Array.from({ length: count }, (_, at) => Number(radius(at) <= 50));
    const shell = Uint8Array.from({ length: count }, (_, at) =>
      Number(radius(at) <= 50 && radius(at) > 42),
    );
    const total = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0);
    expect(Math.abs(total(shell) / total(ball) - 0.4073)).toBeLessThan(0.001);
    const means = depthMeans(
      shell,
      distanceTransform(ball, { slices: side, rows: side, columns: side }),
    );
    // Bin 0 is empty: the outermost voxels are one voxel from the background.
    expect(means[0]?.depthFromVoxel).toBe(1);
    for (const { depthFromVoxel, depthToVoxel, mean } of means) {
      if (depthToVoxel <= 8) expect(mean).toBe(1);
      if (depthFromVoxel >= 10) expect(mean).toBe(0);
    }
    expect(means.reduce((sum, { voxels }) => sum + voxels, 0)).toBe(total(ball));
    const weighted = means.reduce((sum, { voxels, mean }) => sum + voxels * mean, 0);
    expect(weighted / total(ball)).toBeCloseTo(total(shell) / total(ball), 9);
    expect(means.at(-1)?.depthToVoxel).toBeGreaterThanOrEqual(50);
  });

  it('knows no depth without background, and refuses blocks that contradict their size', () => {
    const block = { slices: 2, rows: 3, columns: 4 };
    const full = distanceTransform(new Uint8Array(24).fill(1), block);
    expect(depthMeans(new Uint8Array(24), full)).toEqual([]);
    expect(Array.from(distanceTransform(new Uint8Array(24), block))).toEqual(Array(24).fill(0));
    expect(() => distanceTransform(new Uint8Array(23), block)).toThrow(
      /23 voxels; expected 2 x 3 x 4/,
    );
    expect(() =>
      distanceTransform(new Uint8Array(1), { slices: 1024, rows: 1024, columns: 1024 }),
    ).toThrow(/at most/);
  });
});
