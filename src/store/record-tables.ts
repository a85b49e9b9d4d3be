import type { CircuitFit, FitParameter, FitReason, Weighting } from '../domain/circuit-fit.ts';
import { Fault } from '../domain/fault.ts';
import type { EventCode, RecordBody, RecordKind, Severity } from '../domain/run-record.ts';
import type { Quality } from '../domain/sample.ts';
import type { ReconstructionAlgorithm } from '../domain/scan.ts';
import {
  type Columns,
  flag,
  flagIn,
  isNullIn,
  jsonIn,
  jsonText,
  messageText,
  nameText,
  numberIn,
  textIn,
  wordIn,
} from './columns.ts';
import type { Bindable, Row } from './sqlite-file.ts';

type BodyOf<K extends RecordKind> = Extract<RecordBody, { readonly kind: K }>;

/** How one kind of record lies in its table, beside sequence, time_second and boot. */
export interface RecordTable<K extends RecordKind> {
  readonly table: string;
  readonly columns: Columns;
  /** Values in the order of `columns`. @throws Fault capacity */
  toRow(body: BodyOf<K>): readonly Bindable[];
  /** @throws Fault storage */
  fromRow(row: Row): BodyOf<K>;
}

const QUALITIES = {
  good: true,
  overload: true,
  underload: true,
  late: true,
  stale: true,
  bad: true,
} as const satisfies Record<Quality, true>;

const SEVERITIES = { info: true, warning: true, alarm: true } as const satisfies Record<
  Severity,
  true
>;

const EVENT_CODES = {
  runStarted: true,
  runResumed: true,
  held: true,
  gap: true,
  suspended: true,
  suspensionEnded: true,
  phase: true,
  clockStep: true,
  storage: true,
  runEnded: true,
  stepStarted: true,
  stepEnded: true,
  setPoint: true,
  cellShort: true,
  softShort: true,
  limits: true,
  interlock: true,
  alarmAcknowledged: true,
  alarmEscalated: true,
  faultInjected: true,
  safeState: true,
  stopRequested: true,
  instrumentFault: true,
  analysisFault: true,
  dropped: true,
  note: true,
} as const satisfies Record<EventCode, true>;

const STEP_STATES = { started: true, ended: true } as const;
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
const ALGORITHMS = { gridding: true, fbp: true, sirt: true } as const satisfies Record<
  ReconstructionAlgorithm,
  true
>;

const sample: RecordTable<'sample'> = {
  table: 'sample',
  columns: { channel: 'text', value: 'number', quality: 'text' },
  toRow: (body) => [nameText(body.channel, 'channel'), body.value, body.quality],
  fromRow: (row) => ({
    kind: 'sample',
    channel: textIn(row, 'channel'),
    value: numberIn(row, 'value'),
    quality: wordIn(row, 'quality', QUALITIES),
  }),
};

const event: RecordTable<'event'> = {
  table: 'event',
  columns: { code: 'text', severity: 'text', message: 'text', details: 'text' },
  toRow: (body) => [
    body.code,
    body.severity,
    messageText(body.message),
    jsonText(body.details, 'event details'),
  ],
  fromRow: (row) => ({
    kind: 'event',
    code: wordIn(row, 'code', EVENT_CODES),
    severity: wordIn(row, 'severity', SEVERITIES),
    message: textIn(row, 'message'),
    details: jsonIn(row, 'details') as BodyOf<'event'>['details'],
  }),
};

const step: RecordTable<'step'> = {
  table: 'step',
  columns: {
    step_id: 'text',
    name: 'text',
    technique: 'text',
    state: 'text',
    ended_by: 'text',
    charge_coulomb: 'number',
  },
  toRow: (body) => [
    nameText(body.stepId, 'step id'),
    nameText(body.name, 'step name'),
    nameText(body.technique, 'technique'),
    body.state,
    body.endedBy === undefined ? null : messageText(body.endedBy),
    body.chargeCoulomb,
  ],
  fromRow: (row) => ({
    kind: 'step',
    stepId: textIn(row, 'step_id'),
    name: textIn(row, 'name'),
    technique: textIn(row, 'technique'),
    state: wordIn(row, 'state', STEP_STATES),
    ...(isNullIn(row, 'ended_by') ? {} : { endedBy: textIn(row, 'ended_by') }),
    chargeCoulomb: numberIn(row, 'charge_coulomb'),
  }),
};

const spectrumPoint: RecordTable<'spectrumPoint'> = {
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

const SPAN_COLUMNS = {
  start_second: 'number',
  stop_second: 'number',
  start_charge_coulomb: 'number',
  stop_charge_coulomb: 'number',
  complete: 'number',
} as const;

interface Span {
  readonly startSecond: number;
  readonly stopSecond: number;
  readonly startChargeCoulomb: number;
  readonly stopChargeCoulomb: number;
  readonly complete: boolean;
}

function spanToRow(span: Span): readonly Bindable[] {
  return [
    span.startSecond,
    span.stopSecond,
    span.startChargeCoulomb,
    span.stopChargeCoulomb,
    flag(span.complete),
  ];
}

function spanFromRow(row: Row): Span {
  return {
    startSecond: numberIn(row, 'start_second'),
    stopSecond: numberIn(row, 'stop_second'),
    startChargeCoulomb: numberIn(row, 'start_charge_coulomb'),
    stopChargeCoulomb: numberIn(row, 'stop_charge_coulomb'),
    complete: flagIn(row, 'complete'),
  };
}

const spectrum: RecordTable<'spectrum'> = {
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

const fit: RecordTable<'fit'> = {
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

const scan: RecordTable<'scan'> = {
  table: 'scan',
  columns: { scan_id: 'text', views: 'number', ...SPAN_COLUMNS, frames_file: 'text' },
  toRow: (body) => [
    nameText(body.scanId, 'scan id'),
    body.views,
    ...spanToRow(body),
    nameText(body.framesFile, 'frames file'),
  ],
  fromRow: (row) => ({
    kind: 'scan',
    scanId: textIn(row, 'scan_id'),
    views: numberIn(row, 'views'),
    ...spanFromRow(row),
    framesFile: textIn(row, 'frames_file'),
  }),
};

const volume: RecordTable<'volume'> = {
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

const detectorSpectrum: RecordTable<'detectorSpectrum'> = {
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

const derived: RecordTable<'derived'> = {
  table: 'derived',
  columns: { name: 'text', value: 'number', standard_error: 'number', source: 'text' },
  toRow: ({ value: { name, value, standardError, source } }) => [
    name,
    value,
    standardError ?? null,
    nameText(source, 'source of a derived quantity'),
  ],
  fromRow: (row) => {
    const known = isNullIn(row, 'standard_error')
      ? {}
      : { standardError: numberIn(row, 'standard_error') };
    const value = numberIn(row, 'value');
    return {
      kind: 'derived',
      value: { name: textIn(row, 'name'), value, source: textIn(row, 'source'), ...known },
    };
  },
};

/** @throws Fault storage when the column is not a list of numbers */
function numbersIn(row: Row, column: string): Float64Array {
  const list = jsonIn(row, column);
  if (Array.isArray(list)) return Float64Array.from(list, (value) => Number(value ?? Number.NaN));
  throw new Fault('storage', { where: `column ${column}`, message: 'is no list of numbers' });
}

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
  detectorSpectrum,
  derived,
};

/** The same tables where only their common shape matters. */
export const RECORD_KINDS = Object.keys(RECORD_TABLES) as readonly RecordKind[];

/** A kind's table for callers that hold the kind as a value. */
export function recordTable(kind: RecordKind): RecordTable<RecordKind> {
  return RECORD_TABLES[kind] as unknown as RecordTable<RecordKind>;
}
