import type { LiveSlice } from '../domain/scan.ts';
import type { Picture } from './protocol.ts';

/** Largest side of a picture on the page; larger slices are binned. */
export const PICTURE_SIZE_MAX = 512;
/** Pixels looked at to find the range of grey values. */
const RANGE_SAMPLES_MAX = 4096;
/** Share of pixels beyond each end of the grey scale, so that one hot pixel does not blind it. */
const CLIPPED_FRACTION = 0.001;

/** One byte per pixel between the values that grey 0 and 255 stand for. */
export function makePicture(slice: LiveSlice): Picture {
  const binning = Math.ceil(slice.size / PICTURE_SIZE_MAX);
  const size = Math.floor(slice.size / binning);
  const values = binning === 1 ? slice.pixels : binned(slice, binning, size);
  const { valueMin, valueMax } = rangeOf(values);
  return {
    header: {
      kind: 'liveSlice',
      scanId: slice.scanId,
      viewsDone: slice.viewsDone,
      viewsTotal: slice.viewsTotal,
      coverageFraction: slice.coverageFraction,
      row: slice.row,
      size,
      binning,
      valueMin,
      valueMax,
    },
    pixels: quantised(values, valueMin, valueMax),
  };
}

function binned(slice: LiveSlice, binning: number, size: number): Float32Array {
  const values = new Float32Array(size * size);
  const count = binning * binning;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let y = row * binning; y < (row + 1) * binning; y++) {
        const start = y * slice.size + column * binning;
        for (let x = start; x < start + binning; x++) sum += slice.pixels[x] ?? 0;
      }
      values[row * size + column] = sum / count;
    }
  }
  return values;
}

function rangeOf(values: Float32Array): { valueMin: number; valueMax: number } {
  const stride = Math.max(1, Math.ceil(values.length / RANGE_SAMPLES_MAX));
  const sample = new Float32Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let at = 0; at < values.length; at += stride) {
    const value = values[at] ?? 0;
    if (Number.isFinite(value)) sample[count++] = value;
  }
  if (count === 0) return { valueMin: 0, valueMax: 1 };
  const sorted = sample.subarray(0, count).sort();
  const clipped = Math.floor(count * CLIPPED_FRACTION);
  const valueMin = sorted[clipped] ?? 0;
  const valueMax = sorted[count - 1 - clipped] ?? 1;
  return valueMax > valueMin ? { valueMin, valueMax } : { valueMin, valueMax: valueMin + 1 };
}

function quantised(values: Float32Array, valueMin: number, valueMax: number): Uint8Array {
  const pixels = new Uint8ClampedArray(values.length);
  const scale = 255 / (valueMax - valueMin);
  // A clamped array rounds, clips at both ends and reads not-a-number as 0.
  for (let at = 0; at < values.length; at++) pixels[at] = ((values[at] ?? 0) - valueMin) * scale;
  return new Uint8Array(pixels.buffer);
}
