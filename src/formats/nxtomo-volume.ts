import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset, Group } from 'h5wasm/node';
import { Fault } from '../domain/fault.ts';
import type { ReconstructionSummary, Volume } from '../domain/scan.ts';
import type { VolumeWriter } from '../domain/volume-writer.ts';
import { badFile, fileFacts } from './file-access.ts';
import { frameShape, readStack } from './frame-stack.ts';
import { Hdf5File } from './hdf5-file.ts';
import { guarded, loadHdf5Library } from './hdf5-library.ts';

const DATA_PATH = '/entry/data/data';

/**
 * Writes a volume as a NeXus file: float32 at `/entry/data/data` [slice, row, column] in 1/pixel,
 * one compression-free chunk per slice, and how it was made at `/entry/reconstruction`. The file
 * gets its name only when it is complete and on disk: a crash leaves a `.part` file at most.
 */
export class NxtomoVolumeWriter implements VolumeWriter {
  /** Sets apart the unfinished files of volumes written at the same time. */
  #writes = 0;

  /** @throws Fault badInput for a volume that contradicts its sizes; storage when writing fails */
  async write(path: string, volume: Volume, summary: ReconstructionSummary): Promise<void> {
    const { slices, rows, columns, voxels } = volume;
    if (!(slices > 0 && rows > 0 && columns > 0) || voxels.length !== slices * rows * columns) {
      throw new Fault('badInput', {
        where: path,
        message: `a volume of ${slices} × ${rows} × ${columns} with ${voxels.length} voxels cannot be written`,
      });
    }
    const target = resolve(path);
    const folder = dirname(target);
    await fileFacts(folder);
    this.#writes += 1;
    const part = join(folder, `.${basename(target)}.${process.pid}-${this.#writes}.part`);
    try {
      await writeFile(part, volume, summary);
      await syncToDisk(part);
      await rename(part, target);
      await syncToDisk(folder);
    } catch (error) {
      await rm(part, { force: true });
      throw new Fault(
        'storage',
        { where: target, message: `cannot be written: ${reasonOf(error)}` },
        error,
      );
    }
  }
}

/**
 * Reads a volume that NxtomoVolumeWriter wrote.
 * @throws Fault fileMissing, fileFormat
 */
export function readVolume(path: string): Promise<Volume> {
  return Hdf5File.read(path, async (file) => {
    const dataset = await file.dataset(DATA_PATH);
    const { frames: slices, rows, columns } = frameShape(dataset);
    const voxels = await readStack(dataset);
    if (!(voxels instanceof Float32Array)) throw badFile(dataset.where, 'expected float32 values');
    return { slices, rows, columns, voxels };
  });
}

async function writeFile(
  part: string,
  volume: Volume,
  summary: ReconstructionSummary,
): Promise<void> {
  const { File } = await loadHdf5Library();
  const file = guarded(part, () => new File(part, 'w'));
  try {
    guarded(part, () => file.create_attribute('default', 'entry'));
    const entry = guarded(part, () => createGroup(file, 'entry', 'NXentry'));
    guarded(part, () => entry.create_attribute('default', 'data'));
    guarded(part, () => writeReconstruction(entry, summary));
    await writeVoxels(part, entry, volume);
  } finally {
    guarded(part, () => file.close());
  }
}

/** A slice at a time: the library copies what it is given. */
async function writeVoxels(part: string, entry: Group, volume: Volume): Promise<void> {
  const { slices, rows, columns, voxels } = volume;
  const length = rows * columns;
  const dataset = guarded(part, () => createVoxels(entry, volume));
  for (let slice = 1; slice < slices; slice += 1) {
    const pixels = voxels.subarray(slice * length, (slice + 1) * length);
    guarded(part, () => dataset.write_slice([[slice, slice + 1], [], []], pixels));
    await nextTurn();
  }
}

/** The NXdata group with its dataset grown to full size and the first slice written. */
function createVoxels(entry: Group, { slices, rows, columns, voxels }: Volume): Dataset {
  const data = createGroup(entry, 'data', 'NXdata');
  data.create_attribute('signal', 'data');
  data.create_attribute('axes', ['slice', 'row', 'column']);
  for (const [name, count] of Object.entries({ slice: slices, row: rows, column: columns })) {
    const axis = data.create_dataset({
      name,
      data: Int32Array.from({ length: count }, (_, i) => i),
    });
    axis.create_attribute('units', 'pixel');
  }
  const dataset = data.create_dataset({
    name: 'data',
    data: voxels.subarray(0, rows * columns),
    shape: [1, rows, columns],
    maxshape: [slices, rows, columns],
    chunks: [1, rows, columns],
  });
  dataset.resize([slices, rows, columns]);
  dataset.create_attribute('units', '1/pixel');
  dataset.create_attribute('long_name', 'attenuation coefficient');
  return dataset;
}

function writeReconstruction(entry: Group, summary: ReconstructionSummary): void {
  const process = createGroup(entry, 'reconstruction', 'NXprocess');
  process.create_dataset({ name: 'program', data: 'operando-edge' });
  process.create_dataset({ name: 'algorithm', data: summary.algorithm });
  process.create_dataset({ name: 'views', data: Int32Array.of(summary.views), shape: [] });
  const axis = process.create_dataset({ name: 'axis_pixel', data: summary.axisPixel });
  axis.create_attribute('units', 'pixel');
  process.create_dataset({
    name: 'axis_agreed',
    data: Uint8Array.of(summary.axisAgreed ? 1 : 0),
    shape: [],
  });
  const duration = process.create_dataset({ name: 'duration', data: summary.durationMs });
  duration.create_attribute('units', 'ms');
}

function createGroup(parent: Group, name: string, nxClass: string): Group {
  const group = parent.create_group(name);
  group.create_attribute('NX_class', nxClass);
  return group;
}

/** The reason without the name of the unfinished file, which nobody asked for. */
function reasonOf(error: unknown): string {
  if (error instanceof Fault) return error.problems.map(({ message }) => message).join('; ');
  return error instanceof Error ? error.message : String(error);
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
