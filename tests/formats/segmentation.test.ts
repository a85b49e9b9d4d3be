import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Segmentation } from '../../src/domain/segmentation.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { encodePng } from '../../src/formats/png.ts';
import { parseInterface, parseSeries, seriesText } from '../../src/formats/segmentation-json.ts';
import { LabelVolumeWriter } from '../../src/formats/segmentation-labels.ts';
import { MiddlePlanes, segmentationPicture } from '../../src/formats/segmentation-picture.ts';
import { segmentationSvg } from '../../src/formats/segmentation-svg.ts';
import { componentsCsv, porosityCsv } from '../../src/formats/segmentation-table.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const threshold = {
  origin: 'otsu',
  valuePerPixel: 0.005,
  sigmaPerPixel: 0.0001,
  voidBelowPerPixel: null,
  separability: 0.9,
  curve: [0, 0.4, 0.9, 0.2],
  histogram: { offsetPerPixel: 0, stepPerPixel: 0.0025, counts: [3, 10, 0, 40] },
} as const;

const segmentation: Segmentation = {
  where: 'a & b.h5',
  slices: 10,
  rows: 8,
  columns: 8,
  voxelSizeMetre: 2e-6,
  maskVoxels: 53,
  threshold,
  phases: [],
  tables: [
    {
      label: 'void',
      listed: [
        {
          voxels: 12,
          centroidColumn: 3.25,
          centroidRow: 4,
          centroidSlice: 5,
          bounds: [2, 4, 3, 5, 4, 6],
          touchesBorder: true,
          depthVoxel: null,
        },
      ],
      components: 4,
      voxels: 15,
      unlisted: 3,
      sizes: [{ exponent: 0, components: 3, voxels: 3 }],
    },
  ],
  interface: {
    face: 'top',
    coefficients: [4, 0.1, 0],
    centreColumn: 3.5,
    centreRow: 3.5,
    halfVoxel: 4,
    roughnessVoxel: 0.3,
    outlierFraction: 0,
  },
  porosity: [
    {
      depthFromVoxel: 0,
      depthToVoxel: 10,
      depthFromMetre: 0,
      depthToMetre: 20e-6,
      voidVoxels: 12,
      voxels: 48,
      fraction: 0.25,
      countingSigma: 0.25,
      thresholdLow: 0.2,
      thresholdHigh: 0.3,
      voids: 1,
    },
  ],
  protrusion: null,
  remarks: [],
};

describe('tables of a segmentation', () => {
  it('have one line per void, empty where nothing is known', () => {
    const [header = '', line = '', ...rest] = componentsCsv(segmentation).split('\n');
    expect(rest).toEqual(['']);
    expect(line).toBe('void,12,9.6e-17,3.25,4,5,2,4,3,5,4,6,1,,');
    expect(line.split(',')).toHaveLength(header.split(',').length);
  });

  it('have one line per depth', () => {
    const [header = '', line = ''] = porosityCsv(segmentation.porosity).split('\n');
    expect(line).toBe('0,10,0,0.00002,0.25,0.25,0.2,0.3,12,48,1');
    expect(line.split(',')).toHaveLength(header.split(',').length);
  });
});

describe('JSON of a segmentation', () => {
  it('brings a series and an interface back as they were', () => {
    const series = { scans: 3, threshold };
    expect(parseSeries(seriesText(series), 's.json')).toEqual(series);
    expect(parseInterface(JSON.stringify(segmentation), 'r.json')).toEqual(segmentation.interface);
  });

  it.each([
    ['not JSON', /s\.json: is no JSON file/],
    ['{"kind":"segmentationSeries","scans":0}', /s\.json: scans[\s\S]*s\.json: threshold/],
    [JSON.stringify({ scans: 1, threshold }), /s\.json: kind/],
  ])('refuses %s, naming what is wrong', (text, message) => {
    expect(() => parseSeries(text, 's.json')).toThrow(message);
  });

  it('refuses a result without an interface', () => {
    const text = JSON.stringify({ ...segmentation, interface: null });
    expect(() => parseInterface(text, 'r.json')).toThrow(/r\.json: interface/);
  });
});

describe('pictures of a segmentation', () => {
  it('outline phases in colour, and leave the rest grey', () => {
    const shape = { slices: 6, rows: 8, columns: 10 };
    const [grey, labels] = [new MiddlePlanes(shape), new MiddlePlanes(shape)];
    const count = 6 * 8 * 10;
    grey.add(
      0,
      Float32Array.from({ length: count }, (_, at) => at % 17),
    );
    // A void of 4 x 4 pixels in the solid, in every slice.
    labels.add(
      0,
      Uint8Array.from({ length: count }, (_, at) => {
        const [x, y] = [at % 10, Math.floor(at / 10) % 8];
        return x >= 3 && x < 7 && y >= 2 && y < 6 ? 1 : 2;
      }),
    );
    const image = segmentationPicture(grey, labels);
    const pixel = (row: number, column: number) =>
      image.pixels[(8 + row) * image.columns + 8 + column];
    const rim = [pixel(2, 3), pixel(2, 6), pixel(5, 3), pixel(4, 6)];
    expect(rim).toEqual([252, 252, 252, 252]);
    expect(pixel(3, 4)).toBeLessThan(252);
    expect(pixel(2, 2)).toBeLessThan(252);
    expect(Array.from(image.palette?.subarray(3 * 252, 3 * 253) ?? [])).toEqual([213, 94, 0]);
    const png = Buffer.from(encodePng(image));
    expect(png[25]).toBe(3);
    expect(png.toString('latin1', 37, 41)).toBe('PLTE');
    const at = png.indexOf('IDAT');
    const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect(lines.length).toBe(image.rows * (image.columns + 1));
  });

  it('refuse a palette of the wrong length', () => {
    const image = { rows: 1, columns: 1, pixels: new Uint8Array(1), palette: new Uint8Array(3) };
    expect(() => encodePng(image)).toThrow(/a palette of 3 bytes; expected 768/);
  });

  it('show porosity with its errors, and escape the name of the file', () => {
    const svg = segmentationSvg(segmentation);
    expect(svg).toContain('a &amp; b.h5');
    expect(svg).toContain('depth (µm)');
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(segmentationSvg({ ...segmentation, porosity: [], voxelSizeMetre: null })).not.toMatch(
      /NaN/,
    );
  });
});

describe('a label volume', () => {
  const shape = { slices: 4, rows: 3, columns: 5 };

  it('comes back as it was written, slices in any order', async () => {
    const path = join(temporaryFolder(), 'labels.h5');
    const writer = new LabelVolumeWriter(path, shape);
    await writer.start();
    const labels = Uint8Array.from({ length: 60 }, (_, at) => at % 5);
    writer.write(2, labels.subarray(30));
    writer.write(0, labels.subarray(0, 30));
    await writer.finish();
    const volume = await openVolume(path);
    expect(await volume.readSlices(0, 4)).toEqual(labels);
    await volume.close();
  });

  it('leaves nothing behind when it is given up, and needs its folder', async () => {
    const folder = temporaryFolder();
    const writer = new LabelVolumeWriter(join(folder, 'labels.h5'), shape);
    await writer.start();
    writer.write(0, new Uint8Array(15));
    await writer.stop();
    await writer.stop();
    expect(readdirSync(folder)).toEqual([]);
    const nowhere = new LabelVolumeWriter(join(folder, 'no', 'labels.h5'), shape);
    await expect(nowhere.start()).rejects.toThrow(/no/);
  });
});
