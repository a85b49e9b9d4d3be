import { ok as assert } from 'node:assert';
import {
  allocateVoxels,
  VOXEL_BYTES,
  type VolumeSource,
  type VoxelScale,
  type Voxels,
  type VoxelType,
} from '../domain/volume.ts';
import { badFile } from './file-access.ts';
import { BLOCK_BYTES_MAX, frameShape } from './frame-stack.ts';
import { type Hdf5Dataset, Hdf5File } from './hdf5-file.ts';
import { VOLUME_PATH } from './nxtomo-volume.ts';

/**
 * Opens a volume: any HDF5 file with float32, uint16 or uint8 [slice, row, column] at
 * `/entry/data/data`. Whole numbers without `scale_factor` and `add_offset` mean themselves.
 * @throws Fault fileMissing, fileFormat
 */
export async function openVolume(path: string): Promise<VolumeSource> {
  const file = await Hdf5File.open(path);
  try {
    const dataset = await file.dataset(VOLUME_PATH);
    frameShape(dataset);
    return new Hdf5Volume(file, dataset, scaleOf(dataset));
  } catch (error) {
    file.close();
    throw error;
  }
}

class Hdf5Volume implements VolumeSource {
  readonly where: string;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly scale: VoxelScale;
  readonly #file: Hdf5File;
  readonly #dataset: Hdf5Dataset;

  constructor(file: Hdf5File, dataset: Hdf5Dataset, scale: VoxelScale) {
    const { frames, rows, columns } = frameShape(dataset);
    this.where = file.path;
    this.slices = frames;
    this.rows = rows;
    this.columns = columns;
    this.scale = scale;
    this.#file = file;
    this.#dataset = dataset;
  }

  async readSlices(firstSlice: number, sliceCount: number): Promise<Voxels> {
    const end = firstSlice + sliceCount;
    assert(
      firstSlice >= 0 && sliceCount > 0 && end <= this.slices,
      `slices ${firstSlice} to ${end}`,
    );
    const { type } = this.scale;
    const length = this.rows * this.columns;
    // The library holds what it reads a second time, in its own memory, which never shrinks.
    const step = Math.max(1, Math.floor(BLOCK_BYTES_MAX / (length * VOXEL_BYTES[type])));
    if (sliceCount <= step) return this.#dataset.block([firstSlice, end]) as Voxels;
    const voxels = allocateVoxels(type, sliceCount * length);
    for (let first = firstSlice; first < end; first += step) {
      const block = this.#dataset.block([first, Math.min(first + step, end)]);
      voxels.set(block, (first - firstSlice) * length);
    }
    return voxels;
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

/** @throws Fault fileFormat for values of another kind, or a scale that is no scale */
function scaleOf(dataset: Hdf5Dataset): VoxelScale {
  const type = typeOf(dataset);
  const step = dataset.attributeNumber('scale_factor') ?? 1;
  const offset = dataset.attributeNumber('add_offset') ?? 0;
  if (Number.isFinite(offset) && Number.isFinite(step) && step !== 0) return { type, offset, step };
  throw badFile(
    dataset.where,
    `scale_factor ${step} and add_offset ${offset}; expected finite numbers, the first not 0`,
  );
}

function typeOf(dataset: Hdf5Dataset): VoxelType {
  const { isCounts, isFloat, valueBytes } = dataset;
  if (isFloat && valueBytes === 4) return 'float32';
  if (isCounts && valueBytes === 2) return 'uint16';
  if (isCounts && valueBytes === 1) return 'uint8';
  throw badFile(dataset.where, 'expected float32, uint16 or uint8 voxels');
}
