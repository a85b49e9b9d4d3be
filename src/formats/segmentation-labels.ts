import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset, File } from 'h5wasm/node';
import { Fault } from '../domain/fault.ts';
import { VOXEL_LABELS } from '../domain/segmentation.ts';
import type { VolumeShape } from '../domain/volume.ts';
import { fileFacts } from './file-access.ts';
import { guarded, loadHdf5Library } from './hdf5-library.ts';
import { VOLUME_PATH } from './nxtomo-volume.ts';

/** Labels are long runs of the same byte: more effort gains nothing. */
const DEFLATE_LEVEL = 1;

/**
 * Writes a label volume: uint8 at `/entry/data/data` [slice, row, column], compressed, with the
 * meaning of the labels as attributes. The file gets its name only when it is complete.
 */
export class LabelVolumeWriter {
  readonly #path: string;
  readonly #part: string;
  readonly #shape: Pick<VolumeShape, 'slices' | 'rows' | 'columns'>;
  #file: File | undefined;
  #dataset: Dataset | undefined;

  constructor(path: string, shape: Pick<VolumeShape, 'slices' | 'rows' | 'columns'>) {
    this.#path = resolve(path);
    this.#part = join(dirname(this.#path), `.${basename(this.#path)}.${process.pid}.part`);
    this.#shape = shape;
  }

  /** @throws Fault fileMissing, storage */
  async start(): Promise<void> {
    await fileFacts(dirname(this.#path));
    const { File } = await loadHdf5Library();
    this.#storing(() => {
      const { slices, rows, columns } = this.#shape;
      this.#file = new File(this.#part, 'w');
      const entry = this.#file.create_group('entry');
      entry.create_attribute('NX_class', 'NXentry');
      const data = entry.create_group('data');
      data.create_attribute('NX_class', 'NXdata');
      data.create_attribute('signal', 'data');
      this.#dataset = data.create_dataset({
        name: basename(VOLUME_PATH),
        data: new Uint8Array(rows * columns),
        shape: [1, rows, columns],
        maxshape: [slices, rows, columns],
        chunks: [1, rows, columns],
        compression: DEFLATE_LEVEL,
      });
      this.#dataset.resize([slices, rows, columns]);
      this.#dataset.create_attribute('long_name', 'phase');
      for (const [name, label] of Object.entries(VOXEL_LABELS)) {
        this.#dataset.create_attribute(`label_${label}`, name);
      }
    });
  }

  /** Whole slices, in any order. @throws Fault storage */
  write(firstSlice: number, labels: Uint8Array): void {
    const { rows, columns } = this.#shape;
    const end = firstSlice + labels.length / (rows * columns);
    this.#storing(() => this.#dataset?.write_slice([[firstSlice, end], [], []], labels));
  }

  /** Gives the file its name. @throws Fault storage */
  async finish(): Promise<void> {
    this.#storing(() => this.#file?.close());
    this.#file = undefined;
    await rename(this.#part, this.#path);
  }

  /** Leaves nothing behind of a file that was not finished. */
  async stop(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file) this.#storing(() => file.close());
    await rm(this.#part, { force: true });
  }

  #storing(call: () => unknown): void {
    try {
      guarded(this.#path, call);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `labels cannot be written: ${reason}`;
      throw new Fault('storage', { where: this.#path, message }, error);
    }
  }
}
