import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json: the same from the sources and from build/bench. */
export const REPOSITORY = findRepository(dirname(fileURLToPath(import.meta.url)));

/** What benches build, and where yardsticks find their problems. */
export const BENCH_BUILD = join(REPOSITORY, 'build', 'bench');

/** Measured data of others, beside the repository; it may not be there. */
export const SHARED_DATA = join(REPOSITORY, '..', 'shared', 'data');

function findRepository(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json in any folder above the benches');
  return findRepository(parent);
}
