import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileScratchFactory, SCRATCH_BYTES_MAX } from '../../src/store/scratch-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { temporaryFolder } from './sample-run.ts';

describe('a scratch file', () => {
  it('gives back what was written anywhere, and is gone when removed', async () => {
    const folder = temporaryFolder();
    const scratch = await new FileScratchFactory(folder).open('s', 100);
    await scratch.write(Uint8Array.of(7, 8, 9), 50);
    await scratch.write(Uint8Array.of(1, 2), 0);
    const target = new Uint8Array(4);
    await scratch.read(target.subarray(1, 3), 51);
    expect([...target]).toEqual([0, 8, 9, 0]);
    expect(readdirSync(folder)).toEqual(['s.scratch']);
    await scratch.remove();
    await scratch.remove();
    expect(readdirSync(folder)).toEqual([]);
    expect((await caughtFault(() => scratch.read(target, 0))).code).toBe('storage');
  });

  it('replaces one that was left behind', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 's.scratch'), 'left behind');
    const scratch = await new FileScratchFactory(folder).open('s', 10);
    expect((await caughtFault(() => scratch.read(new Uint8Array(4), 0))).message).toContain(
      'cut off',
    );
    await scratch.remove();
  });

  it('is refused where there is no room, above its maximum, and under no file name', async () => {
    const folder = temporaryFolder();
    const tight = new FileScratchFactory(folder, async () => 99);
    const fault = await caughtFault(() => tight.open('s', 100));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain('s.scratch: needs 100 bytes, but 99 are free');
    expect((await caughtFault(() => tight.open('s', SCRATCH_BYTES_MAX + 1))).code).toBe('capacity');
    expect((await caughtFault(() => tight.open('../s', 10))).code).toBe('badInput');
    expect(readdirSync(folder)).toEqual([]);
  });
});
