import { type FileHandle, statfs } from 'node:fs/promises';
import { Fault } from '../domain/fault.ts';

/** Fills `target` from a place of a file. @throws Fault storage when the file ends before */
export async function readFully(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
  where: string,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      const message = `ends before byte ${position + target.length}: it was cut off meanwhile`;
      throw new Fault('storage', { where, message });
    }
    done += bytesRead;
  }
}

/** Writes all bytes to a place of a file. @throws the system's error when the disk refuses */
export async function writeFully(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const left = bytes.length - done;
    const { bytesWritten } = await handle.write(bytes, done, left, position + done);
    // A short write is how a full disk announces itself; the next one says why.
    if (bytesWritten === 0) throw new Error('the disk takes no more bytes');
    done += bytesWritten;
  }
}

/** Bytes that a disk has left for those who are not root. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
