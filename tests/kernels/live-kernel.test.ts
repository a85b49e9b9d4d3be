import { beforeEach, describe, expect, it } from 'vitest';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { LiveKernel } from '../../src/kernels/live-kernel.ts';
import {
  type PlaneDetector,
  planePicture,
  standardPlanes,
  withLevelColumns,
} from '../../src/kernels/live-planes.ts';
import { addFrameTwin, attenuationTwin, filterFrameTwin } from '../../src/kernels/live-twin.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { relativeDifference } from './tomography-phantom.ts';

const TOLERANCE = 2e-5;
const BUILDS = ['simd', 'scalar'] as const;
const DETECTORS: readonly PlaneDetector[] = [
  { rows: 9, columns: 21, binning: 1 },
  { rows: 24, columns: 52, binning: 2 },
  { rows: 23, columns: 67, binning: 2 },
  { rows: 30, columns: 62, binning: 3 },
  { rows: 41, columns: 40, binning: 4 },
];
const VIEWS = [
  { angleRadian: 0, weightRadian: 0.3 },
  { angleRadian: 0.71, weightRadian: 0.25 },
  { angleRadian: Math.PI / 2, weightRadian: 0.2 },
  { angleRadian: 2.9, weightRadian: -0.1 },
  { angleRadian: 5.2, weightRadian: 0.4 },
];

function frameOf({ rows, columns }: PlaneDetector, purpose: string) {
  const random = new Random(deriveSeed(11, purpose));
  const length = rows * columns;
  return {
    counts: Uint16Array.from({ length }, () => 1000 + 30_000 * random.uniform()),
    dark: Float32Array.from({ length }, () => 100 + 5 * random.uniform()),
    gain: Float32Array.from({ length }, () => 1 / (30_000 + 9000 * random.uniform())),
  };
}

function axisOf({ columns }: PlaneDetector): number {
  return columns / 2 - 1.3;
}

describe.each(BUILDS)('the live kernel, %s build', (build) => {
  let kernel: LiveKernel;
  beforeEach(() => {
    kernel = new LiveKernel(loadKernelModule('live', build));
  });

  it.each(DETECTORS)('filters a frame of $rows x $columns at binning $binning as its twin', (d) => {
    const { counts, dark, gain } = frameOf(d, 'filter');
    kernel.configure(d, standardPlanes(d));
    kernel.setReference({ dark, gain });
    const columns = Math.floor(d.columns / d.binning);
    const expected = filterFrameTwin(attenuationTwin(counts, { dark, gain }, d), columns);
    const frame = new Float32Array(kernel.frameLength);
    kernel.filterFrame(counts);
    kernel.readFrame(frame);
    expect(relativeDifference(frame, expected)).toBeLessThan(TOLERANCE);
    kernel.filterFrame(Float32Array.from(counts));
    kernel.readFrame(frame);
    expect(relativeDifference(frame, expected)).toBeLessThan(TOLERANCE);
  });

  it.each(DETECTORS)('adds views of $rows x $columns at binning $binning as its twin', (d) => {
    const pictures = standardPlanes(d, {
      verticalRadian: 0.4,
      verticalCrossRadian: 2.2,
      obliqueRadian: 1,
      obliqueTiltRadian: 0.6,
    });
    const { counts, dark, gain } = frameOf(d, 'add');
    kernel.configure(d, pictures);
    kernel.setReference({ dark, gain });
    kernel.filterFrame(counts);
    const frame = new Float32Array(kernel.frameLength);
    kernel.readFrame(frame);
    kernel.writeFrame(frame);
    const planes = pictures.map(({ rows, columns }) => new Float64Array(rows * columns));
    for (const [at, view] of VIEWS.entries()) {
      const placed = { ...view, axisPixel: axisOf(d) };
      kernel.addFrame(at % 2 === 0 ? 'measured' : 'recalled', placed);
      for (const [plane, picture] of pictures.entries()) {
        addFrameTwin(planes[plane] ?? new Float64Array(), picture, d, frame, placed);
      }
    }
    for (const [plane, expected] of planes.entries()) {
      expect(expected.some((value) => value !== 0)).toBe(true);
      expect(relativeDifference(kernel.readPlane(plane), expected)).toBeLessThan(TOLERANCE);
    }
  });

  it('sees nothing where an axis far off the middle has no detector, as its twin', () => {
    const d = { rows: 8, columns: 40, binning: 1 };
    const pictures = standardPlanes(d);
    kernel.configure(d, pictures);
    const frame = Float32Array.from({ length: 320 }, (_, at) => 1 + (at % 40));
    kernel.writeFrame(frame);
    const planes = pictures.map(({ rows, columns }) => new Float64Array(rows * columns));
    for (const axisPixel of [-25, -3, 0, 39, 70, 1e7]) {
      for (const angleRadian of [0, 1.1, 2, 3.5]) {
        const view = { angleRadian, weightRadian: 0.1, axisPixel };
        kernel.addFrame('recalled', view);
        for (const [plane, picture] of pictures.entries()) {
          addFrameTwin(planes[plane] ?? new Float64Array(), picture, d, frame, view);
        }
      }
    }
    for (const [plane, expected] of planes.entries()) {
      expect(relativeDifference(kernel.readPlane(plane), expected)).toBeLessThan(TOLERANCE);
    }
  });

  it('gives back a frame and a plane as they were written, and begins empty', () => {
    const d = { rows: 18, columns: 37, binning: 1 };
    kernel.configure(d, standardPlanes(d));
    expect(kernel.readPlane(0).every((value) => value === 0)).toBe(true);
    const plane = Float32Array.from({ length: 37 * 37 }, (_, at) => at / 7);
    kernel.writePlane(0, plane);
    expect(kernel.readPlane(0)).toEqual(plane);
    expect(kernel.readPlane(1).every((value) => value === 0)).toBe(true);
    kernel.clearPlanes();
    expect(kernel.readPlane(0).every((value) => value === 0)).toBe(true);
  });

  it('fills dead pixels in from their neighbours, and rows without any living with 0', () => {
    const d = { rows: 3, columns: 12, binning: 1 };
    const dark = new Float32Array(36);
    const gain = new Float32Array(36).fill(1e-4);
    const counts = Uint16Array.from({ length: 36 }, (_, at) => 2000 + 500 * (at % 12));
    const living = counts.slice();
    for (const column of [0, 5, 6, 11]) gain[column] = 0;
    gain.fill(0, 24);
    kernel.configure(d, standardPlanes(d));
    kernel.setReference({ dark, gain });
    kernel.filterFrame(counts);
    const frame = new Float32Array(36);
    kernel.readFrame(frame);
    const p = Float64Array.from(living, (count) => -Math.log(count * 1e-4));
    const at = (column: number) => p[column] ?? 0;
    const filled = p.slice();
    filled[0] = at(1);
    filled[5] = at(4) + (at(7) - at(4)) / 3;
    filled[6] = at(4) + ((at(7) - at(4)) * 2) / 3;
    filled[11] = at(10);
    filled.fill(0, 24);
    expect(relativeDifference(frame, filterFrameTwin(filled, 12))).toBeLessThan(TOLERANCE);
  });

  it.each([
    ['no light at all', 0],
    ['the brightest count', 65_535],
  ])('stays finite with %s, with dead, bright and dark references', (_, count) => {
    const d = { rows: 8, columns: 32, binning: 2 };
    const gains = [0, 1e-9, 1e-5, 1, 1e30];
    kernel.configure(d, standardPlanes(d));
    kernel.setReference({
      dark: Float32Array.from({ length: 256 }, (_, at) => [0, 100, 65_535][at % 3] ?? 0),
      gain: Float32Array.from({ length: 256 }, (_, at) => gains[at % 5] ?? 0),
    });
    for (const extend of [false, true]) {
      kernel.filterFrame(new Uint16Array(256).fill(count), extend);
      kernel.filterFrame(new Float32Array(256).fill(count === 0 ? Number.NaN : 3e38), extend);
      kernel.addFrame('measured', { angleRadian: 1, weightRadian: 1, axisPixel: 15 });
    }
    for (let plane = 0; plane < 4; plane++) {
      expect(kernel.readPlane(plane).every(Number.isFinite)).toBe(true);
    }
  });

  it('lets rows go on beyond the detector as the slices of a volume do', () => {
    const d = { rows: 8, columns: 64, binning: 1 };
    const { counts, dark, gain } = frameOf(d, 'edges');
    kernel.configure(d, standardPlanes(d));
    kernel.setReference({ dark, gain });
    const volumeKernel = new TomographyKernel(loadKernelModule('tomography', build));
    const attenuation = Float32Array.from(attenuationTwin(counts, { dark, gain }, d));
    const frame = new Float32Array(512);
    for (const extend of [true, false]) {
      kernel.filterFrame(counts, extend);
      kernel.readFrame(frame);
      for (let row = 0; row < 8; row++) {
        const part = [row * 64, (row + 1) * 64] as const;
        const expected = volumeKernel.filterRow(attenuation.subarray(...part), extend);
        expect(relativeDifference(frame.subarray(...part), expected)).toBeLessThan(TOLERANCE);
      }
    }
  });

  it('takes a frame of the widest detector, and refuses what does not fit', () => {
    const wide = { rows: 16, columns: 4096, binning: 4 };
    kernel.configure(wide, standardPlanes(wide));
    kernel.setReference({
      dark: new Float32Array(16 * 4096),
      gain: new Float32Array(16 * 4096).fill(1e-4),
    });
    kernel.filterFrame(new Uint16Array(16 * 4096).fill(3000));
    kernel.addFrame('measured', { angleRadian: 0.3, weightRadian: 1, axisPixel: 2047 });
    expect(kernel.readPlane(0).every(Number.isFinite)).toBe(true);
    for (const detector of [
      { rows: 16, columns: 4097, binning: 4 },
      { rows: 16, columns: 64, binning: 9 },
      { rows: 4096, columns: 4096, binning: 1 },
      { rows: 2, columns: 1, binning: 1 },
    ]) {
      expect(() => kernel.configure(detector, standardPlanes(detector))).toThrow(
        /live slices: 4 planes of a detector of .*2 to 4096 columns/,
      );
    }
    expect(() => kernel.readFrame(new Float32Array(1))).toThrow(/no detector yet/);
  });

  it('refuses frames, references and views that do not fit', () => {
    const d = { rows: 4, columns: 16, binning: 1 };
    kernel.configure(d, standardPlanes(d));
    const counts = new Uint16Array(64);
    expect(() => kernel.filterFrame(counts)).toThrow(/a frame before its flats/);
    const row = new Float32Array(16);
    expect(() => kernel.setReference({ dark: row, gain: row })).toThrow(/16 values; expected 64/);
    const whole = new Float32Array(64).fill(1);
    kernel.setReference({ dark: whole, gain: whole });
    expect(() => kernel.filterFrame(counts.subarray(1))).toThrow(/63 values; expected 64/);
    expect(() => kernel.writePlane(0, row)).toThrow(/plane 1: 16 values; expected 256/);
    expect(() =>
      kernel.addFrame('measured', { angleRadian: Number.NaN, weightRadian: 1, axisPixel: 8 }),
    ).toThrow(/angle NaN rad/);
  });
});

describe('the two builds of the live kernel', () => {
  it('give the same planes', () => {
    const d = { rows: 26, columns: 54, binning: 2 };
    const [simd, scalar] = BUILDS.map((build) => {
      const kernel = new LiveKernel(loadKernelModule('live', build));
      const { counts, dark, gain } = frameOf(d, 'builds');
      kernel.configure(d, standardPlanes(d));
      kernel.setReference({ dark, gain });
      kernel.filterFrame(counts);
      for (const view of VIEWS) kernel.addFrame('measured', { ...view, axisPixel: axisOf(d) });
      return [0, 1, 2, 3].map((plane) => kernel.readPlane(plane));
    });
    for (const [plane, pixels] of (simd ?? []).entries()) {
      expect(relativeDifference(pixels, scalar?.[plane] ?? [])).toBeLessThan(1e-6);
    }
  });
});

describe('the planes of a live reconstruction', () => {
  const d = { rows: 100, columns: 200, binning: 2 };

  it('reach as far as the scan sees, whatever their tilt', () => {
    const sizes = standardPlanes(d).map(({ plane, rows, columns }) => [plane, rows, columns]);
    expect(sizes).toEqual([
      ['horizontal', 100, 100],
      ['vertical', 50, 100],
      ['verticalCross', 50, 100],
      ['oblique', 70, 100],
    ]);
  });

  it('can have any direction once their columns are level', () => {
    const s = Math.SQRT1_2;
    const geometry = { centrePixel: [1, 2, 3], alongUnit: [s, 0, s], downUnit: [0, 1, 0] } as const;
    expect(() => planePicture('oblique', geometry, d)).toThrow(
      /oblique plane: directions .* without a part along the rotation axis/,
    );
    const level = withLevelColumns(geometry);
    expect(level.alongUnit[2]).toBe(0);
    expect(planePicture('oblique', level, d).rows).toBeGreaterThan(50);
    const normal = ({ alongUnit: a, downUnit: b }: typeof level) => [
      a[1] * b[2] - a[2] * b[1],
      a[2] * b[0] - a[0] * b[2],
      a[0] * b[1] - a[1] * b[0],
    ];
    for (const [k, part] of normal(level).entries()) {
      expect(part).toBeCloseTo(normal(geometry)[k] ?? 0, 12);
    }
  });

  it('refuse directions that are not square or not of length 1', () => {
    const centrePixel = [0, 0, 0] as const;
    for (const downUnit of [
      [1, 0, 0],
      [0, 2, 0],
      [0, Number.NaN, 1],
    ] as const) {
      const geometry = { centrePixel, alongUnit: [1, 0, 0], downUnit } as const;
      expect(() => planePicture('vertical', geometry, d)).toThrow(/expected two of length 1/);
    }
  });
});
