import { describe, expect, it } from 'vitest';
import type { LivePlane, LiveSlice } from '../../src/domain/scan.ts';
import { makePictures, PICTURE_SIZE_MAX } from '../../src/panel/picture.ts';
import { PictureSource } from '../../src/panel/picture-source.ts';
import { decodePictures, encodePictures, type Picture } from '../../src/panel/protocol.ts';

function slice(
  size: { readonly rows: number; readonly columns: number },
  value: (at: number) => number,
  plane: LivePlane = 'horizontal',
): LiveSlice {
  return {
    scanId: 'scan-1',
    plane,
    geometry: { centrePixel: [0, 0, 4], alongUnit: [1, 0, 0], downUnit: [0, 1, 0] },
    mode: 'fillIn',
    viewsDone: 3,
    viewsTotal: 10,
    coverageFraction: 0.3,
    seen: [{ fromRadian: 0, toRadian: 1 }],
    ...size,
    binning: 2,
    pixelSizeUm: 2.5,
    latencyMs: 7,
    pixels: Float32Array.from({ length: size.rows * size.columns }, (_, at) => value(at)),
  };
}

const square = (size: number) => ({ rows: size, columns: size });

function pictureOf(source: LiveSlice): Picture {
  const [picture] = makePictures([source]);
  if (!picture) throw new Error('no picture');
  return picture;
}

describe('a picture of a slice', () => {
  it('keeps each value to half a grey step, and says what the greys stand for', () => {
    const source = slice({ rows: 40, columns: 64 }, (at) => Math.sin(at / 9) * 0.02);
    const { header, pixels } = pictureOf(source);
    const step = (header.valueMax - header.valueMin) / 255;
    for (const [at, value] of source.pixels.entries()) {
      const shown = header.valueMin + (pixels[at] ?? 0) * step;
      const clipped = Math.min(header.valueMax, Math.max(header.valueMin, value));
      expect(Math.abs(shown - clipped)).toBeLessThanOrEqual(0.51 * step);
    }
  });

  it('is not blinded by one hot pixel', () => {
    const { header } = pictureOf(slice(square(128), (at) => (at === 0 ? 1e6 : (at % 100) / 100)));
    expect(header.valueMax).toBeLessThanOrEqual(1);
  });

  it('bins what is larger than a page needs, by the mean', () => {
    const size = { rows: 7, columns: 2 * PICTURE_SIZE_MAX + 1 };
    const source = slice(size, (at) => (at % size.columns) / 3);
    const { header, pixels } = pictureOf(source);
    expect(header).toMatchObject({ rows: 2, columns: 256, binning: 6 });
    expect(pixels.length).toBe(512);
    const step = (header.valueMax - header.valueMin) / 255;
    const shown = header.valueMin + (pixels[100] ?? 0) * step;
    expect(Math.abs(shown - 301 / 3)).toBeLessThanOrEqual(0.51 * step);
  });

  it('shares its grey scale and the size of its pixels with the other planes', () => {
    const flat = slice({ rows: 2, columns: 900 }, () => 0.5, 'vertical');
    const steep = slice(square(30), (at) => at / 900);
    const [first, second] = makePictures([flat, steep]);
    expect(first?.header.valueMax).toBe(second?.header.valueMax);
    expect(first?.header.valueMin).toBe(second?.header.valueMin);
    expect(first?.header).toMatchObject({ binning: 6, rows: 1, columns: 300 });
    expect(second?.header).toMatchObject({ binning: 6, rows: 10, columns: 10 });
  });

  it.each([
    ['one value', () => 0.5],
    ['no number at all', () => Number.NaN],
    ['infinities', (at: number) => (at % 2 ? Number.POSITIVE_INFINITY : 1)],
  ])('is made of %s too', (_, value) => {
    const { header } = pictureOf(slice(square(8), value));
    expect(header.valueMax).toBeGreaterThan(header.valueMin);
    expect(Number.isFinite(header.valueMax - header.valueMin)).toBe(true);
  });

  it('survives the wire with the others, and cut ones are refused', () => {
    const pictures = makePictures([
      slice(square(16), (at) => at),
      slice({ rows: 4, columns: 9 }, (at) => -at, 'oblique'),
    ]);
    const bytes = encodePictures(pictures);
    expect(decodePictures(bytes)).toEqual(pictures);
    for (const length of [bytes.length - 1, 10, 2]) {
      expect(() => decodePictures(bytes.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => decodePictures(Uint8Array.from([...bytes, 0]))).toThrow(RangeError);
    expect(decodePictures(encodePictures([]))).toEqual([]);
  });
});

describe('the source of pictures', () => {
  it('makes only the newest moment, every plane of it, and counts the rest', () => {
    const source = new PictureSource();
    const written = slice(square(8), (at) => at);
    for (const viewsDone of [3, 4, 5]) {
      source.offer({ ...written, viewsDone });
      source.offer({ ...written, viewsDone, plane: 'vertical' });
    }
    const made = source.take();
    expect(source.dropped).toBe(2);
    expect(made?.number).toBe(1);
    const pictures = decodePictures(made?.bytes ?? new Uint8Array());
    expect(pictures.map(({ header }) => [header.plane, header.viewsDone])).toEqual([
      ['horizontal', 5],
      ['vertical', 5],
    ]);
    expect(new Set(pictures[0]?.pixels).size).toBeGreaterThan(30);
    expect(source.take()).toBe(made);
  });

  it('has nothing before the first slice', () => {
    expect(new PictureSource().take()).toBeUndefined();
  });
});
