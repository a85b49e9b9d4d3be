import { describe, expect, it } from 'vitest';
import { removeStripes, removeStripesFrom } from '../../src/analysis/tomography-stripes.ts';
import { STRIPE_REMOVALS } from '../../src/domain/scan.ts';
import { readTiff } from '../../src/formats/tiff-file.ts';
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

const kernel = new TomographyKernel(loadKernelModule('tomography'));
const COLUMNS = 512;
const VIEWS = 720;
const RADIUS = 0.475 * COLUMNS;
const anglesRadian = evenAngles(VIEWS);

/** Uniform pseudo-random numbers in [0, 1): Numerical Recipes' linear congruential generator. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function slice(sinogram: Float32Array, angles: Float64Array, axisPixel: number, columns: number) {
  const weightsRadian = angles.map(() => Math.PI / angles.length);
  const geometry = { columns, anglesRadian: angles, weightsRadian, axisPixel };
  return kernel.reconstructPair(geometry, sinogram, sinogram)[0];
}

/** Energy of the rings: mean over the polar angle, less its running median over eleven radii. */
function ringEnergy(pixels: Float32Array, columns: number): number {
  const middle = (columns - 1) / 2;
  const radii = Math.floor(0.45 * columns);
  const sums = new Float64Array(radii);
  const counts = new Float64Array(radii);
  for (const [at, value] of pixels.entries()) {
    const radius = Math.round(
      Math.hypot((at % columns) - middle, Math.floor(at / columns) - middle),
    );
    if (radius >= radii) continue;
    sums[radius] = (sums[radius] ?? 0) + value;
    counts[radius] = (counts[radius] ?? 0) + 1;
  }
  const means = sums.map((sum, radius) => sum / (counts[radius] ?? 1));
  let energy = 0;
  for (let radius = 5; radius < radii - 5; radius++) {
    const near = means.slice(radius - 5, radius + 6).sort();
    energy += ((means[radius] ?? 0) - (near[5] ?? 0)) ** 2;
  }
  return energy;
}

function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, at) => value - (b[at] ?? 0));
}

describe.each([0, 0.005])('stripe removal, noise %f of the brightest', (noise) => {
  const random = randomNumbers(5);
  const exact = phantomSinogram({
    columns: COLUMNS,
    radiusPixel: RADIUS,
    anglesRadian,
    axisPixel: (COLUMNS - 1) / 2,
  });
  const brightest = exact.reduce((a, b) => Math.max(a, b));
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const clean = exact.map((value) => value + noise * brightest * normal());
  const height = () => (random() < 0.5 ? 1 : -1) * (0.005 + 0.015 * random()) * brightest;
  const narrow = new Float32Array(COLUMNS);
  for (let k = 0; k < 30; k++) narrow[Math.floor(random() * COLUMNS)] = height();
  const wide = new Float32Array(COLUMNS);
  for (let k = 0; k < 6; k++) {
    const width = 5 + Math.floor(10 * random());
    const first = Math.floor(30 + 75 * k + (60 - width) * random());
    wide.fill(height(), first, first + width);
  }
  const stripesOf = {
    narrow,
    wide,
    'narrow and wide': narrow.map((value, column) => value + (wide[column] ?? 0)),
  };
  const truth = phantomSlice(COLUMNS, RADIUS);
  const reconstruct = (sinogram: Float32Array) =>
    slice(sinogram, anglesRadian, (COLUMNS - 1) / 2, COLUMNS);
  const cleanSlice = reconstruct(clean);
  const cleanError = compareSlices(cleanSlice, truth, COLUMNS).rmse;

  it.each(STRIPE_REMOVALS)('%s alters clean data by no more than half a percent', (removal) => {
    const sinogram = clean.slice();
    removeStripes(kernel, sinogram, COLUMNS, removal);
    expect(relativeDifference(sinogram, clean)).toBeLessThan(0.005);
    expect(sinogram.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['filter', 'narrow'],
    ['sort', 'narrow'],
    ['large', 'narrow'],
    ['all', 'narrow'],
    ['large', 'wide'],
    ['all', 'wide'],
    ['large', 'narrow and wide'],
    ['all', 'narrow and wide'],
  ] as const)('%s takes %s rings down tenfold and the phantom stays', (removal, kind) => {
    const stripes = stripesOf[kind];
    const striped = clean.map((value, at) => value + (stripes[at % COLUMNS] ?? 0));
    const sinogram = striped.slice();
    const changed = removeStripes(kernel, sinogram, COLUMNS, removal);
    expect(changed).toBeGreaterThanOrEqual(25);
    const result = reconstruct(sinogram);
    const before = ringEnergy(minus(reconstruct(striped), cleanSlice), COLUMNS);
    const after = ringEnergy(minus(result, cleanSlice), COLUMNS);
    expect(before / after).toBeGreaterThan(10);
    const error = compareSlices(result, truth, COLUMNS).rmse;
    expect(error / cleanError).toBeLessThan(1.05);
  });
});

describe('stripe removal', () => {
  const sinogram = phantomSinogram({
    columns: 256,
    radiusPixel: 110,
    anglesRadian: evenAngles(300),
    axisPixel: 127.5,
  });

  it('removes a stripe ten columns wide only when asked for large ones', () => {
    const wide = sinogram.map((value, at) => value + (at % 256 >= 150 && at % 256 < 160 ? 30 : 0));
    const left = (['sort', 'large'] as const).map((removal) => {
      const result = wide.slice();
      removeStripes(kernel, result, 256, removal);
      return relativeDifference(result, sinogram);
    });
    const before = relativeDifference(wide, sinogram);
    expect(left[0]).toBeGreaterThan(0.5 * before);
    expect(left[1]).toBeLessThan(0.1 * before);
  });

  it('takes a round part that turns about its middle for no plateau', () => {
    const walls = [
      [100, 0.004],
      [94, -0.003],
      [8, 0.01],
    ] as const;
    const round = Float32Array.from({ length: 256 * 300 }, (_, at) => {
      const place = (at % 256) - 127.4;
      let chords = 0.001 * Math.sin(at * at);
      for (const [radius, value] of walls) {
        chords += 2 * value * Math.sqrt(Math.max(0, radius ** 2 - place ** 2));
      }
      return chords;
    });
    const [sorted, levelled] = (['sort', 'large'] as const).map((removal) => {
      const result = round.slice();
      removeStripes(kernel, result, 256, removal);
      return result;
    });
    expect(levelled).toEqual(sorted);
  });

  it('tells what it took off each column of a held sinogram', () => {
    const striped = sinogram.map((value, at) => value + (at % 256 === 130 ? 5 : 0));
    kernel.holdSinogram(1, striped, 256);
    const tally = removeStripesFrom(kernel, 1, 'sort');
    const result = kernel.readSinogram(1);
    const removed = minus(striped, result);
    const means = new Float64Array(256);
    for (const [at, off] of removed.entries()) means[at % 256] = (means[at % 256] ?? 0) + off / 300;
    expect(means[130]).toBeGreaterThan(4);
    expect(relativeDifference(tally.removedMean, means)).toBeLessThan(1e-5);
    expect(tally.columns).toBe(means.filter((mean) => mean !== 0).length);
    const squares = removed.reduce((sum, off) => sum + off * off, 0);
    expect(tally.removedSquares / squares).toBeCloseTo(1, 5);
    expect(removeStripesFrom(kernel, 1, 'none')).toMatchObject({ columns: 0, removedSquares: 0 });
  });

  it('bridges a flickering column only when asked for all', () => {
    const random = randomNumbers(3);
    const dead = sinogram.map((value, at) => (at % 256 === 130 ? 60 * random() : value));
    const result = dead.slice();
    removeStripes(kernel, result, 256, 'all');
    expect(relativeDifference(result, sinogram)).toBeLessThan(
      0.1 * relativeDifference(dead, sinogram),
    );
    const none = dead.slice();
    expect(removeStripes(kernel, none, 256, 'none')).toBe(0);
    expect(none).toEqual(dead);
  });

  it.each(STRIPE_REMOVALS)('%s takes uniform, tiny and extreme sinograms', (removal) => {
    for (const [columns, views] of [
      [2, 3],
      [3, 40],
      [200, 3],
    ] as const) {
      for (const value of [0, 9.21, -9.21]) {
        const data = new Float32Array(columns * views).fill(value);
        data[1] = -value;
        removeStripes(kernel, data, columns, removal);
        expect(data.every(Number.isFinite)).toBe(true);
      }
    }
  });
});

describeWithData('stripe removal on a neutron scan', () => {
  it('takes down its rings at least fivefold', async () => {
    const [page] = await readTiff(sharedData('tomo/neutron-sinogram-360.tif'));
    const columns = page?.columns ?? 0;
    const counts = page?.pixels ?? new Uint16Array(0);
    const sinogram = Float32Array.from(counts, (c) => -Math.log(Math.max(c / 48_000, 1e-4)));
    const angles = evenAngles(sinogram.length / columns, 2 * Math.PI);
    const before = ringEnergy(slice(sinogram, angles, 245.5, columns), columns);
    removeStripes(kernel, sinogram, columns, 'sort');
    const after = ringEnergy(slice(sinogram, angles, 245.5, columns), columns);
    expect(before / after).toBeGreaterThan(5);
  });
});
