import { describe, expect, it } from 'vitest';
import { removeStripesFrom } from '../../src/analysis/tomography-stripes.ts';
import { bandRowTwin, quantiseTwin } from '../../src/kernels/tomography-conditioning-twin.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import type { BandRow } from '../../src/kernels/tomography-slots.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, phantomSinogram, relativeDifference } from './tomography-phantom.ts';

const TOLERANCE = 2e-5;
const BUILDS: readonly KernelBuild[] = ['simd', 'scalar'];
const WIDTHS = [40, 37, 90];
const VIEWS = 24;
const BAND_ROWS = 3;

/** Uniform pseudo-random numbers in [0, 1): Numerical Recipes' linear congruential generator. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A row in the middle of a band of counts, seen by all views but two. */
function bandRow(columns: number, moments = 3): BandRow {
  const random = randomNumbers(columns);
  const pixels = Uint16Array.from({ length: VIEWS * BAND_ROWS * columns }, () => 6000 * random());
  return {
    pixels,
    columns,
    first: columns,
    viewStride: BAND_ROWS * columns,
    views: Array.from({ length: VIEWS }, (_, view) => view).filter((v) => v !== 5 && v !== 6),
    moments: Array.from({ length: moments }, (_, k) => ({
      afterViews: [0, 10, VIEWS][k] ?? 0,
      dark: Float32Array.from({ length: columns }, (__, at) => 90 + (at % 7)),
      gain: Float32Array.from({ length: columns }, (__, at) => 1 / (5000 + 10 * at + 300 * k)),
    })),
  };
}

function geometryOf(columns: number, views: number) {
  const anglesRadian = evenAngles(views);
  const weightsRadian = anglesRadian.map((_, view) => (Math.PI / views) * (1 + 0.1 * (view % 2)));
  return { columns, anglesRadian, weightsRadian, axisPixel: columns / 2 + 1.37 };
}

describe.each(BUILDS)('held sinograms, %s build', (build) => {
  const kernel = new TomographyKernel(loadKernelModule('tomography', build));

  it.each(WIDTHS)('takes a row out of a band as its twin does, %i columns', (columns) => {
    for (const moments of [1, 2, 3]) {
      const row = bandRow(columns, moments);
      kernel.loadSinogram(0, row);
      expect(relativeDifference(kernel.readSinogram(0), bandRowTwin(row))).toBeLessThan(1e-6);
      const floats = { ...row, pixels: Float32Array.from(row.pixels) };
      kernel.loadSinogram(1, floats);
      expect(kernel.readSinogram(1)).toEqual(kernel.readSinogram(0));
    }
  });

  it.each([
    ['in the middle', [7, 8, 20]],
    ['at the ends', [0, 1, 38, 39]],
    ['everywhere but in one place', Array.from({ length: 39 }, (_, k) => k)],
    ['everywhere', Array.from({ length: 40 }, (_, k) => k)],
  ])('fills dead pixels from the living, %s', (_, dead) => {
    const row = bandRow(40);
    for (const column of dead) row.moments[1]?.gain.fill(0, column, column + 1);
    kernel.loadSinogram(0, row);
    const result = kernel.readSinogram(0);
    const expected = bandRowTwin(row);
    expect(result.every((value, at) => Math.abs(value - (expected[at] ?? 9)) < 1e-5)).toBe(true);
  });

  it('adds the beam of each view', () => {
    const row = bandRow(37);
    const beamOffsets = Array.from({ length: row.views.length }, (_, at) => Math.sin(at));
    kernel.loadSinogram(0, { ...row, beamOffsets });
    const expected = bandRowTwin({ ...row, beamOffsets });
    expect(relativeDifference(kernel.readSinogram(0), expected)).toBeLessThan(1e-6);
  });

  it('takes -log of a row as `normalise` does', () => {
    const row = bandRow(40, 1);
    kernel.loadSinogram(0, row);
    const counts = new Uint16Array(row.views.length * 40);
    for (let at = 0; at < row.views.length; at++) {
      const from = 40 + (row.views[at] ?? 0) * row.viewStride;
      counts.set(row.pixels.subarray(from, from + 40), at * 40);
    }
    const target = new Float32Array(counts.length);
    const [moment] = row.moments;
    if (moment) kernel.normalise(counts, moment, target);
    expect(kernel.readSinogram(0)).toEqual(target);
  });

  it.each(WIDTHS)('reconstructs what it holds as from arrays, %i columns', (columns) => {
    const geometry = geometryOf(columns, VIEWS);
    const { anglesRadian, axisPixel } = geometry;
    const radiusPixel = 0.42 * columns;
    const first = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
    const second = first.map((value, at) => 0.3 * value + Math.sin(at));
    const expected = kernel.reconstructPair(geometry, first, second);
    kernel.clearSlice(columns);
    const views = Array.from(anglesRadian, (angleRadian, view) => {
      return { angleRadian, axisPixel, weightRadian: geometry.weightsRadian[view] ?? 0 };
    });
    kernel.addToSlice(second, views);
    const backprojected = kernel.readSlice();
    kernel.holdSinogram(0, first, columns);
    kernel.holdSinogram(1, second, columns);
    const read = (slice: 0 | 1) => {
      const target = new Float32Array(columns * columns);
      kernel.readSliceAs(slice, { type: 'float32', offset: 0, step: 1 }, target);
      return target;
    };
    kernel.reconstructSlots(geometry, 2);
    expect([read(0), read(1)]).toEqual(expected);
    expect(kernel.readSinogram(1)).toEqual(second);
    kernel.backprojectSlot(geometry, 1);
    expect(read(0)).toEqual(backprojected);
    kernel.reconstructSlots(geometry, 1);
    expect(relativeDifference(read(0), expected[0])).toBeLessThan(TOLERANCE);
  });

  it.each(WIDTHS)('stores slices as whole numbers as its twin does, %i columns', (columns) => {
    const geometry = geometryOf(columns, VIEWS);
    const random = randomNumbers(columns);
    const sinogram = Float32Array.from({ length: VIEWS * columns }, () => random());
    const [slice] = kernel.reconstructPair(geometry, sinogram, sinogram);
    const inside = slice.filter((value) => value !== 0).sort();
    const [low = 0, high = 1] = [inside[inside.length >> 4], inside[inside.length - 9]];
    for (const type of ['uint8', 'uint16'] as const) {
      const step = (high - low) / (type === 'uint8' ? 255 : 65_535);
      const scale = { type, offset: low, step };
      const Stored = type === 'uint8' ? Uint8Array : Uint16Array;
      const target = new Stored(columns * columns);
      const tally = kernel.readSliceAs(0, scale, target);
      const expected = quantiseTwin(slice, columns, scale);
      expect(Array.from(target)).toEqual(expected.stored);
      expect(tally.clipped).toBe(expected.clipped);
      expect(tally.clipped).toBeGreaterThan(5);
      expect([tally.least, tally.most]).toEqual([inside.at(0), inside.at(-1)]);
    }
  });

  it('stays finite whatever the counts, through every step', () => {
    const columns = 33;
    const random = randomNumbers(11);
    const hostile = [0, 1, 65_535, 65_534, 4095];
    for (let trial = 0; trial < 12; trial++) {
      const isUniform = trial < hostile.length;
      const pick = () => hostile[isUniform ? trial : Math.floor(hostile.length * random())] ?? 0;
      const reference = (afterViews: number) => ({
        afterViews,
        dark: Float32Array.from({ length: columns }, pick),
        gain: Float32Array.from({ length: columns }, () => (random() < 0.3 ? 0 : random())),
      });
      const row = {
        ...bandRow(columns),
        pixels: Uint16Array.from({ length: VIEWS * BAND_ROWS * columns }, pick),
        moments: [reference(0), reference(VIEWS)],
      };
      const views = row.views.length;
      for (const slot of [0, 1] as const) {
        kernel.loadSinogram(slot, row);
        expect(Number.isFinite(kernel.noiseOf(slot))).toBe(true);
        kernel.takeOutZingers(slot, 0.05);
        removeStripesFrom(kernel, slot, slot === 0 ? 'sort' : 'all');
        expect(kernel.readSinogram(slot).every(Number.isFinite)).toBe(true);
      }
      kernel.reconstructSlots({ ...geometryOf(columns, views), extendEdges: trial % 2 === 0 }, 2);
      const target = new Float32Array(columns * columns);
      for (const slice of [0, 1] as const) {
        const scale = { type: 'float32', offset: 0, step: 1 } as const;
        const { least, most } = kernel.readSliceAs(slice, scale, target);
        expect(target.every(Number.isFinite) && least <= most).toBe(true);
      }
      kernel.backprojectSlot(geometryOf(columns, views), 0);
      expect(kernel.readSlice().every(Number.isFinite)).toBe(true);
    }
  });

  it('treats intensities that are no numbers as no light', () => {
    const row = bandRow(40);
    const pixels = Float32Array.from(row.pixels, (value, at) =>
      at % 5 === 0 ? ([Number.NaN, Infinity, -Infinity, 3e38, -3e38][(at / 5) % 5] ?? 0) : value,
    );
    kernel.loadSinogram(0, { ...row, pixels });
    expect(kernel.readSinogram(0).every(Number.isFinite)).toBe(true);
  });

  it('forgets a sinogram when one of another size takes its room', () => {
    kernel.holdSinogram(0, new Float32Array(40 * 10), 40);
    kernel.holdSinogram(1, new Float32Array(40 * 11), 40);
    expect(() => kernel.readSinogram(0)).toThrow(/slot 0: it holds no sinogram/);
    kernel.holdSinogram(1, new Float32Array(41 * 11), 41);
    expect(() => kernel.reconstructSlots(geometryOf(41, 11), 2)).toThrow(/slot 0/);
    kernel.filterPhase({ rows: 5, columns: 40, areaPixel: 1, first: new Float32Array(200) });
    expect(() => kernel.takeOutZingers(1, 1)).toThrow(/slot 1: it holds no sinogram/);
  });

  it('refuses a geometry of other columns or views, and scales that store nothing', () => {
    kernel.holdSinogram(0, new Float32Array(40 * 10), 40);
    expect(() => kernel.reconstructSlots(geometryOf(40, 9), 1)).toThrow(/angles/);
    expect(() => kernel.backprojectSlot(geometryOf(39, 10), 0)).toThrow(/detector columns/);
    const target = new Uint8Array(1600);
    const scale = { type: 'uint8', offset: 0, step: 0 } as const;
    expect(() => kernel.readSliceAs(0, scale, target)).toThrow(/step above 0/);
    expect(() => kernel.readSliceAs(0, { ...scale, step: 1 }, target.subarray(1))).toThrow(/1600/);
    const wider = { ...scale, type: 'uint16', step: 1 } as const;
    expect(() => kernel.readSliceAs(0, wider, target)).toThrow(/array of uint16/);
  });

  it('refuses rows that lie outside their band, and references that do not fit', () => {
    const row = bandRow(40);
    const refused = (part: Partial<BandRow>, message: RegExp) =>
      expect(() => kernel.loadSinogram(0, { ...row, ...part })).toThrow(message);
    refused({ views: [] }, /none are used/);
    refused({ views: [VIEWS] }, /view 24 of a row lies outside/);
    refused({ views: [-1] }, /view -1/);
    refused({ first: 0.5 }, /lies outside/);
    refused({ moments: [] }, /flat fields: there are none/);
    refused({ moments: bandRow(41).moments }, /41 and 41 values; expected 40/);
    refused({ beamOffsets: [1] }, /1 values; expected 22/);
    refused({ beamOffsets: new Array(22).fill(Number.NaN) }, /NaN at view 1/);
  });
});
