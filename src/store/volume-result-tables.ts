import { Fault } from '../domain/fault.ts';
import type { MeasuredNumber, ScanSpan, VoidsAtDepth } from '../domain/volume-results.ts';
import { isNullIn, jsonIn, jsonText, nameText, numberIn, textIn } from './columns.ts';
import type { RecordTable } from './record-table.ts';
import type { Bindable, Row } from './sqlite-file.ts';

/** How what was found out from volumes lies in its tables: units last in the names of columns. */

const SCAN_COLUMNS = {
  scan_id: 'text',
  start_second: 'number',
  stop_second: 'number',
  start_charge_coulomb: 'number',
  stop_charge_coulomb: 'number',
} as const;

interface OfScan extends ScanSpan {
  readonly scanId: string;
}

/** Phases, voids and protrusion of one volume. */
export const segmentation: RecordTable<'segmentation'> = {
  table: 'segmentation',
  columns: {
    ...SCAN_COLUMNS,
    threshold_per_pixel: 'number',
    threshold_error_per_pixel: 'number',
    separability: 'number',
    electrode_voxels: 'number',
    void_voxels: 'number',
    solid_voxels: 'number',
    voids: 'number',
    void_fraction: 'number',
    void_fraction_error: 'number',
    largest_void_cubic_metre: 'number',
    largest_void_error_cubic_metre: 'number',
    protrusion_metre: 'number',
    protrusion_error_metre: 'number',
    depths: 'text',
    remarks: 'text',
  },
  toRow: ({ result, ...scan }) => [
    ...scanToRow(scan),
    result.thresholdPerPixel,
    result.thresholdErrorPerPixel,
    result.separability,
    result.electrodeVoxels,
    result.voidVoxels,
    result.solidVoxels,
    result.voids,
    ...measuredToRow(result.voidFraction),
    ...measuredToRow(result.largestVoid),
    ...measuredToRow(result.protrusion),
    jsonText(result.depths, 'voids by depth'),
    jsonText(result.remarks, 'remarks on a segmentation'),
  ],
  fromRow: (row) => ({
    kind: 'segmentation',
    ...scanFromRow(row),
    result: {
      thresholdPerPixel: numberIn(row, 'threshold_per_pixel'),
      thresholdErrorPerPixel: numberIn(row, 'threshold_error_per_pixel'),
      separability: numberIn(row, 'separability'),
      electrodeVoxels: numberIn(row, 'electrode_voxels'),
      voidVoxels: numberIn(row, 'void_voxels'),
      solidVoxels: numberIn(row, 'solid_voxels'),
      voids: numberIn(row, 'voids'),
      voidFraction: measuredIn(row, 'void_fraction', 'void_fraction_error'),
      largestVoid: measuredIn(row, 'largest_void_cubic_metre', 'largest_void_error_cubic_metre'),
      protrusion: measuredIn(row, 'protrusion_metre', 'protrusion_error_metre'),
      depths: listIn(row, 'depths') as readonly VoidsAtDepth[],
      remarks: listIn(row, 'remarks') as readonly string[],
    },
  }),
};

/** What has grown since an earlier volume. */
export const volumeChange: RecordTable<'volumeChange'> = {
  table: 'volume_change',
  columns: {
    ...SCAN_COLUMNS,
    against_scan_id: 'text',
    charge_coulomb: 'number',
    grey_voxels: 'number',
    grey_error_voxels: 'number',
    counted_voxels: 'number',
    counted_error_voxels: 'number',
    growth_cubic_metre: 'number',
    growth_error_cubic_metre: 'number',
    lithium_cubic_metre: 'number',
    lithium_error_cubic_metre: 'number',
    electrochemical_cubic_metre: 'number',
    ratio: 'number',
    ratio_error: 'number',
    shift_voxel: 'number',
    doubts: 'text',
  },
  toRow: ({ result, ...scan }) => [
    ...scanToRow(scan),
    nameText(result.againstScanId, 'scan id'),
    result.chargeCoulomb,
    ...measuredToRow(result.greyVoxels),
    ...measuredToRow(result.countedVoxels),
    ...measuredToRow(result.growth),
    ...measuredToRow(result.lithium),
    result.electrochemicalCubicMetre,
    ...measuredToRow(result.ratio),
    result.shiftVoxel,
    jsonText(result.doubts, 'doubts about a comparison'),
  ],
  fromRow: (row) => ({
    kind: 'volumeChange',
    ...scanFromRow(row),
    result: {
      againstScanId: textIn(row, 'against_scan_id'),
      chargeCoulomb: numberIn(row, 'charge_coulomb'),
      greyVoxels: numberAndErrorIn(row, 'grey_voxels', 'grey_error_voxels'),
      countedVoxels: numberAndErrorIn(row, 'counted_voxels', 'counted_error_voxels'),
      growth: measuredIn(row, 'growth_cubic_metre', 'growth_error_cubic_metre'),
      lithium: measuredIn(row, 'lithium_cubic_metre', 'lithium_error_cubic_metre'),
      electrochemicalCubicMetre: numberIn(row, 'electrochemical_cubic_metre'),
      ratio: measuredIn(row, 'ratio', 'ratio_error'),
      shiftVoxel: numberIn(row, 'shift_voxel'),
      doubts: listIn(row, 'doubts') as readonly string[],
    },
  }),
};

function scanToRow(scan: OfScan): readonly Bindable[] {
  return [
    nameText(scan.scanId, 'scan id'),
    scan.startSecond,
    scan.stopSecond,
    scan.startChargeCoulomb,
    scan.stopChargeCoulomb,
  ];
}

function scanFromRow(row: Row): OfScan {
  return {
    scanId: textIn(row, 'scan_id'),
    startSecond: numberIn(row, 'start_second'),
    stopSecond: numberIn(row, 'stop_second'),
    startChargeCoulomb: numberIn(row, 'start_charge_coulomb'),
    stopChargeCoulomb: numberIn(row, 'stop_charge_coulomb'),
  };
}

function measuredToRow(measured: MeasuredNumber | null): readonly [Bindable, Bindable] {
  return measured ? [measured.value, measured.standardError] : [null, null];
}

function measuredIn(row: Row, value: string, error: string): MeasuredNumber | null {
  return isNullIn(row, value) ? null : numberAndErrorIn(row, value, error);
}

function numberAndErrorIn(row: Row, value: string, error: string): MeasuredNumber {
  const standardError = isNullIn(row, error) ? null : numberIn(row, error);
  return { value: numberIn(row, value), standardError };
}

/** @throws Fault storage when the column is no list */
function listIn(row: Row, column: string): readonly unknown[] {
  const list = jsonIn(row, column);
  if (Array.isArray(list)) return list;
  throw new Fault('storage', { where: `column ${column}`, message: 'is no list' });
}
