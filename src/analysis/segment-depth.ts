import { Fault } from '../domain/fault.ts';
import type { InterfaceSurface } from '../domain/segmentation.ts';
import type { VolumeSource } from '../domain/volume.ts';
import { DEPTH_BINS_MAX } from '../kernels/volume-kernel.ts';
import type { DepthTotals } from './segment-jobs.ts';

const DEPTH_BIN_VOXELS = 8;
/** 20 um, as the field bins its depths. */
const DEPTH_BIN_METRE = 20e-6;

/**
 * Width and number of the depth bins of a volume.
 * @throws Fault badInput for a width that is not positive
 */
export function depthBins(
  { slices, rows, columns }: VolumeSource,
  wanted: { readonly voxelSizeMetre?: number; readonly depthBinVoxel?: number },
): { readonly binVoxel: number; readonly bins: number } {
  const { voxelSizeMetre, depthBinVoxel } = wanted;
  const width =
    depthBinVoxel ?? (voxelSizeMetre ? DEPTH_BIN_METRE / voxelSizeMetre : DEPTH_BIN_VOXELS);
  if (!(width > 0)) {
    const message = `bins of ${width} voxels; expected a positive number`;
    throw new Fault('badInput', { where: 'depth bins', message });
  }
  // A slope makes nothing deeper than the volume is high, with its width to spare.
  const deepest = slices + Math.max(rows, columns);
  const binVoxel = Math.max(width, deepest / DEPTH_BINS_MAX);
  return { binVoxel, bins: Math.min(DEPTH_BINS_MAX, Math.ceil(deepest / binVoxel)) };
}

/**
 * Adds how many slices of foreground each column has in one part to how many it has before.
 * @param heights slices of foreground from the electrode's face on; changed
 * @returns false when no column goes on into the next part
 */
export function extendHeights(
  heights: Uint16Array,
  leading: Uint16Array,
  firstSlice: number,
): boolean {
  let goesOn = false;
  for (let at = 0; at < heights.length; at++) {
    const more = leading[at] ?? 0;
    if (more === 0 || heights[at] !== firstSlice) continue;
    heights[at] = firstSlice + more;
    goesOn = true;
  }
  return goesOn;
}

/** A flat surface in front of the first slice: depth is then that below the volume's face. */
export function flatFace(rows: number, columns: number): InterfaceSurface {
  return {
    face: 'top',
    coefficients: [-0.5, 0, 0],
    centreColumn: (columns - 1) / 2,
    centreRow: (rows - 1) / 2,
    halfVoxel: Math.max(rows, columns) / 2,
    roughnessVoxel: 0,
    outlierFraction: 0,
  };
}

/** What several workers counted, as one; the first one's arrays are changed. @throws Fault analysis without any */
export function summedDepths(each: readonly DepthTotals[]): DepthTotals {
  const [first, ...others] = each;
  if (!first) throw new Fault('analysis', { where: 'segmentation', message: 'no workers' });
  for (const other of others) {
    for (const [level, classes] of first.levels.entries()) {
      for (const [index, counts] of classes.entries()) {
        addTo(counts, other.levels[level]?.[index]);
      }
    }
    addTo(first.mask, other.mask);
    for (const [level, map] of first.reaches.entries()) {
      const more = other.reaches[level];
      for (let at = 0; at < map.length; at++) map[at] = Math.max(map[at] ?? 0, more?.[at] ?? 0);
    }
  }
  return first;
}

function addTo(counts: Float64Array, more: Float64Array | undefined): void {
  for (let bin = 0; bin < counts.length; bin++)
    counts[bin] = (counts[bin] ?? 0) + (more?.[bin] ?? 0);
}
