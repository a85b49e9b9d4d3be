import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setAsideCutOff } from '../../src/store/cut-off-files.ts';
import { temporaryFolder } from './sample-run.ts';

describe('files of scans that were cut off', () => {
  it('are moved out of the way, and those that a record knows of are not', () => {
    const folder = temporaryFolder();
    const names = ['run.sqlite', 'scan-001.frames', 'scan-002.frames', 'scan-003.frames'];
    for (const name of [...names, 'scan-003.h5', 'scanner.txt']) {
      writeFileSync(join(folder, name), name);
    }
    const moved = setAsideCutOff(folder, { scansKnown: 2, boot: 0 });
    expect([...moved].sort()).toEqual(['cut-off-0-scan-003.frames', 'cut-off-0-scan-003.h5']);
    expect(readdirSync(folder).sort()).toEqual([
      'cut-off-0-scan-003.frames',
      'cut-off-0-scan-003.h5',
      'run.sqlite',
      'scan-001.frames',
      'scan-002.frames',
      'scanner.txt',
    ]);
    expect(setAsideCutOff(folder, { scansKnown: 2, boot: 1 })).toEqual([]);
  });

  it('are a fault of the storage where they cannot be looked at', () => {
    const folder = join(temporaryFolder(), 'none');
    expect(() => setAsideCutOff(folder, { scansKnown: 0, boot: 0 })).toThrow(
      expect.objectContaining({ code: 'storage' }),
    );
  });
});
