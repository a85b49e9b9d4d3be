import type { RecordBody } from '../domain/run-record.ts';
import type { MeasuredNumber, ScanSpan } from '../domain/volume-results.ts';

/** What was found out from volumes, in SI units with the unit last in each key. */

type Of<K extends RecordBody['kind']> = Extract<RecordBody, { readonly kind: K }>;

/** Phases, voids and protrusion of one volume. */
export function phasesPayload(body: Of<'segmentation'>): object {
  const { result } = body;
  return {
    scan_id: body.scanId,
    ...scanSpan(body),
    threshold_per_pixel: result.thresholdPerPixel,
    threshold_error_per_pixel: result.thresholdErrorPerPixel,
    separability: result.separability,
    electrode_voxels: result.electrodeVoxels,
    void_voxels: result.voidVoxels,
    solid_voxels: result.solidVoxels,
    voids: result.voids,
    ...named(result.voidFraction, 'void_fraction', 'void_fraction_error'),
    ...named(result.largestVoid, 'largest_void_cubic_metre', 'largest_void_error_cubic_metre'),
    ...named(result.protrusion, 'protrusion_metre', 'protrusion_error_metre'),
    depths: result.depths.map(({ fromMetre, toMetre, fraction, standardError }) => ({
      from_metre: fromMetre,
      to_metre: toMetre,
      void_fraction: fraction,
      void_fraction_error: standardError,
    })),
    remarks: result.remarks,
  };
}

/** What has grown since an earlier volume, and what the charge says of it. */
export function changePayload(body: Of<'volumeChange'>): object {
  const { result } = body;
  return {
    scan_id: body.scanId,
    ...scanSpan(body),
    against_scan_id: result.againstScanId,
    charge_coulomb: result.chargeCoulomb,
    ...named(result.greyVoxels, 'grey_voxels', 'grey_error_voxels'),
    ...named(result.countedVoxels, 'counted_voxels', 'counted_error_voxels'),
    ...named(result.growth, 'growth_cubic_metre', 'growth_error_cubic_metre'),
    ...named(result.lithium, 'lithium_cubic_metre', 'lithium_error_cubic_metre'),
    electrochemical_cubic_metre: result.electrochemicalCubicMetre,
    ...named(result.ratio, 'ratio', 'ratio_error'),
    shift_voxel: result.shiftVoxel,
    doubts: result.doubts,
  };
}

function scanSpan(span: ScanSpan): object {
  return {
    start_second: span.startSecond,
    stop_second: span.stopSecond,
    start_charge_coulomb: span.startChargeCoulomb,
    stop_charge_coulomb: span.stopChargeCoulomb,
  };
}

function named(measured: MeasuredNumber | null, value: string, error: string): object {
  return { [value]: measured?.value ?? null, [error]: measured?.standardError ?? null };
}
