import type { PorosityBin } from '../domain/segmentation.ts';
import type { DepthTotals } from './segment-jobs.ts';

/**
 * Porosity against depth: voids / (voids + solid). Voids are counted as wholes: the variance of
 * their volume is the sum of the squares of the volumes (compound Poisson), not that of
 * independent voxels.
 * @param found.voids centre depth and size of each void that is listed
 */
export function porosityBins(found: {
  readonly totals: DepthTotals;
  readonly voids: readonly { readonly voxels: number; readonly depthVoxel: number }[];
  readonly binVoxel: number;
  readonly voxelSizeMetre: number | null;
}): PorosityBin[] {
  const { totals, voids, binVoxel, voxelSizeMetre } = found;
  const squares = new Float64Array(totals.mask.length);
  const numbers = new Float64Array(totals.mask.length);
  for (const { voxels, depthVoxel } of voids) {
    const bin = Math.floor(depthVoxel / binVoxel);
    if (!(bin >= 0 && bin < squares.length)) continue;
    squares[bin] = (squares[bin] ?? 0) + voxels ** 2;
    numbers[bin] = (numbers[bin] ?? 0) + 1;
  }
  const metre = (voxel: number) => (voxelSizeMetre === null ? null : voxel * voxelSizeMetre);
  return Array.from(totals.mask.keys()).flatMap((bin) => {
    const fractions = totals.levels.map((counts) => fractionAt(counts, totals.mask, bin));
    const [middle] = fractions;
    if (!middle || middle.voxels <= 0) return [];
    // Only levels that were measured: the others count nothing at all.
    const levels = totals.reaches.map((_, level) => fractions[level]?.fraction ?? middle.fraction);
    const binomial = middle.fraction * (1 - middle.fraction) * middle.voxels;
    return [
      {
        depthFromVoxel: bin * binVoxel,
        depthToVoxel: (bin + 1) * binVoxel,
        depthFromMetre: metre(bin * binVoxel),
        depthToMetre: metre((bin + 1) * binVoxel),
        voidVoxels: middle.voidVoxels,
        voxels: middle.voxels,
        fraction: middle.fraction,
        countingSigma: Math.sqrt(Math.max(squares[bin] ?? 0, binomial)) / middle.voxels,
        thresholdLow: Math.min(...levels),
        thresholdHigh: Math.max(...levels),
        voids: numbers[bin] ?? 0,
      },
    ];
  });
}

function fractionAt(counts: readonly Float64Array[], mask: Float64Array, bin: number) {
  const voidVoxels = counts[0]?.[bin] ?? 0;
  const voxels = (mask[bin] ?? 0) - (counts[1]?.[bin] ?? 0);
  return { voidVoxels, voxels, fraction: voxels > 0 ? voidVoxels / voxels : 0 };
}
