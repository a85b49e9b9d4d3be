import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inlineExecutor } from '../../src/analysis/executor.ts';
import { decodeAttenuation } from '../../src/analysis/fixed-point.ts';
import { SharedMemory } from '../../src/analysis/shared-memory.ts';
import { flatMomentsOf } from '../../src/analysis/tomography-flat-field.ts';
import { inspectScan } from '../../src/analysis/tomography-inspection.ts';
import { countsOf } from '../../src/analysis/volume-bands.ts';
import { createVolumeJobs } from '../../src/analysis/volume-jobs.ts';
import type { VolumeOptions } from '../../src/analysis/volume-options.ts';
import { filterPhaseOf } from '../../src/analysis/volume-phase.ts';
import { volumeScanOf } from '../../src/analysis/volume-scan.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { relativeDifference } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { memoryScan } from './memory-scan.ts';
import { MemoryScratch, MODULES, reconstructed } from './memory-volume.ts';
import { countedScan, DARK_COUNTS, FLAT_COUNTS } from './tomography-scan.ts';

const kernel = new TomographyKernel(loadKernelModule('tomography'));
const [ROWS, COLUMNS, VIEWS, AXIS] = [2, 160, 240, 80.6];
const FRAME = ROWS * COLUMNS;
const scan = countedScan({ rows: ROWS, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
const PLAIN: VolumeOptions = { algorithm: 'gridding', axis: AXIS, stripes: 'none' };
const PLAIN_AUTO: VolumeOptions = { algorithm: 'gridding', axis: 'auto' };
const whole = (await reconstructed(scan, PLAIN)).voxels;

/** The scan with counts as `change` makes them of (count, view, pixel). */
function changed(change: (count: number, view: number, pixel: number) => number): ScanData {
  const projections = (scan.projections as Uint16Array).map((count, at) =>
    change(count, Math.floor(at / FRAME), at % FRAME),
  );
  return { ...scan, projections };
}

async function conditioned(data: ScanData, options: Partial<VolumeOptions> = {}) {
  const { voxels, summary } = await reconstructed(data, { ...PLAIN, ...options });
  const { conditioning } = summary;
  if (!conditioning) throw new Error('a reconstruction says what was done before it');
  expect(voxels.every(Number.isFinite)).toBe(true);
  return { ...conditioning, error: relativeDifference(voxels, whole) };
}

describe('views that are not fit for use', () => {
  it('leaves out views without light, and lets their neighbours stand for them', async () => {
    const isLost = (view: number) => view % 20 === 7 || (view >= 100 && view < 112);
    const result = await conditioned(changed((count, view) => (isLost(view) ? 0 : count)));
    expect(result).toMatchObject({ viewsLost: 23, viewsRepeated: 0, viewsSaturated: 0 });
    expect(result.error).toBeLessThan(0.2);
    // The same as if those views had never been sent.
    const kept = Array.from({ length: VIEWS }, (_, view) => view).filter((view) => !isLost(view));
    const projections = new Uint16Array(kept.length * FRAME);
    for (const [at, view] of kept.entries()) {
      projections.set(scan.projections.subarray(view * FRAME, (view + 1) * FRAME), at * FRAME);
    }
    const anglesRadian = Float64Array.from(kept, (view) => scan.anglesRadian[view] ?? 0);
    const fewer = await reconstructed({ ...scan, projections, anglesRadian }, PLAIN);
    const lost = changed((count, view) => (isLost(view) ? 0 : count));
    expect((await reconstructed(lost, PLAIN)).voxels).toEqual(fewer.voxels);
  });

  it('leaves out a beam dump and views with nothing but the brightest count', async () => {
    const dumped = changed((count, view) =>
      view < 220 ? (view === 9 ? 65_535 : count) : Math.round(DARK_COUNTS + count / 1000),
    );
    expect(await conditioned(dumped)).toMatchObject({ viewsLost: 21, viewsSaturated: 0 });
  });

  it('counts a repeated view once', async () => {
    const projections = scan.projections.slice() as Uint16Array;
    for (const view of [50, 51, 130]) {
      projections.copyWithin(view * FRAME, (view - 1) * FRAME, view * FRAME);
    }
    const result = await conditioned({ ...scan, projections });
    expect(result).toMatchObject({ viewsLost: 0, viewsRepeated: 3 });
    expect(result.error).toBeLessThan(0.03);
  });

  it('keeps views with some saturated pixels, and says how many', async () => {
    const bright = changed((count, view, pixel) =>
      view >= 10 && view < 15 && pixel % COLUMNS < 3 ? 65_535 : count,
    );
    expect(await conditioned(bright)).toMatchObject({ viewsLost: 0, viewsSaturated: 5 });
  });

  it('recognises the full scale of a detector of 12 bits', async () => {
    const darker = changed((count) => Math.round(count / 10));
    const flats = (scan.flats as Uint16Array).map((count) => Math.round(count / 10));
    const darks = (scan.darks as Uint16Array).map((count) => Math.round(count / 10));
    const projections = (darker.projections as Uint16Array).map((count, at) => {
      const [view, pixel] = [Math.floor(at / FRAME), at % FRAME];
      return view === 9 || (view >= 20 && view < 24 && pixel % COLUMNS < 3) ? 4095 : count;
    });
    const result = await conditioned({ ...scan, projections, flats, darks });
    expect(result).toMatchObject({ viewsLost: 1, viewsSaturated: 4 });
    // One count short of a whole number of bits is nothing special.
    const bright = {
      ...scan,
      flats,
      darks,
      projections: projections.map((c) => Math.min(c, 4094)),
    };
    expect(await conditioned(bright)).toMatchObject({ viewsLost: 0, viewsSaturated: 0 });
  });

  it('uses all views when most look unfit, and says so', async () => {
    expect((await conditioned(changed(() => 0))).viewsLost).toBe(VIEWS);
    expect((await conditioned(changed(() => 65_535))).viewsLost).toBe(VIEWS);
    expect((await conditioned(changed(() => 1000))).viewsRepeated).toBe(VIEWS - 1);
  });

  it('survives views that are not numbers', async () => {
    const projections = Float32Array.from(scan.projections);
    projections.fill(Number.NaN, 5 * FRAME, 6 * FRAME);
    projections.fill(Infinity, 9 * FRAME, 9 * FRAME + 10);
    const result = await conditioned({ ...scan, projections }, { stripes: 'all', edges: 'extend' });
    expect(result.viewsLost).toBe(1);
  });
});

describe('zingers', () => {
  const hit = changed((count, view, pixel) =>
    (view * 7 + pixel) % 997 === 0 ? Math.min(65_000, 3 * count + 9000) : count,
  );

  it('are taken out and counted, unless they are to be kept', async () => {
    const removed = await conditioned(hit);
    const kept = await conditioned(hit, { removesZingers: false });
    expect(removed.zingers).toBe(45);
    expect(kept.zingers).toBe(0);
    expect(removed.error).toBeLessThan(0.1 * kept.error);
  });

  it('are not seen where there are none', async () => {
    expect(await conditioned(scan)).toMatchObject({ zingers: 0, error: 0 });
  });
});

describe('the beam', () => {
  const drift = (view: number) => 1 - (0.2 * (view + 0.5)) / VIEWS;
  const light = (count: number) => count - DARK_COUNTS;
  const drifting = changed((count, view) => Math.round(DARK_COUNTS + drift(view) * light(count)));

  it('is interpolated between flats before and after the scan', async () => {
    const flats = new Uint16Array(4 * FRAME);
    flats.fill(FLAT_COUNTS, 0, 2 * FRAME);
    flats.fill(Math.round(DARK_COUNTS + 0.8 * light(FLAT_COUNTS)), 2 * FRAME);
    const known = { ...drifting, flats, flatsAfterViews: [0, 0, VIEWS, VIEWS] };
    const result = await conditioned(known);
    expect(result.flatMoments).toBe(2);
    expect(result.error).toBeLessThan(0.005);
    // Without the moments, the mean of all flats is all there is.
    const blind = await conditioned({ ...drifting, flats });
    expect(blind.flatMoments).toBe(1);
    expect(blind.error).toBeGreaterThan(4 * result.error);
    await expect(conditioned({ ...known, flatsAfterViews: [0] })).rejects.toThrow(
      /1 moments for 4 flats/,
    );
  });

  it('is scaled by what is given, or seen beside the sample, when asked', async () => {
    const beamScale = Float64Array.from({ length: VIEWS }, (_, view) => drift(view));
    const untouched = await conditioned(drifting);
    expect(untouched.beamNormalised).toBe(false);
    expect(untouched.error).toBeGreaterThan(0.02);
    for (const options of [{ beamScale }, { airMarginColumns: 6 }]) {
      const result = await conditioned(drifting, options);
      expect(result.beamNormalised).toBe(true);
      expect(result.error).toBeLessThan(0.005);
    }
    await expect(conditioned(scan, { beamScale: [1, 2] })).rejects.toThrow(
      /2 values for 240 views/,
    );
    const zero = beamScale.slice().fill(0, 3, 4);
    await expect(conditioned(scan, { beamScale: zero })).rejects.toThrow(/view 4 has 0/);
    await expect(conditioned(scan, { airMarginColumns: 81 })).rejects.toThrow(/expected 1 to 80/);
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
  async function levels(options: Partial<VolumeOptions>) {
    const { voxels } = await reconstructed(disc, { ...PLAIN, ...options });
    const mean = (from: number, to: number) => {
      let [sum, count] = [0, 0];
      for (let at = 0; at < COLUMNS * COLUMNS; at++) {
        const [x, y] = [(at % COLUMNS) - 79.5, Math.floor(at / COLUMNS) - 79.5];
        const r = Math.hypot(x, y) / 80;
        if (r < from || r > to) continue;
        sum += voxels[at] ?? 0;
        count += 1;
      }
      return sum / count;
    };
    return { rim: mean(0.9, 0.97), middle: mean(0, 0.5) };
  }

  it.each(['gridding', 'fbp'] as const)('has no bright rim by %s', async (algorithm) => {
    const zero = await levels({ algorithm, edges: 'zero' });
    const extended = await levels({ algorithm });
    // The disc attenuates 0.01 everywhere.
    expect(zero.rim).toBeGreaterThan(0.02);
    expect(Math.abs(extended.rim - 0.01)).toBeLessThan(0.0025);
    expect(Math.abs(extended.middle - 0.01)).toBeLessThan(0.0025);
    expect(Math.abs(extended.rim / extended.middle - 1)).toBeLessThan(0.12);
    expect(await levels({ algorithm, edges: 'extend' })).toEqual(extended);
  });

  it('is recognised, and a narrower one is not', async () => {
    expect((await conditioned(disc)).edgesExtended).toBe(true);
    expect((await conditioned(scan)).edgesExtended).toBe(false);
  });
});

describe('the phase filter', () => {
  const [rows, columns, views] = [20, 64, 41];
  const tall = countedScan({ rows, columns, views, axisPixel: 32 });

  /** Attenuation [view, row, column], as the passes over a scratch file make it. */
  async function filtered(areaPixel: number): Promise<Float32Array> {
    const source = memoryScan(tall);
    const moments = flatMomentsOf(source);
    const inspection = await inspectScan(source, moments, { onView: () => {} });
    const volumeScan = volumeScanOf(source, moments, inspection, PLAIN);
    const executor = inlineExecutor(createVolumeJobs(MODULES));
    await executor.call('openScan', volumeScan);
    const scratch = new MemoryScratch();
    const reader = await filterPhaseOf(countsOf(source), {
      name: 'tall',
      scan: volumeScan,
      areaPixel,
      memory: new SharedMemory(),
      executors: [executor],
      scratch,
      bandRows: 6,
      onProgress: () => {},
    });
    const steps = new Uint16Array(views * rows * columns);
    await reader.readRows(0, rows, steps);
    await reader.remove();
    expect(scratch.files.size).toBe(0);
    const attenuation = new Float32Array(steps.length);
    decodeAttenuation(steps, attenuation);
    return attenuation;
  }

  it('makes of views, two at a time, what the kernel makes of each', async () => {
    const [plain, made] = [await filtered(1e-9), await filtered(4)];
    const size = rows * columns;
    for (const view of [0, 1, 20, 40]) {
      const image = plain.slice(view * size, (view + 1) * size).map((value) => Math.exp(-value));
      kernel.filterPhase({ rows, columns, areaPixel: 4, first: image });
      const worst = image.reduce(
        (most, value, at) =>
          Math.max(most, Math.abs(-Math.log(value) - (made[view * size + at] ?? 9))),
        0,
      );
      // Half a step of the scratch file, and a little for the neighbour in the kernel.
      expect(worst).toBeLessThan(1e-4);
    }
  });

  it('smooths what it should, and leaves the attenuation in the large as it was', async () => {
    const [plain, smooth] = [await filtered(1e-9), await filtered(4)];
    const light = (values: Float32Array) =>
      values.reduce((sum, value) => sum + Math.exp(-value), 0);
    const rough = (values: Float32Array) =>
      values.reduce((sum, value, at) => sum + Math.abs(value - (values[at - 1] ?? value)), 0);
    expect(light(smooth) / light(plain)).toBeCloseTo(1, 3);
    expect(rough(smooth)).toBeLessThan(0.8 * rough(plain));
  });

  it('is reported, and gives finite voxels for dead and saturated frames too', async () => {
    for (const data of [scan, changed(() => 0), changed(() => 65_535)]) {
      expect((await conditioned(data, { phaseAreaPixel: 3 })).phaseAreaPixel).toBe(3);
    }
  });
});

describeWithData('measured and reference data', () => {
  it('takes the flats of a stream by their moments', async () => {
    const stream = await readScan(sharedData('tomo/k11-18014.nxs'));
    const { summary } = await reconstructed(stream, { ...PLAIN, axis: 12.4, stripes: 'sort' });
    expect(summary.conditioning).toMatchObject({ flatMoments: 2, viewsLost: 0, viewsRepeated: 0 });
  });

  it.each([
    ['tomo/tooth-row0.h5', false],
    // Beside the rod all is 0.4 darker than the flats: nothing tells that from a wide sample.
    ['tomo/savu-rod', true],
  ] as const)('finds nothing wrong with %s', async (name, edgesExtended) => {
    const { summary } = await reconstructed(await readScan(sharedData(name)), PLAIN_AUTO);
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

  it('filters the phase as the reference does, up to scale and offset', async () => {
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
