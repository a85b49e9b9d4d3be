import type { AxisSetting, EdgeSetting } from '../domain/scan.ts';
import { findRotationAxis } from './rotation-axis.ts';
import type { ScanConditioner } from './volume-conditioning.ts';
import type { RowBand } from './volume-jobs.ts';

/** Rows the axis is looked for in, spread over the middle half of the detector. */
const AXIS_ROWS = 5;
/** Columns at each end of the detector that tell whether the sample is wider. */
const EDGE_COLUMNS = 4;
/** Attenuation at an end, against that within, that only a sample there can have. */
const EDGE_FRACTION = 0.1;
/** Values of a sinogram that are looked at. */
const EDGE_SAMPLES_MAX = 20_000;
/** Below this there is no sample. */
const EMPTY_ATTENUATION = 1e-3;

/** Rows to look for the axis in, and what is known already. */
export interface AxisQuestion {
  /** Counts of one row each. */
  readonly bands: readonly RowBand[];
  readonly axis: AxisSetting;
  readonly axisOtherwisePixel?: number;
  readonly edges: EdgeSetting;
}

export interface AxisSample {
  readonly axisPixel: number;
  /** False when the axis was looked for and the finders do not agree. */
  readonly agreed: boolean;
  readonly extendEdges: boolean;
}

/** Rows spread over the middle half of the detector. */
export function axisRows(rows: number): number[] {
  const chosen = new Set<number>();
  for (let k = 0; k < AXIS_ROWS; k++) {
    chosen.add(Math.floor(rows * (0.25 + (0.5 * (k + 0.5)) / AXIS_ROWS)));
  }
  return Array.from(chosen);
}

/** The axis and the edges from rows before the phase filter, which would blur them. */
export function sampleAxis(conditioner: ScanConditioner, question: AxisQuestion): AxisSample {
  const { columns, anglesRadian } = conditioner.scan;
  const { axis, edges, axisOtherwisePixel } = question;
  const sinograms = question.bands.map(
    (band) => conditioner.attenuation(band, band.firstRow).sinogram,
  );
  const extendEdges = extendsEdges(edges, sinograms, columns);
  if (axis !== 'auto') return { axisPixel: axis, agreed: true, extendEdges };
  const found = findRotationAxis({ kind: 'attenuation', columns, anglesRadian, sinograms });
  const { axisPixel, agreed } = found;
  return {
    axisPixel: agreed ? axisPixel : (axisOtherwisePixel ?? axisPixel),
    agreed,
    extendEdges,
  };
}

/** True when asked for, or when the ends of some row see the sample in most views. */
function extendsEdges(
  edges: EdgeSetting,
  sinograms: readonly Float32Array[],
  columns: number,
): boolean {
  if (edges !== 'auto') return edges === 'extend';
  const inside = Math.max(...sinograms.map((sinogram) => highAttenuation(sinogram)));
  const ends = Math.max(...sinograms.map((sinogram) => endAttenuation(sinogram, columns)));
  return inside > EMPTY_ATTENUATION && ends > EDGE_FRACTION * inside;
}

/** What one value in ten exceeds. */
function highAttenuation(sinogram: Float32Array): number {
  const step = Math.ceil(sinogram.length / EDGE_SAMPLES_MAX);
  const samples = sinogram.filter((_, at) => at % step === 0).sort();
  return samples[Math.floor(0.9 * samples.length)] ?? 0;
}

/** Mean at the end of the row that sees more. */
function endAttenuation(sinogram: Float32Array, columns: number): number {
  const taken = Math.min(EDGE_COLUMNS, columns);
  let [first, last] = [0, 0];
  for (let row = 0; row < sinogram.length; row += columns) {
    for (let k = 0; k < taken; k++) {
      first += sinogram[row + k] ?? 0;
      last += sinogram[row + columns - 1 - k] ?? 0;
    }
  }
  return Math.max(first, last) / ((sinogram.length / columns) * taken);
}
