import { Fault, type Problem } from '../domain/fault.ts';
import type {
  AxisSetting,
  EdgeSetting,
  ReconstructionAlgorithm,
  ReconstructionSummary,
  ScanConditioning,
  ScanData,
  StripeRemoval,
  Volume,
} from '../domain/scan.ts';
import { SystemClock } from '../domain/system-clock.ts';
import type { ScanGeometry, TomographyKernel } from '../kernels/tomography-kernel.ts';
import { COLUMNS_MAX } from '../kernels/tomography-tables.ts';
import { findRotationAxis } from './rotation-axis.ts';
import { viewWeights } from './tomography-angles.ts';
import {
  type AttenuationOptions,
  attenuationOfScan,
  type ScanAttenuation,
} from './tomography-attenuation.ts';
import { removeStripes } from './tomography-stripes.ts';

/** The fewest views that make a slice worth its name. */
export const VIEWS_MIN = 3;
/** The largest volume that is held in memory. */
export const VOLUME_BYTES_MAX = 2 ** 32;

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

export interface ReconstructionOptions extends AttenuationOptions {
  readonly algorithm: ReconstructionAlgorithm;
  readonly axis: AxisSetting;
  /** Taken when 'auto' finds none that is agreed on, such as the axis of the scan before. */
  readonly axisOtherwisePixel?: number;
  /** How rings are prevented; 'sort' unless given. */
  readonly stripes?: StripeRemoval;
  /** Whether rows go on beyond the detector; 'auto' unless given. */
  readonly edges?: EdgeSetting;
  /** Told the share that is done, 0 to 1, after every pair of slices. */
  readonly onProgress?: (fraction: number) => void;
}

export interface Reconstruction {
  readonly volume: Volume;
  readonly summary: ReconstructionSummary;
  /** What stripe removal took off the attenuation of each pixel, mean over views, [row, column]. */
  readonly stripeMap: Float32Array;
}

/**
 * Reconstructs every detector row of a scan into a slice of columns x columns pixels, in 1/pixel,
 * the rotation axis in its middle.
 * @throws Fault badInput when angles, projections, flat or dark fields are missing or do not fit
 * each other, or the given axis is off the detector; capacity when the scan is too large
 */
export function reconstructScan(
  kernel: TomographyKernel,
  scan: ScanData,
  options: ReconstructionOptions,
): Reconstruction {
  const clock = new SystemClock();
  checkScan(scan);
  const { rows, columns } = scan;
  const stripeRemoval = options.stripes ?? 'sort';
  const attenuation = attenuationOfScan(kernel, scan, { ...options, viewsMin: VIEWS_MIN });
  const { anglesRadian } = attenuation;
  const samples = sampleRows(rows).map((row) => attenuation.sharpSinogram(row).sinogram);
  const { axisPixel, agreed } = chooseAxis(scan, attenuation, samples, options);
  const extendEdges = extendsEdges(options.edges ?? 'auto', samples, columns);
  const weightsRadian = viewWeights(anglesRadian);
  const geometry: ScanGeometry = { columns, anglesRadian, weightsRadian, axisPixel, extendEdges };
  const makePair = options.algorithm === 'gridding' ? griddingPair : backprojectedPair;
  const voxels = new Float32Array(rows * columns * columns);
  const rowOf = conditionedRows(kernel, scan, attenuation, stripeRemoval);
  for (let row = 0; row < rows; row += 2) {
    const first = rowOf.sinogram(row);
    const second = row + 1 < rows ? rowOf.sinogram(row + 1) : undefined;
    for (const [offset, slice] of makePair(kernel, geometry, first, second).entries()) {
      voxels.set(slice, (row + offset) * columns * columns);
    }
    options.onProgress?.(Math.min(row + 2, rows) / rows);
  }
  return {
    volume: { slices: rows, rows: columns, columns, voxels },
    stripeMap: rowOf.stripeMap,
    summary: {
      slices: rows,
      rows: columns,
      columns,
      views: scan.anglesRadian.length,
      axisPixel,
      axisAgreed: agreed,
      algorithm: options.algorithm,
      durationMs: clock.nowSecond() * 1000,
      conditioning: {
        ...rowOf.tally(),
        viewsLost: attenuation.inspection.lost,
        viewsRepeated: attenuation.inspection.repeated,
        viewsSaturated: attenuation.inspection.saturated,
        stripeRemoval,
        flatMoments: attenuation.flatMoments,
        beamNormalised: attenuation.isBeamNormalised,
        phaseAreaPixel: options.phaseAreaPixel ?? 0,
        edgesExtended: extendEdges,
      },
    },
  };
}

/** Sinograms without stripes, and a tally of what was taken out of them. */
function conditionedRows(
  kernel: TomographyKernel,
  { rows, columns }: ScanData,
  attenuation: ScanAttenuation,
  removal: StripeRemoval,
) {
  const stripeMap = new Float32Array(rows * columns);
  let [zingers, stripedColumns, removed, total] = [0, 0, 0, 0];
  return {
    stripeMap,
    sinogram(row: number): Float32Array {
      const made = attenuation.sinogram(row);
      zingers += made.zingers;
      if (removal === 'none') return made.sinogram;
      const before = made.sinogram.slice();
      stripedColumns += removeStripes(kernel, made.sinogram, columns, removal);
      const views = before.length / columns;
      for (let first = 0; first < before.length; first += columns) {
        for (let column = 0; column < columns; column++) {
          const value = before[first + column] ?? 0;
          const off = value - (made.sinogram[first + column] ?? 0);
          total += value * value;
          removed += off * off;
          const pixel = row * columns + column;
          stripeMap[pixel] = (stripeMap[pixel] ?? 0) + off / views;
        }
      }
      return made.sinogram;
    },
    tally(): Pick<ScanConditioning, 'zingers' | 'stripedColumns' | 'stripeFraction'> {
      return {
        zingers,
        stripedColumns,
        stripeFraction: total > 0 ? Math.sqrt(removed / total) : 0,
      };
    },
  };
}

/** Rows spread over the middle half of the detector. */
function sampleRows(rows: number): number[] {
  const chosen = new Set<number>();
  for (let k = 0; k < AXIS_ROWS; k++) {
    chosen.add(Math.floor(rows * (0.25 + (0.5 * (k + 0.5)) / AXIS_ROWS)));
  }
  return Array.from(chosen);
}

function chooseAxis(
  { columns }: ScanData,
  { anglesRadian }: ScanAttenuation,
  sinograms: readonly Float32Array[],
  { axis, axisOtherwisePixel }: ReconstructionOptions,
): { readonly axisPixel: number; readonly agreed: boolean } {
  if (axis !== 'auto') return { axisPixel: axis, agreed: true };
  const found = findRotationAxis({ kind: 'attenuation', columns, anglesRadian, sinograms });
  const { axisPixel, agreed } = found;
  return { axisPixel: agreed ? axisPixel : (axisOtherwisePixel ?? axisPixel), agreed };
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

function griddingPair(
  kernel: TomographyKernel,
  geometry: ScanGeometry,
  first: Float32Array,
  second: Float32Array | undefined,
): Float32Array[] {
  const [slice, other] = kernel.reconstructPair(geometry, first, second ?? first);
  return second ? [slice, other] : [slice];
}

function backprojectedPair(
  kernel: TomographyKernel,
  geometry: ScanGeometry,
  first: Float32Array,
  second: Float32Array | undefined,
): Float32Array[] {
  const { axisPixel } = geometry;
  const views = Array.from(geometry.anglesRadian, (angleRadian, view) => ({
    angleRadian,
    axisPixel,
    weightRadian: geometry.weightsRadian[view] ?? 0,
  }));
  return [first, second].flatMap((sinogram) => {
    if (!sinogram) return [];
    kernel.clearSlice(geometry.columns, geometry.extendEdges);
    kernel.addToSlice(sinogram, views);
    return [kernel.readSlice()];
  });
}

function checkScan({ rows, columns, anglesRadian, projections }: ScanData): void {
  const problems: Problem[] = [];
  const frameSize = rows * columns;
  const count = projections.length / frameSize;
  if (projections.length === 0) {
    problems.push({ where: 'projections', message: 'the scan has none; expected one per angle' });
  } else if (!Number.isInteger(count)) {
    const message = `${projections.length} values are not a whole number of frames of ${rows} x ${columns} pixels`;
    problems.push({ where: 'projections', message });
  } else if (count !== anglesRadian.length) {
    const message = `${anglesRadian.length} angles for ${count} projections; expected one angle per projection`;
    problems.push({ where: 'angles', message });
  } else if (count < VIEWS_MIN) {
    const message = `${count} views; expected at least ${VIEWS_MIN}`;
    problems.push({ where: 'projections', message });
  }
  const bad = anglesRadian.findIndex((angle) => !Number.isFinite(angle));
  if (bad >= 0) {
    const message = `angle ${bad + 1} is ${anglesRadian[bad]}; expected a finite number`;
    problems.push({ where: 'angles', message });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  if (columns < 2 || columns > COLUMNS_MAX) {
    const message = `${columns} detector columns; slices are made of 2 to ${COLUMNS_MAX}`;
    throw new Fault('capacity', { where: 'projections', message });
  }
  const volumeBytes = 4 * rows * columns ** 2;
  if (volumeBytes > VOLUME_BYTES_MAX) {
    const message = `the volume of ${rows} slices of ${columns} x ${columns} takes ${volumeBytes} bytes; at most ${VOLUME_BYTES_MAX} are held in memory`;
    throw new Fault('capacity', { where: 'projections', message });
  }
}
