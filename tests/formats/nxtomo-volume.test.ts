import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, File, ready } from 'h5wasm/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { ReconstructionSummary } from '../../src/domain/scan.ts';
import type { VolumeSource, Voxels } from '../../src/domain/volume.ts';
import { Hdf5File } from '../../src/formats/hdf5-file.ts';
import { NxtomoVolumeWriter, SLAB_BYTES_MAX } from '../../src/formats/nxtomo-volume.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { makeHdf5 } from '../support/make-hdf5.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { heldVolume, readVolume } from '../support/volumes.ts';

const SHAPE = {
  slices: 3,
  rows: 4,
  columns: 5,
  voxels: Float32Array.from({ length: 60 }, (_, index) => Math.fround(index / 7 - 2)),
};
const VOLUME = heldVolume(SHAPE);
const SUMMARY: ReconstructionSummary = {
  slices: 3,
  rows: 4,
  columns: 5,
  views: 91,
  axisPixel: 85.75,
  axisAgreed: true,
  algorithm: 'gridding',
  durationMs: 12.5,
};

describe('a volume file', () => {
  it('gives back every voxel', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    await new NxtomoVolumeWriter().write(path, VOLUME, SUMMARY);
    expect(await readVolume(path)).toEqual(SHAPE);
  });

  it('may hold a single slice', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const single = { slices: 1, rows: 2, columns: 2, voxels: Float32Array.of(1, 2, 3, NaN) };
    await new NxtomoVolumeWriter().write(path, heldVolume(single), { ...SUMMARY, slices: 1 });
    expect(await readVolume(path)).toEqual(single);
  });

  it('says what it is as NeXus, its unit and how it was made', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    await new NxtomoVolumeWriter().write(path, VOLUME, SUMMARY);
    await Hdf5File.read(path, async (file) => {
      expect(await file.attribute('/', 'default')).toBe('entry');
      expect(await file.attribute('/entry', 'NX_class')).toBe('NXentry');
      expect(await file.attribute('/entry/data', 'NX_class')).toBe('NXdata');
      expect(await file.attribute('/entry/data', 'signal')).toBe('data');
      expect(await file.attribute('/entry/data', 'axes')).toBe('slice');
      const data = await file.dataset('/entry/data/data');
      expect(data.shape).toEqual([3, 4, 5]);
      expect(data.attribute('units')).toBe('1/pixel');
      for (const axis of ['slice', 'row', 'column']) {
        expect((await file.dataset(`/entry/data/${axis}`)).numbers()[1]).toBe(1);
      }
      const made = (name: string) => file.dataset(`/entry/reconstruction/${name}`);
      expect((await made('algorithm')).text()).toBe('gridding');
      expect((await made('axis_pixel')).numbers()).toEqual(Float64Array.of(85.75));
      expect((await made('axis_pixel')).attribute('units')).toBe('pixel');
      expect((await made('views')).numbers()).toEqual(Float64Array.of(91));
      expect((await made('axis_agreed')).numbers()).toEqual(Float64Array.of(1));
    });
  });

  it('replaces an older one as a whole and leaves nothing else in the folder', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'volume.h5');
    writeFileSync(path, 'older');
    const writer = new NxtomoVolumeWriter();
    await writer.write(path, VOLUME, SUMMARY);
    await writer.write(path, VOLUME, SUMMARY);
    expect(readdirSync(folder)).toEqual(['volume.h5']);
    expect((await readVolume(path)).voxels).toEqual(SHAPE.voxels);
  });

  it('written twice at the same time is whole', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'volume.h5');
    const writer = new NxtomoVolumeWriter();
    await Promise.all([1, 2, 3].map(() => writer.write(path, VOLUME, SUMMARY)));
    expect(readdirSync(folder)).toEqual(['volume.h5']);
    expect((await readVolume(path)).voxels).toEqual(SHAPE.voxels);
  });

  it('is refused in a folder that is not there', async () => {
    const path = join(temporaryFolder(), 'nowhere', 'volume.h5');
    const fault = await caughtFault(() => new NxtomoVolumeWriter().write(path, VOLUME, SUMMARY));
    expect(fault.code).toBe('fileMissing');
    expect(fault.message).toContain('nowhere');
  });

  it('cannot take the name of a folder, which stays as it is', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'volume.h5');
    mkdirSync(join(path, 'kept'), { recursive: true });
    const fault = await caughtFault(() => new NxtomoVolumeWriter().write(path, VOLUME, SUMMARY));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain(path);
    expect(readdirSync(folder)).toEqual(['volume.h5']);
  });

  it('says why when the folder takes no files', async () => {
    const fault = await caughtFault(() =>
      new NxtomoVolumeWriter().write('/proc/volume.h5', VOLUME, SUMMARY),
    );
    expect(fault.code).toBe('storage');
    expect(fault.message).toMatch(/^\/proc\/volume\.h5: cannot be written: HDF5 library: \w.*$/);
  });

  it('leaves nothing behind when its name is too long', async () => {
    const folder = temporaryFolder();
    const path = join(folder, `${'x'.repeat(300)}.h5`);
    const fault = await caughtFault(() => new NxtomoVolumeWriter().write(path, VOLUME, SUMMARY));
    expect([fault.code, /ENAMETOOLONG/.test(fault.message)]).toEqual(['storage', true]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not begun for a volume without voxels', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const wrong = { ...VOLUME, slices: 0 };
    const fault = await caughtFault(() => new NxtomoVolumeWriter().write(path, wrong, SUMMARY));
    expect(fault.code).toBe('badInput');
    expect(existsSync(path)).toBe(false);
  });

  it('leaves nothing behind when the volume cannot be read to its end', async () => {
    const folder = temporaryFolder();
    const slices = 3 * Math.ceil(SLAB_BYTES_MAX / 2 ** 20);
    const failing: VolumeSource = {
      ...heldVolume({ slices, rows: 1024, columns: 1024, voxels: new Uint8Array(0) }),
      readSlices: async (first, count) => {
        if (first > 0) throw new Fault('storage', { where: 'v', message: 'slice 40 is damaged' });
        return new Uint8Array(count * 2 ** 20);
      },
    };
    const writer = new NxtomoVolumeWriter();
    const fault = await caughtFault(() => writer.write(join(folder, 'v.h5'), failing, SUMMARY));
    expect([fault.code, fault.message]).toEqual([
      'storage',
      `${join(folder, 'v.h5')}: cannot be written: slice 40 is damaged`,
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused before it is begun when the disk has no room for it', async () => {
    const folder = temporaryFolder();
    const vast = { ...VOLUME, slices: 2 ** 20, rows: 2 ** 16, columns: 2 ** 16 };
    const writer = new NxtomoVolumeWriter();
    const fault = await caughtFault(() => writer.write(join(folder, 'v.h5'), vast, SUMMARY));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain(`it needs ${2 ** 54} bytes, but`);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('tells every thing that was done to the scan, with units', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const summary: ReconstructionSummary = {
      ...SUMMARY,
      voxelsClipped: 2 ** 33,
      conditioning: {
        viewsLost: 1,
        viewsRepeated: 2,
        viewsSaturated: 3,
        zingers: 4,
        stripeRemoval: 'sort',
        stripedColumns: 5,
        stripeFraction: 0.125,
        flatMoments: 6,
        beamNormalised: true,
        phaseAreaPixel: 7.5,
        edgesExtended: false,
      },
    };
    await new NxtomoVolumeWriter().write(path, VOLUME, summary);
    await Hdf5File.read(path, async (file) => {
      const made = (name: string) => file.dataset(`/entry/reconstruction/${name}`);
      const numbers = {
        views_lost: 1,
        views_repeated: 2,
        views_saturated: 3,
        zingers: 4,
        striped_columns: 5,
        stripe_fraction: 0.125,
        flat_moments: 6,
        beam_normalised: 1,
        phase_area: 7.5,
        edges_extended: 0,
        voxels_clipped: 2 ** 33,
      };
      for (const [name, value] of Object.entries(numbers)) {
        expect([name, ...(await made(name)).numbers()]).toEqual([name, value]);
        expect((await made(name)).attribute('long_name')).toMatch(/\w/);
      }
      expect((await made('stripe_removal')).text()).toBe('sort');
      expect((await made('phase_area')).attribute('units')).toBe('pixel^2');
      expect((await made('stripe_fraction')).attribute('units')).toBe('1');
    });
  });

  it('has doubles for measures, also where they happen to be whole', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const scale = { type: 'uint8', offset: 0, step: 1 } as const;
    const volume = heldVolume({ slices: 1, rows: 1, columns: 1, voxels: Uint8Array.of(3), scale });
    await new NxtomoVolumeWriter().write(path, volume, { ...SUMMARY, axisPixel: 296 });
    await ready;
    const file = new File(path, 'r');
    onTestFinished(() => void file.close());
    const data = file.get('/entry/data/data') as Dataset;
    const axis = file.get('/entry/reconstruction/axis_pixel') as Dataset;
    const dtypes = [data.attrs.scale_factor?.dtype, data.attrs.add_offset?.dtype, axis.dtype];
    expect(dtypes).toEqual(['<d', '<d', '<d']);
  });
});

describe('a volume in whole numbers', () => {
  const cases: readonly (readonly [Voxels, number, number])[] = [
    [Uint8Array.of(0, 1, 254, 255), -0.25, 1 / 512],
    [Uint16Array.of(0, 1, 65_534, 65_535), 1e-3, 3e-7],
  ];

  it.each(
    cases,
  )('is stored as it is, with the scale that makes it attenuation', async (voxels, offset, step) => {
    const path = join(temporaryFolder(), 'volume.h5');
    const type = voxels instanceof Uint8Array ? 'uint8' : 'uint16';
    const shape = { slices: 2, rows: 1, columns: 2 };
    const scale = { type, offset, step } as const;
    await new NxtomoVolumeWriter().write(path, heldVolume({ ...shape, voxels, scale }), SUMMARY);
    const read = await openVolume(path);
    expect(read).toMatchObject({ ...shape, scale });
    expect(await read.readSlices(0, 2)).toEqual(voxels);
    expect(await read.readSlices(1, 1)).toEqual(voxels.slice(2));
    await read.close();
    await Hdf5File.read(path, async (file) => {
      const data = await file.dataset('/entry/data/data');
      expect([data.attributeNumber('scale_factor'), data.attributeNumber('add_offset')]).toEqual([
        step,
        offset,
      ]);
      expect(data.attribute('long_name')).toBe(
        'attenuation coefficient = add_offset + scale_factor * stored value',
      );
      expect(data.attribute('units')).toBe('1/pixel');
    });
  });

  it('of many slabs comes back slice by slice', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const shape = { slices: 70, rows: 1024, columns: 1024 };
    const voxels = new Uint8Array(70 * 2 ** 20);
    for (let slice = 0; slice < 70; slice += 1) {
      voxels.fill(slice, slice * 2 ** 20, (slice + 1) * 2 ** 20 - 1);
    }
    const source = heldVolume({ ...shape, voxels });
    await new NxtomoVolumeWriter().write(path, source, SUMMARY);
    expect(source.voxelsReadAtOnce).toBe(SLAB_BYTES_MAX);
    const read = await openVolume(path);
    for (const [first, count] of [
      [0, 1],
      [31, 2],
      [69, 1],
      [0, 70],
    ] as const) {
      const expected = voxels.subarray(first * 2 ** 20, (first + count) * 2 ** 20);
      const found = await read.readSlices(first, count);
      expect(Buffer.compare(Uint8Array.from(found), expected)).toBe(0);
    }
    await read.close();
  });
});

describe('reading a volume', () => {
  const PATH = '/entry/data/data';

  it('takes any three-dimensional dataset at its place, counts meaning themselves', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    await makeHdf5(path, {
      contents: { [PATH]: { values: Uint16Array.of(1, 2), shape: [1, 1, 2] } },
    });
    expect((await readVolume(path)).voxels).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    ['nothing there', { '/entry/title': { text: 'empty' } }, 'no such dataset'],
    ['a picture', { [PATH]: { values: Uint8Array.of(1), shape: [1, 1] } }, 'has shape [1, 1]'],
    [
      'signed numbers',
      { [PATH]: { values: Int32Array.of(1), shape: [1, 1, 1] } },
      'expected float32, uint16 or uint8',
    ],
    [
      'doubles',
      { [PATH]: { values: Float64Array.of(1), shape: [1, 1, 1] } },
      'expected float32, uint16 or uint8',
    ],
  ])('refuses %s', async (_, contents, message) => {
    const path = join(temporaryFolder(), 'volume.h5');
    await makeHdf5(path, { contents });
    const fault = await caughtFault(() => openVolume(path));
    expect([fault.code, fault.message.includes(message)]).toEqual(['fileFormat', true]);
  });

  it('refuses a scale that is none', async () => {
    for (const [offset, step] of [
      [0, 0],
      [Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      const path = join(temporaryFolder(), 'volume.h5');
      const scale = { type: 'uint8', offset, step } as const;
      const voxels = Uint8Array.of(1);
      const volume = heldVolume({ slices: 1, rows: 1, columns: 1, voxels, scale });
      await new NxtomoVolumeWriter().write(path, volume, SUMMARY);
      expect((await caughtFault(() => openVolume(path))).message).toContain(
        'expected finite numbers',
      );
    }
  });
});
