import type { PorosityBin, Segmentation } from '../domain/segmentation.ts';

/** Every listed void and particle, largest first: one line each, lengths in voxels. */
export function componentsCsv({ tables, voxelSizeMetre }: Segmentation): string {
  const header = [
    'kind',
    'voxels',
    'volume_cubic_metre',
    'centroid_column',
    'centroid_row',
    'centroid_slice',
    'first_column',
    'last_column',
    'first_row',
    'last_row',
    'first_slice',
    'last_slice',
    'touches_border',
    'depth_voxel',
    'depth_metre',
  ];
  const lines = tables.flatMap(({ label, listed }) =>
    listed.map(({ voxels, depthVoxel, touchesBorder, bounds, ...centroid }) =>
      line([
        label,
        voxels,
        voxelSizeMetre === null ? null : voxels * voxelSizeMetre ** 3,
        centroid.centroidColumn,
        centroid.centroidRow,
        centroid.centroidSlice,
        ...bounds,
        Number(touchesBorder),
        depthVoxel,
        depthVoxel === null || voxelSizeMetre === null ? null : depthVoxel * voxelSizeMetre,
      ]),
    ),
  );
  return [header.join(','), ...lines, ''].join('\n');
}

/** Porosity against depth, one line per bin. */
export function porosityCsv(bins: readonly PorosityBin[]): string {
  const header = [
    'depth_from_voxel',
    'depth_to_voxel',
    'depth_from_metre',
    'depth_to_metre',
    'porosity',
    'counting_sigma',
    'threshold_low',
    'threshold_high',
    'void_voxels',
    'voxels',
    'voids',
  ];
  const lines = bins.map((bin) =>
    line([
      bin.depthFromVoxel,
      bin.depthToVoxel,
      bin.depthFromMetre,
      bin.depthToMetre,
      bin.fraction,
      bin.countingSigma,
      bin.thresholdLow,
      bin.thresholdHigh,
      bin.voidVoxels,
      bin.voxels,
      bin.voids,
    ]),
  );
  return [header.join(','), ...lines, ''].join('\n');
}

/** An unknown value is an empty field. */
function line(fields: readonly (string | number | null)[]): string {
  return fields
    .map((field) =>
      typeof field === 'number' ? String(Number(field.toPrecision(9))) : (field ?? ''),
    )
    .join(',');
}
