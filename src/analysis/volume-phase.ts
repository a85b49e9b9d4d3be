import { Fault } from '../domain/fault.ts';
import { eachInFlight } from '../domain/in-flight.ts';
import type { ScratchFactory, ScratchFile } from '../domain/scratch.ts';
import type { Executor } from './executor.ts';
import type { SharedMemory } from './shared-memory.ts';
import { bandRowsOf, type RowReader, workOnBands } from './volume-bands.ts';
import type { RowBand, VolumeJobs, VolumeScan } from './volume-jobs.ts';

/** Views that are in work in each worker: one is filtered while another pair is read or written. */
const PAIRS_PER_WORKER = 2;
/** Rows that are conditioned in one job. */
const GROUP_ROWS = 2;
/** Jobs in each worker. */
const JOBS_PER_WORKER = 2;
const BYTES = Uint16Array.BYTES_PER_ELEMENT;

export interface PhaseOptions {
  readonly name: string;
  readonly scan: VolumeScan;
  readonly areaPixel: number;
  readonly memory: SharedMemory;
  readonly executors: readonly Executor<VolumeJobs>[];
  readonly scratch: ScratchFactory | undefined;
  readonly bandRows?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (fraction: number) => void;
}

/** Attenuation after the phase filter, on disk. */
export interface FilteredRows extends RowReader {
  /** Zingers taken out of each row before. */
  readonly zingers: Float32Array;
  remove(): Promise<void>;
}

/**
 * Filters the phase of a whole scan (Paganin et al. 2002). The filter needs whole images, zingers
 * and slices need whole rows: attenuation goes to a scratch file [view, row, column] row by row,
 * through the filter two images at a time, and back to it.
 * @throws Fault storage or capacity when there is no room for the scratch file
 */
export async function filterPhaseOf(
  counts: RowReader,
  options: PhaseOptions,
): Promise<FilteredRows> {
  const { rows, columns, usedViews } = options.scan;
  const views = usedViews.length;
  const bytes = views * rows * columns * BYTES;
  const { scratch } = options;
  if (!scratch) {
    const message = `needs ${bytes} bytes of scratch space on disk, and none is set up`;
    throw new Fault('storage', { where: 'phase filter', message });
  }
  const file = await scratch.open(`${options.name}.attenuation`, bytes);
  try {
    const zingers = await condition(counts, file, options);
    await filter(file, options);
    return {
      content: 'attenuation',
      pixelType: 'uint16',
      rows,
      columns,
      views,
      zingers,
      readRows: async (firstRow, rowCount, target) => {
        const length = rowCount * columns * BYTES;
        const all = bytesOf(target as Uint16Array);
        await eachInFlight(views, async (view) => {
          const part = all.subarray(view * length, (view + 1) * length);
          await file.read(part, (view * rows + firstRow) * columns * BYTES);
        });
      },
      remove: () => file.remove(),
    };
  } catch (error) {
    await file.remove();
    throw error;
  }
}

/** First pass: counts to attenuation, row by row. */
async function condition(
  counts: RowReader,
  file: ScratchFile,
  { scan, memory, executors, signal, onProgress, ...options }: PhaseOptions,
): Promise<Float32Array> {
  const { rows, columns, usedViews } = scan;
  const zingers = new Float32Array(rows);
  const bandRows = bandRowsOf(counts, GROUP_ROWS, options.bandRows);
  const targets = new Map<number, Uint16Array<SharedArrayBuffer>>();
  const targetOf = ({ firstRow, rowCount }: RowBand): Uint16Array<SharedArrayBuffer> => {
    const known = targets.get(firstRow);
    if (known) return known;
    const length = usedViews.length * rowCount * columns;
    const made = new Uint16Array(memory.take(BYTES * length), 0, length);
    targets.set(firstRow, made);
    return made;
  };
  await workOnBands({
    reader: counts,
    memory,
    bandRows,
    groupRows: GROUP_ROWS,
    lanes: repeated(executors, JOBS_PER_WORKER),
    signal,
    onRows: (done) => onProgress((0.5 * done) / rows),
    work: async (executor, band, group) => {
      const found = await executor.call('conditionRows', {
        band,
        ...group,
        target: targetOf(band),
      });
      zingers.set(found, group.firstRow);
    },
    bandDone: async (band) => {
      const { firstRow, rowCount } = band;
      const target = targetOf(band);
      const all = bytesOf(target);
      const length = rowCount * columns * BYTES;
      await eachInFlight(usedViews.length, async (view) => {
        const part = all.subarray(view * length, (view + 1) * length);
        await file.write(part, (view * rows + firstRow) * columns * BYTES);
      });
      targets.delete(firstRow);
      memory.give(target.buffer);
    },
  });
  return zingers;
}

/** Second pass: two whole images at a time, in place. */
async function filter(
  file: ScratchFile,
  { scan, areaPixel, memory, executors, signal, onProgress }: PhaseOptions,
): Promise<void> {
  const { rows, columns, usedViews } = scan;
  const views = usedViews.length;
  const size = rows * columns;
  let next = 0;
  let done = 0;
  // Each lane takes the next pair when it is done with the one before.
  const lane = async (executor: Executor<VolumeJobs>): Promise<void> => {
    const piece = memory.take(2 * size * BYTES);
    const both = new Uint16Array(piece, 0, 2 * size);
    while (next < views && !signal?.aborted) {
      const view = next;
      const count = Math.min(2, views - view);
      next += count;
      const images = both.subarray(0, count * size);
      const position = view * size * BYTES;
      await file.read(bytesOf(images), position);
      const first = images.subarray(0, size);
      const second = count === 2 ? { second: images.subarray(size) } : {};
      await executor.call('filterViews', { rows, columns, areaPixel, first, ...second });
      await file.write(bytesOf(images), position);
      done += count;
      onProgress(0.5 + (0.5 * done) / views);
    }
    memory.give(piece);
  };
  const ended = await Promise.allSettled(repeated(executors, PAIRS_PER_WORKER).map(lane));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  signal?.throwIfAborted();
}

function repeated<T>(items: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => items).flat();
}

function bytesOf(values: Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
