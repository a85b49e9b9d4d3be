import { setImmediate as nextTurn } from 'node:timers/promises';
import { badFile } from './file-access.ts';
import type { Hdf5Dataset } from './hdf5-file.ts';

/** Detector counts of frames, row-major [frame, row, column]. */
export type Pixels = Uint16Array | Float32Array;

/** One kind of frames is held in memory whole, later as floats; more does not fit. */
export const SCAN_BYTES_MAX = 4 * 1024 ** 3;
/** The HDF5 library copies what it reads: frames are fetched in blocks of this size. */
const BLOCK_BYTES_MAX = 32 * 1024 ** 2;

export interface FrameShape {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** The shape of a stack of frames. @throws Fault fileFormat unless it has three dimensions */
export function frameShape(dataset: Hdf5Dataset): FrameShape {
  const [frames, rows, columns] = dataset.shape;
  if (!frames || !rows || !columns || dataset.shape.length !== 3) {
    throw badFile(
      dataset.where,
      `has shape [${dataset.shape.join(', ')}]; expected [frames, rows, columns]`,
    );
  }
  return { frames, rows, columns };
}

/** @throws Fault fileFormat when as many counts, as floats, exceed SCAN_BYTES_MAX */
export function checkScanSize(where: string, pixels: number): void {
  const bytes = pixels * Float32Array.BYTES_PER_ELEMENT;
  if (bytes > SCAN_BYTES_MAX) {
    throw badFile(where, `more than ${SCAN_BYTES_MAX} bytes of frames; split the scan by rows`);
  }
}

/** Room for `pixels` counts. @throws Fault fileFormat above SCAN_BYTES_MAX */
export function allocatePixels(where: string, pixels: number, isCounts: boolean): Pixels {
  checkScanSize(where, pixels);
  return isCounts ? new Uint16Array(pixels) : new Float32Array(pixels);
}

/** Hands every frame of a stack to `take`, a block at a time, letting others run in between. */
export async function eachFrame(
  dataset: Hdf5Dataset,
  take: (frame: ArrayLike<number>, index: number) => void,
): Promise<void> {
  const { frames, rows, columns } = frameShape(dataset);
  const length = rows * columns;
  const step = Math.max(1, Math.floor(BLOCK_BYTES_MAX / (8 * length)));
  for (let first = 0; first < frames; first += step) {
    const end = Math.min(first + step, frames);
    const block = dataset.block(first, end);
    for (let index = first; index < end; index += 1) {
      take(framePart(block, (index - first) * length, length), index);
    }
    await nextTurn();
  }
}

/** Every frame of a stack in one array. @throws Fault fileFormat */
export async function readStack(dataset: Hdf5Dataset): Promise<Pixels> {
  const { frames, rows, columns } = frameShape(dataset);
  const length = rows * columns;
  const pixels = allocatePixels(dataset.where, frames * length, dataset.isCounts);
  await eachFrame(dataset, (frame, index) => pixels.set(frame, index * length));
  return pixels;
}

function framePart(block: ArrayLike<number>, start: number, length: number): ArrayLike<number> {
  return block instanceof Float64Array || Array.isArray(block)
    ? block.slice(start, start + length)
    : (block as Float32Array).subarray(start, start + length);
}
