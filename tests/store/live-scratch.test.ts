import { existsSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileLiveScratchFactory } from '../../src/store/live-scratch.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const factory = new FileLiveScratchFactory();

function values(seed: number): Float32Array {
  return Float32Array.from({ length: 1000 }, (_, at) => Math.sin(seed * 1000 + at));
}

describe('the scratch of live slices', () => {
  it('gives back what was last written, bit for bit, in any order', () => {
    const scratch = factory.open(join(temporaryFolder(), 'live.scratch'), 1000, 5);
    for (const slot of [3, 0, 4]) scratch.write(slot, values(slot));
    scratch.write(3, values(30));
    const target = new Float32Array(1000);
    for (const [slot, seed] of [
      [0, 0],
      [3, 30],
      [4, 4],
    ] as const) {
      scratch.read(slot, target);
      expect(target).toEqual(values(seed));
    }
    scratch.close();
  });

  it('takes no more room than its slots, and none once it is closed', () => {
    const path = join(temporaryFolder(), 'live.scratch');
    const scratch = factory.open(path, 1000, 5);
    for (let round = 0; round < 4; round++) {
      for (let slot = 0; slot < 5; slot++) scratch.write(slot, values(slot));
    }
    expect(statSync(path).size).toBe(5 * 4000);
    scratch.close();
    scratch.close();
    expect(existsSync(path)).toBe(false);
    expect(() => scratch.write(0, values(0))).toThrow(/in a file that is open/);
  });

  it('begins empty although a file is there', () => {
    const path = join(temporaryFolder(), 'live.scratch');
    factory.open(path, 1000, 5).write(0, values(1));
    const scratch = factory.open(path, 1000, 5);
    expect(statSync(path).size).toBe(0);
    scratch.close();
  });

  it('refuses slots it does not have and values of another length', () => {
    const scratch = factory.open(join(temporaryFolder(), 'live.scratch'), 1000, 2);
    for (const slot of [-1, 2, 0.5, Number.NaN]) {
      expect(() => scratch.write(slot, values(0)), String(slot)).toThrow(/expected slots 0 to 1/);
    }
    expect(() => scratch.read(0, new Float32Array(999))).toThrow(/of 4000 bytes/);
    scratch.close();
  });

  it('says when a slot was never written, or its file was cut', () => {
    const path = join(temporaryFolder(), 'live.scratch');
    const scratch = factory.open(path, 1000, 3);
    expect(() => scratch.read(1, values(0))).toThrow(/0 of 4000 bytes; the rest is not there/);
    scratch.write(0, values(0));
    truncateSync(path, 1500);
    expect(() => scratch.read(0, values(0))).toThrow(/1500 of 4000 bytes/);
    scratch.close();
  });

  it('says before a scan that there is no room for it, or no folder', async () => {
    const path = join(temporaryFolder(), 'live.scratch');
    const fault = await caughtFault(async () => factory.open(path, 2 ** 30, 2 ** 20));
    expect(fault.code).toBe('storage');
    expect(fault.message).toMatch(/4503599627370496 bytes are needed .* \d+ are free/);
    expect(existsSync(path)).toBe(false);
    expect(() => factory.open(join(path, 'no', 'folder'), 10, 1)).toThrow(/ENOENT/);
  });
});
