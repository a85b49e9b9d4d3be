import { Fault } from '../domain/fault.ts';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import type { TomographyKernel } from '../kernels/tomography-kernel.ts';
import { findRotationAxis, type RotationAxis } from './rotation-axis.ts';
import { viewWeights } from './tomography-angles.ts';
import { type AxisTilt, fitAxisTilt, type RowAxis } from './tomography-axis-tilt.ts';
import { flatMomentsOf } from './tomography-flat-field.ts';
import { axisRows } from './volume-axis.ts';
import { countsOf, readBand } from './volume-bands.ts';
import { ScanConditioner } from './volume-conditioning.ts';
import type { RowBand } from './volume-jobs.ts';

/** A view with less than this share of the usual counts was taken while the beam was away. */
const LOST_LIGHT_FRACTION = 0.01;
/** Rows that are looked at at once; each is held in memory. */
export const AXIS_ROWS_MAX = 64;
/** A strip shows slices this far from the axis, in columns. */
export const STRIP_OFFSETS_PIXEL = [-2, -1, 0, 1, 2] as const;
/** Columns between the slices of a strip. */
const STRIP_GAP = 4;

/** The axis of a scan, from all of some rows together and from each alone. */
export interface ScanAxis {
  readonly axis: RotationAxis;
  readonly rows: readonly (RowAxis & { readonly agreed: boolean })[];
  /** From the rows whose finders agree; absent for fewer than three. */
  readonly tilt?: AxisTilt;
  readonly viewsLost: number;
  /** -log data that it was found on, [view, column], one per row. */
  readonly sinograms: readonly Float32Array[];
  /** Of the views that are used. */
  readonly anglesRadian: Float64Array;
}

/**
 * Finds the rotation axis of a scan on some of its rows.
 * @param chosen detector rows, from 0; five of the middle half unless given
 * @throws Fault badInput when a row is not there, or as findRotationAxis and flatMomentsOf;
 * storage, fileFormat as the source
 */
export async function scanAxis(
  kernel: TomographyKernel,
  source: ScanSource,
  chosen: readonly number[] = axisRows(source.rows),
): Promise<ScanAxis> {
  checkRows(source, chosen);
  const { rows, columns } = source;
  const moments = flatMomentsOf(source);
  const bands: RowBand[] = [];
  for (const firstRow of chosen) {
    bands.push(await readBand(countsOf(source), { firstRow, rowCount: 1 }));
  }
  const usedViews = litViews(bands, columns);
  const anglesRadian = Float64Array.from(usedViews, (view) => source.anglesRadian[view] ?? 0);
  const conditioner = new ScanConditioner(kernel, {
    rows,
    columns,
    usedViews,
    anglesRadian,
    moments,
    removesZingers: true,
    stripeRemoval: 'none',
  });
  const sinograms = bands.map((band) => conditioner.attenuation(band, band.firstRow).sinogram);
  const find = (of: readonly Float32Array[]): RotationAxis =>
    findRotationAxis({ kind: 'attenuation', columns, anglesRadian, sinograms: of });
  const axis = find(sinograms);
  const each = chosen.map((row, at) => {
    const { axisPixel, agreed } = chosen.length > 1 ? find(sinograms.slice(at, at + 1)) : axis;
    return { row, axisPixel, agreed };
  });
  const tilt = fitAxisTilt(
    each.filter(({ agreed }) => agreed),
    rows,
  );
  const viewsLost = source.anglesRadian.length - usedViews.length;
  return { axis, rows: each, ...(tilt ? { tilt } : {}), viewsLost, sinograms, anglesRadian };
}

/** Slices of one row side by side, with the axis a little off, so that a person can judge. */
export function axisStrip(
  kernel: TomographyKernel,
  { axis, sinograms, anglesRadian }: ScanAxis,
  columns: number,
): { readonly rows: number; readonly columns: number; readonly values: Float32Array } {
  const sinogram = sinograms[sinograms.length >> 1] ?? new Float32Array(0);
  const width = STRIP_OFFSETS_PIXEL.length * (columns + STRIP_GAP) - STRIP_GAP;
  const values = new Float32Array(columns * width);
  const weightsRadian = viewWeights(anglesRadian);
  for (const [at, offset] of STRIP_OFFSETS_PIXEL.entries()) {
    const axisPixel = Math.min(Math.max(axis.axisPixel + offset, 0), columns - 1);
    const geometry = { columns, anglesRadian, weightsRadian, axisPixel, extendEdges: true };
    const [slice] = kernel.reconstructPair(geometry, sinogram, sinogram);
    for (let row = 0; row < columns; row++) {
      const line = slice.subarray(row * columns, (row + 1) * columns);
      values.set(line, row * width + at * (columns + STRIP_GAP));
    }
  }
  return { rows: columns, columns: width, values };
}

/** Views in which the rows see the beam. */
function litViews(bands: readonly RowBand[], columns: number): Int32Array {
  const views = (bands[0]?.pixels.length ?? 0) / columns;
  const light = new Float64Array(views);
  for (const { pixels } of bands) addLight(light, pixels, columns);
  const usual = light.toSorted()[views >> 1] ?? 0;
  const every = Int32Array.from({ length: views }, (_, view) => view);
  return every.filter((view) => (light[view] ?? 0) > LOST_LIGHT_FRACTION * usual);
}

function addLight(light: Float64Array, pixels: ScanPixels, columns: number): void {
  for (let at = 0; at < pixels.length; at++) {
    const value = pixels[at] ?? 0;
    const view = Math.floor(at / columns);
    if (Number.isFinite(value)) light[view] = (light[view] ?? 0) + value;
  }
}

function checkRows({ rows, where }: ScanSource, chosen: readonly number[]): void {
  const bad = chosen.find((row) => !(Number.isInteger(row) && row >= 0 && row < rows));
  if (bad !== undefined) {
    const message = `has no detector row ${bad}; expected whole numbers from 0 to ${rows - 1}`;
    throw new Fault('badInput', { where, message });
  }
  if (chosen.length >= 1 && chosen.length <= AXIS_ROWS_MAX) return;
  const message = `${chosen.length} rows asked for; expected 1 to ${AXIS_ROWS_MAX}`;
  throw new Fault('badInput', { where, message });
}
