import type { EventCode, Severity } from '../domain/run-record.ts';
import {
  isNullIn,
  jsonIn,
  jsonText,
  messageText,
  nameText,
  numberIn,
  textIn,
  wordIn,
} from './columns.ts';
import { type BodyOf, QUALITIES, type RecordTable } from './record-table.ts';

/** How samples, events, steps and derived quantities lie in their tables. */

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
  alarmEnded: true,
  faultInjected: true,
  safeState: true,
  stopRequested: true,
  instrumentFault: true,
  analysisFault: true,
  dropped: true,
  note: true,
} as const satisfies Record<EventCode, true>;

const STEP_STATES = { started: true, ended: true } as const;

/** One measured value a row, with its error and range where the instrument has told them. */
export const sample: RecordTable<'sample'> = {
  table: 'sample',
  columns: {
    channel: 'text',
    value: 'number',
    quality: 'text',
    standard_error: 'number',
    range: 'number',
  },
  toRow: (body) => [
    nameText(body.channel, 'channel'),
    body.value,
    body.quality,
    body.standardError ?? null,
    body.range ?? null,
  ],
  fromRow: (row) => ({
    kind: 'sample',
    channel: textIn(row, 'channel'),
    value: numberIn(row, 'value'),
    quality: wordIn(row, 'quality', QUALITIES),
    ...(isNullIn(row, 'standard_error') ? {} : { standardError: numberIn(row, 'standard_error') }),
    ...(isNullIn(row, 'range') ? {} : { range: numberIn(row, 'range') }),
  }),
};

/** What happened, with its numbers as JSON. */
export const event: RecordTable<'event'> = {
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

/** Beginning and end of each step. */
export const step: RecordTable<'step'> = {
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

/** What analysis has worked out. */
export const derived: RecordTable<'derived'> = {
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
