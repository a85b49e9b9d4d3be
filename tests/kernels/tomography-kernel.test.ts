import { describe, expect, it } from 'vitest';
import { filterRowTwin } from '../../src/kernels/tomography-conditioning-twin.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { backprojectTwin, griddingTwin, normaliseTwin } from '../../src/kernels/tomography-twin.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, phantomSinogram, relativeDifference } from './tomography-phantom.ts';

/** The kernel computes in single precision, the twin in double precision. */
const TOLERANCE = 2e-5;
/** Even, odd, and no multiple of a vector; transforms of 2^k and of 3 x 2^k. */
const WIDTHS = [40, 37, 66, 90];
const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];

function geometryOf(columns: number, views = 24) {
  const anglesRadian = evenAngles(views).map((angle, view) => angle + 0.02 * Math.sin(7 * view));
  const weightsRadian = anglesRadian.map(
    (_, view) => (Math.PI / views) * (1 + 0.1 * Math.cos(view)),
  );
  return { columns, anglesRadian, weightsRadian, axisPixel: columns / 2 + 1.37 };
}

function sinogramsOf(geometry: ReturnType<typeof geometryOf>): [Float32Array, Float32Array] {
  const { columns, anglesRadian, axisPixel } = geometry;
  const radiusPixel = 0.42 * columns;
  const first = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  return [first, first.map((value, at) => 0.3 * value + Math.sin(at))];
}

describe.each(BUILDS)('tomography kernel, %s build', (build) => {
  const kernel = new TomographyKernel(loadKernelModule('tomography', build));

  it.each(WIDTHS)('takes -log of counts as the formula says, %i columns', (columns) => {
    const counts = Uint16Array.from({ length: 3 * columns }, (_, at) => (at * 379) % 5000);
    const dark = Float32Array.from({ length: columns }, (_, at) => 90 + (at % 7));
    const gain = Float32Array.from({ length: columns }, (_, at) => 1 / (4000 + 10 * at));
    const floats = Float32Array.from(counts);
    const expected = normaliseTwin(counts, { dark, gain });
    for (const input of [counts, floats]) {
      const result = new Float32Array(counts.length);
      kernel.normalise(input, { dark, gain }, result);
      expect(relativeDifference(result, expected)).toBeLessThan(1e-6);
    }
  });

  it('gives finite attenuation for dark, saturated, infinite and undefined pixels', () => {
    const dark = new Float32Array(4).fill(100);
    const gain = Float32Array.from([1e-3, 1e-3, 0, 1]);
    const result = new Float32Array(8);
    kernel.normalise(
      Uint16Array.from([0, 65535, 0, 0, 65535, 0, 65535, 65535]),
      { dark, gain },
      result,
    );
    expect(Array.from(result).every(Number.isFinite)).toBe(true);
    expect(result[0]).toBeCloseTo(-Math.log(1e-4), 4);
    kernel.normalise(
      Float32Array.from([Number.NaN, Infinity, -Infinity, Number.NaN, 1e30, -1e30, 0, 3e38]),
      { dark, gain },
      result,
    );
    expect(Array.from(result).every(Number.isFinite)).toBe(true);
  });

  it.each(WIDTHS)('filters a row as its twin does, %i columns', (columns) => {
    const row = Float32Array.from({ length: columns }, (_, at) => Math.sin(at) + at / columns);
    expect(relativeDifference(kernel.filterRow(row), filterRowTwin(row))).toBeLessThan(TOLERANCE);
  });

  it.each(WIDTHS)('grids a pair of slices as its twin does, %i columns', (columns) => {
    const geometry = geometryOf(columns);
    const [first, second] = sinogramsOf(geometry);
    const slices = kernel.reconstructPair(geometry, first, second);
    expect(relativeDifference(slices[0], griddingTwin(geometry, first))).toBeLessThan(TOLERANCE);
    expect(relativeDifference(slices[1], griddingTwin(geometry, second))).toBeLessThan(TOLERANCE);
  });

  it.each(WIDTHS)('back-projects as its twin does, %i columns', (columns) => {
    const geometry = geometryOf(columns);
    const [sinogram] = sinogramsOf(geometry);
    const views = viewsOf(geometry);
    kernel.clearSlice(columns);
    kernel.addToSlice(sinogram, views);
    const filtered = views.flatMap((_, view) =>
      Array.from(filterRowTwin(sinogram.subarray(view * columns, (view + 1) * columns))),
    );
    const expected = backprojectTwin(filtered, columns, views);
    expect(relativeDifference(kernel.readSlice(), expected)).toBeLessThan(TOLERANCE);
  });

  it('gives the same slice whether views come one by one or all at once', () => {
    const geometry = geometryOf(52, 21);
    const [sinogram] = sinogramsOf(geometry);
    const views = viewsOf(geometry);
    kernel.clearSlice(52);
    kernel.addToSlice(sinogram, views);
    const batch = kernel.readSlice();
    kernel.clearSlice(52);
    for (const [view, weighted] of views.entries()) {
      kernel.addToSlice(sinogram.subarray(view * 52, (view + 1) * 52), [weighted]);
    }
    expect(relativeDifference(kernel.readSlice(), batch)).toBeLessThan(TOLERANCE);
  });

  it('does not depend on the order of the views, nor on the scan before', () => {
    const geometry = geometryOf(40);
    const [sinogram] = sinogramsOf(geometry);
    const [expected] = kernel.reconstructPair(geometry, sinogram, sinogram);
    const order = Array.from(geometry.anglesRadian.keys()).sort(
      (a, b) => ((a * 7) % 24) - ((b * 7) % 24),
    );
    const shuffled = {
      ...geometry,
      anglesRadian: order.map((view) => geometry.anglesRadian[view] ?? 0),
      weightsRadian: order.map((view) => geometry.weightsRadian[view] ?? 0),
    };
    const rows = Float32Array.from(
      order.flatMap((view) => Array.from(sinogram.subarray(view * 40, (view + 1) * 40))),
    );
    const other = geometryOf(91);
    kernel.reconstructPair(other, ...sinogramsOf(other));
    const [slice] = kernel.reconstructPair(shuffled, rows, rows);
    expect(relativeDifference(slice, expected)).toBeLessThan(TOLERANCE);
  });

  it('leaves 0 outside the inscribed disc', () => {
    const geometry = geometryOf(40);
    const [sinogram] = sinogramsOf(geometry);
    const [slice] = kernel.reconstructPair(geometry, sinogram, sinogram);
    expect(slice[0]).toBe(0);
    expect(slice[39]).toBe(0);
    expect(slice[40 * 40 - 1]).toBe(0);
  });

  it('reconstructs at the widest detector and refuses one column more', () => {
    const widest = {
      columns: 4096,
      anglesRadian: [0],
      weightsRadian: [Math.PI],
      axisPixel: 2047.5,
    };
    kernel.clearSlice(4096);
    kernel.addToSlice(new Float32Array(4096).fill(1), [
      { angleRadian: 0.3, weightRadian: Math.PI, axisPixel: 0 },
    ]);
    expect(kernel.readSlice().every(Number.isFinite)).toBe(true);
    const wider = { ...widest, columns: 4097 };
    const row = new Float32Array(4097);
    expect(() => kernel.reconstructPair(wider, row, row)).toThrow(
      /4097 detector columns.*2 to 4096/,
    );
    expect(() => kernel.clearSlice(1)).toThrow(/1 detector columns/);
  });

  it('refuses rows, weights and axes that do not fit', () => {
    const geometry = geometryOf(40);
    const row = new Float32Array(24 * 40);
    expect(() => kernel.reconstructPair(geometry, row.subarray(1), row)).toThrow(
      /959 values; expected 960/,
    );
    expect(() => kernel.reconstructPair({ ...geometry, weightsRadian: [1] }, row, row)).toThrow(
      /view weights: 1 values; expected 24/,
    );
    expect(() => kernel.reconstructPair({ ...geometry, axisPixel: 39.5 }, row, row)).toThrow(
      /rotation axis: 39.5 is not on the detector; expected 0 to 39/,
    );
    const anglesRadian = geometry.anglesRadian.slice().fill(Number.NaN, 3, 4);
    expect(() => kernel.reconstructPair({ ...geometry, anglesRadian }, row, row)).toThrow(
      /angle NaN/,
    );
  });
});

describe('the two builds of the tomography kernel', () => {
  it('give the same slices', () => {
    const geometry = geometryOf(66);
    const [first, second] = sinogramsOf(geometry);
    const [simd, scalar] = BUILDS.map((build) =>
      new TomographyKernel(loadKernelModule('tomography', build)).reconstructPair(
        geometry,
        first,
        second,
      ),
    );
    expect(relativeDifference(simd?.[0] ?? [], scalar?.[0] ?? [])).toBeLessThan(1e-6);
    expect(relativeDifference(simd?.[1] ?? [], scalar?.[1] ?? [])).toBeLessThan(1e-6);
  });
});

function viewsOf({ anglesRadian, weightsRadian, axisPixel }: ReturnType<typeof geometryOf>) {
  return Array.from(anglesRadian, (angleRadian, view) => ({
    angleRadian,
    axisPixel,
    weightRadian: weightsRadian[view] ?? 0,
  }));
}
