import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import type { RecordBody } from '../../src/domain/run-record.ts';
import { circuitFit, fitParameter } from '../support/circuit-fit.ts';

export const FIT: CircuitFit = circuitFit({
  circuit: 'R0-p(R1,CPE1)',
  points: 3,
  status: 'converged',
  chiSquare: 1.25e-4,
  rmsPercent: 0.645,
  parameters: [
    fitParameter({ name: 'R0', value: 12.5, interval: { lower: 12.3, upper: 12.7 } }),
    fitParameter({ name: 'CPE1.n', value: 0.91, unit: '1', standardError: null }),
  ],
  curve: [
    { zRealOhm: 12.6, zImagOhm: -0.4 },
    { zRealOhm: 20.1, zImagOhm: -7.5 },
    { zRealOhm: 31, zImagOhm: -0.2 },
  ],
  arcs: [
    {
      resistance: 'R1',
      timeConstantSecond: 2e-5,
      capacitanceFarad: 1.2e-8,
      assignment: 'interphase',
    },
  ],
  diagnostics: {
    correlated: ['R0', 'CPE1.n'],
    correlation: [
      [1, -0.4],
      [-0.4, 1],
    ],
    aic: -12.5,
    bic: -11.25,
    conditionNumber: 350,
    weakest: ['CPE1.n'],
  },
  validity: {
    verdict: 'fail',
    reasons: ['the cell changed during the sweep'],
    elementCount: 9,
    mu: 0.75,
    rmsPercent: 0.6,
    worstPercent: 2.5,
    worstFrequencyHertz: 0.1,
    driftPercent: 1.5,
  },
  durationMs: 4.25,
});

export function sampleBody(value: number, channel = 'voltage_volt'): RecordBody {
  return { kind: 'sample', channel, value, quality: 'good' };
}

export function noteBody(message: string): RecordBody {
  return { kind: 'event', code: 'note', severity: 'info', message, details: {} };
}

export function fitBody(spectrumId: string, points: number, final = false): RecordBody {
  return { kind: 'fit', spectrumId, final, fit: { ...FIT, points } };
}

const SPAN = {
  startSecond: 10,
  stopSecond: 40.5,
  startChargeCoulomb: 0,
  stopChargeCoulomb: -1.5,
  complete: true,
} as const;

const SCAN_SPAN = {
  startSecond: 50,
  stopSecond: 140,
  startChargeCoulomb: 7.2,
  stopChargeCoulomb: 7.25,
} as const;

/** One record of every kind. */
export const EVERY_KIND: readonly RecordBody[] = [
  sampleBody(0.125),
  {
    kind: 'event',
    code: 'interlock',
    severity: 'alarm',
    message: 'Temperature 82.1 °C is above the limit of 80 °C',
    details: { temperatureCelsius: 82.1, limitCelsius: 80, latched: true, by: 'host', ack: null },
  },
  {
    kind: 'step',
    stepId: 'plate',
    name: 'Plating',
    technique: 'constantCurrent',
    state: 'started',
    chargeCoulomb: 0,
  },
  {
    kind: 'step',
    stepId: 'plate',
    name: 'Plating',
    technique: 'constantCurrent',
    state: 'ended',
    endedBy: 'event: short',
    chargeCoulomb: 12.5,
  },
  {
    kind: 'spectrumPoint',
    spectrumId: 'spectrum-1',
    index: 0,
    point: { frequencyHertz: 1e5, zRealOhm: 12.5, zImagOhm: -0.5 },
    quality: 'late',
  },
  { kind: 'spectrum', spectrumId: 'spectrum-1', pointCount: 1, ...SPAN },
  { kind: 'fit', spectrumId: 'spectrum-1', final: true, fit: FIT },
  { kind: 'scan', scanId: 'scan-1', views: 180, ...SPAN, framesFile: 'scan-1.frames' },
  {
    kind: 'volume',
    scanId: 'scan-1',
    summary: {
      slices: 8,
      rows: 64,
      columns: 64,
      views: 180,
      axisPixel: 31.25,
      axisAgreed: true,
      algorithm: 'gridding',
      durationMs: 350,
    },
    file: 'scan-1.h5',
  },
  {
    kind: 'scan',
    scanId: 'scan-2',
    views: 180,
    ...SPAN,
    framesFile: 'scan-2.frames',
    analysis: {
      segments: true,
      compareWith: 'first',
      electrode: 'dark',
      thresholdPerMetre: null,
      face: 'bottom',
      radiusMetre: 4.85e-3,
      molarVolumeCubicMetre: 1.3e-5,
      voxel: { acrossMetre: 6e-5, alongMetre: 2e-5 },
    },
  },
  {
    kind: 'segmentation',
    scanId: 'scan-2',
    ...SCAN_SPAN,
    result: {
      thresholdPerPixel: 0.003,
      thresholdErrorPerPixel: 1e-6,
      separability: 0.95,
      electrodeVoxels: 356_848,
      voidVoxels: 1732,
      solidVoxels: 605_948,
      voids: 13,
      voidFraction: { value: 0.003, standardError: 0.0008 },
      largestVoid: { value: 1.6e-11, standardError: null },
      protrusion: null,
      depths: [{ fromMetre: 0, toMetre: 2e-5, fraction: 0.001, standardError: 0.0005 }],
      remarks: ['one remark'],
    },
  },
  {
    kind: 'volumeChange',
    scanId: 'scan-2',
    ...SCAN_SPAN,
    result: {
      againstScanId: 'scan-1',
      chargeCoulomb: 7.2,
      greyVoxels: { value: -12_950, standardError: 116 },
      countedVoxels: { value: -11_675, standardError: 176 },
      growth: { value: -8.9e-10, standardError: 4.7e-11 },
      lithium: { value: 8.9e-10, standardError: 4.7e-11 },
      electrochemicalCubicMetre: 9.7e-10,
      ratio: null,
      shiftVoxel: 0.07,
      doubts: [],
    },
  },
];

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'operando-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
