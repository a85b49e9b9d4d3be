import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import type { Box, BoxMap, BoxSize } from '../../src/kernels/registration-boxes.ts';
import { RegistrationKernel } from '../../src/kernels/registration-kernel.ts';
import {
  addTilesTwin,
  emptyTally,
  equationsTwin,
  smoothTwin,
  warpTwin,
} from '../../src/kernels/registration-twin.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { relativeDifference } from './tomography-phantom.ts';

const TOLERANCE = 2e-5;
const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];

function randomBox(seed: number, size: BoxSize): Box {
  const random = new Random(seed);
  const length = size.columns * size.rows * size.slices;
  return { ...size, values: Float32Array.from({ length }, () => random.normal()) };
}

const SIZES: readonly BoxSize[] = [
  { columns: 9, rows: 8, slices: 7 },
  { columns: 12, rows: 5, slices: 6 },
  { columns: 7, rows: 13, slices: 9 },
];
const TURNED: BoxMap = {
  first: [1.3, 1.7, 1.27],
  perColumn: [0.99, 0.05, -0.03],
  perRow: [-0.05, 0.98, 0.04],
  perSlice: [0.03, -0.04, 0.985],
};

describe.each(BUILDS)('registration kernel, %s build', (build) => {
  const kernel = new RegistrationKernel(loadKernelModule('registration', build));

  it.each(SIZES)('smooths as the binomial does, %j', (size) => {
    const box = randomBox(1, size);
    const [result, expected] = [kernel.smooth(box), smoothTwin(box)];
    expect([result.columns, result.rows, result.slices]).toEqual(
      [size.columns, size.rows, size.slices].map((side) => side - 4),
    );
    expect(relativeDifference(result.values, expected.values)).toBeLessThan(TOLERANCE);
  });

  it.each(
    SIZES,
  )('resamples through a turned map as its twin does, keeping and smoothing, %j', (size) => {
    const box = randomBox(2, size);
    const target = { columns: 3, rows: 2, slices: 3 };
    for (const weights of ['keys', 'spline'] as const) {
      const result = kernel.warp(box, TURNED, target, weights);
      const expected = warpTwin(box, TURNED, target, weights);
      expect(relativeDifference(result.values, expected.values)).toBeLessThan(TOLERANCE);
    }
  });

  it('resamples a quadratic exactly, and a map of whole voxels to the very voxels', () => {
    const size = { columns: 10, rows: 9, slices: 8 };
    const at = (x: number, y: number, z: number) => 0.1 * x * x - 0.2 * y + 0.05 * z * z + 1;
    const values = Float32Array.from({ length: 720 }, (_, k) =>
      at(k % 10, Math.floor(k / 10) % 9, Math.floor(k / 90)),
    );
    const straight = { perColumn: [1, 0, 0], perRow: [0, 1, 0], perSlice: [0, 0, 1] } as const;
    const target = { columns: 2, rows: 2, slices: 2 };
    const moved = kernel.warp({ ...size, values }, { first: [2.3, 3.6, 1.9], ...straight }, target);
    expect(moved.values[0]).toBeCloseTo(at(2.3, 3.6, 1.9), 5);
    const whole = kernel.warp({ ...size, values }, { first: [2, 3, 1], ...straight }, target);
    expect(whole.values[0]).toBe(values[(1 * 9 + 3) * 10 + 2]);
  });

  it.each(SIZES)('sums the equations of a shift as its twin does, %j', (size) => {
    const [fixed, moved] = [randomBox(3, size), randomBox(4, size)];
    const [result, expected] = [kernel.equations(fixed, moved), equationsTwin(fixed, moved)];
    const flat = (sums: typeof result) => {
      const byName = Object.entries(sums).sort(([a], [b]) => a.localeCompare(b));
      return byName.flatMap(([, value]) => value as number | readonly number[]);
    };
    expect(relativeDifference(flat(result), flat(expected))).toBeLessThan(TOLERANCE);
    expect(result.count).toBe(expected.count);
  });

  it('tallies rows of tiles as its twin does, and adds them up', () => {
    const size = { columns: 3 * 5 + 2, rows: 7, slices: 7 };
    kernel.clearTally();
    let expected = emptyTally();
    for (const seed of [5, 6]) {
      const before = randomBox(seed, size);
      const after = randomBox(seed + 10, size);
      const result = kernel.addTiles(before, after, 5, 0.5);
      const twin = addTilesTwin(expected, before, after, { side: 5, threshold: 0.5 });
      expected = twin.tally;
      const grey = (tiles: typeof result) => tiles.map((tile) => tile.grey);
      expect(relativeDifference(grey(result), grey(twin.tiles))).toBeLessThan(TOLERANCE);
      expect(result.map((tile) => tile.binary)).toEqual(twin.tiles.map((tile) => tile.binary));
    }
    const tally = kernel.readTally();
    expect(tally.differenceCounts).toEqual(expected.differenceCounts);
    expect(tally.mediansBefore).toEqual(expected.mediansBefore);
    expect(tally.mediansAfter).toEqual(expected.mediansAfter);
    expect(relativeDifference(tally.differenceSums, expected.differenceSums)).toBeLessThan(
      TOLERANCE,
    );
    expect(relativeDifference(tally.slopes, expected.slopes)).toBeLessThan(TOLERANCE);
    expect(tally.differenceCounts.reduce((sum, count) => sum + count)).toBe(2 * 3 * 125);
  });

  it('counts differences and medians beyond the histograms in their last bins', () => {
    const size = { columns: 6, rows: 6, slices: 6 };
    kernel.clearTally();
    const constant = (value: number) => ({ ...size, values: new Float32Array(216).fill(value) });
    expect(kernel.addTiles(constant(-7), constant(9), 4, 0.5)).toEqual([{ grey: 128, binary: 64 }]);
    const tally = kernel.readTally();
    expect(tally.differenceCounts.at(-1)).toBe(64);
    expect(tally.differenceSums.at(-1)).toBe(64 * 16);
    expect(tally.mediansBefore[0]).toBe(64);
    expect(tally.mediansAfter.at(-1)).toBe(64);
  });

  it('refuses boxes that do not fit, do not agree, or would be read beyond their border', () => {
    const box = randomBox(7, { columns: 8, rows: 8, slices: 8 });
    const target = { columns: 3, rows: 3, slices: 3 };
    const beyond = { ...TURNED, first: [5.9, 2, 2] } as const;
    expect(() => kernel.warp(box, beyond, target)).toThrow(/on the x axis; expected 1 to below 6/);
    expect(() => kernel.warp(box, { ...TURNED, first: [Number.NaN, 2, 2] }, target)).toThrow(/NaN/);
    expect(() => kernel.smooth(randomBox(8, { columns: 4, rows: 9, slices: 9 }))).toThrow(
      /box of 9 × 9 × 4/,
    );
    expect(() => kernel.smooth({ ...box, columns: 9 })).toThrow(/512 values; 8 × 8 × 9/);
    const large = { columns: 65, rows: 64, slices: 64 };
    expect(() => kernel.smooth({ ...large, values: new Float32Array(65 * 4096) })).toThrow(
      /holds up to 262144/,
    );
    const other = randomBox(9, { columns: 8, rows: 8, slices: 7 });
    expect(() => kernel.equations(box, other)).toThrow(/expected the same size/);
    expect(() => kernel.addTiles(box, box, 5, 0.5)).toThrow(/not a row of tiles of 5/);
  });

  it('fills the rows of tiles it says it takes', () => {
    for (const side of [4, 8, 32]) {
      const tiles = kernel.tilesPerRow(side);
      const size = { columns: tiles * side + 2, rows: side + 2, slices: side + 2 };
      const box = { ...size, values: new Float32Array(size.columns * size.rows * size.slices) };
      expect(kernel.addTiles(box, box, side, 0.5)).toHaveLength(tiles);
    }
  });
});

describe('the two builds of the registration kernel', () => {
  it('give the same bits', () => {
    const box = randomBox(11, { columns: 14, rows: 11, slices: 10 });
    const target = { columns: 6, rows: 5, slices: 4 };
    const [simd, scalar] = BUILDS.map((build) => {
      const kernel = new RegistrationKernel(loadKernelModule('registration', build));
      return [kernel.smooth(box).values, kernel.warp(box, TURNED, target).values];
    });
    expect(simd).toEqual(scalar);
  });
});
