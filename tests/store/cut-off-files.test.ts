import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setAsideCutOff } from '../../src/store/cut-off-files.ts';
import { temporaryFolder } from './sample-run.ts';

describe('files of scans and spectra that were cut off', () => {
  it('are moved out of the way, and those that a record knows of are not', () => {
    const folder = temporaryFolder();
    const spectra = ['spectrum-001.waveforms.csv', 'spectrum-002.waveforms.csv'];
    const names = ['run.sqlite', 'scan-001.frames', 'scan-002.frames', 'scan-003.frames'];
    for (const name of [...names, 'scan-003.h5', 'scanner.txt', ...spectra]) {
      writeFileSync(join(folder, name), name);
    }
    const moved = setAsideCutOff(folder, { known: { scan: 2, spectrum: 1 }, boot: 0 });
    expect([...moved].sort()).toEqual([
      'cut-off-0-scan-003.frames',
      'cut-off-0-scan-003.h5',
      'cut-off-0-spectrum-002.waveforms.csv',
    ]);
    expect(readdirSync(folder).sort()).toEqual([
      'cut-off-0-scan-003.frames',
      'cut-off-0-scan-003.h5',
      'cut-off-0-spectrum-002.waveforms.csv',
      'run.sqlite',
      'scan-001.frames',
      'scan-002.frames',
      'scanner.txt',
      'spectrum-001.waveforms.csv',
    ]);
    expect(setAsideCutOff(folder, { known: { scan: 2, spectrum: 1 }, boot: 1 })).toEqual([]);
  });

  it('are a fault of the storage where they cannot be looked at', () => {
    const folder = join(temporaryFolder(), 'none');
    expect(() => setAsideCutOff(folder, { known: {}, boot: 0 })).toThrow(
      expect.objectContaining({ code: 'storage' }),
    );
  });
});
