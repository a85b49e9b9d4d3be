import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReconstructionSummary, Volume } from '../../src/domain/scan.ts';
import { Hdf5File } from '../../src/formats/hdf5-file.ts';
import { NxtomoVolumeWriter, readVolume } from '../../src/formats/nxtomo-volume.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { makeHdf5 } from '../support/make-hdf5.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VOLUME: Volume = {
  slices: 3,
  rows: 4,
  columns: 5,
  voxels: Float32Array.from({ length: 60 }, (_, index) => Math.fround(index / 7 - 2)),
};
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
    expect(await readVolume(path)).toEqual(VOLUME);
  });

  it('may hold a single slice', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const single = { slices: 1, rows: 2, columns: 2, voxels: Float32Array.of(1, 2, 3, NaN) };
    await new NxtomoVolumeWriter().write(path, single, { ...SUMMARY, slices: 1 });
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
    expect((await readVolume(path)).voxels).toEqual(VOLUME.voxels);
  });

  it('written twice at the same time is whole', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'volume.h5');
    const writer = new NxtomoVolumeWriter();
    await Promise.all([1, 2, 3].map(() => writer.write(path, VOLUME, SUMMARY)));
    expect(readdirSync(folder)).toEqual(['volume.h5']);
    expect((await readVolume(path)).voxels).toEqual(VOLUME.voxels);
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

  it('is not begun for a volume that contradicts its sizes', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    const wrong = { ...VOLUME, slices: 4 };
    const fault = await caughtFault(() => new NxtomoVolumeWriter().write(path, wrong, SUMMARY));
    expect(fault.code).toBe('badInput');
    expect(existsSync(path)).toBe(false);
  });

  it('is refused on reading when the volume is missing, or of another type', async () => {
    const path = join(temporaryFolder(), 'volume.h5');
    await makeHdf5(path, { contents: { '/entry/title': { text: 'empty' } } });
    const missing = await caughtFault(() => readVolume(path));
    expect(missing.message).toContain('/entry/data/data: no such dataset');
    const counts = { values: Uint16Array.of(1, 2), shape: [1, 1, 2] };
    await makeHdf5(path, { contents: { '/entry/data/data': counts } });
    expect((await caughtFault(() => readVolume(path))).message).toContain('expected float32');
  });
});
