import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

/**
 * Measured data that other people published lives beside the repository, not in it. In CI it
 * must be there; elsewhere the tests that need it are reported as skipped, with this reason.
 */
const FOLDER = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** Absolute path of a shared data file. @throws when it is not there: guard with describeWithData. */
export function sharedData(relativePath: string): string {
  const path = join(FOLDER, relativePath);
  if (!existsSync(path)) throw new Error(`shared data file missing: ${path}`);
  return path;
}

/** A group of tests on real data; skipped, by name, where the data folder is absent. */
export function describeWithData(name: string, body: () => void): void {
  if (existsSync(FOLDER)) {
    describe(name, body);
  } else if (process.env.CI) {
    throw new Error(`${name}: the data folder ../shared/data is required in CI`);
  } else {
    // Without its body, which reads the data to know what it tests.
    describe.skip(`${name} (skipped: ../shared/data is not there)`, () => {
      it('needs measured data', () => {
        throw new Error(`${FOLDER} is not there`);
      });
    });
  }
}
