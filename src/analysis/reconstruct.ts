import { Fault, type Problem } from '../domain/fault.ts';
import type {
  AxisSetting,
  ReconstructionAlgorithm,
  ReconstructionSummary,
  ScanData,
  Volume,
} from '../domain/scan.ts';
import { SystemClock } from '../domain/system-clock.ts';
import type { ScanGeometry, TomographyKernel } from '../kernels/tomography-kernel.ts';
import { COLUMNS_MAX } from '../kernels/tomography-tables.ts';
import { findRotationAxis } from './rotation-axis.ts';
import { viewWeights } from './tomography-angles.ts';
import { type FlatField, flatFieldOf, sinogramOf } from './tomography-flat-field.ts';

/** The fewest views that make a slice worth its name. */
export const VIEWS_MIN = 3;
/** The largest volume that is held in memory. */
export const VOLUME_BYTES_MAX = 2 ** 32;

/** Rows the axis is looked for in, spread over the middle half of the detector. */
const AXIS_ROWS = 5;

export interface ReconstructionOptions {
  readonly algorithm: ReconstructionAlgorithm;
  readonly axis: AxisSetting;
  /** Taken when 'auto' finds none that is agreed on, such as the axis of the scan before. */
  readonly axisOtherwisePixel?: number;
  /** Told the share that is done, 0 to 1, after every pair of slices. */
  readonly onProgress?: (fraction: number) => void;
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
): { volume: Volume; summary: ReconstructionSummary } {
  const clock = new SystemClock();
  checkScan(scan);
  const { rows, columns, anglesRadian } = scan;
  const flatField = flatFieldOf(scan);
  const { axisPixel, agreed } = chooseAxis(kernel, scan, flatField, options);
  const weightsRadian = viewWeights(anglesRadian);
  const geometry: ScanGeometry = { columns, anglesRadian, weightsRadian, axisPixel };
  const makePair = options.algorithm === 'gridding' ? griddingPair : backprojectedPair;
  const voxels = new Float32Array(rows * columns * columns);
  for (let row = 0; row < rows; row += 2) {
    const first = sinogramOf(kernel, scan, flatField, row);
    const second = row + 1 < rows ? sinogramOf(kernel, scan, flatField, row + 1) : undefined;
    for (const [offset, slice] of makePair(kernel, geometry, first, second).entries()) {
      voxels.set(slice, (row + offset) * columns * columns);
    }
    options.onProgress?.(Math.min(row + 2, rows) / rows);
  }
  return {
    volume: { slices: rows, rows: columns, columns, voxels },
    summary: {
      slices: rows,
      rows: columns,
      columns,
      views: anglesRadian.length,
      axisPixel,
      axisAgreed: agreed,
      algorithm: options.algorithm,
      durationMs: clock.nowSecond() * 1000,
    },
  };
}

function chooseAxis(
  kernel: TomographyKernel,
  scan: ScanData,
  flatField: FlatField,
  options: ReconstructionOptions,
): { readonly axisPixel: number; readonly agreed: boolean } {
  if (options.axis !== 'auto') return { axisPixel: options.axis, agreed: true };
  const { axisPixel, agreed } = findAxisOfScan(kernel, scan, flatField);
  return { axisPixel: agreed ? axisPixel : (options.axisOtherwisePixel ?? axisPixel), agreed };
}

function findAxisOfScan(kernel: TomographyKernel, scan: ScanData, flatField: FlatField) {
  const rows = new Set<number>();
  for (let k = 0; k < AXIS_ROWS; k++) {
    rows.add(Math.floor(scan.rows * (0.25 + (0.5 * (k + 0.5)) / AXIS_ROWS)));
  }
  return findRotationAxis({
    kind: 'attenuation',
    columns: scan.columns,
    anglesRadian: scan.anglesRadian,
    sinograms: Array.from(rows, (row) => sinogramOf(kernel, scan, flatField, row)),
  });
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
    kernel.clearSlice(geometry.columns);
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
