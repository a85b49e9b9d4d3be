import { Fault } from '../domain/fault.ts';
import type { ReconstructionAlgorithm } from '../domain/scan.ts';
import type { VolumeAnalysis } from '../domain/volume-results.ts';
import {
  flag,
  flagIn,
  isNullIn,
  jsonIn,
  jsonText,
  nameText,
  numberIn,
  textIn,
  wordIn,
} from './columns.ts';
import type { RecordTable } from './record-table.ts';
import { SPAN_COLUMNS, spanFromRow, spanToRow } from './span-columns.ts';
import type { Row } from './sqlite-file.ts';

/** How scans, volumes and the spectra of detectors lie in their tables. */

const ALGORITHMS = { gridding: true, fbp: true, sirt: true } as const satisfies Record<
  ReconstructionAlgorithm,
  true
>;

/** When a scan was taken, and where its frames are. */
export const scan: RecordTable<'scan'> = {
  table: 'scan',
  columns: {
    scan_id: 'text',
    views: 'number',
    ...SPAN_COLUMNS,
    frames_file: 'text',
    analysis: 'text',
  },
  toRow: (body) => [
    nameText(body.scanId, 'scan id'),
    body.views,
    ...spanToRow(body),
    nameText(body.framesFile, 'frames file'),
    body.analysis ? jsonText(body.analysis, 'analysis of a volume') : null,
  ],
  fromRow: (row) => ({
    kind: 'scan',
    scanId: textIn(row, 'scan_id'),
    views: numberIn(row, 'views'),
    ...spanFromRow(row),
    framesFile: textIn(row, 'frames_file'),
    ...(isNullIn(row, 'analysis') ? {} : { analysis: jsonIn(row, 'analysis') as VolumeAnalysis }),
  }),
};

/** What was reconstructed from a scan. */
export const volume: RecordTable<'volume'> = {
  table: 'volume',
  columns: {
    scan_id: 'text',
    slices: 'number',
    rows: 'number',
    columns: 'number',
    views: 'number',
    axis_pixel: 'number',
    axis_agreed: 'number',
    algorithm: 'text',
    duration_ms: 'number',
    file: 'text',
  },
  toRow: ({ scanId, summary, file }) => [
    nameText(scanId, 'scan id'),
    summary.slices,
    summary.rows,
    summary.columns,
    summary.views,
    summary.axisPixel,
    flag(summary.axisAgreed),
    summary.algorithm,
    summary.durationMs,
    nameText(file, 'volume file'),
  ],
  fromRow: (row) => ({
    kind: 'volume',
    scanId: textIn(row, 'scan_id'),
    summary: {
      slices: numberIn(row, 'slices'),
      rows: numberIn(row, 'rows'),
      columns: numberIn(row, 'columns'),
      views: numberIn(row, 'views'),
      axisPixel: numberIn(row, 'axis_pixel'),
      axisAgreed: flagIn(row, 'axis_agreed'),
      algorithm: wordIn(row, 'algorithm', ALGORITHMS),
      durationMs: numberIn(row, 'duration_ms'),
    },
    file: textIn(row, 'file'),
  }),
};

/** One region that a spectrometer has counted. */
export const detectorSpectrum: RecordTable<'detectorSpectrum'> = {
  table: 'detector_spectrum',
  columns: {
    spectrum_id: 'text',
    region: 'text',
    start_second: 'number',
    stop_second: 'number',
    start_charge_coulomb: 'number',
    stop_charge_coulomb: 'number',
    live_second: 'number',
    axis_label: 'text',
    axis_unit: 'text',
    axis: 'text',
    counts: 'text',
  },
  toRow: (body) => [
    nameText(body.spectrumId, 'spectrum id'),
    nameText(body.spectrum.region, 'region'),
    body.startSecond,
    body.stopSecond,
    body.startChargeCoulomb,
    body.stopChargeCoulomb,
    body.spectrum.liveSecond,
    body.spectrum.axisLabel,
    body.spectrum.axisUnit,
    jsonText(Array.from(body.spectrum.axis), 'axis of a spectrum'),
    jsonText(Array.from(body.spectrum.counts), 'counts of a spectrum'),
  ],
  fromRow: (row) => ({
    kind: 'detectorSpectrum',
    spectrumId: textIn(row, 'spectrum_id'),
    startSecond: numberIn(row, 'start_second'),
    stopSecond: numberIn(row, 'stop_second'),
    startChargeCoulomb: numberIn(row, 'start_charge_coulomb'),
    stopChargeCoulomb: numberIn(row, 'stop_charge_coulomb'),
    spectrum: {
      region: textIn(row, 'region'),
      liveSecond: numberIn(row, 'live_second'),
      axisLabel: textIn(row, 'axis_label'),
      axisUnit: textIn(row, 'axis_unit'),
      axis: numbersIn(row, 'axis'),
      counts: numbersIn(row, 'counts'),
    },
  }),
};

/** @throws Fault storage when the column is not a list of numbers */
function numbersIn(row: Row, column: string): Float64Array {
  const list = jsonIn(row, column);
  if (Array.isArray(list)) return Float64Array.from(list, (value) => Number(value ?? Number.NaN));
  throw new Fault('storage', { where: `column ${column}`, message: 'is no list of numbers' });
}
