import { describe, expect, it } from 'vitest';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  compareSlices,
  evenAngles,
  phantomSinogram,
  phantomSlice,
  structuralSimilarity,
} from './tomography-phantom.ts';

const kernel = new TomographyKernel(loadKernelModule('tomography'));

interface Case {
  readonly columns: number;
  readonly views: number;
  readonly spanRadian?: number;
  readonly axisOffsetPixel?: number;
  readonly radiusFraction?: number;
}

/** The phantom through both engines. */
function reconstruct({ columns, views, spanRadian = Math.PI, ...rest }: Case) {
  const anglesRadian = evenAngles(views, spanRadian);
  const axisPixel = (columns - 1) / 2 + (rest.axisOffsetPixel ?? 0);
  const radiusPixel = ((rest.radiusFraction ?? 0.95) * columns) / 2;
  const sinogram = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  const weightRadian = Math.PI / views;
  const weightsRadian = anglesRadian.map(() => weightRadian);
  const geometry = { columns, anglesRadian, weightsRadian, axisPixel };
  const [gridded, copy] = kernel.reconstructPair(geometry, sinogram, sinogram);
  kernel.clearSlice(columns);
  kernel.addToSlice(
    sinogram,
    Array.from(anglesRadian, (angleRadian) => ({ angleRadian, weightRadian, axisPixel })),
  );
  return {
    gridded,
    copy,
    backprojected: kernel.readSlice(),
    truth: phantomSlice(columns, radiusPixel),
  };
}

describe('reconstruction of the Shepp-Logan phantom', () => {
  it.each([
    { columns: 512, views: 720, gridding: [0.015, 0.96], backprojection: [0.0156, 0.96] },
    { columns: 1024, views: 1000, gridding: [0.0106, 0.97], backprojection: [0.0112, 0.97] },
  ] as const)('reaches the error of the best native implementations at $columns columns and $views views', ({
    columns,
    views,
    ...limits
  }) => {
    const { gridded, copy, backprojected, truth } = reconstruct({ columns, views });
    for (const [slice, [rmseMax, similarityMin]] of [
      [gridded, limits.gridding],
      [backprojected, limits.backprojection],
    ] as const) {
      const { rmse, bias, gain } = compareSlices(slice, truth, columns);
      expect(rmse).toBeLessThan(rmseMax);
      expect(Math.abs(bias)).toBeLessThan(1e-4);
      expect(Math.abs(gain - 1)).toBeLessThan(0.003);
      expect(structuralSimilarity(slice, truth, columns)).toBeGreaterThan(similarityMin);
    }
    expect(compareSlices(copy, gridded, columns).rmse).toBeLessThan(1e-6);
  }, 60_000);

  it.each([255, 256])('puts both engines on the same pixels, %i columns', (columns) => {
    const { gridded, backprojected } = reconstruct({ columns, views: 360 });
    const [x, y] = shiftBetween(gridded, backprojected, columns);
    expect(Math.abs(x)).toBeLessThan(0.02);
    expect(Math.abs(y)).toBeLessThan(0.02);
  });

  it.each([-20.31, -0.5, 0.25, 17.77])('keeps the slice in place for an axis %f off', (offset) => {
    const { gridded, backprojected, truth } = reconstruct({
      columns: 256,
      views: 360,
      axisOffsetPixel: offset,
      radiusFraction: 0.8,
    });
    for (const slice of [gridded, backprojected]) {
      const [x, y] = shiftBetween(slice, truth, 256);
      expect(Math.abs(x)).toBeLessThan(0.05);
      expect(Math.abs(y)).toBeLessThan(0.05);
      expect(Math.abs(compareSlices(slice, truth, 256, 0.9).gain - 1)).toBeLessThan(0.005);
    }
  });

  it('gives the same values from a full turn as from half a turn', () => {
    const half = reconstruct({ columns: 192, views: 270 });
    const full = reconstruct({ columns: 192, views: 540, spanRadian: 2 * Math.PI });
    expect(compareSlices(full.gridded, half.gridded, 192).rmse).toBeLessThan(1e-4);
    expect(compareSlices(full.backprojected, half.backprojected, 192).rmse).toBeLessThan(1e-4);
  });
});

/** Sub-pixel shift between two slices, by the gradient of one (Lucas and Kanade 1981). */
function shiftBetween(a: Float32Array, b: Float32Array, columns: number): [number, number] {
  let [xx, xy, yy, xd, yd] = [0, 0, 0, 0, 0];
  for (let at = columns + 1; at < a.length - columns - 1; at++) {
    const dx = ((b[at + 1] ?? 0) - (b[at - 1] ?? 0)) / 2;
    const dy = ((b[at + columns] ?? 0) - (b[at - columns] ?? 0)) / 2;
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
    xd += dx * difference;
    yd += dy * difference;
  }
  const determinant = xx * yy - xy * xy;
  return [-(yy * xd - xy * yd) / determinant, -(xx * yd - xy * xd) / determinant];
}
