import { type Executor, inlineExecutor } from '../../src/analysis/executor.ts';
import { VolumeEngine } from '../../src/analysis/volume-engine.ts';
import { createVolumeJobs, type VolumeJobs } from '../../src/analysis/volume-jobs.ts';
import type { VolumeOptions } from '../../src/analysis/volume-options.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { LiveScratch, LiveScratchFactory } from '../../src/domain/live-scratch.ts';
import type { ReconstructionSummary, ScanData } from '../../src/domain/scan.ts';
import type { ScanSource } from '../../src/domain/scan-source.ts';
import type { ScratchFactory, ScratchFile } from '../../src/domain/scratch.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import {
  allocateVoxels,
  type VolumeShape,
  type VolumeSpool,
  type VolumeSpoolFactory,
  type Voxels,
} from '../../src/domain/volume.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { memoryScan } from './memory-scan.ts';

/** The kernels of a volume worker. */
export const MODULES = {
  tomography: () => loadKernelModule('tomography'),
  iterative: () => loadKernelModule('iterative'),
};

/** Spools in memory, which stay when they are closed, as files do. */
export class MemorySpools implements VolumeSpoolFactory {
  readonly kept = new Map<string, { fingerprint: string; spool: VolumeSpool }>();
  /** Slices written since the beginning, by any spool. */
  slicesWritten = 0;
  /** Told before each write; may throw. */
  onWrite: (name: string, firstSlice: number) => void = () => {};

  async open(name: string, shape: VolumeShape, fingerprint: string): Promise<VolumeSpool> {
    const known = this.kept.get(name);
    if (known?.fingerprint === fingerprint) return known.spool;
    const spool = this.#make(name, shape);
    this.kept.set(name, { fingerprint, spool });
    return spool;
  }

  #make(name: string, shape: VolumeShape): VolumeSpool {
    const size = shape.rows * shape.columns;
    const all = allocateVoxels(shape.scale.type, shape.slices * size);
    const written = new Set<number>();
    return {
      ...shape,
      where: name,
      readSlices: async (first, count) => all.slice(first * size, (first + count) * size),
      isWritten: (slice) => written.has(slice),
      writeSlices: async (first, voxels) => {
        this.onWrite(name, first);
        all.set(voxels, first * size);
        for (let at = 0; at * size < voxels.length; at++) written.add(first + at);
        this.slicesWritten += voxels.length / size;
      },
      close: async () => {},
      remove: async () => {
        this.kept.delete(name);
      },
    };
  }
}

/** Scratch files in memory. */
export class MemoryScratch implements ScratchFactory {
  readonly files = new Map<string, Uint8Array>();
  /** Told before each write; may throw. */
  onWrite: (position: number) => void = () => {};

  async open(name: string, byteCount: number): Promise<ScratchFile> {
    const bytes = new Uint8Array(byteCount);
    this.files.set(name, bytes);
    return {
      read: async (target, position) => {
        target.set(bytes.subarray(position, position + target.length));
      },
      write: async (part, position) => {
        this.onWrite(position);
        if (position + part.length > byteCount) throw new Fault('storage', []);
        bytes.set(part, position);
      },
      remove: async () => {
        this.files.delete(name);
      },
    };
  }
}

export interface MemoryReconstruction {
  /** As stored. */
  readonly stored: Voxels;
  /** Attenuation in 1/pixel, [slice, row, column]. */
  readonly voxels: Float32Array;
  readonly summary: ReconstructionSummary;
  readonly stripeMap: Float32Array;
  readonly slicesResumed: number;
}

const executors: Executor<VolumeJobs>[] = [];

/**
 * Workers that run in place, one kernel for each. Kernels take a moment to make, so the same ones
 * serve all tests of a file, one after another.
 */
export function inlineWorkers(count: number): Executor<VolumeJobs>[] {
  while (executors.length < count) executors.push(inlineExecutor(createVolumeJobs(MODULES)));
  return executors.slice(0, count);
}

/** An engine on such workers. */
export function inlineEngine(
  parts: { workers?: number; spools?: VolumeSpoolFactory; scratch?: ScratchFactory } = {},
): VolumeEngine {
  const { workers = 1, spools = new MemorySpools(), scratch = new MemoryScratch() } = parts;
  const clock = new SystemClock();
  return new VolumeEngine({ executors: inlineWorkers(workers), spools, scratch, clock });
}

const engine = inlineEngine();

/** The volume of a scan in memory. */
export async function reconstructed(
  scan: ScanData | ScanSource,
  options: VolumeOptions,
  using: VolumeEngine = engine,
): Promise<MemoryReconstruction> {
  const source = 'readRows' in scan ? scan : memoryScan(scan);
  const made = await using.reconstruct(source, 'volume', options);
  const stored = await made.volume.readSlices(0, made.volume.slices);
  const { offset, step } = made.volume.scale;
  const voxels =
    stored instanceof Float32Array
      ? stored
      : Float32Array.from(stored, (value) => offset + step * value);
  const { summary, stripeMap, slicesResumed } = made;
  await made.volume.remove();
  return { stored, voxels, summary, stripeMap, slicesResumed };
}

/** What the live engine keeps, in memory. */
export class MemoryLiveScratches implements LiveScratchFactory {
  open(_path: string, slotLength: number): LiveScratch {
    const slots = new Map<number, Float32Array>();
    return {
      write: (slot, values) => void slots.set(slot, values.slice()),
      read: (slot, target) => target.set(slots.get(slot) ?? new Float32Array(slotLength)),
      close: () => slots.clear(),
    };
  }
}
