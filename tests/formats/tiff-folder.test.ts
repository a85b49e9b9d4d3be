import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readScan } from '../../src/formats/read-scan.ts';
import { readTiff } from '../../src/formats/tiff-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { makeTiff } from '../support/make-tiff.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SIZE = { rows: 2, columns: 3 };

function counts(first: number): Uint16Array {
  return Uint16Array.from({ length: 6 }, (_, index) => first + index);
}

/** A folder with two views, a flat of two pages, an averaged dark and the angles 0° and 90°. */
function scanFolder(): string {
  const folder = temporaryFolder();
  const files: Record<string, Uint8Array | string> = {
    'raw_2.tiff': makeTiff({ ...SIZE, pages: [counts(20)] }),
    'raw_10.tif': makeTiff({ ...SIZE, pages: [counts(100)] }),
    'flat_0.tiff': makeTiff({ ...SIZE, pages: [counts(1000), counts(2000)] }),
    'dark_0.tiff': makeTiff({ ...SIZE, pages: [Float32Array.of(1.5, 2, 3, 4, 5, 6)] }),
    'angles.txt': '0\n90\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe('a folder of TIFF images', () => {
  it('is read in natural order of its names, every page of every file', async () => {
    const scan = await readScan(scanFolder());
    expect(scan).toEqual({
      ...SIZE,
      anglesRadian: Float64Array.of(0, Math.PI / 2),
      projections: Uint16Array.of(...counts(20), ...counts(100)),
      flats: Uint16Array.of(...counts(1000), ...counts(2000)),
      darks: Float32Array.of(1.5, 2, 3, 4, 5, 6),
    });
  });

  it.each([
    ['without angles', 'angles.txt', undefined, 'fileMissing', 'angles.txt: no such file'],
    [
      'with an angle too few',
      'angles.txt',
      '0\n',
      'fileFormat',
      '1 angles for 2 views; expected 2, or 5',
    ],
    [
      'with a view of another size',
      'raw_2.tiff',
      makeTiff({ rows: 3, columns: 2, pages: [counts(0)] }),
      'fileFormat',
      'pixels; expected 3 × 2 like',
    ],
    [
      'with a flat of another size',
      'flat_0.tiff',
      makeTiff({ rows: 3, columns: 2, pages: [counts(0)] }),
      'fileFormat',
      'flat_0.tiff: 3 × 2 pixels; expected 2 × 3',
    ],
    [
      'with a view cut in half',
      'raw_2.tiff',
      makeTiff({ ...SIZE, pages: [counts(0)] }).subarray(0, 140),
      'fileFormat',
      'raw_2.tiff, page 1: damaged or cut short',
    ],
    ['with an empty view', 'raw_2.tiff', '', 'fileFormat', 'raw_2.tiff: is empty'],
    [
      'with text that is called TIFF',
      'raw_2.tiff',
      'not an image',
      'fileFormat',
      'is not a TIFF file',
    ],
    [
      'with an image of unknown purpose',
      'other.tiff',
      '',
      'fileFormat',
      'other.tiff: an image of unknown purpose',
    ],
  ])('is refused %s', async (_, name, content, code, message) => {
    const folder = scanFolder();
    if (content === undefined) rmSync(join(folder, name));
    else writeFileSync(join(folder, name), content);
    const fault = await caughtFault(() => readScan(folder));
    expect(fault.code).toBe(code);
    expect(fault.message).toContain(message);
  });

  it('is refused without projections', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'angles.txt'), '0\n');
    expect((await caughtFault(() => readScan(folder))).message).toContain('no projections');
  });

  it('gives empty flats and darks when it has none', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'angles.txt'), '0\n');
    writeFileSync(join(folder, 'raw_0.tif'), makeTiff({ ...SIZE, pages: [counts(1)] }));
    const scan = await readScan(folder);
    expect([scan.flats.length, scan.darks.length]).toEqual([0, 0]);
  });
});

describe('a TIFF file', () => {
  async function problemOf(bytes: Uint8Array): Promise<string> {
    const path = join(temporaryFolder(), 'a.tif');
    writeFileSync(path, bytes);
    const fault = await caughtFault(() => readTiff(path));
    expect(fault.code).toBe('fileFormat');
    return fault.message;
  }

  it('is refused when its pages go round in a circle', async () => {
    const bytes = Buffer.from(makeTiff({ ...SIZE, pages: [counts(0)] }));
    bytes.writeUInt32LE(8, 8 + 2 + 12 * 10);
    expect(await problemOf(bytes)).toContain('more than 100000 pages');
  });

  it('is refused when a page lies beyond its end', async () => {
    const bytes = Buffer.from(makeTiff({ ...SIZE, pages: [counts(0)] }));
    bytes.writeUInt32LE(100_000, 8 + 2 + 12 * 10);
    expect(await problemOf(bytes)).toContain('cut short: page 2 is missing');
  });

  it('is refused when its pixels are signed', async () => {
    const bytes = makeTiff({ ...SIZE, pages: [counts(0)], sampleFormat: 2 });
    expect(await problemOf(bytes)).toContain('16 bit, sample format 2; expected one grey channel');
  });

  it('is refused when its strips do not hold all its rows', async () => {
    const bytes = makeTiff({ ...SIZE, pages: [counts(0)], rowsPerStrip: 1 });
    expect(await problemOf(bytes)).toContain('fewer than its 2 rows');
  });

  it('is refused when it claims more pixels than any detector has', async () => {
    const bytes = makeTiff({ rows: 2 ** 30, columns: 2 ** 30, pages: [counts(0)] });
    expect(await problemOf(bytes)).toContain('1073741824 × 1073741824 pixels');
  });

  it('answers damage anywhere with a fault or a picture', async () => {
    const good = makeTiff({ ...SIZE, pages: [counts(0), counts(6)] });
    for (let at = 0; at < good.length; at += 1) {
      const path = join(temporaryFolder(), 'a.tif');
      const bytes = Buffer.from(good);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
      writeFileSync(path, bytes);
      await readTiff(path).catch((error) => expect(error.name).toBe('Fault'));
    }
  });
});

describeWithData('the rod scan that other people measured', () => {
  it('has 91 views, an averaged flat and dark, and the angles of the moving stage', async () => {
    const scan = await readScan(sharedData('tomo/savu-rod'));
    expect([scan.rows, scan.columns]).toEqual([135, 160]);
    const degrees = Array.from(scan.anglesRadian, (angle) => (angle * 180) / Math.PI);
    expect(degrees).toHaveLength(91);
    expect(degrees[0]).toBeCloseTo(-88.2, 10);
    expect(degrees[1]).toBeCloseTo(-86.2, 10);
    expect(degrees[90]).toBeCloseTo(91.7999, 10);
    expect(scan.projections).toBeInstanceOf(Uint16Array);
    expect(scan.projections).toHaveLength(91 * 135 * 160);
    expect([...scan.projections.slice(0, 3)]).toEqual([0, 19915, 20314]);
    expect(scan.flats).toHaveLength(135 * 160);
    expect([...scan.flats.slice(0, 3)]).toEqual([0, 29191, 29049]);
    expect([...scan.darks.slice(0, 3)]).toEqual([0, 99, 80]);
  });

  it('reads a single page of 459 × 503 pixels', async () => {
    const [page, ...others] = await readTiff(sharedData('tomo/neutron-sinogram-360.tif'));
    expect(others).toEqual([]);
    expect([page?.rows, page?.columns, page?.pixels[0]]).toEqual([459, 503, 47279]);
  });
});
