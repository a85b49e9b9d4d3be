import { Fault } from '../domain/fault.ts';
import type { RawKernel } from './tomography-raw.ts';
import { transformLength, twiddles } from './tomography-tables.ts';

/** The widest running median: 2 x 63 + 1 columns. */
export const MEDIAN_HALF_MAX = 63;
/** Views of one sinogram the kernel takes. */
export const SINOGRAM_VIEWS_MAX = 65_535;

/** How sorted columns are smoothed. */
export interface SortedSmoothing {
  /** The median is over this many columns to each side. */
  readonly half: number;
  /**
   * 0: sorted values become their medians. Otherwise they lose their difference from the medians,
   * averaged over this many ranks to each side: a stripe differs alike at neighbouring ranks.
   */
  readonly rankReach?: number;
  /** Columns that are changed (not 0); all, unless given. */
  readonly chosen?: ArrayLike<number>;
  /** With a rank reach, what each column loses lies between these; without bounds unless given. */
  readonly bounds?: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> };
}

/** What columns have over their neighbours: distribution over the views, one value per column. */
export interface ColumnDetails {
  /** Lower quartile, median and upper quartile. */
  readonly low: Float32Array;
  readonly middle: Float32Array;
  readonly high: Float32Array;
}

/** One or two images of transmission, row-major [row, column], and the strength of the filter. */
export interface PhaseImages {
  readonly rows: number;
  readonly columns: number;
  readonly first: Float32Array;
  readonly second?: Float32Array;
  /** Distance times delta / mu in square pixels. */
  readonly areaPixel: number;
}

/** Mirrored pixels reach this many decay lengths of the filter, exp(-6) = 0.25 %. */
const MIRROR_DECAYS = 6;
const TRANSFORM_SIZE_MIN = 64;

/** See TomographyKernel.removeZingers. */
export function removeZingers(
  raw: RawKernel,
  sinogram: Float32Array,
  columns: number,
  threshold: number,
): number {
  writeSinogram(raw, sinogram, columns);
  const found = raw.removeZingers(threshold);
  if (found > 0) readResult(raw, sinogram, columns);
  return found;
}

/** See TomographyKernel.smoothSorted. */
export function smoothSorted(
  raw: RawKernel,
  sinogram: Float32Array,
  columns: number,
  { half, rankReach = 0, chosen = new Uint8Array(columns).fill(1), bounds }: SortedSmoothing,
): void {
  checkHalf(half);
  if (chosen.length !== columns) {
    const message = `${chosen.length} values; expected one for each of ${columns} columns`;
    throw new Fault('badInput', { where: 'chosen columns', message });
  }
  writeSinogram(raw, sinogram, columns);
  raw.smoothSorted(half);
  const table = floats(raw, raw.columnTableAddress(), 3 * columns);
  for (let column = 0; column < columns; column++) {
    table[3 * column] = chosen[column] ?? 0;
    table[3 * column + 1] = bounds?.lower[column] ?? -Infinity;
    table[3 * column + 2] = bounds?.upper[column] ?? Infinity;
  }
  raw.restoreOrder(Math.min(rankReach, SINOGRAM_VIEWS_MAX));
  readResult(raw, sinogram, columns);
}

/** See TomographyKernel.columnDetails. */
export function columnDetails(
  raw: RawKernel,
  sinogram: Float32Array,
  columns: number,
  half: number,
): ColumnDetails {
  checkHalf(half);
  writeSinogram(raw, sinogram, columns);
  const views = sinogram.length / columns;
  const { low, middle, high } = detailRanks(views);
  raw.rankDetails(half, low, middle, high);
  const table = floats(raw, raw.columnTableAddress(), 3 * columns);
  const column = (k: number) =>
    Float32Array.from({ length: columns }, (_, c) => table[3 * c + k] ?? 0);
  return { low: column(0), middle: column(1), high: column(2) };
}

/** The ranks of the lower quartile, the median and the upper quartile. */
export function detailRanks(views: number) {
  return {
    low: Math.floor(0.25 * (views - 1)),
    middle: Math.floor(0.5 * (views - 1)),
    high: Math.ceil(0.75 * (views - 1)),
  };
}

function checkHalf(half: number): void {
  if (Number.isInteger(half) && half >= 0 && half <= MEDIAN_HALF_MAX) return;
  const message = `a median over ${half} columns to each side; expected 0 to ${MEDIAN_HALF_MAX}`;
  throw new Fault('capacity', { where: 'stripe removal', message });
}

/** See TomographyKernel.filterPhase. */
export function filterPhase(raw: RawKernel, images: PhaseImages): void {
  const { rows, columns, areaPixel } = images;
  const rowSize = mirroredSize(columns, areaPixel);
  const columnSize = mirroredSize(rows, areaPixel);
  if (raw.placeImages(rows, columns, rowSize, columnSize) !== 0) {
    const message = `images of ${rows} x ${columns} pixels, with their mirror images ${columnSize} x ${rowSize}, do not fit in the kernel's memory`;
    throw new Fault('capacity', { where: 'phase filter', message });
  }
  floats(raw, raw.phaseTableAddress(0), 2 * rowSize).set(twiddles(rowSize));
  floats(raw, raw.phaseTableAddress(1), 2 * columnSize).set(twiddles(columnSize));
  floats(raw, raw.phaseTableAddress(2), rowSize).set(squares(rowSize, areaPixel));
  floats(raw, raw.phaseTableAddress(3), columnSize).set(squares(columnSize, areaPixel));
  const both = [images.first, images.second].filter((image) => image !== undefined);
  const stride = raw.imageStride();
  for (const [index, image] of both.entries()) {
    const held = floats(raw, raw.imageAddress(index), rows * stride);
    for (let row = 0; row < rows; row++) {
      held.set(image.subarray(row * columns, (row + 1) * columns), row * stride);
    }
  }
  raw.filterImages();
  for (const [index, image] of both.entries()) {
    const held = floats(raw, raw.imageAddress(index), rows * stride);
    for (let row = 0; row < rows; row++) {
      image.set(held.subarray(row * stride, row * stride + columns), row * columns);
    }
  }
}

/** Length on which an image and its mirror images lie; at most three times the image. */
export function mirroredSize(count: number, areaPixel: number): number {
  const reach = Math.min(Math.ceil(MIRROR_DECAYS * Math.sqrt(areaPixel)), count);
  return transformLength(Math.max(count + 2 * reach, TRANSFORM_SIZE_MIN));
}

/** 4 pi^2 a f^2 with f in cycles per pixel. */
export function squares(size: number, areaPixel: number): Float64Array {
  return Float64Array.from({ length: size }, (_, k) => {
    const frequency = (k <= size / 2 ? k : k - size) / size;
    return 4 * Math.PI ** 2 * areaPixel * frequency ** 2;
  });
}

function writeSinogram(raw: RawKernel, sinogram: Float32Array, columns: number): void {
  const views = sinogram.length / columns;
  if (!Number.isInteger(views) || views < 1) {
    const message = `${sinogram.length} values; expected whole views of ${columns} columns`;
    throw new Fault('badInput', { where: 'sinogram', message });
  }
  if (raw.placeSinogram(views) !== 0) {
    const message = `a sinogram of ${views} views and ${columns} columns does not fit in the kernel's memory; at most ${SINOGRAM_VIEWS_MAX} views`;
    throw new Fault('capacity', { where: 'sinogram', message });
  }
  const stride = raw.stride();
  const held = floats(raw, raw.sinogramAddress(), views * stride);
  if (stride === columns) held.set(sinogram);
  else {
    for (let view = 0; view < views; view++) {
      held.set(sinogram.subarray(view * columns, (view + 1) * columns), view * stride);
    }
  }
}

function readResult(raw: RawKernel, sinogram: Float32Array, columns: number): void {
  const views = sinogram.length / columns;
  const stride = raw.stride();
  const held = floats(raw, raw.resultAddress(), views * stride);
  if (stride === columns) sinogram.set(held);
  else {
    for (let view = 0; view < views; view++) {
      sinogram.set(held.subarray(view * stride, view * stride + columns), view * columns);
    }
  }
}

function floats(raw: RawKernel, address: number, length: number): Float32Array {
  return new Float32Array(raw.memory.buffer, address, length);
}
