import { beforeEach, describe, expect, it } from 'vitest';
import type { RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import type { ServerMessage } from '../../src/panel/protocol.ts';
import { EVENTS_MAX, RunModel, SPECTRA_MAX } from '../../src/panel/web/run-model.ts';
import { memoryRunInfo } from '../support/memory-run.ts';

const { sources: _, ...INFO } = memoryRunInfo();

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
