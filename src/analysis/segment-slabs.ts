import { Fault } from '../domain/fault.ts';
import type { VolumeSource, Voxels } from '../domain/volume.ts';
import type { Executor } from './executor.ts';
import type { SegmentJobs, Slab } from './segment-jobs.ts';

/** Stored bytes of one slab: with one in each worker and one on the way, memory stays bounded. */
const SLAB_BYTES_MAX = 48 * 2 ** 20;
const SLAB_SLICES_MAX = 64;

export interface SlabPlan {
  readonly firstSlice: number;
  readonly slices: number;
}

/** Cuts a volume into slabs of whole slices. */
export function planSlabs(volume: VolumeSource, slabSlices?: number): SlabPlan[] {
  const { slices, rows, columns, scale } = volume;
  const bytes = scale.type === 'uint8' ? 1 : scale.type === 'uint16' ? 2 : 4;
  const fitting = Math.floor(SLAB_BYTES_MAX / (rows * columns * bytes));
  const height = Math.max(1, Math.min(SLAB_SLICES_MAX, slabSlices ?? fitting));
  return Array.from({ length: Math.ceil(slices / height) }, (_, k) => ({
    firstSlice: k * height,
    slices: Math.min(height, slices - k * height),
  }));
}

/** What a pass over the volume needs. */
export interface SlabPass<R> {
  readonly volume: VolumeSource;
  readonly slabs: readonly SlabPlan[];
  /** True: slices are counted from the volume's last one. */
  readonly reversed: boolean;
  readonly workers: readonly Executor<SegmentJobs>[];
  readonly run: (worker: Executor<SegmentJobs>, slab: Slab, index: number) => Promise<R>;
  /** Gets the results in the order of the slabs. */
  readonly use: (result: R, index: number) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Reads slab after slab and hands them to the workers in turn; at most one waits for each. */
export async function passOver<R>(pass: SlabPass<R>): Promise<void> {
  const { workers } = pass;
  const pending: Promise<R>[] = [];
  let used = 0;
  try {
    for (const [index, plan] of pass.slabs.entries()) {
      pass.signal?.throwIfAborted();
      const slab = await readSlab(pass.volume, plan, pass.reversed);
      const worker = workers[index % workers.length];
      if (!worker) throw new Fault('analysis', { where: 'segmentation', message: 'no workers' });
      pending.push(pass.run(worker, slab, index));
      if (pending.length > workers.length) {
        await pass.use(await (pending.shift() as Promise<R>), used);
        used += 1;
      }
    }
    while (pending.length > 0) {
      await pass.use(await (pending.shift() as Promise<R>), used);
      used += 1;
    }
  } finally {
    // After a fault the others are waited for, so that none fails with nobody listening.
    await Promise.allSettled(pending);
  }
}

/** What may be handed over to a worker without a copy: arrays that are nobody else's. */
export function transferOf({ voxels, slices }: Slab, volume: VolumeSource): ArrayBuffer[] {
  const isWhole = voxels.byteLength === voxels.buffer.byteLength && slices < volume.slices;
  return isWhole && voxels.buffer instanceof ArrayBuffer ? [voxels.buffer] : [];
}

async function readSlab(
  volume: VolumeSource,
  { firstSlice, slices }: SlabPlan,
  reversed: boolean,
): Promise<Slab> {
  const hasBefore = firstSlice > 0;
  const hasBehind = firstSlice + slices < volume.slices;
  const count = slices + Number(hasBefore) + Number(hasBehind);
  const first = firstSlice - Number(hasBefore);
  const stored = reversed ? volume.slices - first - count : first;
  const voxels: Voxels = await volume.readSlices(stored, count);
  return { voxels, firstSlice, slices, hasBefore, hasBehind, reversed };
}
