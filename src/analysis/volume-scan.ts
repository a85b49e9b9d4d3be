import { Fault, type Problem } from '../domain/fault.ts';
import type { ScanSource } from '../domain/scan-source.ts';
import { VOXEL_BYTES, type VoxelType } from '../domain/volume.ts';
import { COLUMNS_MAX } from '../kernels/tomography-tables.ts';
import { beamOffset } from './tomography-beam.ts';
import type { FlatMoment } from './tomography-flat-field.ts';
import type { ScanInspection } from './tomography-inspection.ts';
import type { VolumeScan } from './volume-jobs.ts';
import { VIEWS_MIN, VOLUME_BYTES_MAX, type VolumeOptions } from './volume-options.ts';

/**
 * What can be said before any pixel is looked at.
 * @throws Fault badInput when views are too few or angles are no numbers; capacity when the
 * detector is too wide or the volume too large
 */
export function checkScan({ rows, columns, anglesRadian }: ScanSource, type: VoxelType): void {
  const problems: Problem[] = [];
  const views = anglesRadian.length;
  if (views === 0) {
    problems.push({ where: 'projections', message: 'the scan has none; expected one per angle' });
  } else if (views < VIEWS_MIN) {
    const message = `${views} views; expected at least ${VIEWS_MIN}`;
    problems.push({ where: 'projections', message });
  }
  const bad = anglesRadian.findIndex((angle) => !Number.isFinite(angle));
  if (bad >= 0) {
    const message = `angle ${bad + 1} is ${anglesRadian[bad]}; expected a finite number`;
    problems.push({ where: 'angles', message });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  if (columns < 2 || columns > COLUMNS_MAX) {
    const message = `${columns} detector columns; slices are made of 2 to ${COLUMNS_MAX}`;
    throw new Fault('capacity', { where: 'projections', message });
  }
  const bytes = rows * columns ** 2 * VOXEL_BYTES[type];
  if (bytes > VOLUME_BYTES_MAX) {
    const message = `the volume of ${rows} slices of ${columns} x ${columns} takes ${bytes} bytes as ${type}; at most ${VOLUME_BYTES_MAX} are made: store smaller voxels, bin the detector or crop its rows`;
    throw new Fault('capacity', { where: 'volume', message });
  }
}

/** What the workers are told of a scan that was inspected. */
export function volumeScanOf(
  source: ScanSource,
  moments: readonly FlatMoment[],
  { views, relativeBeam }: ScanInspection,
  { removesZingers = true, stripes = 'sort' }: VolumeOptions,
): VolumeScan {
  const { rows, columns } = source;
  const usedViews = views.used;
  const anglesRadian = Float64Array.from(usedViews, (view) => source.anglesRadian[view] ?? 0);
  const beam = relativeBeam && {
    beamOffsets: Float64Array.from(usedViews, (view) => beamOffset(relativeBeam[view] ?? 1)),
  };
  return {
    rows,
    columns,
    usedViews,
    anglesRadian,
    moments,
    ...beam,
    removesZingers,
    stripeRemoval: stripes,
  };
}
