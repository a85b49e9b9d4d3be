import type { VoxelScale, Voxels, VoxelType } from '../domain/volume.ts';
import type { AttenuationRange } from './volume-jobs.ts';

/** The range of some slices is widened by this share at both ends, for the slices between them. */
const RANGE_MARGIN = 0.15;
/** Largest stored value. */
const STORED_MAX = { uint16: 65_535, uint8: 255 } as const;
/** Voxels as they are. */
export const PLAIN_SCALE: VoxelScale = { type: 'float32', offset: 0, step: 1 };

/**
 * A scale that holds what some slices have and a margin. 0, which is air and everything outside
 * the disc that all views see, is stored exactly.
 */
export function scaleFor(type: VoxelType, { least, most }: AttenuationRange): VoxelScale {
  if (type === 'float32') return PLAIN_SCALE;
  const margin = RANGE_MARGIN * (most - least);
  const span = most - least + 2 * margin;
  // One step is kept for moving the offset onto a whole number of steps from 0.
  const step = span > 0 ? span / (STORED_MAX[type] - 1) : 1;
  const offset = -step * Math.ceil((margin - Math.min(least, 0)) / step);
  return { type, offset, step };
}

/**
 * Stores a slice on a scale, rounded, and held within what it can hold.
 * @param target as long as `slice`
 * @returns how many voxels had to be held
 */
export function storeVoxels(slice: Float32Array, scale: VoxelScale, target: Voxels): number {
  if (scale.type === 'float32') {
    target.set(slice);
    return 0;
  }
  const [inverse, most] = [1 / scale.step, STORED_MAX[scale.type]];
  const zero = Math.round(-scale.offset * inverse);
  let held = 0;
  for (let at = 0; at < slice.length; at++) {
    const stored = Math.round((slice[at] ?? 0) * inverse) + zero;
    if (stored < 0 || stored > most) held += 1;
    target[at] = stored < 0 ? 0 : stored > most ? most : stored;
  }
  return held;
}
