import { describe, expect, it } from 'vitest';
import { meanCelsius, readTrace, seriesWithin } from '../../src/analysis/cycling-trace.ts';
import { circuitFit } from '../support/circuit-fit.ts';
import { WrittenRun } from './cycling-run.ts';

describe('the trace of a run', () => {
  it('pairs voltage and current that were read together', () => {
    const run = new WrittenRun().wait(1).reading(3.5, 1e-3).wait(1).reading(3.6, 2e-3).finish();
    const { electrical } = readTrace(run);
    expect([...electrical.timeSecond]).toEqual([1, 2]);
    expect([...electrical.voltageVolt]).toEqual([3.5, 3.6]);
    expect([...electrical.currentAmpere]).toEqual([1e-3, 2e-3]);
  });

  it('leaves out what the instrument does not trust, and keeps a current below its range', () => {
    const written = new WrittenRun()
      .reading(3.5, 1e-3, 'overload')
      .wait(1)
      .reading(3.6, 1e-9, 'bad');
    written.wait(1);
    const { run, nowSecond } = written;
    run.append(nowSecond, { kind: 'sample', channel: 'voltage_volt', value: 3.7, quality: 'good' });
    run.append(nowSecond, {
      kind: 'sample',
      channel: 'current_ampere',
      value: 1e-9,
      quality: 'underload',
    });
    expect([...readTrace(written.finish()).electrical.voltageVolt]).toEqual([3.7]);
  });

  it('never pairs a voltage with the current of another moment', () => {
    const run = new WrittenRun();
    run.run.append(1, { kind: 'sample', channel: 'voltage_volt', value: 3.7, quality: 'good' });
    run.run.append(2, { kind: 'sample', channel: 'current_ampere', value: 1, quality: 'good' });
    expect(readTrace(run.finish()).electrical.timeSecond).toHaveLength(0);
  });

  it('gives each step its span and its charge, with the passes of a loop apart', () => {
    const run = new WrittenRun()
      .step('cycle/1/charge', { ampere: 1e-3, second: 3600, volt: () => 3.5 })
      .step('cycle/2/charge', { ampere: 2e-3, second: 3600, volt: () => 3.5 })
      .finish();
    const { steps } = readTrace(run);
    expect(steps.map(({ name }) => name)).toEqual(['charge', 'charge']);
    expect(steps[0]?.chargeCoulomb).toBeCloseTo(3.6, 9);
    expect(steps[1]?.chargeCoulomb).toBeCloseTo(7.2, 9);
    expect(steps[1]?.startSecond).toBe(3600);
  });

  it('starts a resumed step where it started first, and ends an unended one with the run', () => {
    const run = new WrittenRun()
      .start('charge', 'constantCurrent')
      .wait(100)
      .start('charge', 'constantCurrent')
      .wait(50)
      .reading(3, 1)
      .finish();
    const [step, ...more] = readTrace(run).steps;
    expect(step).toMatchObject({ startSecond: 0, stopSecond: 150, endedBy: undefined });
    expect(more).toEqual([]);
  });

  it('keeps spectra with their final fit only', () => {
    const run = new WrittenRun().spectrum('spectrum-001', circuitFit({ circuit: 'R0' }));
    run.run.append(30, { kind: 'fit', spectrumId: 'x', final: false, fit: circuitFit() });
    const { spectra } = readTrace(run.finish());
    expect(spectra.map(({ spectrumId }) => spectrumId)).toEqual(['spectrum-001']);
  });

  it('is empty for a run without records', () => {
    const trace = readTrace(new WrittenRun().finish());
    expect(trace.steps).toEqual([]);
    expect(meanCelsius(trace, { startSecond: 0, stopSecond: 1 })).toBeUndefined();
  });

  it('cuts out a span with both of its ends', () => {
    const run = new WrittenRun();
    for (let at = 0; at < 5; at += 1) run.reading(at, 1).wait(10);
    const { electrical } = readTrace(run.finish());
    const span = { startSecond: 10, stopSecond: 30 };
    expect([...seriesWithin(electrical, span).voltageVolt]).toEqual([1, 2, 3]);
    const gap = { startSecond: 11, stopSecond: 19 };
    expect(seriesWithin(electrical, gap).timeSecond).toHaveLength(0);
  });

  it('takes the reading before a spectrum that is shorter than the thermometer is slow', () => {
    const run = new WrittenRun().celsius(40).wait(60).celsius(50).finish();
    const trace = readTrace(run);
    expect(meanCelsius(trace, { startSecond: 10, stopSecond: 20 })).toBe(40);
    expect(meanCelsius(trace, { startSecond: 0, stopSecond: 60 })).toBe(45);
  });
});
