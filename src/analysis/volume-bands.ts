import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import type { SharedMemory } from './shared-memory.ts';
import { pixelsFor } from './tomography-inspection.ts';
import type { RowBand, RowRange } from './volume-jobs.ts';

/**
 * Memory of a reconstruction, by its largest parts, at 2016 x 2016 x 1000 in uint8 with two
 * workers: bands 2 x 64 MB; finished slices that wait for the disk 6 x 8 MB; dark and gain 2 x 16
 * MB for one moment of flats and 16 MB for each further one; the source's own flats and darks, 8
 * MB each; in every worker the kernel's grid (76 MB), slices (33 MB) and sinograms, about 200 MB.
 * With 40 flats and darks that is 1.1 GB together with the program itself.
 */
export const BAND_BYTES_MAX = 64 * 2 ** 20;
/** One is worked on while the next is read. */
export const BANDS_IN_FLIGHT = 2;

/** Where bands of rows come from. */
export interface RowReader {
  readonly content: RowBand['content'];
  readonly pixelType: ScanSource['pixelType'];
  readonly rows: number;
  readonly columns: number;
  /** Views of a band. */
  readonly views: number;
  readRows(firstRow: number, rowCount: number, target: ScanPixels): Promise<void>;
}

export interface BandWork<Lane> {
  readonly reader: RowReader;
  /** The bands lie in it while they are worked on. */
  readonly memory: SharedMemory;
  /** Rows of a band: a multiple of `groupRows`. */
  readonly bandRows: number;
  /** Rows that are worked on together; the last group may have fewer. */
  readonly groupRows: number;
  /** As many groups are in work at once, each in a lane of its own. */
  readonly lanes: readonly Lane[];
  /** False for a group that needs no work; all do, unless given. */
  readonly isWanted?: (rows: RowRange) => boolean;
  readonly work: (lane: Lane, band: RowBand, rows: RowRange) => Promise<void>;
  /** After the last group of a band. */
  readonly bandDone?: (band: RowBand) => Promise<void>;
  /** Told how many rows are done, of all. */
  readonly onRows: (done: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The counts of a source. */
export function countsOf(source: ScanSource): RowReader {
  const { rows, columns, pixelType, anglesRadian } = source;
  return {
    content: 'counts',
    pixelType,
    rows,
    columns,
    views: anglesRadian.length,
    readRows: (firstRow, rowCount, target) => source.readRows(firstRow, rowCount, target),
  };
}

/** The most whole groups that fit in the memory of a band, and one at least. */
export function bandRowsOf(reader: RowReader, groupRows: number, wanted?: number): number {
  const rows = Math.min(wanted ?? Math.floor(BAND_BYTES_MAX / rowBytesOf(reader)), reader.rows);
  return Math.max(1, Math.floor(rows / groupRows)) * groupRows;
}

/** Reads one range of rows into memory that all threads share. */
export async function readBand(reader: RowReader, rows: RowRange): Promise<RowBand> {
  const { firstRow, rowCount } = rows;
  const pixels = pixelsFor(reader.pixelType, reader.views * rowCount * reader.columns);
  await reader.readRows(firstRow, rowCount, pixels);
  return { content: reader.content, pixels, firstRow, rowCount };
}

/**
 * Reads band after band, and has every group of rows worked on. The next band is read meanwhile.
 * What is worked on, and by whom, depends on nothing but which lane is free: results must not.
 * @throws the first failure, or the signal's reason, when all work has come to rest
 */
export async function workOnBands<Lane>(options: BandWork<Lane>): Promise<void> {
  const { reader, groupRows, lanes, signal, isWanted = () => true } = options;
  const bands = rangesOf({ firstRow: 0, rowCount: reader.rows }, options.bandRows)
    .map((band) => ({ band, groups: rangesOf(band, groupRows).filter(isWanted) }))
    .filter(({ groups }) => groups.length > 0);
  let rowsDone = reader.rows - sum(bands.flatMap(({ groups }) => groups));
  const free = new Pool(lanes);
  const pieces = takePieces(options, bands.length);
  const buffers = new Pool(pieces);
  const trouble: unknown[] = [];
  const note = (error: unknown): void => void trouble.push(error);
  const isOver = (): boolean => trouble.length > 0 || (signal?.aborted ?? false);
  const unfinished: Promise<void>[] = [];

  const read = async (at: number): Promise<Loaded | undefined> => {
    const next = bands[at];
    if (!next || isOver()) return undefined;
    const buffer = await buffers.take();
    const length = reader.views * next.band.rowCount * reader.columns;
    const pixels =
      reader.pixelType === 'uint16'
        ? new Uint16Array(buffer, 0, length)
        : new Float32Array(buffer, 0, length);
    await reader.readRows(next.band.firstRow, next.band.rowCount, pixels);
    return { buffer, band: { content: reader.content, pixels, ...next.band } };
  };
  const workOn = async (band: RowBand, groups: readonly RowRange[]): Promise<void> => {
    const running: Promise<void>[] = [];
    for (const group of groups) {
      const lane = await free.take();
      if (isOver()) {
        free.give(lane);
        break;
      }
      const job = options
        .work(lane, band, group)
        .then(() => {
          rowsDone += group.rowCount;
          options.onRows(rowsDone);
        }, note)
        .finally(() => free.give(lane));
      running.push(job);
    }
    unfinished.push(
      Promise.all(running)
        .then(() => (isOver() ? undefined : options.bandDone?.(band)))
        .catch(note),
    );
  };

  options.onRows(rowsDone);
  let next = read(0);
  for (const [at, { groups }] of bands.entries()) {
    const loaded = await next.catch(note);
    if (!loaded || isOver()) break;
    next = read(at + 1);
    // A failure of the read ahead is seen when its turn comes.
    next.catch(() => {});
    await workOn(loaded.band, groups);
    unfinished.at(-1)?.finally(() => buffers.give(loaded.buffer));
  }
  await Promise.all(unfinished);
  await next.catch(note);
  for (const piece of pieces) options.memory.give(piece);
  if (trouble.length > 0) throw trouble[0];
  signal?.throwIfAborted();
}

interface Loaded {
  readonly buffer: SharedArrayBuffer;
  readonly band: RowBand;
}

/** Things that are used by one at a time; who finds none free waits. */
class Pool<T> {
  readonly #free: T[];
  readonly #waiting: ((item: T) => void)[] = [];

  constructor(items: readonly T[]) {
    this.#free = [...items];
  }

  take(): Promise<T> {
    const item = this.#free.pop();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(item: T): void {
    const next = this.#waiting.shift();
    if (next) next(item);
    else this.#free.push(item);
  }
}

function takePieces<Lane>(options: BandWork<Lane>, bands: number): SharedArrayBuffer[] {
  const { reader, bandRows, memory } = options;
  const bytes = Math.min(bandRows, reader.rows) * rowBytesOf(reader);
  return Array.from({ length: Math.min(BANDS_IN_FLIGHT, bands) }, () => memory.take(bytes));
}

/** Bytes of one detector row in all views. */
function rowBytesOf({ views, columns, pixelType }: RowReader): number {
  return views * columns * (pixelType === 'uint16' ? 2 : 4);
}

function rangesOf({ firstRow, rowCount }: RowRange, step: number): RowRange[] {
  return Array.from({ length: Math.ceil(rowCount / step) }, (_, at) => ({
    firstRow: firstRow + at * step,
    rowCount: Math.min(step, rowCount - at * step),
  }));
}

function sum(ranges: readonly RowRange[]): number {
  return ranges.reduce((total, { rowCount }) => total + rowCount, 0);
}
