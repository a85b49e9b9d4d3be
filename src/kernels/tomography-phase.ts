import { Fault } from '../domain/fault.ts';
import { floats, type RawKernel } from './tomography-raw.ts';
import { transformLength, twiddles } from './tomography-tables.ts';

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
