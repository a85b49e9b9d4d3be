import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import {
  bitReversed,
  type IterativeGeometry,
  IterativeKernel,
  orderedSubsets,
  sliceSize,
} from '../../src/kernels/iterative-kernel.ts';
import {
  backprojectViewsTwin,
  emptyTwin,
  passTwin,
  projectTwin,
} from '../../src/kernels/iterative-twin.ts';
import {
  instantiateKernel,
  type KernelBuild,
  loadKernelModule,
} from '../../src/kernels/wasm-module.ts';
import { evenAngles, phantomSinogram, relativeDifference } from './tomography-phantom.ts';

/** The kernel computes in single precision, the twin in double precision. */
const TOLERANCE = 2e-5;
const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];
/** Even, odd, no multiple of a segment; more views than a group, an odd number of them. */
const WIDTHS = [24, 37, 66];

function geometryOf(columns: number, options: Partial<IterativeGeometry> = {}): IterativeGeometry {
  const anglesRadian = evenAngles(19).map((angle, view) => angle + 0.02 * Math.sin(7 * view));
  return { columns, anglesRadian, axisPixel: columns / 2 + 1.37, ...options };
}

function randomValues(length: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.normal());
}

/** A slice that is 0 outside the disc, random within. */
function randomSlice(columns: number, seed: number): Float32Array {
  const middle = (columns - 1) / 2;
  return randomValues(columns * columns, seed).map((value, at) => {
    const [x, y] = [(at % columns) - middle, Math.floor(at / columns) - middle];
    return x * x + y * y <= (columns / 2) ** 2 ? value : 0;
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** The middle of a slice of `size` squared pixels. */
function cropped(slice: ArrayLike<number>, size: number, columns: number): Float64Array {
  const margin = (size - columns) / 2;
  const middle = (columns - 1) / 2;
  return Float64Array.from({ length: columns * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    if (Math.hypot(row - middle, column - middle) > columns / 2) return 0;
    return slice[(row + margin) * size + column + margin] ?? 0;
  });
}

describe.each(BUILDS)('iterative kernel, %s build', (build) => {
  const kernel = new IterativeKernel(loadKernelModule('iterative', build));

  it.each(WIDTHS)('projects as its twin does, %i columns', (columns) => {
    const geometry = geometryOf(columns);
    const slices = [1, 2, 3, 4].map((seed) => randomSlice(columns, seed));
    kernel.begin(geometry, 3);
    const sinograms = kernel.project(slices);
    for (const [lane, sinogram] of sinograms.entries()) {
      const expected = projectTwin(geometry, slices[lane] ?? []);
      expect(relativeDifference(sinogram, expected)).toBeLessThan(TOLERANCE);
    }
  });

  it.each(WIDTHS)('back-projects as its twin does, %i columns', (columns) => {
    const geometry = geometryOf(columns);
    const sinograms = [5, 6].map((seed) => randomValues(19 * columns, seed));
    kernel.begin(geometry, 1);
    for (const [lane, slice] of kernel.backproject(sinograms).entries()) {
      const expected = backprojectViewsTwin(geometry, sinograms[lane] ?? []);
      expect(relativeDifference(slice, expected)).toBeLessThan(TOLERANCE);
    }
  });

  it.each([
    1, 2, 3, 4, 5, 6,
  ])('back-projects with the exact adjoint of the projection, seed %i', (seed) => {
    // Columns, axis and angles from the seed: the axis anywhere, the angles in no order.
    const random = new Random(seed);
    const columns = 20 + Math.floor(60 * random.uniform());
    const anglesRadian = Float64Array.from({ length: 23 }, () => 7 * random.uniform());
    const axisPixel = random.uniform() * (columns - 1);
    const isWide = seed % 2 === 0;
    const geometry = { columns, anglesRadian, axisPixel, extendEdges: isWide };
    const slice = randomSlice(columns, seed + 100);
    const sinogram = randomValues(23 * columns, seed + 200);
    kernel.begin(geometry, 4);
    const [projected = new Float32Array(0)] = kernel.project([slice]);
    const [backprojected = new Float32Array(0)] = kernel.backproject([sinogram]);
    const size = Math.sqrt(dot(projected, projected) * dot(sinogram, sinogram));
    const difference = Math.abs(dot(projected, sinogram) - dot(slice, backprojected));
    expect(difference / size).toBeLessThan(1e-5);
    expect(Math.abs(dot(projected, sinogram))).toBeGreaterThan(0);
  });

  it.each([
    { columns: 24, subsets: 1, isNonNegative: true, variationWeight: 0, isWide: false },
    { columns: 37, subsets: 5, isNonNegative: false, variationWeight: 0, isWide: false },
    { columns: 37, subsets: 4, isNonNegative: true, variationWeight: 0.02, isWide: false },
    { columns: 24, subsets: 3, isNonNegative: true, variationWeight: 0, isWide: true },
  ])('makes the passes its twin makes: %j', (options) => {
    const { columns, subsets, isWide } = options;
    const geometry = geometryOf(columns, { extendEdges: isWide });
    const { anglesRadian, axisPixel } = geometry;
    const radiusPixel = 0.42 * columns;
    const clean = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
    const noise = randomValues(clean.length, 9);
    const sinogram = clean.map((value, at) => value + 0.3 * (noise[at] ?? 0));
    const passOptions = { ...options, variationSteps: 4 };
    kernel.begin(geometry, subsets);
    kernel.measure([clean, sinogram]);
    const twin = emptyTwin(geometry);
    for (let pass = 0; pass < 3; pass++) {
      const norms = kernel.pass(passOptions);
      const norm = passTwin(geometry, sinogram, twin, passOptions);
      expect(Math.abs((norms[1] ?? 0) - norm)).toBeLessThan(TOLERANCE * norm);
      expect(norms[2]).toBe(0);
    }
    const expected = cropped(twin.image, sliceSize(geometry), columns);
    expect(relativeDifference(kernel.readSlice(1), expected)).toBeLessThan(TOLERANCE);
    expect(kernel.readSlice(2).every((value) => value === 0)).toBe(true);
  });

  it('gives each slice the same, whatever the others are', () => {
    const geometry = geometryOf(37);
    const sinograms = [11, 12, 13].map((seed) => randomValues(19 * 37, seed).map(Math.abs));
    const options = { isNonNegative: true, variationWeight: 0.01, variationSteps: 3 };
    const slicesOf = (chosen: readonly Float32Array[]): Float32Array[] => {
      kernel.begin(geometry, 3);
      kernel.measure(chosen);
      kernel.pass(options);
      kernel.pass(options);
      return chosen.map((_, lane) => kernel.readSlice(lane));
    };
    const [, , together] = slicesOf(sinograms);
    const [alone] = slicesOf(sinograms.slice(2));
    expect(alone).toEqual(together);
  });

  it('keeps nothing of the scan before', () => {
    const geometry = geometryOf(24);
    const sinogram = randomValues(19 * 24, 3).map(Math.abs);
    const options = { isNonNegative: true, variationWeight: 0.01, variationSteps: 3 };
    const slice = (): Float32Array => {
      kernel.begin(geometry, 2);
      kernel.measure([sinogram]);
      kernel.pass(options);
      return kernel.readSlice(0);
    };
    const expected = slice();
    kernel.begin(geometryOf(66), 1);
    kernel.measure([randomValues(19 * 66, 4)]);
    kernel.pass(options);
    expect(slice()).toEqual(expected);
  });

  it('leaves 0 outside the inscribed disc', () => {
    for (const extendEdges of [false, true]) {
      const geometry = geometryOf(24, { extendEdges });
      kernel.begin(geometry, 1);
      kernel.measure([new Float32Array(19 * 24).fill(1)]);
      kernel.pass({ isNonNegative: true, variationWeight: 0, variationSteps: 0 });
      const slice = kernel.readSlice(0);
      expect([slice[0], slice[23], slice[23 * 24], slice[24 * 24 - 1]]).toEqual([0, 0, 0, 0]);
      expect(slice[12 * 24 + 12]).toBeGreaterThan(0);
    }
  });

  it('holds slices at 0 or above only where asked', () => {
    const geometry = geometryOf(24);
    const lowest = (isNonNegative: boolean): number => {
      kernel.begin(geometry, 1);
      kernel.measure([randomValues(19 * 24, 8)]);
      kernel.pass({ isNonNegative, variationWeight: 0, variationSteps: 0 });
      return Math.min(...kernel.readSlice(0));
    };
    expect(lowest(true)).toBe(0);
    expect(lowest(false)).toBeLessThan(0);
  });
});

describe('the two builds of the iterative kernel', () => {
  it('give the same slices', () => {
    const geometry = geometryOf(66);
    const sinogram = randomValues(19 * 66, 21).map(Math.abs);
    const [simd, scalar] = BUILDS.map((build) => {
      const kernel = new IterativeKernel(loadKernelModule('iterative', build));
      kernel.begin(geometry, 3);
      kernel.measure([sinogram]);
      kernel.pass({ isNonNegative: true, variationWeight: 0.01, variationSteps: 4 });
      return kernel.readSlice(0);
    });
    expect(relativeDifference(simd ?? [], scalar ?? [])).toBeLessThan(1e-6);
  });
});

describe('what the iterative kernel refuses', () => {
  const kernel = new IterativeKernel(loadKernelModule('iterative'));
  const geometry = geometryOf(24);

  it.each([
    [{ columns: 2049 }, 1, /2049 detector columns; expected 2 to 2048/],
    [{ columns: 1 }, 1, /1 detector columns/],
    [{ columns: 1400, extendEdges: true }, 1, /wider than the detector.*2100 pixels.*at most 2048/],
    [{ anglesRadian: new Float64Array(4097) }, 1, /4097 views; expected 1 to 4096/],
    [{ anglesRadian: [] }, 1, /0 views/],
    [{ anglesRadian: [0, Number.NaN] }, 1, /angle 2 is NaN/],
    [{ axisPixel: 23.5 }, 1, /rotation axis: 23.5 is not on the detector; expected 0 to 23/],
    [{ axisPixel: Number.NaN }, 1, /rotation axis: NaN/],
    [{}, 0, /0 subsets of 19 views/],
    [{}, 20, /20 subsets of 19 views; expected 1 to 19/],
  ])('%j with %i subsets', (change, subsets, message) => {
    expect(() => kernel.begin({ ...geometry, ...change }, subsets)).toThrow(message);
  });

  it('sinograms of another size, too many, or with values that are no numbers', () => {
    kernel.begin(geometry, 1);
    const sinogram = new Float32Array(19 * 24);
    expect(() => kernel.measure([sinogram, sinogram.subarray(1)])).toThrow(
      /sinogram 2: 455 values; expected 456/,
    );
    expect(() => kernel.measure([])).toThrow(/0 given; expected 1 to 4/);
    expect(() => kernel.measure(Array.from({ length: 5 }, () => sinogram))).toThrow(/5 given/);
    const broken = sinogram.slice().fill(Number.POSITIVE_INFINITY, 30, 31);
    expect(() => kernel.measure([broken])).toThrow(/row 2, column 7 is Infinity/);
    expect(() => kernel.startFrom([sinogram])).toThrow(/slice 1: 456 values; expected 576/);
  });

  it('nothing of the largest size that it promises', () => {
    const { configure } = instantiateKernel(loadKernelModule('iterative'));
    const layout = configure as (columns: number, size: number, views: number) => number;
    expect(layout(2048, 2048, 4096)).toBe(0);
    expect(layout(2048, 2049, 4096)).toBe(-1);
    expect(layout(2048, 2048, 4097)).toBe(-1);
    const anglesRadian = evenAngles(9);
    kernel.begin({ columns: 2048, anglesRadian, axisPixel: 0 }, 1);
    kernel.measure([new Float32Array(9 * 2048).fill(1)]);
    kernel.pass({ isNonNegative: true, variationWeight: 0, variationSteps: 0 });
    expect(kernel.readSlice(0).every(Number.isFinite)).toBe(true);
  });
});

describe('ordered subsets', () => {
  it('hold every view once, each from all around', () => {
    const { order, bounds } = orderedSubsets(evenAngles(50), 8);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, k) => k),
    );
    expect(bounds).toEqual([0, 7, 14, 20, 26, 32, 38, 44, 50]);
    for (let subset = 0; subset < 8; subset++) {
      const views = Array.from(order.subarray(bounds[subset], bounds[subset + 1]));
      for (const [at, view] of views.slice(1).entries()) expect(view - (views[at] ?? 0)).toBe(8);
    }
  });

  it('are visited in bit-reversed order, each once, whatever their number', () => {
    expect(bitReversed(8)).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
    expect(bitReversed(1)).toEqual([0]);
    for (let count = 1; count <= 10; count++) {
      const sorted = bitReversed(count).sort((a, b) => a - b);
      expect(sorted).toEqual(Array.from({ length: count }, (_, k) => k));
    }
  });
});
