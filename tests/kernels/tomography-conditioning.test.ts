import { describe, expect, it } from 'vitest';
import { MEDIAN_HALF_MAX } from '../../src/kernels/tomography-columns.ts';
import {
  columnDetailsTwin,
  columnStepsTwin,
  filterPhaseTwin,
  filterRowTwin,
  flickerTwin,
  removeZingersTwin,
  smoothSortedTwin,
} from '../../src/kernels/tomography-conditioning-twin.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, phantomSinogram, relativeDifference } from './tomography-phantom.ts';

const TOLERANCE = 2e-5;
const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];
/** Columns and views: multiples of a vector and not, more columns than views and fewer. */
const SIZES = [
  [40, 24],
  [37, 51],
  [9, 130],
  [66, 3],
] as const;

function noisySinogram(columns: number, views: number): Float32Array {
  const sinogram = phantomSinogram({
    columns,
    radiusPixel: 0.42 * columns,
    anglesRadian: evenAngles(views),
    axisPixel: columns / 2 + 0.3,
  });
  return sinogram.map(
    (value, at) => value + 0.1 * Math.sin(at * at) + 0.3 * Math.cos(at % columns),
  );
}

describe.each(BUILDS)('conditioning of sinograms, %s build', (build) => {
  const kernel = new TomographyKernel(loadKernelModule('tomography', build));

  it.each(
    SIZES,
  )('smooths sorted columns as its twin does, %i columns of %i views', (columns, views) => {
    const sinogram = noisySinogram(columns, views);
    for (const [half, rankReach] of [
      [0, 0],
      [2, 0],
      [10, 0],
      [3, 4],
      [5, 1000],
    ] as const) {
      const result = sinogram.slice();
      kernel.smoothSorted(result, columns, { half, rankReach });
      const expected = smoothSortedTwin(sinogram, columns, { half, rankReach });
      expect(relativeDifference(result, expected)).toBeLessThan(1e-7);
    }
  });

  it('takes off no more than its bounds allow', () => {
    const sinogram = noisySinogram(37, 51);
    const lower = Float32Array.from({ length: 37 }, (_, column) => -0.01 * (column % 3));
    const upper = Float32Array.from({ length: 37 }, (_, column) => 0.02 * (column % 5));
    const smoothing = { half: 3, rankReach: 6, bounds: { lower, upper } };
    const result = sinogram.slice();
    kernel.smoothSorted(result, 37, smoothing);
    const expected = smoothSortedTwin(sinogram, 37, smoothing);
    expect(relativeDifference(result, expected)).toBeLessThan(1e-7);
    expect(result.every((value, at) => Math.abs(value - (sinogram[at] ?? 0)) < 0.0801)).toBe(true);
  });

  it('restores every value when nothing is smoothed', () => {
    const sinogram = noisySinogram(37, 51);
    const result = sinogram.slice();
    kernel.smoothSorted(result, 37, { half: 0 });
    expect(result).toEqual(sinogram);
  });

  it('changes only the columns that are chosen', () => {
    const sinogram = noisySinogram(40, 60).map((value, at) => value + (at % 40 === 17 ? 5 : 0));
    const result = sinogram.slice();
    const chosen = new Uint8Array(40).fill(1, 17, 18);
    kernel.smoothSorted(result, 40, { half: 5, chosen });
    const changed = Array.from(result.keys()).filter((at) => result[at] !== sinogram[at]);
    expect(new Set(changed.map((at) => at % 40))).toEqual(new Set([17]));
    const untouched = sinogram.slice();
    kernel.smoothSorted(untouched, 40, { half: 5, rankReach: 9, chosen: new Uint8Array(40) });
    expect(untouched).toEqual(sinogram);
    expect(() => kernel.smoothSorted(result, 40, { half: 5, chosen: [1] })).toThrow(/1 values/);
  });

  it.each(SIZES)('tells how columns differ as its twin does, %i of %i views', (columns, views) => {
    const sinogram = noisySinogram(columns, views);
    const details = kernel.columnDetails(sinogram, columns, 4);
    expect(details).toEqual(columnDetailsTwin(sinogram, columns, 4));
    for (const half of [2, 3, 10]) {
      const others = kernel.columnDetails(sinogram, columns, half);
      expect(others).toEqual(columnDetailsTwin(sinogram, columns, half));
    }
  });

  it.each(SIZES)('tells steps, flicker and squares as twins do, %i of %i', (columns, views) => {
    const sinogram = noisySinogram(columns, views);
    kernel.holdSinogram(1, sinogram, columns);
    const held = kernel.columnsOf(1);
    expect(held.steps()).toEqual(columnStepsTwin(sinogram, columns));
    const flicker = flickerTwin(sinogram, columns);
    expect(relativeDifference(held.flicker(), flicker)).toBeLessThan(TOLERANCE);
    const squares = sinogram.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(held.sumOfSquares() / squares - 1)).toBeLessThan(TOLERANCE);
  });

  it('finds ranks among values of which many are equal or far off', () => {
    for (const spike of [0, 1e-30, 3, 1e30]) {
      const sinogram = Float32Array.from({ length: 5 * 401 }, (_, at) =>
        at % 7 === 0 ? spike : Math.round(2 * Math.sin(at)),
      );
      expect(kernel.columnDetails(sinogram, 5, 2)).toEqual(columnDetailsTwin(sinogram, 5, 2));
    }
  });

  it.each(SIZES)('takes out zingers as its twin does, %i columns of %i views', (columns, views) => {
    const sinogram = noisySinogram(columns, views);
    for (let at = 5; at < sinogram.length; at += 97) sinogram[at] = (sinogram[at] ?? 0) - 3;
    const expected = removeZingersTwin(sinogram, columns, 1);
    const result = sinogram.slice();
    expect(kernel.removeZingers(result, columns, 1)).toBe(expected.found);
    expect(result).toEqual(expected.sinogram);
  });

  it('keeps finite values finite, constant and extreme ones too', () => {
    for (const value of [0, 9.21, -9.21]) {
      const sinogram = new Float32Array(33 * 20).fill(value);
      sinogram.fill(-value, 100, 103);
      kernel.removeZingers(sinogram, 33, 0.5);
      kernel.smoothSorted(sinogram, 33, { half: 8, rankReach: 3 });
      expect(sinogram.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses half a view, too many views, and a median that is too wide', () => {
    const rows = new Float32Array(41);
    expect(() => kernel.removeZingers(rows, 40, 1)).toThrow(/41 values; expected whole views/);
    const many = new Float32Array(2 * 65_536);
    expect(() => kernel.smoothSorted(many, 2, { half: 1 })).toThrow(/65536 views.*at most 65535/);
    const wide = MEDIAN_HALF_MAX + 1;
    expect(() => kernel.smoothSorted(new Float32Array(40), 40, { half: wide })).toThrow(
      /expected 0 to 63/,
    );
  });

  it.each([40, 37, 90])('filters a row that goes on beyond the detector, %i columns', (columns) => {
    const row = Float32Array.from({ length: columns }, (_, at) => 3 + Math.sin(at) + at / columns);
    const filtered = kernel.filterRow(row, true);
    expect(relativeDifference(filtered, filterRowTwin(row, true))).toBeLessThan(TOLERANCE);
  });

  it.each([
    [12, 20, 0.7],
    [9, 13, 4],
    [1, 30, 2],
  ])('filters the phase of %i x %i pixels as its twin does', (rows, columns, areaPixel) => {
    const image = (phase: number) =>
      Float32Array.from({ length: rows * columns }, (_, at) => 0.6 + 0.3 * Math.sin(at + phase));
    const [first, second] = [image(0), image(1.3)];
    const expected = [first, second].map((one) =>
      filterPhaseTwin({ rows, columns, areaPixel, first: one.slice() }),
    );
    kernel.filterPhase({ rows, columns, areaPixel, first, second });
    expect(relativeDifference(first, expected[0] ?? [])).toBeLessThan(TOLERANCE);
    expect(relativeDifference(second, expected[1] ?? [])).toBeLessThan(TOLERANCE);
  });

  it('leaves a uniform image as it is, and damps a wave by 1 + 4 pi^2 a f^2', () => {
    const areaPixel = 1.5;
    const [rows, columns] = [32, 64];
    const first = new Float32Array(rows * columns).fill(0.8);
    // Half a wave over the image is mirrored into a whole one.
    const cycles = 4 / columns;
    const second = Float32Array.from({ length: rows * columns }, (_, at) =>
      Math.cos(2 * Math.PI * cycles * ((at % columns) + 0.5)),
    );
    const wave = second.slice();
    kernel.filterPhase({ rows, columns, areaPixel, first, second });
    expect(first.every((value) => Math.abs(value - 0.8) < 1e-5)).toBe(true);
    const damping = 1 / (1 + 4 * Math.PI ** 2 * areaPixel * cycles ** 2);
    const expected = wave.map((value) => value * damping);
    expect(relativeDifference(second, expected)).toBeLessThan(1e-4);
  });

  it('reconstructs as before when an image was filtered in between', () => {
    const sinogram = noisySinogram(40, 30);
    const anglesRadian = evenAngles(30);
    const weightsRadian = anglesRadian.map(() => Math.PI / 30);
    const geometry = { columns: 40, anglesRadian, weightsRadian, axisPixel: 20 };
    const [before] = kernel.reconstructPair(geometry, sinogram, sinogram);
    kernel.filterPhase({ rows: 5, columns: 40, areaPixel: 1, first: new Float32Array(200) });
    const [after] = kernel.reconstructPair(geometry, sinogram, sinogram);
    expect(after).toEqual(before);
  });

  it('refuses images that do not fit in its memory', () => {
    const first = new Float32Array(0);
    const huge = { rows: 9000, columns: 9000, areaPixel: 1, first };
    expect(() => kernel.filterPhase(huge)).toThrow(/9000 x 9000 pixels.*do not fit/);
  });
});
