import { describe, expect, it } from 'vitest';
import { distanceToBottom, trackComponents } from '../../src/analysis/components-track.ts';
import type { VolumeComponent } from '../../src/domain/segmentation.ts';

function particle(column: number, row: number, slice: number, radius = 5): VolumeComponent {
  return {
    voxels: Math.round((4 / 3) * Math.PI * radius ** 3),
    centroidColumn: column,
    centroidRow: row,
    centroidSlice: slice,
    bounds: [
      column - radius,
      column + radius,
      row - radius,
      row + radius,
      slice - radius,
      slice + radius,
    ],
    touchesBorder: false,
    depthVoxel: null,
  };
}

describe('trackComponents', () => {
  it('follows a particle that sinks, past others, to its distances to the bottom', () => {
    // 2.5 um voxels, 400 slices: 123, 113 and 108 um above the bottom of the field of view.
    const slicesAt = [345, 349, 351];
    const scans = slicesAt.map((slice) => [
      particle(40, 100, 200),
      particle(100, 100, slice),
      particle(111, 100, 360),
    ]);
    const chosen = scans[0]?.[1];
    const [track = []] = trackComponents(scans, chosen ? [chosen] : [], {
      displacementMaxVoxel: 20,
    });
    expect(track.map((component) => component?.centroidSlice)).toEqual(slicesAt);
    const distances = track.map((component) =>
      component
        ? (distanceToBottom(component, { slices: 400, voxelSizeMetre: 2.5e-6 }).metre ?? 0) * 1e6
        : Number.NaN,
    );
    expect(distances).toEqual([122.5, 112.5, 107.5].map((um) => expect.closeTo(um, 6)));
    const [first] = track;
    expect(first && distanceToBottom(first, { slices: 400, voxelSizeMetre: null })).toMatchObject({
      voxel: 49,
      metre: null,
    });
  });

  it('gives the distance to the bottom an error: half a voxel, and what the threshold moves', () => {
    const at = (radius: number) => particle(10, 10, 50, radius);
    const place = { slices: 100, voxelSizeMetre: null };
    const alone = distanceToBottom(at(5), place);
    const moved = distanceToBottom(at(5), { ...place, atOtherThresholds: [at(3), at(7)] });
    expect([alone.voxel, moved.voxel]).toEqual([44, 44]);
    expect(alone.sigmaVoxel).toBeCloseTo(0.5 / Math.sqrt(3), 12);
    expect(moved.sigmaVoxel).toBeCloseTo(Math.hypot(0.5 / Math.sqrt(3), 2), 12);
  });

  it('loses what moved too far or changed too much, and finds it again where it was', () => {
    const here = particle(50, 50, 50);
    const scans = [
      [here],
      [particle(50, 50, 80)],
      [particle(50, 50, 50, 9)],
      [particle(51, 50, 50)],
    ];
    const [track = []] = trackComponents(scans, [here], { displacementMaxVoxel: 10 });
    expect(track.map((component) => component?.centroidColumn)).toEqual([
      50,
      undefined,
      undefined,
      51,
    ]);
  });

  it('gives no component to two tracks', () => {
    const [a, b] = [particle(50, 50, 50), particle(58, 50, 50)];
    const left = particle(55, 50, 50);
    const tracks = trackComponents([[a, b], [left]], [a, b], { displacementMaxVoxel: 10 });
    expect(tracks.map((track) => track[1])).toEqual([undefined, left]);
  });
});
