import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ScanPixels } from '../domain/scan-source.ts';
import { badFile } from './file-access.ts';
import type { Hdf5Dataset } from './hdf5-file.ts';

/** Frames that are held in memory whole, as flat and dark fields are; more does not fit. */
export const FRAMES_HELD_BYTES_MAX = 2 ** 30;
/** The HDF5 library copies what it reads: values are fetched in blocks of this size. */
export const BLOCK_BYTES_MAX = 32 * 2 ** 20;

/** The shape of a stack of frames, [frame, row, column]. */
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

/** Room for `count` pixels, all 0. */
export function allocatePixels(isCounts: boolean, count: number): ScanPixels {
  return isCounts ? new Uint16Array(count) : new Float32Array(count);
}

/** Some frames of a stack in one array. @throws Fault fileFormat when they are too many to hold */
export async function readFrames(
  dataset: Hdf5Dataset,
  wanted: readonly number[],
): Promise<ScanPixels> {
  const { rows, columns } = frameShape(dataset);
  const length = rows * columns;
  const bytes = wanted.length * length * Float32Array.BYTES_PER_ELEMENT;
  if (bytes > FRAMES_HELD_BYTES_MAX) {
    throw badFile(
      dataset.where,
      `${wanted.length} flat or dark fields of ${rows} × ${columns}; at most ${FRAMES_HELD_BYTES_MAX} bytes are held: average some of them`,
    );
  }
  const pixels = allocatePixels(dataset.isCounts, wanted.length * length);
  for (const { frame, count, at } of runsOf(wanted, Math.floor(BLOCK_BYTES_MAX / (8 * length)))) {
    pixels.set(dataset.block([frame, frame + count]), at * length);
    await nextTurn();
  }
  return pixels;
}

/** Frames that follow each other in a file, and where they stand among the wanted ones. */
export interface FrameRun {
  readonly frame: number;
  readonly count: number;
  readonly at: number;
}

/** Wanted frames as runs of at most `countMax`, or one if that is less. */
export function runsOf(wanted: readonly number[], countMax: number): FrameRun[] {
  const runs: FrameRun[] = [];
  for (let at = 0; at < wanted.length; ) {
    const frame = wanted[at] ?? 0;
    let count = 1;
    while (count < countMax && wanted[at + count] === frame + count) count += 1;
    runs.push({ frame, count, at });
    at += count;
  }
  return runs;
}
