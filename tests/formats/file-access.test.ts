import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileNames } from '../../src/formats/file-access.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { TEXT_FILE_BYTES_MAX, textFileOf } from '../../src/formats/text-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a file that cannot be read', () => {
  it.each([readSpectrum, readScan])('is named when it is not there', async (read) => {
    const path = join(temporaryFolder(), 'nothing.csv');
    const fault = await caughtFault(() => read(path));
    expect(fault.code).toBe('fileMissing');
    expect(fault.problems).toEqual([{ where: path, message: 'no such file or folder' }]);
    expect(fault.exitCode).toBe(2);
  });

  it('is missing below a file that is taken for a folder', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'plain'), 'x');
    const fault = await caughtFault(() => readSpectrum(join(folder, 'plain', 'cell.csv')));
    expect(fault.code).toBe('fileMissing');
  });

  it.each([readSpectrum, readScan])('is refused when it is empty', async (read) => {
    const path = join(temporaryFolder(), 'empty.csv');
    writeFileSync(path, '');
    const fault = await caughtFault(() => read(path));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain('is empty (0 bytes)');
  });

  it('is refused when it holds only blank lines', async () => {
    const path = join(temporaryFolder(), 'blank.csv');
    writeFileSync(path, '\n \r\n\t\n');
    expect((await caughtFault(() => readSpectrum(path))).message).toContain('only blank lines');
  });

  it('is refused as a spectrum when it is a folder', async () => {
    const fault = await caughtFault(() => readSpectrum(temporaryFolder()));
    expect(fault.message).toContain('is a folder; expected a file');
  });

  it('is refused by its size, before it is read, when it is a gigabyte of text', async () => {
    const path = join(temporaryFolder(), 'huge.csv');
    writeFileSync(path, '1,2,3\n');
    // A sparse file: its size is a gigabyte, its blocks on disk are not.
    truncateSync(path, 1024 ** 3);
    const fault = await caughtFault(() => readSpectrum(path));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(`at most ${TEXT_FILE_BYTES_MAX} are read`);
  });
});

describe('text', () => {
  it.each([
    ['UTF-8', Buffer.from('Ω\r\nb')],
    ['UTF-8 with its mark', Buffer.from('\uFEFFΩ\nb')],
    ['UTF-16 of small byte order', Buffer.from('\uFEFFΩ\nb', 'utf16le')],
    ['UTF-16 of big byte order', Buffer.from('\uFEFFΩ\nb', 'utf16le').swap16()],
    ['lines that end in CR CR LF', Buffer.from('Ω\r\r\nb')],
    ['lines that end in CR', Buffer.from('Ω\rb')],
  ])('is decoded from %s', (_, bytes) => {
    expect(textFileOf('a', bytes).lines).toEqual(['Ω', 'b']);
  });

  it('is decoded as Latin-1 when it is no UTF-8', () => {
    expect(textFileOf('a', Buffer.from('25 °C', 'latin1')).lines).toEqual(['25 °C']);
  });
});

describe('the names in a folder', () => {
  it('come in natural order, without hidden files and folders', async () => {
    const folder = temporaryFolder();
    for (const name of ['raw_10', 'raw_2', '.DS_Store', 'raw_1']) {
      writeFileSync(join(folder, name), '');
    }
    mkdirSync(join(folder, 'raw_0'));
    expect(await fileNames(folder)).toEqual(['raw_1', 'raw_2', 'raw_10']);
  });

  it('are refused for a file', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect((await caughtFault(() => fileNames(path))).message).toContain('expected a folder');
  });
});
