import type { Volume } from '../../src/domain/scan.ts';
import type { VolumeSource, VoxelScale, Voxels } from '../../src/domain/volume.ts';
import { voxelTypeOf } from '../../src/domain/volume.ts';
import { openVolume } from '../../src/formats/open-volume.ts';

/** A whole volume of a file as attenuation in 1/pixel. */
export async function readVolume(path: string): Promise<Volume> {
  const volume = await openVolume(path);
  try {
    const { slices, rows, columns, scale } = volume;
    const stored = await volume.readSlices(0, slices);
    const voxels = Float32Array.from(stored, (value) => scale.offset + scale.step * value);
    return { slices, rows, columns, voxels };
  } finally {
    await volume.close();
  }
}

/** A volume in memory, for what reads volumes; it counts the voxels of the largest read. */
export function heldVolume(options: {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly voxels: Voxels;
  readonly scale?: VoxelScale;
}): VolumeSource & { readonly voxelsReadAtOnce: number } {
  const { slices, rows, columns, voxels } = options;
  let voxelsReadAtOnce = 0;
  return {
    where: 'a volume in memory',
    slices,
    rows,
    columns,
    scale: options.scale ?? { type: voxelTypeOf(voxels), offset: 0, step: 1 },
    get voxelsReadAtOnce() {
      return voxelsReadAtOnce;
    },
    async readSlices(firstSlice, sliceCount) {
      const length = rows * columns;
      voxelsReadAtOnce = Math.max(voxelsReadAtOnce, sliceCount * length);
      return voxels.slice(firstSlice * length, (firstSlice + sliceCount) * length);
    },
    async close() {},
  };
}
