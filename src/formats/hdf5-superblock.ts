import { open as openHandle } from 'node:fs/promises';
import { badFile, fileFacts } from './file-access.ts';

/** `HDF\r\n` between two marks, at 0 or behind a user block of 512 bytes times a power of two. */
const SIGNATURE = Buffer.from('894844460d0a1a0a', 'hex');
const USER_BLOCK_BYTES_MAX = 1024 * 1024;

/** True when the bytes at the start, or behind a user block, are the mark of HDF5. */
export async function isHdf5(path: string): Promise<boolean> {
  return (await findSuperblock(path)) !== undefined;
}

/**
 * Compares a file's length with the one its superblock states (HDF5 File Format Specification
 * 4.0, II.A), so that a copy cut short says so before the library stumbles over it.
 * @throws Fault fileMissing; fileFormat when the file is no HDF5 or not whole
 */
export async function checkComplete(path: string): Promise<void> {
  const { bytes, isFolder } = await fileFacts(path);
  if (isFolder) throw badFile(path, 'is a folder; expected an HDF5 file');
  if (bytes === 0) throw badFile(path, 'is empty (0 bytes); expected an HDF5 file');
  const superblock = await findSuperblock(path);
  if (!superblock) throw badFile(path, 'is not an HDF5 file: its mark is missing');
  const version = superblock[8] ?? 0;
  const addressAt = { 0: 40, 1: 44, 2: 28, 3: 28 }[version];
  const addressBytes = superblock[version < 2 ? 13 : 9];
  if (addressAt === undefined || addressBytes !== 8) return;
  const expected = superblock.readBigUInt64LE(addressAt);
  if (BigInt(bytes) < expected) {
    throw badFile(path, `is cut short: holds ${bytes} bytes, expected ${expected}`);
  }
}

/** Finds the mark of HDF5; the superblock starts there. */
async function findSuperblock(path: string): Promise<Buffer | undefined> {
  const { bytes } = await fileFacts(path);
  const handle = await openHandle(path, 'r');
  try {
    for (let at = 0; at < Math.min(bytes, USER_BLOCK_BYTES_MAX); at = at === 0 ? 512 : at * 2) {
      const block = Buffer.alloc(64);
      await handle.read(block, 0, block.length, at);
      if (block.subarray(0, 8).equals(SIGNATURE)) return block;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
