import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { VOXEL_BYTES, VOXEL_TYPES, type VolumeShape } from '../domain/volume.ts';

/*
 * The layout of a `.voxels` work file, little-endian throughout:
 *
 *   header     4096 bytes: 8 bytes "OPVOXELS", u32 version (1), u32 voxel type (0 float32,
 *              1 uint16, 2 uint8), u32 slices, u32 rows, u32 columns, u32 zero, f64 offset,
 *              f64 step, 32 bytes SHA-256 of the fingerprint, u32 CRC-32 of all before it
 *   journal    16 bytes per slice: u32 0x45434c53 ("SLCE"), u32 slice, u32 CRC-32 of its voxels,
 *              u32 CRC-32 of the twelve bytes before; zeros while it is not written
 *   voxels     from the next multiple of 4096, slice after slice
 *
 * An entry of the journal lies within one sector, so it is there or not. It and its voxels reach
 * the disk in no particular order: the checksum tells whether the voxels are what was written, and
 * is compared for every slice when the file is opened again.
 */

export const HEADER_BYTES = 4096;
export const ENTRY_BYTES = 16;
const HEADER_USED_BYTES = 84;
const MAGIC = 'OPVOXELS';
const VERSION = 1;
const ENTRY_MARK = 0x45434c53;

/** Where things lie in the work file of a volume. */
export interface VolumeLayout {
  readonly sliceBytes: number;
  readonly voxelsAt: number;
  readonly fileBytes: number;
}

export function volumeLayout({ slices, rows, columns, scale }: VolumeShape): VolumeLayout {
  const sliceBytes = rows * columns * VOXEL_BYTES[scale.type];
  const journalBytes = Math.ceil((slices * ENTRY_BYTES) / HEADER_BYTES) * HEADER_BYTES;
  const voxelsAt = HEADER_BYTES + journalBytes;
  return { sliceBytes, voxelsAt, fileBytes: voxelsAt + slices * sliceBytes };
}

/** The header of a volume; two headers are equal when shape, scale and fingerprint are. */
export function encodeVolumeHeader(shape: VolumeShape, fingerprint: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(VOXEL_TYPES.indexOf(shape.scale.type), 12);
  header.writeUInt32LE(shape.slices, 16);
  header.writeUInt32LE(shape.rows, 20);
  header.writeUInt32LE(shape.columns, 24);
  header.writeDoubleLE(shape.scale.offset, 32);
  header.writeDoubleLE(shape.scale.step, 40);
  createHash('sha256').update(fingerprint).digest().copy(header, 48);
  header.writeUInt32LE(crc32(header.subarray(0, HEADER_USED_BYTES - 4)), HEADER_USED_BYTES - 4);
  return header;
}

export function encodeEntry(slice: number, checksum: number): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(ENTRY_MARK, 0);
  entry.writeUInt32LE(slice, 4);
  entry.writeUInt32LE(checksum, 8);
  entry.writeUInt32LE(crc32(entry.subarray(0, 12)), 12);
  return entry;
}

/** The checksum that a slice's entry in the journal gives; undefined when it has none. */
export function decodeEntry(journal: Buffer, slice: number): number | undefined {
  const entry = journal.subarray(slice * ENTRY_BYTES, (slice + 1) * ENTRY_BYTES);
  const isEntry =
    entry.length === ENTRY_BYTES &&
    entry.readUInt32LE(0) === ENTRY_MARK &&
    entry.readUInt32LE(4) === slice &&
    entry.readUInt32LE(12) === crc32(entry.subarray(0, 12));
  return isEntry ? entry.readUInt32LE(8) : undefined;
}
