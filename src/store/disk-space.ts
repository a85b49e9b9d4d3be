import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DiskSpace } from '../domain/disk-space.ts';
import { planThinning, type Thinned, thin } from './run-thinning.ts';

/** Kept free for the last records of a run on a full disk. */
export const RESERVE_BYTES = 16 * 2 ** 20;
/** In the run's folder while the run is written. */
export const RESERVE_NAME = 'run.reserve';
const CHUNK_BYTES = 2 ** 20;
/** A run that goes on does not wait longer than it takes to look into so many others. */
const RUNS_LOOKED_MAX = 100;

/** The disk under a run, with a file on it that is given up when the disk is full. */
export class RunDisk implements DiskSpace {
  readonly #folder: string;
  readonly #reserve: string;
  #isReserveUsed = false;

  /** @param folder of the run */
  constructor(folder: string) {
    this.#folder = folder;
    this.#reserve = join(folder, RESERVE_NAME);
  }

  /** Lays the reserve by, written out so that it truly takes its place. False: there is no room. */
  prepare(): boolean {
    if (existsSync(this.#reserve) && statSync(this.#reserve).size === RESERVE_BYTES) return true;
    let handle: number | undefined;
    try {
      handle = openSync(this.#reserve, 'w');
      const chunk = Buffer.alloc(CHUNK_BYTES, 0x5a);
      for (let bytes = 0; bytes < RESERVE_BYTES; bytes += CHUNK_BYTES) writeSync(handle, chunk);
      fsyncSync(handle);
      return true;
    } catch {
      this.close();
      return false;
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  }

  /** Gives the reserve up. False when it was given up before. */
  releaseReserve(): boolean {
    if (this.#isReserveUsed || !existsSync(this.#reserve)) return false;
    this.close();
    this.#isReserveUsed = !existsSync(this.#reserve);
    return this.#isReserveUsed;
  }

  /** The run is not written any more and needs no reserve. Idempotent; never throws. */
  close(): void {
    try {
      rmSync(this.#reserve, { force: true });
    } catch {
      // A disk that does not let go of a file fails in more ways than this one, which are told.
    }
  }

  get isReserveUsed(): boolean {
    return this.#isReserveUsed;
  }

  makeRoom(usedFraction: number): Thinned {
    const outFolder = dirname(resolve(this.#folder));
    const nowUtcMs = Date.now();
    return thin(planThinning(outFolder, { nowUtcMs, runsMax: RUNS_LOOKED_MAX }), {
      nowUtcMs,
      isEnough: () => !(this.usedFraction() > usedFraction),
    });
  }

  usedFraction(): number {
    try {
      const { blocks, bfree, bavail } = statfsSync(this.#folder);
      // As df(1) has it: what only the administrator may use is not free.
      const used = blocks - bfree;
      return used + bavail === 0 ? 0 : used / (used + bavail);
    } catch {
      return Number.NaN;
    }
  }
}

/** Bytes that the disk under a folder still takes; the folder itself need not exist yet. */
export function freeBytes(folder: string): number {
  for (let path = resolve(folder); ; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      if (path === dirname(path)) return Number.NaN;
    }
  }
}
