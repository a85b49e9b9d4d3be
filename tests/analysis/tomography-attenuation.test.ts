import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ReconstructionOptions, reconstructScan } from '../../src/analysis/reconstruct.ts';
import { attenuationOfScan } from '../../src/analysis/tomography-attenuation.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { countedScan, DARK_COUNTS, FLAT_COUNTS } from './tomography-scan.ts';

const kernel = new TomographyKernel(loadKernelModule('tomography'));
const [ROWS, COLUMNS, VIEWS, AXIS] = [2, 160, 240, 80.6];
const FRAME = ROWS * COLUMNS;
const scan = countedScan({ rows: ROWS, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
const PLAIN: ReconstructionOptions = { algorithm: 'gridding', axis: AXIS, stripes: 'none' };
const PLAIN_AUTO: ReconstructionOptions = { algorithm: 'gridding', axis: 'auto' };
const whole = reconstructScan(kernel, scan, PLAIN).volume.voxels;

/** The scan with counts as `change` makes them of (count, view, pixel). */
function changed(change: (count: number, view: number, pixel: number) => number): ScanData {
  const projections = (scan.projections as Uint16Array).map((count, at) =>
    change(count, Math.floor(at / FRAME), at % FRAME),
  );
  return { ...scan, projections };
}

function conditioned(data: ScanData, options: Partial<ReconstructionOptions> = {}) {
  const { volume, summary } = reconstructScan(kernel, data, { ...PLAIN, ...options });
  const { conditioning } = summary;
  if (!conditioning) throw new Error('a reconstruction says what was done before it');
  expect(volume.voxels.every(Number.isFinite)).toBe(true);
  return { ...conditioning, error: relativeDifference(volume.voxels, whole) };
}

describe('views that are not fit for use', () => {
  it('leaves out views without light, and lets their neighbours stand for them', () => {
    const isLost = (view: number) => view % 20 === 7 || (view >= 100 && view < 112);
    const result = conditioned(changed((count, view) => (isLost(view) ? 0 : count)));
    expect(result).toMatchObject({ viewsLost: 23, viewsRepeated: 0, viewsSaturated: 0 });
    expect(result.error).toBeLessThan(0.2);
    // The same as if those views had never been sent.
    const kept = Array.from({ length: VIEWS }, (_, view) => view).filter((view) => !isLost(view));
    const projections = new Uint16Array(kept.length * FRAME);
    for (const [at, view] of kept.entries()) {
      projections.set(scan.projections.subarray(view * FRAME, (view + 1) * FRAME), at * FRAME);
    }
    const anglesRadian = Float64Array.from(kept, (view) => scan.anglesRadian[view] ?? 0);
    const fewer = reconstructScan(kernel, { ...scan, projections, anglesRadian }, PLAIN);
    const lost = changed((count, view) => (isLost(view) ? 0 : count));
    expect(reconstructScan(kernel, lost, PLAIN).volume.voxels).toEqual(fewer.volume.voxels);
  });

  it('leaves out a beam dump and views with nothing but the brightest count', () => {
    const dumped = changed((count, view) =>
      view < 220 ? (view === 9 ? 65_535 : count) : Math.round(DARK_COUNTS + count / 1000),
    );
    expect(conditioned(dumped)).toMatchObject({ viewsLost: 21, viewsSaturated: 0 });
  });

  it('counts a repeated view once', () => {
    const projections = scan.projections.slice() as Uint16Array;
    for (const view of [50, 51, 130]) {
      projections.copyWithin(view * FRAME, (view - 1) * FRAME, view * FRAME);
    }
    const result = conditioned({ ...scan, projections });
    expect(result).toMatchObject({ viewsLost: 0, viewsRepeated: 3 });
    expect(result.error).toBeLessThan(0.03);
  });

  it('keeps views with some saturated pixels, and says how many', () => {
    const bright = changed((count, view, pixel) =>
      view >= 10 && view < 15 && pixel % COLUMNS < 3 ? 65_535 : count,
    );
    expect(conditioned(bright)).toMatchObject({ viewsLost: 0, viewsSaturated: 5 });
  });

  it('uses all views when most look unfit, and says so', () => {
    expect(conditioned(changed(() => 0)).viewsLost).toBe(VIEWS);
    expect(conditioned(changed(() => 65_535)).viewsLost).toBe(VIEWS);
    expect(conditioned(changed(() => 1000)).viewsRepeated).toBe(VIEWS - 1);
  });

  it('survives views that are not numbers', () => {
    const projections = Float32Array.from(scan.projections);
    projections.fill(Number.NaN, 5 * FRAME, 6 * FRAME);
    projections.fill(Infinity, 9 * FRAME, 9 * FRAME + 10);
    const result = conditioned({ ...scan, projections }, { stripes: 'all', edges: 'extend' });
    expect(result.viewsLost).toBe(1);
  });
});

describe('zingers', () => {
  const hit = changed((count, view, pixel) =>
    (view * 7 + pixel) % 997 === 0 ? Math.min(65_000, 3 * count + 9000) : count,
  );

  it('are taken out and counted, unless they are to be kept', () => {
    const removed = conditioned(hit);
    const kept = conditioned(hit, { removesZingers: false });
    expect(removed.zingers).toBe(45);
    expect(kept.zingers).toBe(0);
    expect(removed.error).toBeLessThan(0.1 * kept.error);
  });

  it('are not seen where there are none', () => {
    expect(conditioned(scan)).toMatchObject({ zingers: 0, error: 0 });
  });
});

describe('the beam', () => {
  const drift = (view: number) => 1 - (0.2 * (view + 0.5)) / VIEWS;
  const light = (count: number) => count - DARK_COUNTS;
  const drifting = changed((count, view) => Math.round(DARK_COUNTS + drift(view) * light(count)));

  it('is interpolated between flats before and after the scan', () => {
    const flats = new Uint16Array(4 * FRAME);
    flats.fill(FLAT_COUNTS, 0, 2 * FRAME);
    flats.fill(Math.round(DARK_COUNTS + 0.8 * light(FLAT_COUNTS)), 2 * FRAME);
    const known = { ...drifting, flats, flatsAfterViews: [0, 0, VIEWS, VIEWS] };
    const result = conditioned(known);
    expect(result.flatMoments).toBe(2);
    expect(result.error).toBeLessThan(0.005);
    // Without the moments, the mean of all flats is all there is.
    const blind = conditioned({ ...drifting, flats });
    expect(blind.flatMoments).toBe(1);
    expect(blind.error).toBeGreaterThan(4 * result.error);
    expect(() => conditioned({ ...known, flatsAfterViews: [0] })).toThrow(/1 moments for 4 flats/);
  });

  it('is scaled by what is given, or seen beside the sample, when asked', () => {
    const beamScale = Float64Array.from({ length: VIEWS }, (_, view) => drift(view));
    const untouched = conditioned(drifting);
    expect(untouched.beamNormalised).toBe(false);
    expect(untouched.error).toBeGreaterThan(0.02);
    for (const options of [{ beamScale }, { airMarginColumns: 6 }]) {
      const result = conditioned(drifting, options);
      expect(result.beamNormalised).toBe(true);
      expect(result.error).toBeLessThan(0.005);
    }
    expect(() => conditioned(scan, { beamScale: [1, 2] })).toThrow(/2 values for 240 views/);
    const zero = beamScale.slice().fill(0, 3, 4);
    expect(() => conditioned(scan, { beamScale: zero })).toThrow(/view 4 has 0/);
    expect(() => conditioned(scan, { airMarginColumns: 81 })).toThrow(/expected 1 to 80/);
  });
});

describe('a sample wider than the detector', () => {
  /** A disc of even attenuation, of which the detector sees the middle. */
  const radius = 130;
  const disc = changed((_, view, pixel) => {
    const chord = 2 * Math.sqrt(Math.max(0, radius ** 2 - ((pixel % COLUMNS) - AXIS) ** 2));
    // Grains of noise, so that no view repeats the one before.
    const grain = ((view * 31 + pixel * 17) % 5) - 2;
    return Math.round(DARK_COUNTS + (FLAT_COUNTS - DARK_COUNTS) * Math.exp(-0.01 * chord)) + grain;
  });

  /** Means in the rim, from 0.9 to 0.97 of the disc that is seen, and in its middle. */
  function levels(options: Partial<ReconstructionOptions>) {
    const { volume } = reconstructScan(kernel, disc, { ...PLAIN, ...options });
    const mean = (from: number, to: number) => {
      let [sum, count] = [0, 0];
      for (let at = 0; at < COLUMNS * COLUMNS; at++) {
        const [x, y] = [(at % COLUMNS) - 79.5, Math.floor(at / COLUMNS) - 79.5];
        const r = Math.hypot(x, y) / 80;
        if (r < from || r > to) continue;
        sum += volume.voxels[at] ?? 0;
        count += 1;
      }
      return sum / count;
    };
    return { rim: mean(0.9, 0.97), middle: mean(0, 0.5) };
  }

  it.each(['gridding', 'fbp'] as const)('has no bright rim by %s', (algorithm) => {
    const zero = levels({ algorithm, edges: 'zero' });
    const extended = levels({ algorithm });
    // The disc attenuates 0.01 everywhere.
    expect(zero.rim).toBeGreaterThan(0.02);
    expect(Math.abs(extended.rim - 0.01)).toBeLessThan(0.0025);
    expect(Math.abs(extended.middle - 0.01)).toBeLessThan(0.0025);
    expect(Math.abs(extended.rim / extended.middle - 1)).toBeLessThan(0.12);
    expect(levels({ algorithm, edges: 'extend' })).toEqual(extended);
  });

  it('is recognised, and a narrower one is not', () => {
    expect(conditioned(disc).edgesExtended).toBe(true);
    expect(conditioned(scan).edgesExtended).toBe(false);
  });
});

describe('the phase filter', () => {
  it('smooths what it should, and leaves the attenuation in the large as it was', () => {
    const rows = 20;
    const tall = countedScan({ rows, columns: 64, views: 41, axisPixel: 32 });
    const sums = [0, 4].map((phaseAreaPixel) => {
      const made = attenuationOfScan(kernel, tall, { viewsMin: 3, phaseAreaPixel });
      const { sinogram } = made.sinogram(10);
      expect(sinogram.every(Number.isFinite)).toBe(true);
      const light = sinogram.reduce((sum, value) => sum + Math.exp(-value), 0);
      const rough = sinogram.reduce(
        (sum, value, at) => sum + Math.abs(value - (sinogram[at - 1] ?? value)),
        0,
      );
      return { light, rough };
    });
    expect((sums[1]?.light ?? 0) / (sums[0]?.light ?? 1)).toBeCloseTo(1, 3);
    expect(sums[1]?.rough ?? 0).toBeLessThan(0.8 * (sums[0]?.rough ?? 0));
  });

  it('is reported, and gives finite voxels for dead and saturated frames too', () => {
    for (const data of [scan, changed(() => 0), changed(() => 65_535)]) {
      expect(conditioned(data, { phaseAreaPixel: 3 }).phaseAreaPixel).toBe(3);
    }
  });
});

describeWithData('measured and reference data', () => {
  it('takes the flats of a stream by their moments', async () => {
    const stream = await readScan(sharedData('tomo/k11-18014.nxs'));
    const { summary } = reconstructScan(kernel, stream, { ...PLAIN, axis: 12.4, stripes: 'sort' });
    expect(summary.conditioning).toMatchObject({ flatMoments: 2, viewsLost: 0, viewsRepeated: 0 });
  });

  it.each([
    ['tomo/tooth-row0.h5', false],
    // Beside the rod all is 0.4 darker than the flats: nothing tells that from a wide sample.
    ['tomo/savu-rod', true],
  ] as const)('finds nothing wrong with %s', async (name, edgesExtended) => {
    const { summary } = reconstructScan(kernel, await readScan(sharedData(name)), PLAIN_AUTO);
    expect(summary.axisAgreed).toBe(true);
    expect(summary.conditioning).toMatchObject({
      viewsLost: 0,
      viewsRepeated: 0,
      viewsSaturated: 0,
      edgesExtended,
      stripeRemoval: 'sort',
    });
    expect(summary.conditioning?.stripeFraction).toBeLessThan(0.02);
  });

  it('filters the phase as the reference does, up to scale and offset', () => {
    const [input, expected] = ['proj', 'retrieve_phase'].map((name) =>
      readNpy(sharedData(`tomo/tomopy-pairs/${name}.npy`)),
    );
    const [rows, columns, padded] = [8, 48, 256];
    // 20 keV, 0.5 m, pixels of 1 um, alpha 1e-3: lambda z / (16 pi^3 alpha) in square pixels.
    const areaPixel = (6.19921e-9 * 50) / (16 * Math.PI ** 3 * 1e-3) / 1e-8;
    for (const view of [0, 5, 11]) {
      const image = input?.subarray(view * rows * columns, (view + 1) * rows * columns) ?? [];
      // The reference continues the image above and below, and with the air at its sides.
      const first = new Float32Array(rows * padded);
      const place = (row: number) => row * padded + 104;
      for (let row = 0; row < rows; row++) {
        first.set(Array.from(image).slice(row * columns, (row + 1) * columns), place(row));
      }
      kernel.filterPhase({ rows, columns: padded, areaPixel, first });
      const ours = Array.from({ length: rows * columns }, (_, at) => {
        return first[place(Math.floor(at / columns)) + (at % columns)] ?? 0;
      });
      const theirs = expected?.subarray(view * rows * columns, (view + 1) * rows * columns) ?? [];
      expect(correlation(ours, theirs)).toBeGreaterThan(0.999);
    }
  });
});

/** A float32 array in NumPy's format, version 1. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  expect(bytes.toString('latin1', 10, start)).toContain("'descr': '<f4'");
  return Float32Array.from({ length: (bytes.length - start) / 4 }, (_, at) =>
    bytes.readFloatLE(start + 4 * at),
  );
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((x, y) => x + y) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [(a[at] ?? 0) - meanA, (b[at] ?? 0) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
