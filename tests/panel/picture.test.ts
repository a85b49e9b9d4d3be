import { describe, expect, it } from 'vitest';
import type { LiveSlice } from '../../src/domain/scan.ts';
import { makePicture, PICTURE_SIZE_MAX } from '../../src/panel/picture.ts';
import { PictureSource } from '../../src/panel/picture-source.ts';
import { decodePicture, encodePicture } from '../../src/panel/protocol.ts';

function slice(size: number, value: (at: number) => number): LiveSlice {
  return {
    scanId: 'scan-1',
    viewsDone: 3,
    viewsTotal: 10,
    coverageFraction: 0.3,
    row: 4,
    size,
    pixels: Float32Array.from({ length: size * size }, (_, at) => value(at)),
  };
}

describe('a picture of a slice', () => {
  it('keeps each value to half a grey step, and says what the greys stand for', () => {
    const source = slice(64, (at) => Math.sin(at / 9) * 0.02);
    const { header, pixels } = makePicture(source);
    const step = (header.valueMax - header.valueMin) / 255;
    for (const [at, value] of source.pixels.entries()) {
      const shown = header.valueMin + (pixels[at] ?? 0) * step;
      const clipped = Math.min(header.valueMax, Math.max(header.valueMin, value));
      expect(Math.abs(shown - clipped)).toBeLessThanOrEqual(0.51 * step);
    }
  });

  it('is not blinded by one hot pixel', () => {
    const { header } = makePicture(slice(128, (at) => (at === 0 ? 1e6 : (at % 100) / 100)));
    expect(header.valueMax).toBeLessThanOrEqual(1);
  });

  it('bins what is larger than a page needs, by the mean', () => {
    const { header, pixels } = makePicture(slice(2 * PICTURE_SIZE_MAX + 1, (at) => at % 7));
    expect(header.binning).toBe(3);
    expect(pixels.length).toBe(header.size * header.size);
    expect(header.size).toBeLessThanOrEqual(PICTURE_SIZE_MAX);
  });

  it.each([
    ['one value', () => 0.5],
    ['no number at all', () => Number.NaN],
    ['infinities', (at: number) => (at % 2 ? Number.POSITIVE_INFINITY : 1)],
  ])('is made of %s too', (_, value) => {
    const { header } = makePicture(slice(8, value));
    expect(header.valueMax).toBeGreaterThan(header.valueMin);
    expect(Number.isFinite(header.valueMax - header.valueMin)).toBe(true);
  });

  it('survives the wire, and a cut one is refused', () => {
    const picture = makePicture(slice(16, (at) => at));
    const bytes = encodePicture(picture);
    expect(decodePicture(bytes)).toEqual(picture);
    expect(() => decodePicture(bytes.subarray(0, -1))).toThrow(RangeError);
    expect(() => decodePicture(bytes.subarray(0, 10))).toThrow(RangeError);
    expect(() => decodePicture(new Uint8Array(2))).toThrow(RangeError);
  });
});

describe('the source of pictures', () => {
  it('makes only the newest, counts the rest, and copies what goes on being written', () => {
    const source = new PictureSource();
    const written = slice(8, (at) => at);
    source.offer(written);
    source.offer({ ...written, viewsDone: 4 });
    written.pixels.fill(0);
    const made = source.take();
    expect(source.dropped).toBe(1);
    expect(made?.number).toBe(1);
    const picture = decodePicture(made?.bytes ?? new Uint8Array());
    expect(picture.header.viewsDone).toBe(4);
    expect(new Set(picture.pixels).size).toBeGreaterThan(30);
    expect(source.take()).toBe(made);
  });

  it('has nothing before the first slice', () => {
    expect(new PictureSource().take()).toBeUndefined();
  });
});
