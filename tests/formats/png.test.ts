import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePng, type GreyImage } from '../../src/formats/png.ts';
import { mapPicture, volumePicture } from '../../src/formats/preview.ts';
import { heldVolume } from '../support/volumes.ts';

/** Reads a grey PNG chunk by chunk, as the specification lays it out. */
function decode(bytes: Uint8Array): GreyImage & { readonly types: readonly string[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(Array.from(bytes.subarray(0, 8))).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const types: string[] = [];
  let [rows, columns] = [0, 0];
  let pixels = new Uint8Array(0);
  for (let at = 8; at < bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    types.push(type);
    expect(view.getUint32(at + 8 + length)).toBe(checkSum(bytes.subarray(at + 4, at + 8 + length)));
    if (type === 'IHDR') {
      columns = view.getUint32(at + 8);
      rows = view.getUint32(at + 12);
      expect(Array.from(bytes.subarray(at + 16, at + 21))).toEqual([8, 0, 0, 0, 0]);
    }
    if (type === 'IDAT') {
      const lines = inflateSync(bytes.subarray(at + 8, at + 8 + length));
      expect(lines.length).toBe(rows * (columns + 1));
      pixels = Uint8Array.from(lines.filter((_, k) => k % (columns + 1) !== 0));
    }
    at += length + 12;
  }
  return { rows, columns, pixels, types };
}

/** CRC-32 bit by bit (PNG specification, annex D). */
function checkSum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let k = 0; k < 8; k++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

describe('PNG', () => {
  it('holds every grey value in its place', () => {
    const pixels = Uint8Array.from({ length: 7 * 5 }, (_, at) => (at * 37) % 256);
    const png = decode(encodePng({ rows: 7, columns: 5, pixels }));
    expect(png.types).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect(png).toMatchObject({ rows: 7, columns: 5, pixels });
  });

  it('refuses pixels that do not fill the image', () => {
    for (const [rows, columns, length] of [
      [2, 3, 5],
      [0, 3, 0],
      [1.5, 2, 3],
    ] as const) {
      const pixels = new Uint8Array(length);
      expect(() => encodePng({ rows, columns, pixels })).toThrow(/cannot fill an image/);
    }
  });
});

describe('preview of a volume', () => {
  const [slices, size] = [6, 40];
  const voxels = Float32Array.from({ length: slices * size * size }, (_, at) => {
    const x = at % size;
    return x < 10 ? 0.01 : 0.03;
  });
  const shape = { slices, rows: size, columns: size };
  const volume = heldVolume({ ...shape, voxels });

  it('shows three planes side by side in one contrast', async () => {
    const { rows, columns, pixels } = await volumePicture(volume);
    expect(pixels.length).toBe(rows * columns);
    const grey = (row: number, column: number) => pixels[row * columns + column];
    // The slice, and below it the plane along x and z: dark to the left, bright to the right.
    for (const row of [8, 30, size + 2 * 8, size + 2 * 8 + slices - 1]) {
      expect(grey(row, 8)).toBe(0);
      expect(grey(row, 8 + 39)).toBe(255);
    }
    // The plane along y and z, in the middle of x, is all bright.
    expect(grey(8, size + 2 * 8)).toBe(255);
    expect(grey(8 + 39, size + 2 * 8 + slices - 1)).toBe(255);
    expect(grey(0, 0)).toBe(96);
  });

  it('is the same of a volume in whole numbers, whatever their scale', async () => {
    const scale = { type: 'uint8', offset: 0.005, step: 1 / 2000 } as const;
    const stored = Uint8Array.from(voxels, (value) => Math.round((value - 0.005) * 2000));
    const picture = await volumePicture(heldVolume({ ...shape, voxels: stored, scale }));
    expect(picture).toEqual(await volumePicture(volume));
  });

  it('reads a volume some slices at a time, and finds its planes wherever they lie', async () => {
    const large = { slices: 40, rows: 600, columns: 500 };
    const bytes = Uint8Array.from({ length: 40 * 600 * 500 }, (_, at) => {
      const [z, y, x] = [Math.floor(at / 300_000), Math.floor(at / 500) % 600, at % 500];
      return z === 20 || y === 300 || x === 250 ? 200 : 10;
    });
    const held = heldVolume({ ...large, voxels: bytes });
    const { pixels, columns } = await volumePicture(held);
    const grey = (row: number, column: number) => pixels[row * columns + column];
    // All three planes are bright throughout, so that everything shown is one grey.
    const shown = [
      grey(8, 8),
      grey(8 + 599, 8 + 499),
      grey(8, 500 + 16),
      grey(8 + 599, 555),
      grey(616, 8),
      grey(655, 507),
    ];
    expect(shown).toEqual(Array(6).fill(128));
    expect(held.voxelsReadAtOnce).toBeLessThan(2 ** 23 + 1);
  });

  it('draws its scale in pixels, or in micrometre when a pixel has a size', async () => {
    const bar = async (pixelSizeUm?: number) => {
      const { columns, pixels } = await volumePicture(volume, pixelSizeUm);
      const row = size + slices + 4 * 8;
      return pixels.subarray(row * columns, (row + 1) * columns).filter((grey) => grey === 255)
        .length;
    };
    expect(await bar()).toBe(10);
    // A quarter of 40 pixels is 25 um; 20 um are 8 pixels.
    expect(await bar(2.5)).toBe(8);
  });

  it('is one grey, and finite, when there is nothing to see', async () => {
    const nothing = heldVolume({ ...shape, voxels: new Float32Array(voxels.length) });
    const { pixels, columns } = await volumePicture(nothing);
    expect(pixels[8 * columns + 8]).toBe(128);
    const strange = mapPicture({ rows: 1, columns: 4, values: [Number.NaN, 1, 2, Infinity] });
    expect(Array.from(strange.pixels).every((grey) => grey >= 0 && grey <= 255)).toBe(true);
  });
});
