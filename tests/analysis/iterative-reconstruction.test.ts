import { describe, expect, it } from 'vitest';
import {
  type IterativeOptions,
  iterativeSlices,
  reconstructIteratively,
  subsetsFor,
} from '../../src/analysis/iterative-reconstruction.ts';
import { viewWeights } from '../../src/analysis/tomography-angles.ts';
import { Random } from '../../src/domain/random.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { IterativeKernel } from '../../src/kernels/iterative-kernel.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  compareSlices,
  evenAngles,
  phantomSinogram,
  phantomSlice,
  relativeDifference,
} from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

const kernel = new IterativeKernel(loadKernelModule('iterative'));
const gridding = new TomographyKernel(loadKernelModule('tomography'));

const COLUMNS = 192;
const RADIUS = 0.45 * COLUMNS;
const AXIS = (COLUMNS - 1) / 2 + 1.3;
const TRUTH = phantomSlice(COLUMNS, RADIUS);

/** Views of the phantom, with noise of 1/`signalToNoise` of the thickest line. */
function fewViews(views: number, options: { spanRadian?: number; signalToNoise?: number } = {}) {
  const { spanRadian = Math.PI, signalToNoise = 50 } = options;
  const anglesRadian = evenAngles(views, spanRadian);
  const geometry = {
    columns: COLUMNS,
    anglesRadian,
    axisPixel: AXIS,
    weightsRadian: viewWeights(anglesRadian),
  };
  const clean = phantomSinogram({ ...geometry, radiusPixel: RADIUS });
  const peak = clean.reduce((most, value) => Math.max(most, value), 0);
  const random = new Random(views);
  const sinogram = clean.map((value) => value + (peak / signalToNoise) * random.normal());
  return { geometry, sinogram };
}

/** Root mean square error against the phantom within 0.95 of the disc. */
function errorOf(slice: Float32Array): number {
  return compareSlices(slice, TRUTH, COLUMNS).rmse;
}

function iterated(data: ReturnType<typeof fewViews>, options: IterativeOptions): Float32Array {
  const all = { residualChangeMin: 0, ...options };
  const [slice] = iterativeSlices(kernel, data.geometry, [data.sinogram], all);
  return slice ?? new Float32Array(0);
}

function gridded({ geometry, sinogram }: ReturnType<typeof fewViews>): Float32Array {
  return gridding.reconstructPair(geometry, sinogram, sinogram)[0];
}

describe('slices of few views', () => {
  it.each([
    { views: 60, sirtMax: 0.062, variationMax: 0.046 },
    { views: 30, sirtMax: 0.072, variationMax: 0.056 },
  ])('are better by iteration than by gridding: %j', ({ views, sirtMax, variationMax }) => {
    const data = fewViews(views);
    const sirt = errorOf(iterated(data, { iterations: 80, subsets: 1 }));
    const variation = { iterations: 160, subsets: 1, totalVariation: 1e-3 };
    const smooth = errorOf(iterated(data, variation));
    expect(sirt).toBeLessThan(0.75 * errorOf(gridded(data)));
    expect(sirt).toBeLessThan(sirtMax);
    expect(smooth).toBeLessThan(variationMax);
    expect(smooth).toBeLessThan(0.85 * sirt);
  });

  it.each([
    60, 48,
  ])('come out the same on eight subsets in an eighth of the passes, %i views', (views) => {
    const data = fewViews(views);
    const whole = iterated(data, { iterations: 80, subsets: 1 });
    const subsets = iterated(data, { iterations: 10, subsets: 8 });
    expect(Math.abs(errorOf(subsets) / errorOf(whole) - 1)).toBeLessThan(0.03);
    expect(relativeDifference(subsets, whole)).toBeLessThan(0.04);
  });

  it('show less noise with total variation where the noise is strong', () => {
    const data = fewViews(60, { signalToNoise: 20 });
    const sirt = errorOf(iterated(data, { iterations: 15, subsets: 8 }));
    const smooth = errorOf(iterated(data, { iterations: 15, subsets: 8, totalVariation: 1e-3 }));
    expect(smooth).toBeLessThan(0.75 * sirt);
  });

  it('of 120 degrees are better than gridding, and far from those of the half turn', () => {
    const limited = fewViews(60, { spanRadian: (2 * Math.PI) / 3 });
    const options = { iterations: 10, subsets: 8 };
    const sirt = errorOf(iterated(limited, options));
    expect(sirt).toBeLessThan(0.8 * errorOf(gridded(limited)));
    // What the missing wedge would have shown, no iteration knows.
    expect(sirt).toBeGreaterThan(1.7 * errorOf(iterated(fewViews(60), options)));
  });

  it('reach a residual as small as the noise', () => {
    const data = fewViews(60);
    const noise = relativeDifference(
      data.sinogram,
      phantomSinogram({ ...data.geometry, radiusPixel: RADIUS }),
    );
    const [result] = reconstructIteratively(kernel, [data.sinogram], data.geometry, {
      iterations: 30,
      subsets: 8,
    });
    expect(result?.residuals.at(-1)).toBeLessThan(1.2 * noise);
  });

  it('start from a slice of gridding where one is given', () => {
    const data = fewViews(60, { signalToNoise: 1e6 });
    const start = [gridded(data).map((value) => Math.max(0, value))];
    const options = { iterations: 3, subsets: 1 };
    const cold = errorOf(iterated(data, options));
    const warm = errorOf(iterated(data, { ...options, start }));
    expect(warm).toBeLessThan(0.8 * cold);
  });
});

describe('samples wider than the detector', () => {
  const anglesRadian = evenAngles(90);
  const columns = 128;
  const axisPixel = (columns - 1) / 2;
  const radiusPixel = 0.75 * columns;
  const sinogram = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  const truth = phantomSlice(columns, radiusPixel);

  it('do not pile up at the rim when they may reach beyond it', () => {
    const rmse = (extendEdges: boolean): number => {
      const geometry = { columns, anglesRadian, axisPixel, extendEdges };
      const [slice] = iterativeSlices(kernel, geometry, [sinogram], { iterations: 10, subsets: 9 });
      return compareSlices(slice ?? new Float32Array(0), truth, columns).rmse;
    };
    expect(rmse(true)).toBeLessThan(0.4 * rmse(false));
    expect(rmse(true)).toBeLessThan(0.03);
  });

  it('are refused in words where the slice would be too large', () => {
    const wide = { columns: 1500, anglesRadian: [0], axisPixel: 700, extendEdges: true };
    expect(() => iterativeSlices(kernel, wide, [new Float32Array(1500)])).toThrow(
      /wider than the detector.*bin the detector, or use gridding/,
    );
  });
});

describe('iteration', () => {
  const data = fewViews(24);
  const { geometry, sinogram } = data;

  it('lets the residual fall from pass to pass', () => {
    const [result] = reconstructIteratively(kernel, [sinogram], geometry, {
      iterations: 12,
      subsets: 1,
    });
    const residuals = result?.residuals ?? [];
    expect(residuals).toHaveLength(12);
    // From nothing, the rays lack all they measured.
    expect(residuals[0]).toBeCloseTo(1, 6);
    for (const [at, later] of residuals.slice(1).entries()) {
      expect(later).toBeLessThan(residuals[at] ?? 0);
    }
  });

  it('ends when the residual no longer changes, each slice by itself', () => {
    const options = { iterations: 200, subsets: 4, residualChangeMin: 0.02 };
    const still = new Float32Array(sinogram.length);
    const group = reconstructIteratively(kernel, [still, sinogram], geometry, options);
    const [alone] = reconstructIteratively(kernel, [sinogram], geometry, options);
    expect(group.map(({ stoppedBy }) => stoppedBy)).toEqual(['residual', 'residual']);
    expect(group[0]?.residuals).toEqual([0, 0]);
    expect(group[1]).toEqual(alone);
    expect(alone?.residuals.length).toBeGreaterThan(5);
    expect(alone?.residuals.length).toBeLessThan(200);
  });

  it('says when it ended for want of passes', () => {
    const [result] = reconstructIteratively(kernel, [sinogram], geometry, { iterations: 2 });
    expect(result?.stoppedBy).toBe('iterations');
    expect(result?.residuals).toHaveLength(2);
  });

  it('makes any number of slices, in order, and says how far it is', () => {
    const sinograms = [1, 2, 3, 4, 5, 6].map((factor) => sinogram.map((v) => factor * v));
    const told: number[] = [];
    const slices = iterativeSlices(kernel, geometry, sinograms, {
      iterations: 2,
      onProgress: (fraction) => told.push(fraction),
    });
    const [first = new Float32Array(0)] = slices;
    for (const [at, slice] of slices.entries()) {
      const expected = first.map((value) => (at + 1) * value);
      expect(relativeDifference(slice, expected)).toBeLessThan(1e-5);
    }
    expect(slices).toHaveLength(6);
    expect(told).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it.each([
    [{ iterations: 0 }, /iterations: 0; expected a whole number from 1/],
    [{ iterations: 1.5 }, /iterations: 1.5/],
    [{ subsets: 25 }, /25 subsets of 24 views/],
    [{ totalVariation: -1 }, /total variation: -1; expected a weight in 1\/pixel/],
    [{ totalVariation: Number.NaN }, /total variation: NaN/],
    [{ residualChangeMin: 1 }, /residual change: 1; expected a share/],
    [{ start: [] }, /start: 0 slices for 1 sinograms/],
    [{ start: [new Float32Array(3)] }, /slice 1: 3 values/],
  ])('refuses %j', (options, message) => {
    expect(() => iterativeSlices(kernel, geometry, [sinogram], options)).toThrow(message);
  });

  it('refuses sinograms of another size, with undefined values, or none', () => {
    expect(() => iterativeSlices(kernel, geometry, [sinogram.subarray(1)])).toThrow(/4607 values/);
    const broken = sinogram.slice().fill(Number.NaN, 0, 1);
    expect(() => iterativeSlices(kernel, geometry, [broken])).toThrow(/row 1, column 1 is NaN/);
    expect(() => iterativeSlices(kernel, geometry, [])).toThrow(/none given/);
  });

  it('takes as many subsets as leave each six views', () => {
    expect([1, 6, 12, 60, 1000].map(subsetsFor)).toEqual([1, 1, 2, 10, 10]);
  });
});

describeWithData('every sixth view of a measured tooth', () => {
  it('gives by iteration what gridding gives of all views, and by gridding does not', async () => {
    const scan = await readScan(sharedData('tomo/tooth-row0.h5'));
    const { columns, anglesRadian } = scan;
    const sinogram = attenuationOf(scan);
    const geometryOf = (angles: Float64Array) => ({
      columns,
      anglesRadian: angles,
      weightsRadian: viewWeights(angles),
      axisPixel: 296,
    });
    const [full] = gridding.reconstructPair(geometryOf(anglesRadian), sinogram, sinogram);
    const views = Array.from(anglesRadian.keys()).filter((view) => view % 6 === 0);
    const geometry = geometryOf(Float64Array.from(views, (view) => anglesRadian[view] ?? 0));
    const rows = views.map((view) => sinogram.subarray(view * columns, (view + 1) * columns));
    const few = new Float32Array(views.length * columns);
    for (const [at, row] of rows.entries()) few.set(row, at * columns);
    const [grid] = gridding.reconstructPair(geometry, few, few);
    const [slice] = iterativeSlices(kernel, geometry, [few], {
      iterations: 20,
      totalVariation: 1e-5,
    });
    const error = (of: Float32Array): number => insideDifference(of, full, columns);
    expect(error(slice ?? grid)).toBeLessThan(0.5 * error(grid));
    expect(error(slice ?? grid)).toBeLessThan(0.32);
  });
});

/** Root mean square difference within 0.9 of the disc, relative. */
function insideDifference(slice: Float32Array, full: Float32Array, columns: number): number {
  const middle = (columns - 1) / 2;
  const inside = (_: number, at: number): boolean =>
    Math.hypot((at % columns) - middle, Math.floor(at / columns) - middle) < 0.45 * columns;
  return relativeDifference(slice.filter(inside), full.filter(inside));
}

/** -log data of a scan of one row, without the conditioning of the product. */
function attenuationOf({ columns, projections, flats, darks }: ScanData): Float32Array {
  const meanOf = (frames: ArrayLike<number>): Float64Array => {
    const sums = new Float64Array(columns);
    for (let at = 0; at < frames.length; at++) {
      sums[at % columns] = (sums[at % columns] ?? 0) + (frames[at] ?? 0);
    }
    return sums.map((sum) => sum / (frames.length / columns));
  };
  const [flat, dark] = [meanOf(flats), meanOf(darks)];
  return Float32Array.from(projections, (count, at) => {
    const offset = dark[at % columns] ?? 0;
    return -Math.log(Math.max(1e-4, (count - offset) / ((flat[at % columns] ?? 1) - offset)));
  });
}
