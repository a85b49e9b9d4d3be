import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderRecordings } from '../../src/formats/recordings.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('recordings in folders', () => {
  it('give the spectra of a folder in order of file name', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'eis'));
    for (const number of [10, 9, 100]) {
      writeFileSync(join(folder, 'eis', `spectrum-${number}.csv`), `${number},1,-1\n`);
    }
    const spectra = await new FolderRecordings(folder).readSpectra('eis');
    expect(spectra.map(({ points }) => points[0]?.frequencyHertz)).toEqual([9, 10, 100]);
  });

  it('report every file that is no spectrum at once', async () => {
    const folder = temporaryFolder();
    for (const name of ['a.csv', 'b.csv']) writeFileSync(join(folder, name), 'x,y\n');
    writeFileSync(join(folder, 'c.csv'), '1,2,3\n');
    const fault = await caughtFault(() => new FolderRecordings(folder).readSpectra('.'));
    expect(fault.problems.map(({ where }) => where)).toEqual([
      `${join(folder, 'a.csv')}:1`,
      `${join(folder, 'b.csv')}:1`,
    ]);
  });

  it('refuse a folder that is empty or missing', async () => {
    const folder = temporaryFolder();
    const recordings = new FolderRecordings(folder);
    expect((await caughtFault(() => recordings.readSpectra('.'))).message).toContain(
      'holds 0 files',
    );
    expect((await caughtFault(() => recordings.readSpectra('eis'))).code).toBe('fileMissing');
    expect((await caughtFault(() => recordings.readScan('rod'))).code).toBe('fileMissing');
  });
});

describeWithData('recordings that other people made', () => {
  it('give the 65 spectra of a cycled battery in order', async () => {
    const spectra = await new FolderRecordings(sharedData('.')).readSpectra('eis/battery-cycling');
    expect(spectra).toHaveLength(65);
    expect(spectra[0]?.points[0]?.zRealOhm).toBe(0.16852786);
  });

  it('give the scan of the rod', async () => {
    const scan = await new FolderRecordings(sharedData('.')).readScan('tomo/savu-rod');
    expect(scan.anglesRadian).toHaveLength(91);
  });
});
