import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset, File } from 'h5wasm/node';
import { Fault } from '../domain/fault.ts';
import type { VolumeSource } from '../domain/volume.ts';
import { fileFacts } from './file-access.ts';
import { guarded, loadHdf5Library } from './hdf5-library.ts';
import { VOLUME_PATH } from './nxtomo-volume.ts';

/**
 * Writes a volume of differences: float32 at `/entry/data/data` [slice, row, column], a share of
 * the difference of two phases. The file gets its name only when it is complete.
 * @throws Fault fileMissing when the folder is not there; storage when writing fails
 */
export async function writeDifference(path: string, volume: VolumeSource): Promise<void> {
  const target = resolve(path);
  await fileFacts(dirname(target));
  const part = join(dirname(target), `.${basename(target).slice(0, 60)}.${process.pid}.part`);
  const { File } = await loadHdf5Library();
  try {
    const file = guarded(part, () => new File(part, 'w'));
    try {
      await fill(
        guarded(part, () => createVoxels(file, volume)),
        volume,
        part,
      );
    } finally {
      guarded(part, () => file.close());
    }
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof Fault && error.code !== 'fileFormat') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('storage', { where: target, message: `cannot be written: ${reason}` }, error);
  }
}

function createVoxels(file: File, { slices, rows, columns }: VolumeSource): Dataset {
  file.create_attribute('default', 'entry');
  const entry = file.create_group('entry');
  entry.create_attribute('NX_class', 'NXentry');
  entry.create_attribute('default', 'data');
  const data = entry.create_group('data');
  data.create_attribute('NX_class', 'NXdata');
  data.create_attribute('signal', 'data');
  data.create_attribute('axes', ['slice', 'row', 'column']);
  const dataset = data.create_dataset({
    name: basename(VOLUME_PATH),
    data: new Float32Array(rows * columns),
    shape: [1, rows, columns],
    maxshape: [slices, rows, columns],
    chunks: [1, rows, columns],
  });
  dataset.resize([slices, rows, columns]);
  dataset.create_attribute('units', '1');
  dataset.create_attribute('long_name', 'change, as a share of the difference of the phases');
  return dataset;
}

async function fill(dataset: Dataset, volume: VolumeSource, part: string): Promise<void> {
  for (let slice = 0; slice < volume.slices; slice++) {
    const voxels = await volume.readSlices(slice, 1);
    guarded(part, () => dataset.write_slice([[slice, slice + 1], [], []], voxels));
  }
}
