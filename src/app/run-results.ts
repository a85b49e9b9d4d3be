import { DISTORTION_PERCENT_MAX, worstDistortion } from '../analysis/waveform-check.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { RecordKind, RecordOf, RunInfo, RunStatus } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import type { SegmentationResult, VolumeChangeResult } from '../domain/volume-results.ts';
import { duration, significant, textTable, withError } from './format-values.ts';
import { stepElapsedSecond } from './step-time.ts';
import { volumeTable } from './volume-table.ts';

const READ_BATCH = 5000;

export interface SpectrumResult {
  readonly spectrumId: string;
  readonly startSecond: number;
  readonly chargeCoulomb: number;
  readonly fit: CircuitFit | null;
}

export interface ScanResult {
  readonly scanId: string;
  readonly startSecond: number;
  readonly chargeCoulomb: number;
  readonly views: number;
  readonly complete: boolean;
  readonly axisPixel: number | null;
  readonly axisAgreed: boolean | null;
  readonly volumeFile: string | null;
  /** What was found out from its volume; null for nothing. */
  readonly segmentation: SegmentationResult | null;
  readonly volumeChange: VolumeChangeResult | null;
}

/** The end of a run in numbers: what the table prints and `--json` carries. */
export interface RunResults {
  readonly info: RunInfo;
  readonly status: RunStatus;
  readonly recordCount: number;
  readonly durationSecond: number;
  readonly short: {
    readonly timeSecond: number;
    readonly stepElapsedSecond: number;
    readonly chargeCoulomb: number;
  } | null;
  readonly spectra: readonly SpectrumResult[];
  readonly scans: readonly ScanResult[];
  readonly warnings: readonly string[];
}

/** Reads a finished run once, from its first record to its last. */
export function collectResults(reader: RunReader): RunResults {
  const kept = readKinds(reader, KINDS);
  const fits = new Map(
    kept.fit.filter(({ body }) => body.final).map(({ body }) => [body.spectrumId, body.fit]),
  );
  const volumes = new Map(kept.volume.map(({ body }) => [body.scanId, body]));
  const phases = new Map(kept.segmentation.map(({ body }) => [body.scanId, body.result]));
  const changes = new Map(kept.volumeChange.map(({ body }) => [body.scanId, body.result]));
  const short = kept.event.find(({ body }) => body.code === 'cellShort');
  return {
    info: reader.info,
    status: reader.status(),
    recordCount: kept.recordCount,
    durationSecond: kept.lastSecond,
    short: short ? shortOf(short, kept) : null,
    spectra: kept.spectrum.map(({ body }) => ({
      spectrumId: body.spectrumId,
      startSecond: body.startSecond,
      chargeCoulomb: body.startChargeCoulomb,
      fit: fits.get(body.spectrumId) ?? null,
    })),
    scans: kept.scan.map(({ body }) => ({
      scanId: body.scanId,
      startSecond: body.startSecond,
      chargeCoulomb: body.startChargeCoulomb,
      views: body.views,
      complete: body.complete,
      axisPixel: volumes.get(body.scanId)?.summary.axisPixel ?? null,
      axisAgreed: volumes.get(body.scanId)?.summary.axisAgreed ?? null,
      volumeFile: volumes.get(body.scanId)?.file ?? null,
      segmentation: phases.get(body.scanId) ?? null,
      volumeChange: changes.get(body.scanId) ?? null,
    })),
    warnings: kept.event
      .filter(({ body }) => body.severity !== 'info' && body.code !== 'cellShort')
      .map(({ body }) => body.message),
  };
}

const KINDS = [
  'spectrum',
  'fit',
  'scan',
  'volume',
  'segmentation',
  'volumeChange',
  'event',
  'step',
] as const satisfies readonly RecordKind[];

type Kept = { [K in (typeof KINDS)[number]]: RecordOf<K>[] } & {
  recordCount: number;
  lastSecond: number;
};

function readKinds(reader: RunReader, kinds: readonly RecordKind[]): Kept {
  const kept: Kept = {
    spectrum: [],
    fit: [],
    scan: [],
    volume: [],
    segmentation: [],
    volumeChange: [],
    event: [],
    step: [],
    recordCount: 0,
    lastSecond: 0,
  };
  let sequence = 0;
  for (;;) {
    const batch = reader.readAfter(sequence, READ_BATCH);
    for (const record of batch) {
      kept.recordCount += 1;
      kept.lastSecond = Math.max(kept.lastSecond, record.timeSecond);
      const { kind } = record.body;
      // A run of weeks has far more fits in passing than final ones.
      if (record.body.kind === 'fit' && !record.body.final) continue;
      if (kinds.includes(kind)) (kept[kind as keyof Kept] as unknown[]).push(record);
    }
    const last = batch.at(-1);
    if (!last) return kept;
    sequence = last.sequence;
  }
}

function shortOf(
  event: RecordOf<'event'>,
  records: Pick<Kept, 'step' | 'event'>,
): RunResults['short'] {
  const chargeCoulomb = event.body.details.charge_coulomb;
  return {
    timeSecond: event.timeSecond,
    stepElapsedSecond: stepElapsedSecond(event, records),
    chargeCoulomb: typeof chargeCoulomb === 'number' ? chargeCoulomb : Number.NaN,
  };
}

/** The table a person reads when the run has ended. */
export function describeResults(results: RunResults, folder: string): string {
  const { info } = results;
  const provenance = [...new Set(info.instruments.map((one) => one.provenance))].join(', ');
  return [
    '',
    `Run ${info.runId}: ${results.status} after ${duration(results.durationSecond)}`,
    `  recipe ${info.recipe}, cell ${info.cell}, rig ${info.rig} (${provenance} data)`,
    results.short
      ? `  short circuit after ${duration(results.short.stepElapsedSecond)} of the step, at ` +
        `${significant(results.short.chargeCoulomb / 3.6)} mAh passed`
      : '  no short circuit',
    ...results.warnings.map((warning) => `  ! ${warning}`),
    '',
    ...(results.spectra.length > 0 ? [spectraTable(results.spectra)] : []),
    ...(results.scans.length > 0 ? [scanTable(results.scans)] : []),
    ...volumeTable(results.scans),
    `${results.recordCount} records in ${folder}`,
    '',
  ].join('\n');
}

function spectraTable(spectra: readonly SpectrumResult[]): string {
  const names = [
    ...new Set(
      spectra.flatMap(({ fit }) =>
        (fit?.parameters ?? []).filter(({ unit }) => unit === 'ohm').map(({ name }) => name),
      ),
    ),
  ];
  const rows = spectra.map(({ spectrumId, startSecond, chargeCoulomb, fit }) => [
    spectrumId,
    duration(startSecond),
    significant(chargeCoulomb / 3.6),
    ...names.map((name) => {
      const parameter = fit?.parameters.find((one) => one.name === name);
      return parameter ? withError(parameter.value, parameter.standardError) : '';
    }),
    fit ? significant(fit.rmsPercent) : '',
    fit ? describeFit(fit) : 'not fitted',
  ]);
  const header = ['spectrum', 'at', 'mAh', ...names.map((name) => `${name} / ohm`), 'rms %', 'fit'];
  return textTable(header, rows);
}

/** `converged`, or `converged, data fail: drift 5 %` with the largest of what the test found. */
function describeFit({ status, validity }: CircuitFit): string {
  if (validity?.verdict !== 'fail') return status;
  const harmonics = worstDistortion(validity.waveforms ?? []);
  if (harmonics && harmonics.percent > DISTORTION_PERCENT_MAX) {
    const { percent, frequencyHertz } = harmonics;
    return `${status}, data fail: harmonics ${significant(percent)} % at ${significant(frequencyHertz)} Hz`;
  }
  const { driftPercent, worstPercent, worstFrequencyHertz } = validity;
  const cause =
    Math.abs(driftPercent) >= worstPercent
      ? `drift ${significant(driftPercent)} %`
      : `residual ${significant(worstPercent)} % at ${significant(worstFrequencyHertz)} Hz`;
  return `${status}, data fail: ${cause}`;
}

function scanTable(scans: readonly ScanResult[]): string {
  const rows = scans.map((scan) => [
    scan.scanId,
    duration(scan.startSecond),
    significant(scan.chargeCoulomb / 3.6),
    `${scan.views}${scan.complete ? '' : ' (incomplete)'}`,
    scan.axisPixel === null
      ? ''
      : `${scan.axisPixel.toFixed(2)}${scan.axisAgreed ? '' : ' (uncertain)'}`,
    scan.volumeFile ?? 'not reconstructed',
  ]);
  return textTable(['scan', 'at', 'mAh', 'views', 'axis / pixel', 'volume'], rows);
}
