import { readdir, readFile, stat } from 'node:fs/promises';
import { Fault } from '../domain/fault.ts';

export interface FileFacts {
  readonly isFolder: boolean;
  readonly bytes: number;
}

/**
 * What stands at a path.
 * @throws Fault fileMissing when there is nothing, or nothing that may be looked at
 */
export async function fileFacts(path: string): Promise<FileFacts> {
  try {
    const facts = await stat(path);
    return { isFolder: facts.isDirectory(), bytes: facts.size };
  } catch (error) {
    throw unreachable(path, error);
  }
}

/**
 * The bytes of a file of at most `bytesMax`; the size is checked before anything is read.
 * @throws Fault fileMissing; fileFormat when it is a folder, empty or too large
 */
export async function readBytes(path: string, bytesMax: number): Promise<Uint8Array> {
  const facts = await fileFacts(path);
  if (facts.isFolder) throw badFile(path, 'is a folder; expected a file');
  if (facts.bytes === 0) throw badFile(path, 'is empty (0 bytes)');
  if (facts.bytes > bytesMax) {
    throw badFile(path, `holds ${facts.bytes} bytes; at most ${bytesMax} are read`);
  }
  try {
    return await readFile(path);
  } catch (error) {
    throw unreachable(path, error);
  }
}

/**
 * The names of the plain files in a folder, hidden ones left out, in natural order: `raw_2`
 * stands before `raw_10`.
 * @throws Fault fileMissing; fileFormat when it is not a folder
 */
export async function fileNames(folder: string): Promise<readonly string[]> {
  const facts = await fileFacts(folder);
  if (!facts.isFolder) throw badFile(folder, 'is a file; expected a folder');
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort(new Intl.Collator('en', { numeric: true }).compare);
  } catch (error) {
    throw unreachable(folder, error);
  }
}

/** The fault of a file whose content is not what was expected. */
export function badFile(where: string, message: string, cause?: unknown): Fault {
  return new Fault('fileFormat', { where, message }, cause);
}

function unreachable(path: string, error: unknown): Fault {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  const message =
    reason === 'ENOENT' || reason === 'ENOTDIR'
      ? 'no such file or folder'
      : `cannot be read (${reason})`;
  return new Fault('fileMissing', { where: path, message }, error);
}
