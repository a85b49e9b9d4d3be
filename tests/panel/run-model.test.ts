import { beforeEach, describe, expect, it } from 'vitest';
import type { Waiting } from '../../src/domain/run-control.ts';
import type { RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import type { ServerMessage } from '../../src/panel/protocol.ts';
import { EVENTS_MAX, RunModel, SPECTRA_MAX, VOLUMES_MAX } from '../../src/panel/web/run-model.ts';
import { EVERY_KIND } from '../store/sample-run.ts';
import { memoryRunInfo } from '../support/memory-run.ts';

const { sources: _, ...INFO } = memoryRunInfo();

const SPAN = { startSecond: 700, stopSecond: 790, startChargeCoulomb: 7.2, stopChargeCoulomb: 7.3 };

/** Those of one record of every kind. */
function ofKind<K extends RecordBody['kind']>(kind: K): Extract<RecordBody, { readonly kind: K }> {
  const found = EVERY_KIND.findLast((body) => body.kind === kind);
  if (!found) throw new Error(`no ${kind} among the records of every kind`);
  return found as Extract<RecordBody, { readonly kind: K }>;
}

const { analysis: ANALYSIS } = ofKind('scan');
const { result: PHASES } = ofKind('segmentation');
const { result: CHANGE } = ofKind('volumeChange');

function runMessage(after: number, runId = INFO.runId): ServerMessage {
  return { type: 'run', info: { ...INFO, runId }, status: 'running', lastSequence: 0, after };
}

describe("the page's model of the run", () => {
  let model: RunModel;
  let sequence: number;

  beforeEach(() => {
    model = new RunModel();
    sequence = 0;
    model.apply(runMessage(0));
  });

  function take(timeSecond: number, body: RecordBody): void {
    sequence += 1;
    model.apply({ type: 'records', records: [{ sequence, timeSecond, boot: 0, body }] });
  }

  function sample(timeSecond: number, value: number, quality: 'good' | 'bad' = 'good'): void {
    take(timeSecond, { kind: 'sample', channel: 'voltage_volt', value, quality });
  }

  function scanned(
    scanId: string,
    more: { readonly complete?: boolean; readonly analysis?: undefined } = {},
  ): void {
    const { complete = true } = more;
    const analysis = 'analysis' in more || !ANALYSIS ? {} : { analysis: ANALYSIS };
    take(800, {
      ...{ kind: 'scan', scanId, views: 90, ...SPAN, complete, framesFile: 'f' },
      ...analysis,
    });
  }

  function point(spectrumId: string, index: number): void {
    const impedance = { frequencyHertz: 1000 / (index + 1), zRealOhm: 10, zImagOhm: -1 };
    take(100 + index, {
      kind: 'spectrumPoint',
      spectrumId,
      index,
      point: impedance,
      quality: 'good',
    });
  }

  it('shows a sample that is not good as a gap, and counts it', () => {
    sample(1, 3);
    sample(2, 99, 'bad');
    sample(3, Number.NaN);
    expect(model.series.get('voltage_volt')?.values).toEqual([3, null, null]);
    expect(model.notGood.get('voltage_volt')).toBe(2);
  });

  it('draws no line across a spectrum, when nobody samples', () => {
    sample(99, 1);
    point('spectrum-1', 0);
    point('spectrum-1', 1);
    sample(200, 2);
    expect(model.series.get('voltage_volt')?.values).toEqual([1, null, 2]);
  });

  it('takes a record once, however often it comes', () => {
    sample(1, 3);
    const again: RunRecord = {
      sequence: 1,
      timeSecond: 1,
      boot: 0,
      body: { kind: 'sample', channel: 'voltage_volt', value: 3, quality: 'good' },
    };
    model.apply({ type: 'records', records: [again] });
    expect(model.series.get('voltage_volt')?.length).toBe(1);
  });

  it('keeps what it holds when it comes back, and forgets it for another run', () => {
    sample(1, 3);
    model.apply(runMessage(1));
    expect(model.sequence).toBe(1);
    model.apply(runMessage(0, 'another-run'));
    expect(model.sequence).toBe(0);
    expect(model.series.size).toBe(0);
    expect(model.info?.runId).toBe('another-run');
  });

  it('keeps every alarm as it stands, however many events come after it', () => {
    const say = (code: 'cellShort' | 'alarmAcknowledged' | 'note', details = {}): void =>
      take(10, { kind: 'event', code, severity: 'alarm', message: 'News.', details });
    say('cellShort');
    for (let at = 0; at < EVENTS_MAX; at++) say('note', { at });
    say('alarmAcknowledged', { alarm: 'cellShort', by: 'Ada', reason: 'Seen' });
    expect(model.alarms.get('cellShort')).toMatchObject({ acknowledged: { by: 'Ada' } });
    model.apply(runMessage(0, 'another-run'));
    expect(model.alarms.size).toBe(0);
  });

  it('knows what the run waits for until it goes on', () => {
    const progress = (waiting: Waiting | null): ServerMessage => ({
      type: 'progress',
      progress: {
        elapsedSecond: 0,
        plannedSecond: 1,
        stepIndex: 0,
        stepCount: 1,
        stepName: '',
        technique: '',
        chargeCoulomb: 0,
      },
      status: 'running',
      lastSequence: 0,
      picturesDropped: 0,
      waiting,
    });
    model.apply(progress({ kind: 'held', sinceSecond: 1, message: 'Waits.', obstacle: null }));
    expect(model.waiting?.message).toBe('Waits.');
    model.apply(progress(null));
    expect(model.waiting).toBeUndefined();
  });

  it('takes the answer to the request that is open, and to no other', () => {
    const answer = (requestId: string): ServerMessage => ({
      type: 'answer',
      requestId,
      state: 'done',
      message: 'Acknowledged',
    });
    model.apply(answer('nobody asked'));
    expect(model.request).toBeUndefined();
    model.request = { requestId: 'mine', state: 'sent', message: '' };
    model.apply(answer('another'));
    expect(model.request.state).toBe('sent');
    model.apply(answer('mine'));
    expect(model.request.state).toBe('done');
  });

  it('joins points, fits and the end of a spectrum', () => {
    point('spectrum-1', 0);
    point('spectrum-1', 1);
    take(102, {
      kind: 'spectrum',
      spectrumId: 'spectrum-1',
      pointCount: 2,
      startSecond: 100,
      stopSecond: 102,
      startChargeCoulomb: 1.5,
      stopChargeCoulomb: 1.5,
      complete: false,
    });
    expect(model.spectra).toHaveLength(1);
    expect(model.spectra[0]).toMatchObject({
      number: 1,
      startSecond: 100,
      state: 'incomplete',
      chargeCoulomb: 1.5,
    });
    expect(model.spectra[0]?.points).toHaveLength(2);
  });

  it('joins a scan with what is found out from its volume', () => {
    scanned('scan-2', { analysis: undefined });
    scanned('scan-3', { complete: false });
    scanned('scan-4');
    scanned('scan-5');
    take(900, { kind: 'segmentation', scanId: 'scan-4', ...SPAN, result: PHASES });
    take(900, { kind: 'volumeChange', scanId: 'scan-5', ...SPAN, result: CHANGE });
    take(900, { kind: 'segmentation', scanId: 'scan-2', ...SPAN, result: PHASES });
    expect(model.volumes).toMatchObject([
      { scanId: 'scan-4', number: 1, chargeCoulomb: 7.2, segmentation: PHASES, change: undefined },
      { scanId: 'scan-5', number: 2, segmentation: undefined, change: CHANGE },
    ]);
    model.apply(runMessage(0, 'another-run'));
    expect(model.volumes).toEqual([]);
  });

  it('keeps the newest volumes, and their numbers', () => {
    for (let at = 0; at < VOLUMES_MAX + 2; at += 1) scanned(`scan-${at}`);
    expect(model.volumes).toHaveLength(VOLUMES_MAX);
    expect(model.volumes[0]).toMatchObject({ scanId: 'scan-2', number: 3 });
  });

  it('holds no more than its bounds, and says what it forgot', () => {
    for (let at = 0; at < EVENTS_MAX + 7; at++) {
      take(at, { kind: 'event', code: 'note', severity: 'info', message: `${at}`, details: {} });
    }
    for (let at = 0; at < SPECTRA_MAX + 3; at++) point(`spectrum-${at}`, 0);
    expect(model.events).toHaveLength(EVENTS_MAX);
    expect(model.events[0]?.message).toBe(String(EVENTS_MAX + 6));
    expect(model.eventsForgotten).toBe(7);
    expect(model.spectra).toHaveLength(SPECTRA_MAX);
    expect(model.spectra.at(-1)?.number).toBe(SPECTRA_MAX + 3);
  });
});
