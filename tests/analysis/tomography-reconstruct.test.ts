import { describe, expect, it } from 'vitest';
import type { ScanData } from '../../src/domain/scan.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { compareSlices, phantomSlice, relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { reconstructed } from './memory-volume.ts';
import { ATTENUATION_PER_PIXEL, countedScan, FLAT_COUNTS } from './tomography-scan.ts';

const AUTO = { algorithm: 'gridding', axis: 'auto' } as const;

function refusing(scan: ScanData) {
  return expect((async () => reconstructed(scan, AUTO))()).rejects;
}

describe('reconstructing a scan', () => {
  const scan = countedScan({ rows: 3, columns: 128, views: 180, axisPixel: 66.2 });

  it.each([
    'gridding',
    'fbp',
  ] as const)('recovers attenuation per pixel by %s', async (algorithm) => {
    const done: number[] = [];
    const { voxels, summary } = await reconstructed(scan, {
      algorithm,
      axis: 'auto',
      onProgress: (fraction) => done.push(fraction),
    });
    expect(voxels).toHaveLength(3 * 128 ** 2);
    expect(summary).toMatchObject({ slices: 3, rows: 128, columns: 128, views: 180, algorithm });
    expect(Math.abs(summary.axisPixel - 66.2)).toBeLessThan(0.1);
    expect(summary.axisAgreed).toBe(true);
    expect(done.at(-1)).toBe(1);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    const truth = phantomSlice(128, 51.2).map((value) => value * ATTENUATION_PER_PIXEL);
    for (const slice of [0, 1, 2]) {
      const part = voxels.slice(slice * 128 ** 2, (slice + 1) * 128 ** 2);
      const { rmse, bias } = compareSlices(part, truth, 128);
      expect(rmse / ATTENUATION_PER_PIXEL).toBeLessThan(0.04);
      expect(Math.abs(bias) / ATTENUATION_PER_PIXEL).toBeLessThan(1e-3);
    }
  });

  it('uses the axis it is given', async () => {
    const { summary } = await reconstructed(scan, { algorithm: 'gridding', axis: 64.5 });
    expect(summary.axisPixel).toBe(64.5);
    const off = { algorithm: 'gridding', axis: 200 } as const;
    await expect(reconstructed(scan, off)).rejects.toThrow(
      /200 is not on the detector; expected 0 to 127/,
    );
  });

  it('takes floating-point counts as well', async () => {
    const floats = {
      ...scan,
      projections: Float32Array.from(scan.projections),
      flats: Float32Array.from(scan.flats),
      darks: Float32Array.from(scan.darks),
    };
    const options = { algorithm: 'gridding', axis: 66.2 } as const;
    const expected = (await reconstructed(scan, options)).voxels;
    const { voxels } = await reconstructed(floats, options);
    expect(relativeDifference(voxels, expected)).toBeLessThan(1e-6);
  });

  it('bridges dead pixels and a dead row without a NaN', async () => {
    const flats = scan.flats.slice();
    for (let at = 0; at < flats.length; at++) {
      const [row, column] = [Math.floor(at / 128) % 3, at % 128];
      if (row === 1 || column === 0 || column === 50 || column === 51) flats[at] = 0;
    }
    const { voxels } = await reconstructed({ ...scan, flats }, { ...AUTO, axis: 66.2 });
    expect(voxels.every(Number.isFinite)).toBe(true);
    const whole = (await reconstructed(scan, { ...AUTO, axis: 66.2 })).voxels;
    const first = voxels.slice(0, 128 ** 2);
    expect(relativeDifference(first, whole.subarray(0, 128 ** 2))).toBeLessThan(0.2);
    expect(voxels.slice(128 ** 2, 2 * 128 ** 2).every((value) => Math.abs(value) < 1e-6)).toBe(
      true,
    );
  });

  it.each([0, 65_535])('gives finite voxels when every projection pixel is %i', async (count) => {
    const projections = new Uint16Array(scan.projections.length).fill(count);
    const { voxels } = await reconstructed({ ...scan, projections }, AUTO);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });

  it('gives finite voxels when floating-point pixels are not numbers', async () => {
    const projections = Float32Array.from(scan.projections);
    projections.fill(Number.NaN, 1000, 1010);
    projections.fill(Number.POSITIVE_INFINITY, 9000, 9010);
    const { voxels } = await reconstructed({ ...scan, projections }, AUTO);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });

  it('reconstructs from the directions it has when the scan was cut short', async () => {
    const views = 120;
    const short = {
      ...scan,
      anglesRadian: scan.anglesRadian.slice(0, views),
      projections: scan.projections.slice(0, views * 3 * 128),
    };
    const { voxels, summary } = await reconstructed(short, AUTO);
    expect(summary.views).toBe(views);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });

  it('refuses a wrong number of angles and says both numbers', async () => {
    const anglesRadian = scan.anglesRadian.slice(0, 179);
    await refusing({ ...scan, anglesRadian }).toThrow(/angles: 179 angles for 180 projections/);
  });

  it('refuses a scan without views, with half a frame, or with an angle that is not a number', async () => {
    const none = { ...scan, projections: new Uint16Array(0), anglesRadian: new Float64Array(0) };
    await refusing(none).toThrow(/projections: the scan has none/);
    await refusing({ ...scan, projections: scan.projections.slice(1) }).toThrow(
      /not a whole number of frames/,
    );
    const anglesRadian = scan.anglesRadian.slice().fill(Number.NaN, 7, 8);
    await refusing({ ...scan, anglesRadian }).toThrow(/angle 8 is NaN/);
  });

  it('refuses missing flats and darks together, by name', async () => {
    const bare = { ...scan, flats: new Uint16Array(0), darks: new Uint16Array(0) };
    await refusing(bare).toThrow(
      /flat fields: the scan has none[\s\S]*dark fields: the scan has none/,
    );
    await refusing({ ...scan, flats: new Uint16Array(5) }).toThrow(
      /flat fields: 5 values are not a whole number/,
    );
  });

  it('refuses flats that show no beam', async () => {
    const flats = new Uint16Array(scan.flats.length);
    await refusing({ ...scan, flats }).toThrow(
      /flat fields: no pixel is brighter than in the dark fields/,
    );
    const darks = new Uint16Array(scan.darks.length).fill(FLAT_COUNTS);
    await refusing({ ...scan, darks }).toThrow(/no pixel is brighter/);
  });

  it('refuses detectors wider than the kernel', async () => {
    const wide = {
      ...scan,
      rows: 1,
      columns: 4097,
      projections: new Uint16Array(180 * 4097),
      flats: new Uint16Array(4097).fill(9),
      darks: new Uint16Array(4097),
    };
    await refusing(wide).toThrow(/4097 detector columns; slices are made of 2 to 4096/);
  });
});

describeWithData('measured scans', () => {
  it('give the same slice of the tooth by gridding and by back-projection', async () => {
    const tooth = await readScan(sharedData('tomo/tooth-row0.h5'));
    const sliceBy = async (algorithm: 'gridding' | 'fbp') =>
      smoothed((await reconstructed(tooth, { algorithm, axis: 295.9 })).voxels, 640);
    const { correlation, meanRatio } = agreement(
      await sliceBy('gridding'),
      await sliceBy('fbp'),
      640,
    );
    expect(correlation).toBeGreaterThan(0.9995);
    expect(Math.abs(meanRatio - 1)).toBeLessThan(1e-3);
  });

  it('of a rod, without a NaN', async () => {
    const rod = await readScan(sharedData('tomo/savu-rod'));
    const { voxels } = await reconstructed(rod, AUTO);
    expect(voxels).toHaveLength(135 * 160 ** 2);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });
});

/** Gaussian of one pixel's standard deviation, seven taps each way. */
function smoothed(slice: ArrayLike<number>, columns: number): Float64Array {
  const taps = [-3, -2, -1, 0, 1, 2, 3].map((d) => ({ d, weight: Math.exp(-(d * d) / 2) }));
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  const along = (values: ArrayLike<number>, step: number): Float64Array =>
    Float64Array.from({ length: values.length }, (_, at) =>
      taps.reduce((sum, { d, weight }) => sum + ((values[at + d * step] ?? 0) * weight) / total, 0),
    );
  return along(along(slice, 1), columns);
}

/** Inside 0.9 of the disc that every view sees. */
function agreement(a: ArrayLike<number>, b: ArrayLike<number>, columns: number) {
  const middle = (columns - 1) / 2;
  let [count, sumA, sumB, aa, ab, bb] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const radius = Math.hypot((at % columns) - middle, Math.floor(at / columns) - middle);
    if (radius > (0.9 * columns) / 2) continue;
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    count += 1;
    sumA += x;
    sumB += y;
    aa += x * x;
    ab += x * y;
    bb += y * y;
  }
  const covariance = ab - (sumA * sumB) / count;
  const correlation = covariance / Math.sqrt((aa - sumA ** 2 / count) * (bb - sumB ** 2 / count));
  return { correlation, meanRatio: sumA / sumB };
}
