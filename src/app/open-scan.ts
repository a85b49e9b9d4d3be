import { stat } from 'node:fs/promises';
import type { ScanSource } from '../domain/scan-source.ts';
import { openScan } from '../formats/read-scan.ts';
import { openFrames } from '../store/frames-source.ts';
import { FileScratchFactory } from '../store/scratch-file.ts';

/**
 * Opens a scan of any kind that commands take: frames of a run, a DXchange or NXtomo file, a folder
 * of TIFF images.
 * @param unpack where a large scan is unpacked that cannot be read by rows where it lies
 * @throws Fault fileMissing, fileFormat, capacity, storage
 */
export async function openAnyScan(
  path: string,
  unpack: { readonly folder: string; readonly name: string },
): Promise<ScanSource> {
  if (path.endsWith('.frames') && !(await isFolder(path))) return openFrames(path);
  const factory = new FileScratchFactory(unpack.folder);
  return openScan(path, { scratch: { factory, name: `${unpack.name}.scan` } });
}

async function isFolder(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  return facts?.isDirectory() === true;
}
