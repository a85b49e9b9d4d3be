import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { asFault } from '../domain/fault.ts';

const SCAN_FILE = /^scan-(\d{3,9})\.\w+$/;

/**
 * Moves the files of scans aside that no committed record knows of: they were begun after the
 * last commit, and the run is about to use their names again.
 * @param scansKnown how many scans the saved state has begun
 * @returns the new names of what was moved. @throws Fault storage
 */
export function setAsideCutOff(
  folder: string,
  { scansKnown, boot }: { readonly scansKnown: number; readonly boot: number },
): readonly string[] {
  const moved: string[] = [];
  try {
    for (const name of readdirSync(folder)) {
      const number = Number(SCAN_FILE.exec(name)?.[1] ?? 0);
      if (number <= scansKnown) continue;
      const aside = `cut-off-${boot}-${name}`;
      renameSync(join(folder, name), join(folder, aside));
      moved.push(aside);
    }
  } catch (error) {
    throw asFault(error, folder, 'storage');
  }
  return moved;
}
