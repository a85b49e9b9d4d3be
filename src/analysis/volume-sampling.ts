import type { ScanSource } from '../domain/scan-source.ts';
import type { VoxelScale, VoxelType } from '../domain/volume.ts';
import type { Executor } from './executor.ts';
import { type FlatMoment, referenceAt } from './tomography-flat-field.ts';
import { pixelsFor } from './tomography-inspection.ts';
import { type AxisSample, axisRows } from './volume-axis.ts';
import { countsOf, type RowReader, readBand } from './volume-bands.ts';
import type { RowRange, SlicePlan, VolumeJobs } from './volume-jobs.ts';
import { FLOAT_VOLUME_BYTES_MAX, type VolumeOptions } from './volume-options.ts';
import { PLAIN_SCALE, scaleFor } from './voxel-scale.ts';

/** Groups of rows, spread over the detector, whose slices tell the range of a volume. */
const EVEN_GROUPS = 4;
/** Views in which rows with something special are looked for. */
const PROFILE_VIEWS = 5;
/** A feature stands out against what is this share of the detector's width away. */
const FEATURE_FRACTION = 1 / 32;
/** Transmissions are held above this. */
const TRANSMISSION_MIN = 1e-4;

/** The rotation axis and the edges, from some rows. */
export async function axisOf(
  source: ScanSource,
  executor: Executor<VolumeJobs>,
  { axis, axisOtherwisePixel, edges = 'auto' }: VolumeOptions,
): Promise<AxisSample> {
  const bands = [];
  for (const firstRow of axisRows(source.rows)) {
    bands.push(await readBand(countsOf(source), { firstRow, rowCount: 1 }));
  }
  const otherwise = axisOtherwisePixel === undefined ? {} : { axisOtherwisePixel };
  return executor.call('sampleAxis', { bands, axis, edges, ...otherwise });
}

/** How voxels are stored when nobody says: as they are while the volume is small. */
export function voxelTypeOf(
  { rows, columns }: ScanSource,
  wanted: VolumeOptions['voxels'],
): VoxelType {
  if (wanted !== undefined && wanted !== 'auto') return wanted;
  const bytes = rows * columns * columns * Float32Array.BYTES_PER_ELEMENT;
  return bytes <= FLOAT_VOLUME_BYTES_MAX ? 'float32' : 'uint8';
}

/**
 * A scale for the whole volume from some of its slices: spread evenly, and those of the rows in
 * which the darkest thing and the most prominent one are seen, however thin they are.
 */
export async function scaleOf(
  source: ScanSource,
  reader: RowReader,
  options: {
    readonly type: VoxelType;
    readonly plan: Omit<SlicePlan, 'scale'>;
    readonly moments: readonly FlatMoment[];
    readonly usedViews: Int32Array;
    readonly groupRows: number;
    readonly executors: readonly Executor<VolumeJobs>[];
  },
): Promise<VoxelScale> {
  const { type, groupRows, executors } = options;
  if (type === 'float32') return PLAIN_SCALE;
  const special = await specialRows(source, options.moments, options.usedViews);
  const plan = { ...options.plan, scale: PLAIN_SCALE };
  let [least, most] = [0, 0];
  const ranges = groupsToMeasure(source.rows, groupRows, special);
  for (let first = 0; first < ranges.length; first += executors.length) {
    const measured = await Promise.all(
      ranges.slice(first, first + executors.length).map(async (range, at) => {
        const band = await readBand(reader, range);
        return executors[at]?.call('measureSlices', { band, plan, ...range });
      }),
    );
    least = Math.min(least, ...measured.map((range) => range?.least ?? 0));
    most = Math.max(most, ...measured.map((range) => range?.most ?? 0));
  }
  return scaleFor(type, { least, most });
}

function groupsToMeasure(
  rows: number,
  groupRows: number,
  special: readonly number[],
): readonly RowRange[] {
  const even = Array.from({ length: EVEN_GROUPS }, (_, k) =>
    Math.floor((rows * (k + 0.5)) / EVEN_GROUPS),
  );
  const groups = new Set([...even, ...special].map((row) => Math.floor(row / groupRows)));
  return Array.from(groups, (group) => ({
    firstRow: group * groupRows,
    rowCount: Math.min(groupRows, rows - group * groupRows),
  }));
}

/**
 * The rows with the highest attenuation and with the feature that stands out most, in the median
 * of some views: a zinger is in one view only.
 */
async function specialRows(
  source: ScanSource,
  moments: readonly FlatMoment[],
  usedViews: Int32Array,
): Promise<number[]> {
  const { rows, columns } = source;
  const pixels = pixelsFor(source.pixelType, rows * columns);
  const peaks: Float64Array[] = [];
  const features: Float64Array[] = [];
  const count = Math.min(PROFILE_VIEWS, usedViews.length);
  for (let k = 0; k < count; k++) {
    const view = usedViews[Math.floor((usedViews.length * (k + 0.5)) / count)] ?? 0;
    await source.readView(view, pixels);
    const [peak, feature] = [new Float64Array(rows), new Float64Array(rows)];
    for (let row = 0; row < rows; row++) {
      const { dark, gain } = referenceAt(moments, view, row, columns);
      const line = attenuationLine(pixels.subarray(row * columns, (row + 1) * columns), dark, gain);
      peak[row] = line.reduce((most, value) => Math.max(most, value), 0);
      feature[row] = prominence(line);
    }
    peaks.push(peak);
    features.push(feature);
  }
  return [peaks, features].map((perView) => rowOfMost(perView, rows));
}

/** -log data of one line, each pixel and its neighbour at their lesser: no single pixel counts. */
function attenuationLine(
  counts: ArrayLike<number>,
  dark: Float32Array,
  gain: Float32Array,
): Float64Array {
  let before = 0;
  const line = Float64Array.from(counts, (count, column) => {
    const transmission = (count - (dark[column] ?? 0)) * (gain[column] ?? 0);
    if (gain[column] !== 0 && Number.isFinite(transmission)) {
      before = -Math.log(Math.max(TRANSMISSION_MIN, transmission));
    }
    return before;
  });
  return line.map((value, column) => Math.min(value, line[column + 1] ?? value));
}

function prominence(line: Float64Array): number {
  const reach = Math.max(2, Math.round(FEATURE_FRACTION * line.length));
  let most = 0;
  for (let column = reach; column < line.length - reach; column++) {
    const around = Math.max(line[column - reach] ?? 0, line[column + reach] ?? 0);
    most = Math.max(most, (line[column] ?? 0) - around);
  }
  return most;
}

function rowOfMost(perView: readonly Float64Array[], rows: number): number {
  let [best, most] = [0, -Infinity];
  for (let row = 0; row < rows; row++) {
    const values = perView.map((values) => values[row] ?? 0).sort((a, b) => a - b);
    const median = values[values.length >> 1] ?? 0;
    if (median > most) [best, most] = [row, median];
  }
  return best;
}
