import { ok as assert } from 'node:assert';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { asFault, Fault } from '../domain/fault.ts';
import {
  allocateVoxels,
  type VolumeShape,
  type VolumeSpool,
  type VolumeSpoolFactory,
  type VoxelScale,
  type Voxels,
  voxelTypeOf,
} from '../domain/volume.ts';
import { freeBytesOf, readFully, writeFully } from './file-bytes.ts';
import { syncFolder } from './sqlite-file.ts';
import {
  decodeEntry,
  ENTRY_BYTES,
  encodeEntry,
  encodeVolumeHeader,
  HEADER_BYTES,
  type VolumeLayout,
  volumeLayout,
} from './volume-file.ts';

/** Largest work file of a volume: float32 of 2016 × 2016 × 2016 eight times over. */
export const VOLUME_FILE_BYTES_MAX = 256 * 2 ** 30;
/** Calls of `writeSlices` that may be under way at a time; each holds its voxels. */
export const WRITES_IN_FLIGHT_MAX = 64;
/** Times the volume there must be room for: the work file, and the file that is made of it. */
const COPIES = 2;
const NAME = /^[^/\0.][^/\0]*$/;
/** Leaves room for what is put behind a name; file names have 255 bytes at most. */
const NAME_BYTES_MAX = 200;

/** Spools each volume into `<name>.voxels` in one folder; volume-file.ts has the layout. */
export class FileVolumeSpoolFactory implements VolumeSpoolFactory {
  readonly #folder: string;
  readonly #freeBytes: (folder: string) => Promise<number>;

  /**
   * @param folder made when it is not there
   * @param freeBytes what the disk of a folder has left; asked of the system unless given
   */
  constructor(folder: string, freeBytes: (folder: string) => Promise<number> = freeBytesOf) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  /**
   * @throws Fault badInput for a name that is no file name; capacity above VOLUME_FILE_BYTES_MAX;
   * storage when the disk has no room for work file and result, or refuses
   */
  async open(name: string, shape: VolumeShape, fingerprint: string): Promise<VolumeSpool> {
    checkFileName(name);
    const path = join(this.#folder, `${name}.voxels`);
    const layout = volumeLayout(shape);
    checkSize(path, shape, layout);
    try {
      await mkdir(this.#folder, { recursive: true });
      const header = encodeVolumeHeader(shape, fingerprint);
      const begun = await goOn(path, header, shape, layout);
      if (begun) {
        const { handle, checksums, occupiedBytes } = begun;
        await this.#checkRoom(path, layout, occupiedBytes).catch(async (error) => {
          await handle.close();
          throw error;
        });
        return new FileVolumeSpool(path, shape, handle, checksums);
      }
      await this.#checkRoom(path, layout, 0);
      const handle = await begin(path, this.#folder, header, layout);
      return new FileVolumeSpool(path, shape, handle, new Map());
    } catch (error) {
      throw asFault(error, path, 'storage');
    }
  }

  async #checkRoom(path: string, layout: VolumeLayout, occupiedBytes: number): Promise<void> {
    const needed = COPIES * layout.fileBytes - occupiedBytes;
    const free = await this.#freeBytes(this.#folder);
    if (free >= needed) return;
    throw new Fault('storage', {
      where: path,
      message: `the volume and the file made of it need ${needed} bytes more, but ${free} are free on this disk; make room, or write it elsewhere`,
    });
  }
}

class FileVolumeSpool implements VolumeSpool {
  readonly where: string;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly scale: VoxelScale;
  readonly #layout: VolumeLayout;
  readonly #handle: FileHandle;
  /** CRC-32 of the voxels of every slice whose entry is on the disk. */
  readonly #checksums: Map<number, number>;
  /** Slices whose voxels are in the file, waiting to be made durable together. */
  #group: Map<number, number> = new Map();
  #commit: Promise<void> | undefined;
  #nextCommit: Promise<void> | undefined;
  #writes = 0;
  #closed = false;

  constructor(
    path: string,
    shape: VolumeShape,
    handle: FileHandle,
    checksums: Map<number, number>,
  ) {
    this.where = path;
    this.slices = shape.slices;
    this.rows = shape.rows;
    this.columns = shape.columns;
    this.scale = shape.scale;
    this.#layout = volumeLayout(shape);
    this.#handle = handle;
    this.#checksums = checksums;
  }

  isWritten(slice: number): boolean {
    return this.#checksums.has(slice);
  }

  /** The voxels must stay as they are until it resolves. */
  async writeSlices(firstSlice: number, voxels: Voxels): Promise<void> {
    const count = voxels.length / (this.rows * this.columns);
    assert(voxelTypeOf(voxels) === this.scale.type, `voxels of ${this.scale.type}`);
    this.#checkRange(firstSlice, count);
    if (this.#writes >= WRITES_IN_FLIGHT_MAX) {
      const message = `${WRITES_IN_FLIGHT_MAX} writes are under way; wait for one before the next`;
      throw new Fault('capacity', { where: this.where, message });
    }
    this.#writes += 1;
    try {
      const bytes = bytesOf(voxels);
      const { sliceBytes, voxelsAt } = this.#layout;
      await writeFully(this.#handle, bytes, voxelsAt + firstSlice * sliceBytes);
      for (let at = 0; at < count; at += 1) {
        const part = bytes.subarray(at * sliceBytes, (at + 1) * sliceBytes);
        this.#group.set(firstSlice + at, crc32(part));
      }
      await this.#makeDurable();
    } catch (error) {
      throw this.#storageFault(error);
    } finally {
      this.#writes -= 1;
    }
  }

  async readSlices(firstSlice: number, sliceCount: number): Promise<Voxels> {
    this.#checkRange(firstSlice, sliceCount);
    const voxels = allocateVoxels(this.scale.type, sliceCount * this.rows * this.columns);
    const bytes = bytesOf(voxels);
    const { sliceBytes, voxelsAt } = this.#layout;
    const missing = Array.from({ length: sliceCount }, (_, at) => firstSlice + at).find(
      (slice) => !this.isWritten(slice),
    );
    if (missing !== undefined) {
      const message = `slice ${missing} is not written yet`;
      throw new Fault('storage', { where: this.where, message });
    }
    try {
      await readFully(this.#handle, bytes, voxelsAt + firstSlice * sliceBytes, this.where);
    } catch (error) {
      throw asFault(error, this.where, 'storage');
    }
    for (let at = 0; at < sliceCount; at += 1) {
      const part = bytes.subarray(at * sliceBytes, (at + 1) * sliceBytes);
      if (crc32(part) === this.#checksums.get(firstSlice + at)) continue;
      const message = `slice ${firstSlice + at} is damaged on the disk; delete the file and begin anew`;
      throw new Fault('storage', { where: this.where, message });
    }
    return voxels;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Who waits for its write is told of a failure there.
    await Promise.allSettled([this.#commit, this.#nextCommit]);
    await this.#handle.close();
  }

  async remove(): Promise<void> {
    const own = this.#closed ? undefined : await this.#handle.stat();
    await this.close();
    const there = await stat(this.where).catch(() => undefined);
    // One that was begun anew under the same name is somebody else's.
    if (own && there?.ino !== own.ino) return;
    await rm(this.where, { force: true });
  }

  /**
   * Resolves when the group this call belongs to is durable. One sync makes the voxels and the
   * entries of all writes durable that came since the last; while a group is on its way the next
   * gathers. A power cut during the sync may leave an entry without its voxels: its checksum, which
   * is compared when the file is opened again, tells.
   */
  #makeDurable(): Promise<void> {
    this.#nextCommit ??= this.#commitAfter(this.#commit);
    return this.#nextCommit;
  }

  async #commitAfter(previous: Promise<void> | undefined): Promise<void> {
    // A group that failed was told to those who wrote it, and says nothing of this one.
    await previous?.catch(() => {});
    const group = this.#group;
    this.#group = new Map();
    this.#commit = this.#nextCommit;
    this.#nextCommit = undefined;
    for (const [slice, checksum] of group) {
      await writeFully(
        this.#handle,
        encodeEntry(slice, checksum),
        HEADER_BYTES + slice * ENTRY_BYTES,
      );
    }
    await this.#handle.datasync();
    for (const [slice, checksum] of group) this.#checksums.set(slice, checksum);
  }

  #checkRange(first: number, count: number): void {
    const isRange = Number.isInteger(count) && count > 0 && first >= 0;
    assert(isRange && first + count <= this.slices, `slices ${first} + ${count} of ${this.slices}`);
    assert(!this.#closed, `${this.where} is closed`);
  }

  #storageFault(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const left = (this.slices - this.#checksums.size) * this.#layout.sliceBytes;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot be written: ${reason}; it needs ${left} bytes more`;
    return new Fault('storage', { where: this.where, message }, error);
  }
}

/** @throws Fault badInput for what is no plain file name */
export function checkFileName(name: string): void {
  if (NAME.test(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX) return;
  throw new Fault('badInput', {
    where: `name ${JSON.stringify(name.slice(0, 220))}`,
    message: `expected a file name of 1 to ${NAME_BYTES_MAX} bytes, without "/" and not hidden`,
  });
}

function checkSize(path: string, shape: VolumeShape, { fileBytes }: VolumeLayout): void {
  const { slices, rows, columns } = shape;
  const isShape = [slices, rows, columns].every((side) => Number.isInteger(side) && side > 0);
  assert(isShape, `a volume of ${slices} × ${rows} × ${columns}`);
  if (fileBytes <= VOLUME_FILE_BYTES_MAX) return;
  throw new Fault('capacity', {
    where: path,
    message: `a volume of ${slices} × ${rows} × ${columns} takes ${fileBytes} bytes; at most ${VOLUME_FILE_BYTES_MAX}: choose smaller voxels, or fewer rows`,
  });
}

interface Begun {
  readonly handle: FileHandle;
  readonly checksums: Map<number, number>;
  readonly occupiedBytes: number;
}

/** Opens the file of the same volume again; undefined when there is none. */
async function goOn(
  path: string,
  header: Buffer,
  shape: VolumeShape,
  layout: VolumeLayout,
): Promise<Begun | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.size !== layout.fileBytes) return undefined;
  const handle = await open(path, constants.O_RDWR);
  try {
    const start = Buffer.alloc(layout.voxelsAt);
    await readFully(handle, start, 0, path);
    if (start.subarray(0, HEADER_BYTES).equals(header)) {
      const checksums = await goodSlices(path, handle, start.subarray(HEADER_BYTES), shape);
      return { handle, checksums, occupiedBytes: facts.blocks * 512 };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The slices whose entries are whole and whose voxels are what the entries say. */
async function goodSlices(
  path: string,
  handle: FileHandle,
  journal: Buffer,
  shape: VolumeShape,
): Promise<Map<number, number>> {
  const { sliceBytes, voxelsAt } = volumeLayout(shape);
  const checksums = new Map<number, number>();
  const voxels = Buffer.alloc(sliceBytes);
  for (let slice = 0; slice < shape.slices; slice += 1) {
    const checksum = decodeEntry(journal, slice);
    if (checksum === undefined) continue;
    await readFully(handle, voxels, voxelsAt + slice * sliceBytes, path);
    if (crc32(voxels) === checksum) checksums.set(slice, checksum);
  }
  return checksums;
}

/**
 * A new file of full size under the name. What had the name loses it, so that a process that still
 * writes there spoils nothing here.
 */
async function begin(
  path: string,
  folder: string,
  header: Buffer,
  layout: VolumeLayout,
): Promise<FileHandle> {
  await rm(path, { force: true });
  const handle = await open(path, 'wx+');
  try {
    await handle.truncate(layout.fileBytes);
    await writeFully(handle, header, 0);
    await handle.sync();
    syncFolder(folder);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function bytesOf(voxels: Voxels): Uint8Array {
  return new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
}
