import { ok as assert } from 'node:assert';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import { allocatePixels, BLOCK_BYTES_MAX, frameShape, runsOf } from './frame-stack.ts';
import type { Hdf5Dataset, Hdf5File, NumberArray } from './hdf5-file.ts';
import { type OpenScanOptions, SCAN_HELD_BYTES_MAX, UnpackedViews } from './unpacked-views.ts';

/** Rows of a piece of the file up to which bands are read from it as it is. */
export const PIECE_ROWS_MAX = 16;

/** A scan as an HDF5 file describes it: which frames of a stack are its views, and the rest. */
export interface Hdf5Scan {
  readonly data: Hdf5Dataset;
  readonly viewFrames: readonly number[];
  readonly anglesRadian: Float64Array;
  readonly flats: ScanPixels;
  readonly darks: ScanPixels;
  readonly flatsAfterViews?: ArrayLike<number>;
}

/**
 * Opens a scan of an HDF5 file, which it closes from then on. Rows are read where they lie when the
 * file allows it. A small scan is read at once. One in pieces of many rows, of which every band
 * would read the whole file anew (the library reads pieces whole, packed or not), is unpacked once
 * into a scratch file.
 * @throws Fault fileFormat; capacity when it must be unpacked and there is no scratch
 */
export async function openHdf5Scan(
  file: Hdf5File,
  scan: Hdf5Scan,
  options: OpenScanOptions,
): Promise<ScanSource> {
  const { rows, columns } = frameShape(scan.data);
  const bytes =
    scan.viewFrames.length *
    rows *
    columns *
    (scan.data.isCounts ? 2 : Float32Array.BYTES_PER_ELEMENT);
  const [, pieceRows = 1] = scan.data.pieceShape ?? [];
  const isBanded = pieceRows <= PIECE_ROWS_MAX;
  const isLarge = bytes > SCAN_HELD_BYTES_MAX;
  if (options.byViews || (isBanded && isLarge)) return new BandedHdf5Scan(file, scan);
  const views = await UnpackedViews.make(
    {
      where: file.path,
      views: scan.viewFrames.length,
      rows,
      columns,
      pixelType: scan.data.isCounts ? 'uint16' : 'float32',
    },
    options,
  );
  try {
    const perView = rows * columns * scan.data.valueBytes;
    for (const run of runsOf(scan.viewFrames, Math.floor(BLOCK_BYTES_MAX / perView))) {
      const block = scan.data.block([run.frame, run.frame + run.count]);
      await views.put(run.at, asPixels(block, scan.data.isCounts));
      await nextTurn();
    }
  } catch (error) {
    await views.close();
    throw error;
  }
  file.close();
  return views.asSource(scan);
}

/** The same values as a source has them; itself when they are so already. */
function asPixels(block: NumberArray, isCounts: boolean): ScanPixels {
  if (isCounts && block instanceof Uint16Array) return block;
  if (!isCounts && block instanceof Float32Array) return block;
  const pixels = allocatePixels(isCounts, block.length);
  pixels.set(block);
  return pixels;
}

/** A scan that is read where it lies, a view or a band of rows at a time. */
class BandedHdf5Scan implements ScanSource {
  readonly where: string;
  readonly rows: number;
  readonly columns: number;
  readonly anglesRadian: Float64Array;
  readonly pixelType: 'uint16' | 'float32';
  readonly flats: ScanPixels;
  readonly darks: ScanPixels;
  readonly flatsAfterViews?: ArrayLike<number>;
  readonly #file: Hdf5File;
  readonly #scan: Hdf5Scan;

  constructor(file: Hdf5File, scan: Hdf5Scan) {
    const { rows, columns } = frameShape(scan.data);
    this.where = file.path;
    this.rows = rows;
    this.columns = columns;
    this.anglesRadian = scan.anglesRadian;
    this.pixelType = scan.data.isCounts ? 'uint16' : 'float32';
    this.flats = scan.flats;
    this.darks = scan.darks;
    if (scan.flatsAfterViews) this.flatsAfterViews = scan.flatsAfterViews;
    this.#file = file;
    this.#scan = scan;
  }

  async readView(view: number, target: ScanPixels): Promise<void> {
    const frame = this.#scan.viewFrames[view];
    assert(frame !== undefined, `view ${view} of ${this.#scan.viewFrames.length}`);
    target.set(this.#scan.data.block([frame, frame + 1]));
  }

  async readRows(firstRow: number, rowCount: number, target: ScanPixels): Promise<void> {
    const { data, viewFrames } = this.#scan;
    const perView = rowCount * this.columns;
    assert(target.length === viewFrames.length * perView, 'the target holds these rows');
    const viewsAtOnce = Math.floor(BLOCK_BYTES_MAX / (perView * data.valueBytes));
    for (const { frame, count, at } of runsOf(viewFrames, viewsAtOnce)) {
      const block = data.block([frame, frame + count], [firstRow, firstRow + rowCount]);
      target.set(block, at * perView);
      await nextTurn();
    }
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}
