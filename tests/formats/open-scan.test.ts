import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { File, ready } from 'h5wasm/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ScanSource } from '../../src/domain/scan-source.ts';
import { openScan } from '../../src/formats/read-scan.ts';
import { SCAN_HELD_BYTES_MAX } from '../../src/formats/unpacked-views.ts';
import { FileScratchFactory } from '../../src/store/scratch-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { makeHdf5 } from '../support/make-hdf5.ts';
import { makeTiff } from '../support/make-tiff.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Just too large to be held in memory. */
const LARGE = { views: 34, rows: 2016, columns: 2016 };
const FRAME = LARGE.rows * LARGE.columns;

/** Tells view, row and column. */
const pixel = (view: number, row: number, column: number) =>
  (view * 1009 + row * 31 + column) % 65_521;

function view(index: number): Uint16Array {
  const pixels = new Uint16Array(FRAME);
  for (let at = 0; at < FRAME; at += 1) {
    pixels[at] = pixel(index, Math.floor(at / LARGE.columns), at % LARGE.columns);
  }
  return pixels;
}

async function largeFile(
  path: string,
  storage: { readonly chunks: number[]; readonly compression?: number },
): Promise<void> {
  await ready;
  const file = new File(path, 'w');
  const exchange = file.create_group('exchange');
  const { views, rows, columns } = LARGE;
  const { chunks, compression } = storage;
  const data = exchange.create_dataset({
    name: 'data',
    data: view(0).subarray(0, (chunks[1] ?? 0) * columns),
    shape: [1, chunks[1] ?? 0, columns],
    maxshape: [views, rows, columns],
    chunks,
    ...(compression === undefined ? {} : { compression }),
  });
  data.resize([views, rows, columns]);
  for (let index = 0; index < views; index += 1) {
    data.write_slice([[index, index + 1], [], []], view(index));
  }
  exchange.create_dataset({
    name: 'theta',
    data: Float64Array.from({ length: views }, (_, at) => at),
  });
  file.close();
}

async function expectLargeScan(scan: ScanSource): Promise<void> {
  expect([scan.rows, scan.columns, scan.anglesRadian.length]).toEqual([2016, 2016, 34]);
  expect(scan.pixelType).toBe('uint16');
  for (const [first, count] of [
    [0, 1],
    [1000, 17],
    [2014, 2],
  ] as const) {
    const band = new Uint16Array(LARGE.views * count * LARGE.columns);
    await scan.readRows(first, count, band);
    for (const index of [0, 7, 33]) {
      for (const [row, column] of [
        [0, 0],
        [count - 1, 2015],
      ] as const) {
        const at = (index * count + row) * LARGE.columns + column;
        expect(band[at]).toBe(pixel(index, first + row, column));
      }
    }
  }
  const whole = new Uint16Array(FRAME);
  await scan.readView(20, whole);
  expect(Buffer.compare(Buffer.from(whole.buffer), Buffer.from(view(20).buffer))).toBe(0);
}

describe('a scan that is too large to hold', () => {
  expect(2 * FRAME * LARGE.views).toBeGreaterThan(SCAN_HELD_BYTES_MAX);

  it.each([
    ['in chunks of few rows, packed', { chunks: [1, 16, 2016], compression: 1 }],
    ['in chunks of few rows of many views', { chunks: [8, 4, 2016] }],
  ])('is read by rows where it lies: %s', async (_, storage) => {
    const path = join(temporaryFolder(), 'scan.h5');
    await largeFile(path, storage);
    const scan = await openScan(path);
    await expectLargeScan(scan);
    await scan.close();
  });

  it('is read by rows where it lies: in one piece', async () => {
    const path = join(temporaryFolder(), 'scan.h5');
    const { views, rows, columns } = LARGE;
    const values = new Uint16Array(views * FRAME);
    for (let index = 0; index < views; index += 1) values.set(view(index), index * FRAME);
    const theta = Float64Array.from({ length: views }, (_, at) => at);
    await makeHdf5(path, {
      contents: {
        '/exchange/data': { values, shape: [views, rows, columns] },
        '/exchange/theta': { values: theta, shape: [views] },
      },
    });
    const scan = await openScan(path);
    await expectLargeScan(scan);
    await scan.close();
  });

  it.each([
    ['packed', { chunks: [1, 2016, 2016], compression: 1 }],
    ['plain', { chunks: [1, 2016, 2016] }],
  ])('in %s chunks of whole frames is unpacked once, or refused where it cannot be', async (_, storage) => {
    const folder = temporaryFolder();
    const path = join(folder, 'scan.h5');
    await largeFile(path, storage);
    const refused = await caughtFault(() => openScan(path));
    expect(refused.code).toBe('capacity');
    expect(refused.message).toContain('cannot be read by rows where they lie');
    // Who reads it view by view needs no room for it.
    const byViews = await openScan(path, { byViews: true });
    const one = new Uint16Array(FRAME);
    await byViews.readView(33, one);
    expect(one[FRAME - 1]).toBe(pixel(33, 2015, 2015));
    await byViews.close();
    const factory = new FileScratchFactory(folder);
    const scan = await openScan(path, { scratch: { factory, name: 'unpacked' } });
    // Nothing is read from the file any more.
    writeFileSync(path, '');
    await expectLargeScan(scan);
    await scan.close();
    await scan.close();
    const again = await factory.open('unpacked', 10);
    await again.remove();
  });
});

describe('a scan that is opened', () => {
  const frames = (count: number) => ({
    values: Uint16Array.from({ length: count * 6 }, (_, at) => at),
    shape: [count, 2, 3],
  });

  async function opened(path: string): Promise<ScanSource> {
    const scan = await openScan(path);
    onTestFinished(() => scan.close());
    return scan;
  }

  it('gives views and bands of an NXtomo file, whatever stands between its views', async () => {
    const path = join(temporaryFolder(), 'scan.nxs');
    const column = (values: readonly number[]) => ({
      values: Float64Array.from(values),
      shape: [values.length],
    });
    await makeHdf5(path, {
      contents: {
        '/e/i/d/data': frames(6),
        '/e/i/d/image_key': { values: Int32Array.of(1, 0, 0, 2, 0, 1), shape: [6] },
        '/e/sample/rotation_angle': column([0, 0, 45, 0, 90, 0]),
      },
      classes: {
        '/e': 'NXentry',
        '/e/i': 'NXinstrument',
        '/e/i/d': 'NXdetector',
        '/e/sample': 'NXsample',
      },
    });
    const scan = await opened(path);
    const band = new Uint16Array(3 * 3);
    await scan.readRows(1, 1, band);
    expect([...band]).toEqual([9, 10, 11, 15, 16, 17, 27, 28, 29]);
    const one = new Uint16Array(6);
    await scan.readView(2, one);
    expect([...one]).toEqual([24, 25, 26, 27, 28, 29]);
    expect([...(scan.flatsAfterViews as number[])]).toEqual([0, 3]);
  });

  it('gives views and bands of a folder of TIFF images', async () => {
    const folder = temporaryFolder();
    const size = { rows: 2, columns: 3 };
    const pages = [0, 1, 2].map((page) =>
      Uint16Array.from({ length: 6 }, (_, at) => 10 * page + at),
    );
    writeFileSync(join(folder, 'raw_1.tif'), makeTiff({ ...size, pages: pages.slice(0, 2) }));
    writeFileSync(join(folder, 'raw_2.tif'), makeTiff({ ...size, pages: pages.slice(2) }));
    writeFileSync(join(folder, 'angles.txt'), '0\n60\n120\n');
    const scan = await opened(folder);
    const band = new Uint16Array(9);
    await scan.readRows(1, 1, band);
    expect([...band]).toEqual([3, 4, 5, 13, 14, 15, 23, 24, 25]);
    const one = new Uint16Array(6);
    await scan.readView(1, one);
    expect([...one]).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it('refuses floats among the counts of TIFF images', async () => {
    const folder = temporaryFolder();
    const size = { rows: 1, columns: 2 };
    writeFileSync(join(folder, 'raw_1.tif'), makeTiff({ ...size, pages: [Uint16Array.of(1, 2)] }));
    writeFileSync(join(folder, 'raw_2.tif'), makeTiff({ ...size, pages: [Float32Array.of(1, 2)] }));
    writeFileSync(join(folder, 'angles.txt'), '0\n90\n');
    const fault = await caughtFault(() => openScan(folder));
    expect(fault.message).toMatch(
      /raw_2\.tif: pixels are floats; expected counts like .*raw_1\.tif/,
    );
  });
});
