import { open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset, Group } from 'h5wasm/node';
import { Fault } from '../domain/fault.ts';
import type { ReconstructionSummary } from '../domain/scan.ts';
import { allocateVoxels, VOXEL_BYTES, type VolumeSource, type Voxels } from '../domain/volume.ts';
import type { VolumeWriter } from '../domain/volume-writer.ts';
import { fileFacts } from './file-access.ts';
import { guarded, loadHdf5Library } from './hdf5-library.ts';
import { writeReconstruction } from './nxtomo-reconstruction.ts';

/** Where a volume stands in the file. */
export const VOLUME_PATH = '/entry/data/data';
/** Voxels that are read and written at once; two such slabs are held. */
export const SLAB_BYTES_MAX = 2 ** 25;

/**
 * Writes a volume as a NeXus file: the voxels as they are stored at `/entry/data/data` [slice, row,
 * column], one compression-free chunk per slice, and how it was made at `/entry/reconstruction`.
 * Whole numbers have the attributes `scale_factor` and `add_offset` of the CF conventions (8.1,
 * packed data): attenuation in 1/pixel = add_offset + scale_factor * stored. The file gets its name
 * only when it is complete and on disk: a crash leaves a `.part` file at most.
 */
export class NxtomoVolumeWriter implements VolumeWriter {
  /** Sets apart the unfinished files of volumes written at the same time. */
  #writes = 0;

  /**
   * @throws Fault badInput for a volume without voxels; fileMissing when the folder is not there;
   * storage when there is no room, the volume cannot be read or writing fails
   */
  async write(path: string, volume: VolumeSource, summary: ReconstructionSummary): Promise<void> {
    const { slices, rows, columns } = volume;
    if (!(slices > 0 && rows > 0 && columns > 0)) {
      throw new Fault('badInput', {
        where: path,
        message: `a volume of ${slices} × ${rows} × ${columns} cannot be written`,
      });
    }
    const target = resolve(path);
    const folder = dirname(target);
    await fileFacts(folder);
    this.#writes += 1;
    // File names may have 255 bytes, and the library cuts longer ones without a word.
    const name = basename(target).slice(0, 60);
    const part = join(folder, `.${name}.${process.pid}-${this.#writes}.part`);
    try {
      await checkRoom(folder, volume);
      await writeFile(part, volume, summary);
      await syncToDisk(part);
      await rename(part, target);
      await syncToDisk(folder);
    } catch (error) {
      await rm(part, { force: true }).catch(() => {
        // What made the writing fail may forbid this too; that is what is told.
      });
      throw new Fault(
        'storage',
        { where: target, message: `cannot be written: ${reasonOf(error)}` },
        error,
      );
    }
  }
}

async function checkRoom(folder: string, volume: VolumeSource): Promise<void> {
  const needed = volume.slices * sliceBytes(volume);
  const { blocks, bavail, bsize } = await statfs(folder);
  // A file system without a size says nothing of the room it has.
  if (blocks === 0 || bavail * bsize >= needed) return;
  throw new Error(`it needs ${needed} bytes, but ${bavail * bsize} are free on this disk`);
}

async function writeFile(
  part: string,
  volume: VolumeSource,
  summary: ReconstructionSummary,
): Promise<void> {
  const { File } = await loadHdf5Library();
  const file = guarded(part, () => new File(part, 'w'));
  try {
    guarded(part, () => file.create_attribute('default', 'entry'));
    const entry = guarded(part, () => createGroup(file, 'entry', 'NXentry'));
    guarded(part, () => entry.create_attribute('default', 'data'));
    guarded(part, () =>
      writeReconstruction(createGroup(entry, 'reconstruction', 'NXprocess'), summary),
    );
    const dataset = guarded(part, () => createVoxels(entry, volume));
    await writeVoxels(part, dataset, volume);
  } finally {
    guarded(part, () => file.close());
  }
}

/** A slab at a time; the next one is read while this one is written. */
async function writeVoxels(part: string, dataset: Dataset, volume: VolumeSource): Promise<void> {
  const slab = Math.max(1, Math.floor(SLAB_BYTES_MAX / sliceBytes(volume)));
  const read = (first: number): Promise<Voxels> =>
    volume.readSlices(first, Math.min(slab, volume.slices - first));
  let ahead = read(0);
  for (let first = 0; first < volume.slices; first += slab) {
    const voxels = await ahead;
    const end = first + slab;
    if (end < volume.slices) {
      ahead = read(end);
      // A failure is thrown where it is awaited; until then it is nobody's.
      ahead.catch(() => {});
    }
    const range: [number, number] = [first, Math.min(end, volume.slices)];
    guarded(part, () => dataset.write_slice([range, [], []], voxels));
  }
}

/** The NXdata group with its dataset grown to full size. */
function createVoxels(entry: Group, volume: VolumeSource): Dataset {
  const { slices, rows, columns, scale } = volume;
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
    data: allocateVoxels(scale.type, rows * columns),
    shape: [1, rows, columns],
    maxshape: [slices, rows, columns],
    chunks: [1, rows, columns],
  });
  dataset.resize([slices, rows, columns]);
  dataset.create_attribute('units', '1/pixel');
  if (scale.type === 'float32') {
    dataset.create_attribute('long_name', 'attenuation coefficient');
  } else {
    dataset.create_attribute(
      'long_name',
      'attenuation coefficient = add_offset + scale_factor * stored value',
    );
    // Said to be doubles: the library makes whole numbers int32 otherwise.
    dataset.create_attribute('scale_factor', scale.step, [], '<d');
    dataset.create_attribute('add_offset', scale.offset, [], '<d');
  }
  return dataset;
}

function createGroup(parent: Group, name: string, nxClass: string): Group {
  const group = parent.create_group(name);
  group.create_attribute('NX_class', nxClass);
  return group;
}

function sliceBytes({ rows, columns, scale }: VolumeSource): number {
  return rows * columns * VOXEL_BYTES[scale.type];
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
