import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { asFault } from '../domain/fault.ts';

const FILE = /^(scan|spectrum)-(\d{3,9})\.\w+(?:\.csv)?$/;

/**
 * Moves the files of scans and spectra aside that no committed record knows of: they were begun after the
 * last commit, and the run is about to use their names again.
 * @param known how many of each the saved state has begun
 * @returns the new names of what was moved. @throws Fault storage
 */
export function setAsideCutOff(
  folder: string,
  { known, boot }: { readonly known: Readonly<Record<string, number>>; readonly boot: number },
): readonly string[] {
  const moved: string[] = [];
  try {
    for (const name of readdirSync(folder)) {
      const [, kind = '', number = '0'] = FILE.exec(name) ?? [];
      if (Number(number) <= (known[kind] ?? 0)) continue;
      const aside = `cut-off-${boot}-${name}`;
      renameSync(join(folder, name), join(folder, aside));
      moved.push(aside);
    }
  } catch (error) {
    throw asFault(error, folder, 'storage');
  }
  return moved;
}
