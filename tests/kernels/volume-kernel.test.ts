import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { VolumeKernel } from '../../src/kernels/volume-kernel.ts';
import { componentsTwin, medianTwin } from '../../src/kernels/volume-twin.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';

const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];
/** Less than a vector, no multiple of one, a multiple, more than one word of bits. */
const WIDTHS = [3, 21, 32, 77];

function everything(rows: number, columns: number): Int32Array {
  return Int32Array.from({ length: 2 * rows }, (_, k) => (k % 2 === 0 ? 0 : columns));
}

function randomCodes(length: number, codes: number, seed: number): Uint16Array {
  const random = new Random(seed);
  return Uint16Array.from({ length }, () => Math.floor(random.uniform() * codes));
}

describe.each(BUILDS)('volume kernel, %s build', (build) => {
  const kernel = new VolumeKernel(loadKernelModule('volume', build));

  function medians(
    block: { slices: number; rows: number; columns: number; codes: Uint16Array },
    codeBytes: 1 | 2,
    spans = everything(block.rows, block.columns),
  ): Uint16Array {
    const { slices, rows, columns, codes } = block;
    kernel.configure({ rows, columns, codeBytes, spans });
    const length = rows * columns;
    const all = codeBytes === 1 ? Uint8Array.from(codes) : codes;
    const result = new Uint16Array(codes.length);
    for (let slice = 0; slice < slices; slice++) {
      const near = [slice - 1, slice, slice + 1].map((z) => Math.max(0, Math.min(slices - 1, z)));
      for (const [slot, z] of near.entries()) {
        kernel.loadSlice(slot, all.subarray(z * length, (z + 1) * length));
      }
      kernel.medianSlice(0, 1, 2);
      result.set(kernel.readSlice(), slice * length);
    }
    return result;
  }

  it.each(WIDTHS)('takes the median of 27 voxels, %i columns', (columns) => {
    const shape = { slices: 4, rows: 9, columns };
    const length = 4 * 9 * columns;
    for (const [codeBytes, codes] of [
      [1, 256],
      [2, 4096],
      [1, 2],
      [2, 3],
    ] as const) {
      const block = { ...shape, codes: randomCodes(length, codes, columns + codes) };
      expect(medians(block, codeBytes)).toEqual(medianTwin(block));
    }
  });

  it('takes the median inside any mask, rows without voxels included', () => {
    const [slices, rows, columns] = [3, 12, 70];
    const block = { slices, rows, columns, codes: randomCodes(slices * rows * columns, 256, 5) };
    const spans = Int32Array.from([
      ...[0, 0, 5, 6, 0, 70, 69, 70, 33, 50, 0, 0],
      ...[0, 0, 1, 69, 17, 18, 64, 70, 0, 1, 12, 60],
    ]);
    const expected = medianTwin(block);
    const result = medians(block, 1, spans);
    let compared = 0;
    for (let slice = 0; slice < slices; slice++) {
      for (let row = 0; row < rows; row++) {
        for (let x = spans[2 * row] ?? 0; x < (spans[2 * row + 1] ?? 0); x++) {
          const at = (slice * rows + row) * columns + x;
          expect(result[at]).toBe(expected[at]);
          compared += 1;
        }
      }
    }
    expect(compared).toBe(3 * (1 + 70 + 1 + 17 + 68 + 1 + 6 + 1 + 48));
  });

  it('counts every code of the mask once', () => {
    const [rows, columns] = [7, 45];
    const spans = Int32Array.from({ length: 14 }, (_, k) => (k % 2 === 0 ? k : 45 - k));
    for (const codeBytes of [1, 2] as const) {
      const codes = randomCodes(rows * columns, codeBytes === 1 ? 256 : 4096, 9);
      kernel.configure({ rows, columns, codeBytes, spans });
      kernel.loadSlice(0, codeBytes === 1 ? Uint8Array.from(codes) : codes);
      kernel.passSlice(0);
      kernel.clearHistogram();
      kernel.countSlice();
      const expected = new Float64Array(codeBytes === 1 ? 256 : 4096);
      for (let row = 0; row < rows; row++) {
        for (let x = spans[2 * row] ?? 0; x < (spans[2 * row + 1] ?? 0); x++) {
          const code = codes[row * columns + x] ?? 0;
          expected[code] = (expected[code] ?? 0) + 1;
        }
      }
      expect(kernel.readHistogram()).toEqual(expected);
    }
  });

  it('quantises floats, and counts what is no finite number', () => {
    const values = Float32Array.from(
      { length: 11 },
      (_, k) => [-1, 0, 0.26, 0.5, 0.99, 5, Number.NaN, Infinity, -Infinity, 0.1, 0.75][k] ?? 0,
    );
    kernel.configure({ rows: 1, columns: 11, codeBytes: 2, spans: Int32Array.of(0, 11) });
    const scale = { low: 0, perValue: 100, codeMax: 99 };
    expect(kernel.loadSlice(0, values, scale)).toBe(3);
    kernel.passSlice(0);
    const codes = Array.from(kernel.readSlice());
    expect(codes.slice(0, 6)).toEqual([0, 0, 26, 50, 99, 99]);
    expect(codes.slice(9)).toEqual([10, 75]);
    expect(codes.every((code) => code <= 99)).toBe(true);
  });

  it.each([0.05, 0.2, 0.311, 0.6])('connects 26 neighbours as a flood fill does, p = %d', (p) => {
    const [slices, rows, columns] = [20, 24, 67];
    const random = new Random(Math.round(1000 * p));
    const foreground = Uint8Array.from({ length: slices * rows * columns }, () =>
      random.uniform() < p ? 200 : 100,
    );
    kernel.configure({ rows, columns, codeBytes: 1, spans: everything(rows, columns) });
    for (let slice = 0; slice < slices; slice++) {
      kernel.loadSlice(
        0,
        foreground.subarray(slice * rows * columns, (slice + 1) * rows * columns),
      );
      kernel.passSlice(0);
      expect(kernel.findRuns(0, 0, slice, { first: 150, last: 255 })).toBe(true);
    }
    const found = kernel.connect(0, slices);
    const expected = componentsTwin({
      slices,
      rows,
      columns,
      codes: foreground.map((code) => Number(code === 200)),
    });
    expect(found?.count).toBe(expected.length);
    for (const [k, { voxels, centroid, bounds }] of expected.entries()) {
      expect(found?.voxels[k]).toBe(voxels);
      for (const axis of [0, 1, 2]) {
        expect((found?.sums[3 * k + axis] ?? 0) / voxels).toBeCloseTo(centroid[axis] ?? 0, 9);
      }
      expect(Array.from(found?.bounds.subarray(6 * k, 6 * k + 6) ?? [])).toEqual(bounds);
    }
  });

  it('finds no runs in an empty range, and one per row in the full one', () => {
    for (const codeBytes of [1, 2] as const) {
      const codes = randomCodes(5 * 130, 256, 3);
      kernel.configure({ rows: 5, columns: 130, codeBytes, spans: everything(5, 130) });
      kernel.loadSlice(0, codeBytes === 1 ? Uint8Array.from(codes) : codes);
      kernel.passSlice(0);
      kernel.findRuns(0, 0, 0, { first: 1, last: 0 });
      expect(kernel.connect(0, 1)?.count).toBe(0);
      kernel.findRuns(0, 0, 0, { first: 0, last: codeBytes === 1 ? 255 : 4095 });
      expect(kernel.connect(0, 1)?.voxels).toEqual(Uint32Array.of(650));
      expect(kernel.readRuns(0, 0).columns).toEqual(
        Uint16Array.from({ length: 10 }, (_, k) => (k % 2 === 0 ? 0 : 130)),
      );
    }
  });

  it('counts every voxel behind a tilted surface at its depth', () => {
    const [slices, rows, columns] = [30, 11, 23];
    const spans = everything(rows, columns);
    kernel.configure({ rows, columns, codeBytes: 1, spans });
    const heights = Float32Array.from(
      { length: rows * columns },
      (_, at) => 7.3 + 0.21 * (at % columns) - 0.4 * Math.floor(at / columns),
    );
    const cosines = new Float32Array(rows * columns).fill(0.911);
    kernel.beginDepths({ heights, cosines });
    const perVoxel = 0.37;
    kernel.countMask(slices, perVoxel);
    const bins = 12;
    const expected = new Float64Array(bins);
    for (let slice = 0; slice < slices; slice++) {
      for (const height of heights) {
        const depth = Math.fround(Math.fround(slice - height) * Math.fround(0.911));
        if (depth <= 0) continue;
        const bin = Math.floor(Math.fround(depth * Math.fround(perVoxel)));
        expected[bin] = (expected[bin] ?? 0) + 1;
      }
    }
    expect(kernel.readDepths(bins).mask).toEqual(expected);
  });

  it('refuses slices that do not fit, masks outside the slice and slices of another type', () => {
    const layout = { rows: 4, columns: 4, codeBytes: 1 as const, spans: everything(4, 4) };
    expect(() => kernel.configure({ ...layout, rows: 30_000, columns: 30_000 })).toThrow(
      /do not fit in the kernel's memory/,
    );
    expect(() => kernel.configure({ ...layout, spans: everything(4, 5) })).toThrow(/mask: 4 spans/);
    expect(() => kernel.configure({ ...layout, spans: everything(3, 4) })).toThrow(/mask: 3 spans/);
    kernel.configure(layout);
    expect(() => kernel.loadSlice(0, new Uint16Array(16))).toThrow(/16 voxels of 2 bytes/);
    expect(() => kernel.loadSlice(0, new Uint8Array(15))).toThrow(/15 voxels of 1 bytes/);
    expect(() => kernel.findRuns(0, 0, 64, { first: 0, last: 1 })).toThrow(/at most 64/);
  });
});
