import type { CircuitFit, FitParameter, FitReason, Weighting } from '../domain/circuit-fit.ts';
import { flag, flagIn, jsonIn, jsonText, nameText, numberIn, textIn, wordIn } from './columns.ts';
import { QUALITIES, type RecordTable } from './record-table.ts';
import { SPAN_COLUMNS, spanFromRow, spanToRow } from './span-columns.ts';
import type { Row } from './sqlite-file.ts';

/** How impedance spectra and what was fitted to them lie in their tables. */

const FIT_STATUSES = {
  converged: true,
  notIdentifiable: true,
  failed: true,
} as const satisfies Record<CircuitFit['status'], true>;
const FIT_REASON_WORDS = {
  converged: true,
  iterationCap: true,
  timeCap: true,
  stalled: true,
} as const satisfies Record<FitReason, true>;
const WEIGHTING_WORDS = {
  modulus: true,
  unit: true,
  proportional: true,
  sigma: true,
  errorModel: true,
} as const satisfies Record<Weighting, true>;

/** One frequency a row. */
export const spectrumPoint: RecordTable<'spectrumPoint'> = {
  table: 'spectrum_point',
  columns: {
    spectrum_id: 'text',
    point_index: 'number',
    frequency_hertz: 'number',
    z_real_ohm: 'number',
    z_imag_ohm: 'number',
    quality: 'text',
  },
  toRow: (body) => [
    nameText(body.spectrumId, 'spectrum id'),
    body.index,
    body.point.frequencyHertz,
    body.point.zRealOhm,
    body.point.zImagOhm,
    body.quality,
  ],
  fromRow: (row) => ({
    kind: 'spectrumPoint',
    spectrumId: textIn(row, 'spectrum_id'),
    index: numberIn(row, 'point_index'),
    point: {
      frequencyHertz: numberIn(row, 'frequency_hertz'),
      zRealOhm: numberIn(row, 'z_real_ohm'),
      zImagOhm: numberIn(row, 'z_imag_ohm'),
    },
    quality: wordIn(row, 'quality', QUALITIES),
  }),
};

/** When a sweep was taken, and whether it is whole. */
export const spectrum: RecordTable<'spectrum'> = {
  table: 'spectrum',
  columns: { spectrum_id: 'text', point_count: 'number', ...SPAN_COLUMNS },
  toRow: (body) => [nameText(body.spectrumId, 'spectrum id'), body.pointCount, ...spanToRow(body)],
  fromRow: (row) => ({
    kind: 'spectrum',
    spectrumId: textIn(row, 'spectrum_id'),
    pointCount: numberIn(row, 'point_count'),
    ...spanFromRow(row),
  }),
};

/** What a circuit says of a spectrum. */
export const fit: RecordTable<'fit'> = {
  table: 'fit',
  columns: {
    spectrum_id: 'text',
    final: 'number',
    circuit: 'text',
    points: 'number',
    status: 'text',
    reason: 'text',
    weighting: 'text',
    chi_square: 'number',
    rms_percent: 'number',
    duration_ms: 'number',
    parameters: 'text',
    arcs: 'text',
    diagnostics: 'text',
    validity: 'text',
    curve: 'text',
  },
  toRow: (body) => [
    nameText(body.spectrumId, 'spectrum id'),
    flag(body.final),
    nameText(body.fit.circuit, 'circuit'),
    body.fit.points,
    body.fit.status,
    body.fit.reason,
    body.fit.weighting,
    body.fit.chiSquare,
    body.fit.rmsPercent,
    body.fit.durationMs,
    jsonText(body.fit.parameters, 'fit parameters'),
    jsonText(body.fit.arcs, 'fit arcs'),
    jsonText(body.fit.diagnostics, 'fit diagnostics'),
    jsonText(body.fit.validity, 'spectrum validity'),
    jsonText(body.fit.curve, 'fit curve'),
  ],
  fromRow: (row) => ({
    kind: 'fit',
    spectrumId: textIn(row, 'spectrum_id'),
    final: flagIn(row, 'final'),
    fit: {
      circuit: textIn(row, 'circuit'),
      points: numberIn(row, 'points'),
      status: wordIn(row, 'status', FIT_STATUSES),
      reason: wordIn(row, 'reason', FIT_REASON_WORDS),
      weighting: wordIn(row, 'weighting', WEIGHTING_WORDS),
      chiSquare: numberIn(row, 'chi_square'),
      rmsPercent: numberIn(row, 'rms_percent'),
      parameters: parametersIn(row),
      arcs: jsonIn(row, 'arcs') as CircuitFit['arcs'],
      diagnostics: jsonIn(row, 'diagnostics') as CircuitFit['diagnostics'],
      validity: jsonIn(row, 'validity') as CircuitFit['validity'],
      curve: curveIn(row),
      durationMs: numberIn(row, 'duration_ms'),
    },
  }),
};

type NullableNumber = number | null;

function orNotANumber(value: NullableNumber): number {
  return value ?? Number.NaN;
}

function parametersIn(row: Row): readonly FitParameter[] {
  type Stored = Omit<FitParameter, 'value'> & { readonly value: NullableNumber };
  const stored = jsonIn(row, 'parameters') as readonly Stored[];
  return stored.map((one) => ({ ...one, value: orNotANumber(one.value) }));
}

function curveIn(row: Row): CircuitFit['curve'] {
  type Stored = { readonly zRealOhm: NullableNumber; readonly zImagOhm: NullableNumber };
  const stored = jsonIn(row, 'curve') as readonly Stored[];
  return stored.map((one) => ({
    zRealOhm: orNotANumber(one.zRealOhm),
    zImagOhm: orNotANumber(one.zImagOhm),
  }));
}
