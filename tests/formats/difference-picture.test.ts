import { describe, expect, it } from 'vitest';
import { differencePicture } from '../../src/formats/difference-picture.ts';
import { encodePng } from '../../src/formats/png.ts';

describe('the picture of a difference', () => {
  const planes = {
    slices: 2,
    rows: 3,
    columns: 4,
    slice: Float32Array.from({ length: 12 }, (_, at) => [-1, 0, 1, 7][at % 4] ?? 0),
    alongColumns: new Float32Array(8),
    alongRows: new Float32Array(6),
  };
  const picture = differencePicture(planes);

  function colourAt(row: number, column: number): number[] {
    const value = picture.pixels[row * picture.columns + column] ?? 0;
    return Array.from(picture.palette?.subarray(3 * value, 3 * value + 3) ?? []);
  }

  it('is blue where it became darker, grey where nothing changed and red where it grew', () => {
    const [darker = [], none = [], brighter = [], beyond] = [8, 9, 10, 11].map((x) =>
      colourAt(8, x),
    );
    expect(darker[2]).toBeGreaterThan((darker[0] ?? 0) + 100);
    expect(brighter[0]).toBeGreaterThan((brighter[2] ?? 0) + 100);
    expect(new Set(none).size).toBe(1);
    expect(beyond).toEqual(brighter);
  });

  it('has room for three planes and is a PNG', () => {
    expect([picture.rows, picture.columns]).toEqual([3 + 2 + 24, 4 + 2 + 24]);
    expect(colourAt(0, 0)).toEqual([255, 255, 255]);
    expect(Buffer.from(encodePng(picture)).toString('latin1', 1, 4)).toBe('PNG');
  });
});
