import { describe, expect, it } from 'vitest';
import { collectResults, describeResults } from '../../src/app/run-results.ts';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import { circuitFit, driftingSpectrum, spectrumValidity } from '../support/circuit-fit.ts';
import { MemoryRun } from '../support/memory-run.ts';

/** The line of the table for a spectrum with this fit. */
function lineOf(fit: CircuitFit | undefined): string | undefined {
  const run = new MemoryRun();
  const spectrumId = 'spectrum-1';
  if (fit) run.append(10, { kind: 'fit', spectrumId, final: true, fit });
  run.append(10, {
    kind: 'spectrum',
    spectrumId,
    pointCount: 45,
    startSecond: 0,
    stopSecond: 10,
    startChargeCoulomb: 0,
    stopChargeCoulomb: 0,
    complete: true,
  });
  run.finish('done');
  return describeResults(collectResults(run), 'folder')
    .split('\n')
    .find((line) => line.startsWith(spectrumId));
}

describe('the table of a run', () => {
  it('says beside the fit that its data fail, and by what most', () => {
    const drift = circuitFit({ validity: driftingSpectrum() });
    expect(lineOf(drift)).toMatch(/ {2}converged, data fail: drift 5 %$/);
    const residual = spectrumValidity({
      verdict: 'fail',
      worstPercent: 2.345678,
      worstFrequencyHertz: 0.1,
      driftPercent: -1,
    });
    expect(lineOf(circuitFit({ validity: residual, status: 'notIdentifiable' }))).toMatch(
      / {2}notIdentifiable, data fail: residual 2\.346 % at 0\.1 Hz$/,
    );
    const falling = spectrumValidity({ verdict: 'fail', worstPercent: 3, driftPercent: -4 });
    expect(lineOf(circuitFit({ validity: falling }))).toMatch(/data fail: drift -4 %$/);
    const of = { zRealOhm: 1, zImagOhm: 0, disagreementPercent: 0.1 };
    const waveforms = [
      { ...of, frequencyHertz: 0.5, distortionPercent: 12.5 },
      { ...of, frequencyHertz: 1, distortionPercent: null },
    ];
    const bent = { ...driftingSpectrum(), waveforms };
    expect(lineOf(circuitFit({ validity: bent }))).toMatch(
      /data fail: harmonics 12\.5 % at 0\.5 Hz$/,
    );
  });

  it('says nothing of data that pass or were not tested', () => {
    expect(lineOf(circuitFit({ validity: spectrumValidity() }))).toMatch(/ {2}converged$/);
    expect(lineOf(circuitFit())).toMatch(/ {2}converged$/);
    expect(lineOf(undefined)).toMatch(/ {2}not fitted$/);
  });

  it('repeats the warning of the log above the table', () => {
    const run = new MemoryRun();
    const message = 'The data of spectrum-1 fail their validity test: drift.';
    run.append(1, { kind: 'event', code: 'note', severity: 'warning', message, details: {} });
    run.finish('done');
    expect(describeResults(collectResults(run), 'folder')).toContain(`  ! ${message}`);
  });
});
