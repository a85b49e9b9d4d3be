import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { firmwareHeader } from '../../../firmware-bridge/firmware-header.ts';
import { readHex } from '../../../firmware-bridge/sim/hex-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FOLDER = fileURLToPath(new URL('../../../firmware-bridge/firmware/', import.meta.url));
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const isSource = (name: string) => /^(Makefile|.*\.[ch])$/.test(name);

describe('the firmware that is committed', () => {
  it('has the numbers that the host has', () => {
    expect(read('protocol.h'), 'run "npm run firmware"').toBe(firmwareHeader());
  });

  it('was made from the sources that are committed', () => {
    const hash = createHash('sha256');
    for (const name of readdirSync(FOLDER).filter(isSource).sort()) {
      hash.update(`${name}\0`).update(readFileSync(join(FOLDER, name)));
    }
    expect(`${hash.digest('hex')}\n`, 'run "npm run firmware"').toBe(read('board.sha256'));
  });

  it('leaves half of the memory free', () => {
    const program = readHex(read('board.hex'), 32 * 1024, 'board.hex');
    const used = program.findLastIndex((word) => word !== 0xffff) + 1;
    expect(used * 2).toBeLessThan(16 * 1024);
  });
});

describeWithCompiler('the compiler', () => {
  it('makes the committed program of the committed sources', () => {
    const folder = temporaryFolder();
    for (const name of readdirSync(FOLDER).filter(isSource)) {
      cpSync(join(FOLDER, name), join(folder, name));
    }
    execFileSync('make', ['-C', folder], { stdio: 'pipe' });
    const made = readFileSync(join(folder, 'build/board.hex'), 'utf8');
    expect(made.replaceAll('\r', '')).toBe(read('board.hex').replaceAll('\r', ''));
  });
});

/** Skipped, by name, without avr-gcc, but not in CI. */
function describeWithCompiler(name: string, body: () => void): void {
  if (spawnSync('avr-gcc', ['--version'], { stdio: 'ignore' }).status === 0) {
    describe(name, body);
  } else if (process.env.CI) {
    throw new Error(`${name}: avr-gcc is required in CI (apt-get install gcc-avr avr-libc make)`);
  } else {
    describe.skip(`${name} (skipped: avr-gcc is not installed)`, body);
  }
}
