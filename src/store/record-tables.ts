import type { RecordKind } from '../domain/run-record.ts';
import { detectorSpectrum, scan, volume } from './detector-tables.ts';
import { fit, spectrum, spectrumPoint } from './impedance-tables.ts';
import type { RecordTable } from './record-table.ts';
import { derived, event, sample, step } from './signal-tables.ts';
import { segmentation, volumeChange } from './volume-result-tables.ts';

/** Every kind of record and its table. A new kind is one entry here and one table in the schema. */
export const RECORD_TABLES: { readonly [K in RecordKind]: RecordTable<K> } = {
  sample,
  event,
  step,
  spectrumPoint,
  spectrum,
  fit,
  scan,
  volume,
  segmentation,
  volumeChange,
  detectorSpectrum,
  derived,
};

/** The same tables where only their common shape matters. */
export const RECORD_KINDS = Object.keys(RECORD_TABLES) as readonly RecordKind[];

/** A kind's table for callers that hold the kind as a value. */
export function recordTable(kind: RecordKind): RecordTable<RecordKind> {
  return RECORD_TABLES[kind] as unknown as RecordTable<RecordKind>;
}
