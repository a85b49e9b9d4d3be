import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readScan } from '../../src/formats/read-scan.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { type Hdf5Content, makeHdf5 } from '../support/make-hdf5.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Contents = Record<string, Hdf5Content>;

function frames(count: number, first = 0): Hdf5Content {
  const values = Uint16Array.from({ length: count * 6 }, (_, index) => first + index);
  return { values, shape: [count, 2, 3] };
}

function column(values: readonly number[]): Hdf5Content {
  return { values: Float64Array.from(values), shape: [values.length] };
}

const EXCHANGE: Contents = {
  '/exchange/data': frames(2),
  '/exchange/data_white': frames(3, 100),
  '/exchange/data_dark': frames(1, 200),
  '/exchange/theta': column([0, 90]),
};

const CLASSES = {
  '/entry1': 'NXentry',
  '/entry1/tomo_entry': 'NXsubentry',
  '/entry1/tomo_entry/instrument': 'NXinstrument',
  '/entry1/tomo_entry/instrument/detector': 'NXdetector',
  '/entry1/tomo_entry/sample': 'NXsample',
};
const TOMO = '/entry1/tomo_entry';

const NXTOMO: Contents = {
  [`${TOMO}/definition`]: { text: 'NXtomo' },
  [`${TOMO}/instrument/detector/data`]: frames(6),
  [`${TOMO}/instrument/detector/image_key`]: {
    values: Int32Array.of(1, 2, 0, 3, 0, 1),
    shape: [6],
  },
  [`${TOMO}/sample/rotation_angle`]: column([0, 0, 0, 45, 90, 90]),
};

async function read(contents: Contents, classes: Record<string, string> = {}) {
  const file = join(temporaryFolder(), 'scan.h5');
  await makeHdf5(file, { contents, classes });
  return readScan(file);
}

async function problemOf(contents: Contents, classes: Record<string, string> = {}) {
  const fault = await caughtFault(() => read(contents, classes));
  expect(fault.message).not.toContain('HDF5-DIAG');
  return fault;
}

describe('a Data Exchange file', () => {
  it('has views, flats, darks and angles in degrees', async () => {
    expect(await read(EXCHANGE)).toEqual({
      rows: 2,
      columns: 3,
      anglesRadian: Float64Array.of(0, Math.PI / 2),
      projections: Uint16Array.from({ length: 12 }, (_, index) => index),
      flats: Uint16Array.from({ length: 18 }, (_, index) => 100 + index),
      darks: Uint16Array.from({ length: 6 }, (_, index) => 200 + index),
    });
  });

  it('may give its angles in radian, and leave out flats and darks', async () => {
    const scan = await read({
      '/exchange/data': { values: Float32Array.of(0.5, 1.5), shape: [1, 1, 2] },
      '/exchange/theta': { values: Float64Array.of(1.25), shape: [1], units: 'rad' },
    });
    expect(scan.anglesRadian).toEqual(Float64Array.of(1.25));
    expect(scan.projections).toEqual(Float32Array.of(0.5, 1.5));
    expect([scan.flats.length, scan.darks.length]).toEqual([0, 0]);
  });

  it.each([
    ['without data', '/exchange/data', undefined, '/exchange/data: no such dataset'],
    ['without angles', '/exchange/theta', undefined, '/exchange/theta: no such dataset'],
    ['with an angle too many', '/exchange/theta', column([0, 1, 2]), '3 angles for 2 views'],
    ['with an angle that is no number', '/exchange/theta', column([0, NaN]), 'angle 2 is NaN'],
    [
      'with angles in another unit',
      '/exchange/theta',
      { values: Float64Array.of(0, 1), shape: [2], units: 'mm' },
      'angles are in "mm"',
    ],
    [
      'with a table of angles',
      '/exchange/theta',
      { values: Float64Array.of(0, 1), shape: [2, 1] },
      'has shape [2, 1]; expected one dimension',
    ],
    [
      'with a flat picture',
      '/exchange/data',
      { values: Uint16Array.of(1, 2), shape: [1, 2] },
      'has shape [1, 2]; expected [frames, rows, columns]',
    ],
    [
      'with flats of another size',
      '/exchange/data_white',
      { values: Uint16Array.of(1, 2), shape: [1, 1, 2] },
      'frames of 1 × 2 pixels; expected 2 × 3',
    ],
    [
      'with text for angles',
      '/exchange/theta',
      { text: 'none' },
      '/exchange/theta: values of HDF5 class 3',
    ],
    ['with a group for data', '/exchange/data/inner', frames(2), '/exchange/data: no such dataset'],
  ] as const)('is refused %s', async (_, path, content, message) => {
    const contents: Contents = { ...EXCHANGE };
    if (!path.startsWith('/exchange/data/')) delete contents[path];
    else delete contents['/exchange/data'];
    if (content) contents[path] = content;
    const fault = await problemOf(contents);
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(message);
  });
});

describe('an NXtomo file', () => {
  it('is sorted into views, flats and darks by its image keys', async () => {
    const scan = await read(NXTOMO, CLASSES);
    expect(scan.anglesRadian).toEqual(Float64Array.of(0, Math.PI / 2));
    expect(scan.projections).toEqual(
      Uint16Array.from([12, 13, 14, 15, 16, 17, 24, 25, 26, 27, 28, 29]),
    );
    expect(scan.flats).toEqual(Uint16Array.from([0, 1, 2, 3, 4, 5, 30, 31, 32, 33, 34, 35]));
    expect(scan.darks).toEqual(Uint16Array.from([6, 7, 8, 9, 10, 11]));
  });

  it('is found by its definition among other entries with detectors', async () => {
    const contents: Contents = {
      ...NXTOMO,
      '/a/instrument/camera/data': frames(1),
      '/a/instrument/camera/image_key': { values: Int32Array.of(0), shape: [1] },
    };
    const classes = {
      ...CLASSES,
      '/a': 'NXentry',
      '/a/instrument': 'NXinstrument',
      '/a/instrument/camera': 'NXdetector',
    };
    expect((await read(contents, classes)).projections).toHaveLength(12);
    delete contents[`${TOMO}/definition`];
    expect((await problemOf(contents, classes)).message).toContain('2 detectors with frames');
  });

  it('is read through soft links, and external links to the place named or beside the file', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    await makeHdf5(join(folder, 'frames.h5'), { contents: { '/raw/stack': frames(6) } });
    await makeHdf5(join(folder, 'sub/angles.h5'), {
      contents: { '/angle': column([0, 0, 0, 45, 90, 90]) },
    });
    const contents: Contents = {
      ...NXTOMO,
      '/linked': { linkFile: 'elsewhere/frames.h5', linkPath: '/raw' },
      [`${TOMO}/left_behind`]: { linkFile: 'gone.h5', linkPath: '/a' },
      [`${TOMO}/instrument/left_behind`]: { softLink: `${TOMO}/left_behind` },
      [`${TOMO}/instrument/dangling`]: { softLink: '/nowhere' },
      [`${TOMO}/instrument/detector/data`]: { softLink: '/linked/stack' },
      [`${TOMO}/sample/rotation_angle`]: { linkFile: 'sub/angles.h5', linkPath: '/angle' },
    };
    const file = join(folder, 'scan.nxs');
    await makeHdf5(file, { contents, classes: CLASSES });
    const scan = await readScan(file);
    expect(scan.projections).toHaveLength(12);
    expect(scan.anglesRadian).toHaveLength(2);
  });

  it('is refused when a linked file is not there, naming where it was looked for', async () => {
    const fault = await problemOf(
      {
        ...NXTOMO,
        [`${TOMO}/instrument/detector/data`]: { linkFile: 'sub/gone.h5', linkPath: '/a' },
      },
      CLASSES,
    );
    expect(fault.code).toBe('fileMissing');
    expect(fault.message).toMatch(
      /links to a file that is not there.*sub\/gone\.h5 and .*gone\.h5/,
    );
  });

  it('is refused when its links go round in a circle', async () => {
    const fault = await problemOf(
      {
        ...NXTOMO,
        [`${TOMO}/instrument/detector/data`]: {
          linkFile: 'scan.h5',
          linkPath: `${TOMO}/instrument/detector/data`,
        },
      },
      CLASSES,
    );
    expect(fault.message).toContain('more than 8 links in a chain');
  });

  it.each([
    [
      'with too few keys',
      'instrument/detector/image_key',
      { values: Int32Array.of(0, 0), shape: [2] },
      '2 image keys for 6 frames',
    ],
    [
      'with an unknown key',
      'instrument/detector/image_key',
      { values: Int32Array.of(0, 0, 7, 0, 0, 0), shape: [6] },
      'frame 3 has image key 7',
    ],
    [
      'without projections',
      'instrument/detector/image_key',
      { values: Int32Array.of(1, 1, 1, 2, 2, 2), shape: [6] },
      'no frame has image key 0',
    ],
    ['with too few angles', 'sample/rotation_angle', column([0, 1, 2]), '3 angles for 6 frames'],
    [
      'without angles',
      'sample/rotation_angle',
      undefined,
      'sample/rotation_angle: no such dataset',
    ],
    [
      'without frames',
      'instrument/detector/data',
      undefined,
      '0 detectors with frames and image keys',
    ],
  ] as const)('is refused %s', async (_, name, content, message) => {
    const contents: Contents = { ...NXTOMO };
    delete contents[`${TOMO}/${name}`];
    if (content) contents[`${TOMO}/${name}`] = content;
    const fault = await problemOf(contents, CLASSES);
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(message);
  });
});

describe('commanded angles of a GDA scan request', () => {
  const request = (...models: object[]) => ({
    text: JSON.stringify({ compoundModel: { models: [{ models }] } }),
  });
  const withRequest = (content: Hdf5Content): Contents => {
    const contents: Contents = { ...NXTOMO, [`${TOMO}/diamond_scan/scan_request`]: content };
    delete contents[`${TOMO}/sample/rotation_angle`];
    return contents;
  };

  it('stand in where no angle was read back', async () => {
    const scan = await read(
      withRequest(
        request(
          { name: 'theta', start: 5, stop: 5, points: 2 },
          { name: 'theta', start: 90, stop: 0, step: 30 },
        ),
      ),
      CLASSES,
    );
    const degrees = Array.from(scan.anglesRadian, (angle) => Math.round((angle * 180) / Math.PI));
    expect(degrees).toEqual([90, 30]);
  });

  it.each([
    [
      'another number of frames',
      request({ name: 'theta', start: 0, stop: 3, points: 4 }),
      '4 positions for 6 frames',
    ],
    [
      'endless steps',
      request({ name: 'theta', start: 0, stop: 1e12, step: 1e-9 }),
      'positions for 6 frames',
    ],
    [
      'two axes',
      request(
        { name: 'x', start: 0, stop: 3, points: 3 },
        { name: 'y', start: 0, stop: 3, points: 3 },
      ),
      'rotation_angle: no such dataset',
    ],
    ['no JSON', { text: 'scan all' }, 'not the JSON text'],
  ] as const)('are refused for %s', async (_, content, message) => {
    const fault = await problemOf(withRequest(content), CLASSES);
    expect(fault.message).toContain(message);
  });
});

describe('a damaged HDF5 file', () => {
  it('is refused when it is cut in half, with both lengths', async () => {
    const file = join(temporaryFolder(), 'scan.h5');
    await makeHdf5(file, { contents: EXCHANGE });
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    const fault = await caughtFault(() => readScan(file));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toBe(
      `${file}: is cut short: holds ${Math.floor(bytes.length / 2)} bytes, expected ${bytes.length}`,
    );
  });

  it('answers damage anywhere with a fault or a scan, and prints nothing', async () => {
    const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log')];
    const file = join(temporaryFolder(), 'scan.h5');
    await makeHdf5(file, { contents: EXCHANGE });
    const good = readFileSync(file);
    for (let at = 8; at < good.length; at += 37) {
      const bytes = Buffer.from(good);
      bytes.fill(0xa5, at, at + 16);
      const damaged = join(temporaryFolder(), `${at}.h5`);
      writeFileSync(damaged, bytes);
      await readScan(damaged).catch((error) => {
        expect(error.name).toBe('Fault');
        expect(error.message).not.toContain('HDF5-DIAG');
      });
    }
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('leaves the library able to read the next file', async () => {
    const file = join(temporaryFolder(), 'scan.h5');
    writeFileSync(file, Buffer.concat([Buffer.from('894844460d0a1a0a', 'hex'), Buffer.alloc(200)]));
    await caughtFault(() => readScan(file));
    expect((await read(EXCHANGE)).projections).toHaveLength(12);
  });

  it('is refused when it is another kind of file', async () => {
    const file = join(temporaryFolder(), 'scan.h5');
    writeFileSync(file, 'hello, this is text');
    const fault = await caughtFault(() => readScan(file));
    expect(fault.message).toContain('no known format: expected an HDF5 file');
  });
});

describeWithData('HDF5 scans that other people measured', () => {
  it('reads the tooth in Data Exchange layout', async () => {
    const scan = await readScan(sharedData('tomo/tooth-row0.h5'));
    expect([scan.rows, scan.columns, scan.anglesRadian.length]).toEqual([1, 640, 181]);
    expect(scan.anglesRadian[1]).toBeCloseTo((0.994475138121547 * Math.PI) / 180, 12);
    expect([...scan.projections.slice(0, 2)]).toEqual([26963.25, 28432.75]);
    expect([scan.flats.length / 640, scan.darks.length / 640]).toEqual([10, 10]);
  });

  it('reads a stream of 3201 frames through its external link', async () => {
    const scan = await readScan(sharedData('tomo/k11-18014.nxs'));
    const frame = 22 * 26;
    expect([scan.rows, scan.columns]).toEqual([22, 26]);
    expect(scan.projections.length / frame).toBe(3001);
    expect([scan.flats.length / frame, scan.darks.length / frame]).toEqual([100, 100]);
    expect(scan.anglesRadian).toHaveLength(3001);
    expect(scan.anglesRadian[0]).toBeCloseTo(Math.PI / 2, 12);
    expect(scan.anglesRadian[3000]).toBeCloseTo(1.5 * Math.PI, 9);
    const mean = (pixels: ArrayLike<number>) =>
      Array.from(pixels).reduce((sum, value) => sum + value, 0) / pixels.length;
    expect(mean(scan.flats)).toBeGreaterThan(mean(scan.projections));
    expect(mean(scan.projections)).toBeGreaterThan(mean(scan.darks));
  });

  it('refuses the tooth when it is cut in half', async () => {
    const file = join(temporaryFolder(), 'half.h5');
    writeFileSync(file, readFileSync(sharedData('tomo/tooth-row0.h5')).subarray(0, 172_230));
    const fault = await caughtFault(() => readScan(file));
    expect(fault.message).toContain('is cut short: holds 172230 bytes, expected 344461');
  });

  it('refuses a file of frames that says nothing of a scan', async () => {
    const fault = await caughtFault(() => readScan(sharedData('tomo/k11-18014-imaging.h5')));
    expect(fault.message).toContain('expected one NXtomo scan');
  });
});
