import type { VolumeShape, VolumeSpool, VolumeSpoolFactory, Voxels } from '../domain/volume.ts';
import type { RowRange } from './volume-jobs.ts';
import { RowTally } from './volume-tallies.ts';
import { PLAIN_SCALE } from './voxel-scale.ts';

/** Tallies that are read at once. */
const TALLIES_AT_ONCE = 64;

/** What all rows together tell. */
export interface TallySums {
  readonly zingers: number;
  readonly stripedColumns: number;
  /** Root mean square of what stripe removal took off, over that of the attenuation. */
  readonly stripeFraction: number;
  readonly clipped: number;
  /** [row, column] */
  readonly stripeMap: Float32Array;
}

/**
 * A volume and, in a spool of its own beside it, the tallies of its rows: what an interrupted
 * reconstruction had found is still known when it goes on. They are sums of what is on disk, and
 * so the same whether it was interrupted or not.
 */
export class VolumeOutput {
  readonly #volume: VolumeSpool;
  readonly #tallies: VolumeSpool;

  constructor(volume: VolumeSpool, tallies: VolumeSpool) {
    this.#volume = volume;
    this.#tallies = tallies;
  }

  static async open(
    spools: VolumeSpoolFactory,
    name: string,
    shape: VolumeShape,
    fingerprint: string,
  ): Promise<VolumeOutput> {
    const volume = await spools.open(name, shape, fingerprint);
    try {
      const tallyShape = {
        slices: shape.slices,
        rows: 1,
        columns: RowTally.lengthOf(shape.columns),
        scale: PLAIN_SCALE,
      };
      return new VolumeOutput(
        volume,
        await spools.open(`${name}.tallies`, tallyShape, fingerprint),
      );
    } catch (error) {
      await volume.close();
      throw error;
    }
  }

  isWritten({ firstRow, rowCount }: RowRange): boolean {
    return Array.from({ length: rowCount }, (_, at) => firstRow + at).every(
      (row) => this.#volume.isWritten(row) && this.#tallies.isWritten(row),
    );
  }

  async write(firstRow: number, voxels: Voxels, tallies: Float32Array): Promise<void> {
    await Promise.all([
      this.#tallies.writeSlices(firstRow, tallies),
      this.#volume.writeSlices(firstRow, voxels),
    ]);
  }

  /** @throws Fault storage */
  async sum(): Promise<TallySums> {
    const { slices, columns: length } = this.#tallies;
    const columns = this.#volume.columns;
    const stripeMap = new Float32Array(slices * columns);
    let [zingers, stripedColumns, removed, total, clipped] = [0, 0, 0, 0, 0];
    for (let first = 0; first < slices; first += TALLIES_AT_ONCE) {
      const count = Math.min(TALLIES_AT_ONCE, slices - first);
      const values = (await this.#tallies.readSlices(first, count)) as Float32Array;
      for (let at = 0; at < count; at++) {
        const tally = new RowTally(columns, values.subarray(at * length, (at + 1) * length));
        stripeMap.set(tally.stripes, (first + at) * columns);
        zingers += tally.zingers;
        stripedColumns += tally.stripedColumns;
        removed += tally.removedSquares;
        total += tally.totalSquares;
        clipped += tally.clipped;
      }
    }
    const stripeFraction = total > 0 ? Math.sqrt(removed / total) : 0;
    return { zingers, stripedColumns, stripeFraction, clipped, stripeMap };
  }

  /** The volume with its tallies: closed and removed together. */
  get spool(): VolumeSpool {
    const [volume, tallies] = [this.#volume, this.#tallies];
    const { where, slices, rows, columns, scale } = volume;
    return {
      where,
      slices,
      rows,
      columns,
      scale,
      readSlices: (first, count) => volume.readSlices(first, count),
      isWritten: (slice) => volume.isWritten(slice),
      writeSlices: (first, voxels) => volume.writeSlices(first, voxels),
      close: () => both(volume.close(), tallies.close()),
      remove: () => both(volume.remove(), tallies.remove()),
    };
  }

  async close(): Promise<void> {
    await both(this.#volume.close(), this.#tallies.close());
  }
}

async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  const ended = await Promise.allSettled([one, other]);
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}
