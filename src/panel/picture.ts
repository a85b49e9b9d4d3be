import type { LiveSlice } from '../domain/scan.ts';
import type { Picture } from './protocol.ts';

/** Longest side of a picture on the page; larger slices are binned. */
export const PICTURE_SIZE_MAX = 384;
/** Pixels of each slice looked at to find the range of grey values. */
const RANGE_SAMPLES_MAX = 4096;
/** Share of pixels beyond each end of the grey scale, so that one hot pixel does not blind it. */
const CLIPPED_FRACTION = 0.001;

/**
 * One byte per pixel, all slices on one grey scale and in pixels of one size.
 * @param sizeMax longest side; PICTURE_SIZE_MAX unless given
 */
export function makePictures(
  slices: readonly LiveSlice[],
  sizeMax: number = PICTURE_SIZE_MAX,
): Picture[] {
  const longest = Math.max(0, ...slices.map(({ rows, columns }) => Math.max(rows, columns)));
  const binning = Math.max(1, Math.ceil(longest / sizeMax));
  const smaller = slices.map((slice) => binned(slice, binning));
  const { valueMin, valueMax } = rangeOf(smaller.map(({ pixels }) => pixels));
  return smaller.map(({ pixels, ...header }) => ({
    header: { ...header, valueMin, valueMax },
    pixels: quantised(pixels, valueMin, valueMax),
  }));
}

/** What is left over at the ends of rows and columns is left out. */
function binned(slice: LiveSlice, binning: number): LiveSlice {
  if (binning === 1) return slice;
  const rows = Math.max(1, Math.floor(slice.rows / binning));
  const columns = Math.max(1, Math.floor(slice.columns / binning));
  const pixels = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      pixels[row * columns + column] = blockMean(slice, binning, row, column);
    }
  }
  return { ...slice, rows, columns, binning: slice.binning * binning, pixels };
}

/** Of the pixels there are: a slice may have fewer rows than a block. */
function blockMean(slice: LiveSlice, binning: number, row: number, column: number): number {
  const bottom = Math.min((row + 1) * binning, slice.rows);
  const right = Math.min((column + 1) * binning, slice.columns);
  let [sum, count] = [0, 0];
  for (let y = row * binning; y < bottom; y++) {
    for (let x = column * binning; x < right; x++) {
      sum += slice.pixels[y * slice.columns + x] ?? 0;
      count += 1;
    }
  }
  return sum / count;
}

function rangeOf(parts: readonly Float32Array[]): { valueMin: number; valueMax: number } {
  const sample: number[] = [];
  for (const values of parts) {
    const stride = Math.max(1, Math.ceil(values.length / RANGE_SAMPLES_MAX));
    for (let at = 0; at < values.length; at += stride) {
      const value = values[at] ?? 0;
      if (Number.isFinite(value)) sample.push(value);
    }
  }
  if (sample.length === 0) return { valueMin: 0, valueMax: 1 };
  const sorted = Float32Array.from(sample).sort();
  const clipped = Math.floor(sorted.length * CLIPPED_FRACTION);
  const valueMin = sorted[clipped] ?? 0;
  const valueMax = sorted[sorted.length - 1 - clipped] ?? 1;
  return valueMax > valueMin ? { valueMin, valueMax } : { valueMin, valueMax: valueMin + 1 };
}

function quantised(values: Float32Array, valueMin: number, valueMax: number): Uint8Array {
  const pixels = new Uint8ClampedArray(values.length);
  const scale = 255 / (valueMax - valueMin);
  // A clamped array rounds, clips at both ends and reads not-a-number as 0.
  for (let at = 0; at < values.length; at++) pixels[at] = ((values[at] ?? 0) - valueMin) * scale;
  return new Uint8Array(pixels.buffer);
}
