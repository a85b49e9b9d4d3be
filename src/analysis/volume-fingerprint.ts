import { createHash } from 'node:crypto';
import type { ScanInspection } from './tomography-inspection.ts';
import type { SlicePlan, VolumeScan } from './volume-jobs.ts';

/** Counted up whenever the same scan and options would give other voxels. */
const ENGINE_VERSION = 1;

/**
 * Of everything that decides what the voxels are: a volume that was begun with another fingerprint
 * is not gone on with. Frames are known by the mean of each view.
 */
export function fingerprintOf(options: {
  readonly scan: VolumeScan;
  readonly inspection: ScanInspection;
  readonly plan: SlicePlan;
  readonly phaseAreaPixel: number;
}): string {
  const { scan, inspection, plan, phaseAreaPixel } = options;
  const { moments, usedViews, anglesRadian, beamOffsets, ...settings } = scan;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ ENGINE_VERSION, settings, plan, phaseAreaPixel }));
  const arrays = [
    usedViews,
    anglesRadian,
    beamOffsets ?? new Float64Array(0),
    inspection.views.means,
    ...moments.flatMap(({ afterViews, field }) => [
      Float64Array.of(afterViews),
      field.dark,
      field.gain,
    ]),
  ];
  for (const array of arrays) {
    hash.update(`${array.length};`);
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}
