import { describe, expect, it } from 'vitest';
import { inlineExecutor } from '../../src/analysis/executor.ts';
import { createSegmentJobs } from '../../src/analysis/segment-jobs.ts';
import { derivedOf, electrolyteSlices } from '../../src/analysis/volume-results.ts';
import {
  type AnalysedVolume,
  createVolumeResultsJobs,
} from '../../src/analysis/volume-results-jobs.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Segmentation } from '../../src/domain/segmentation.ts';
import type { VolumeSource } from '../../src/domain/volume.ts';
import type { VolumeAnalysis } from '../../src/domain/volume-results.ts';
import { RegistrationKernel } from '../../src/kernels/registration-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { BRIGHT, DARK, phantomVolume } from './volume-phantom.ts';

/** Electrodes at both ends of an electrolyte with round voids, seen from the side of slice 0. */
const SIDE = 88;
const SLICES = 56;
const TOP_END = 10;
const BOTTOM_BEGIN = 46;
const MIDDLE = (SIDE - 1) / 2;
const RADIUS = 32;
const VOIDS = [
  { column: 34, row: 42, slice: 22, radius: 7 },
  { column: 54, row: 56, slice: 30, radius: 6 },
] as const;
const ACROSS = 50e-6;
const ALONG = 20e-6;
const VOXEL_CUBIC_METRE = ACROSS ** 2 * ALONG;

interface Growth {
  /** A blade of lithium that stands on the lower electrode, in voxels. */
  readonly bladeHeight?: number;
  readonly voidGrowth?: number;
}

const BLADE_SIDE = 11;

function cell({ bladeHeight = 0, voidGrowth = 0 }: Growth = {}, seed = 1): VolumeSource {
  const isDark = (column: number, row: number, slice: number): boolean => {
    if (slice < TOP_END || slice >= BOTTOM_BEGIN) return true;
    const inBlade = Math.abs(column - 55) < BLADE_SIDE / 2 && Math.abs(row - 32) < BLADE_SIDE / 2;
    if (inBlade && slice >= BOTTOM_BEGIN - bladeHeight) return true;
    return VOIDS.some(
      (one) =>
        Math.hypot(column - one.column, row - one.row, slice - one.slice) <=
        one.radius + voidGrowth,
    );
  };
  return phantomVolume({
    slices: SLICES,
    side: SIDE,
    type: 'uint8',
    noise: 0.0004,
    seed,
    valueAt: (column, row, slice) => (isDark(column, row, slice) ? DARK : BRIGHT),
  });
}

const ANALYSIS: VolumeAnalysis = {
  segments: true,
  compareWith: 'first',
  electrode: 'dark',
  thresholdPerMetre: null,
  face: 'bottom',
  radiusMetre: RADIUS * ACROSS,
  molarVolumeCubicMetre: 1.3e-5,
  voxel: { acrossMetre: ACROSS, alongMetre: ALONG },
};

function scan(scanId: string, chargeCoulomb = 0): AnalysedVolume {
  const charge = { startChargeCoulomb: chargeCoulomb, stopChargeCoulomb: chargeCoulomb + 0.02 };
  return { scanId, path: scanId, startSecond: 0, stopSecond: 90, ...charge };
}

function jobsOn(volumes: Readonly<Record<string, VolumeSource>>) {
  const opened: string[] = [];
  const jobs = createVolumeResultsJobs({
    open: async (path) => {
      opened.push(path);
      const volume = volumes[path];
      if (!volume) throw new Fault('fileMissing', { where: path, message: 'is not there' });
      return volume;
    },
    segmenter: inlineExecutor(createSegmentJobs(loadKernelModule('volume'))),
    kernel: new RegistrationKernel(loadKernelModule('registration')),
  });
  return { jobs, opened };
}

/** Voxels of the mask in one slice. */
function discVoxels(): number {
  let count = 0;
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      if (Math.hypot(column - MIDDLE, row - MIDDLE) <= RADIUS) count += 1;
    }
  }
  return count;
}

function ballVoxels(radius: number): number {
  let count = 0;
  for (let x = -10; x <= 10; x += 1) {
    for (let y = -10; y <= 10; y += 1) {
      for (let z = -10; z <= 10; z += 1) if (Math.hypot(x, y, z) <= radius) count += 1;
    }
  }
  return count;
}

const voidVoxels = (growth = 0): number =>
  VOIDS.reduce((sum, { radius }) => sum + ballVoxels(radius + growth), 0);
const electrolyteVoxels = discVoxels() * (BOTTOM_BEGIN - TOP_END);

describe('the phases of a volume', () => {
  it('are voids in the electrolyte alone: neither electrode counts', async () => {
    const { jobs } = jobsOn({ a: cell() });
    const { segmentation, problems } = await jobs.analyse({
      volume: scan('a'),
      analysis: ANALYSIS,
      first: scan('a'),
      against: undefined,
    });
    expect(problems).toEqual([]);
    expect(segmentation?.voids).toBe(VOIDS.length);
    const { value = 0, standardError = 0 } = segmentation?.voidFraction ?? {};
    expect(value).toBeGreaterThan(0.9 * (voidVoxels() / electrolyteVoxels));
    expect(value).toBeLessThan(1.02 * (voidVoxels() / electrolyteVoxels));
    expect(standardError).toBeGreaterThan(0);
    const largest = segmentation?.largestVoid;
    const truth = ballVoxels(7) * VOXEL_CUBIC_METRE;
    // The median that takes the noise away rounds what is curved.
    expect(largest?.value).toBeGreaterThan(0.9 * truth);
    expect(largest?.value).toBeLessThan(1.02 * truth);
    expect(segmentation?.depths.every(({ fraction }) => fraction < 0.1)).toBe(true);
  });

  it('show voids that grow, by the threshold of the first volume', async () => {
    const { jobs } = jobsOn({ a: cell(), b: cell({ voidGrowth: 2 }, 2) });
    const first = await jobs.analyse({
      ...{ volume: scan('a'), analysis: ANALYSIS, first: scan('a'), against: undefined },
    });
    const later = await jobs.analyse({
      ...{ volume: scan('b'), analysis: ANALYSIS, first: scan('a'), against: undefined },
    });
    expect(later.segmentation?.thresholdPerPixel).toBe(first.segmentation?.thresholdPerPixel);
    const before = first.segmentation?.voidFraction?.value ?? Number.NaN;
    const after = later.segmentation?.voidFraction?.value ?? Number.NaN;
    const truth = voidVoxels(2) / voidVoxels();
    expect(after / before).toBeGreaterThan(0.9 * truth);
    expect(after / before).toBeLessThan(1.1 * truth);
  });

  it('tell how far the electrode reaches, along the axis', async () => {
    const { jobs } = jobsOn({ a: cell({ bladeHeight: 15 }) });
    const { segmentation } = await jobs.analyse({
      ...{ volume: scan('a'), analysis: ANALYSIS, first: scan('a'), against: undefined },
    });
    const { value = 0, standardError = 0 } = segmentation?.protrusion ?? {};
    expect(Math.abs(value - 15 * ALONG)).toBeLessThanOrEqual(2 * (standardError ?? 0) + ALONG);
  });

  it('are in voxels alone where nobody knows their size', async () => {
    const { jobs } = jobsOn({ a: cell() });
    const analysis = { ...ANALYSIS, voxel: null, radiusMetre: null };
    const { segmentation } = await jobs.analyse({
      ...{ volume: scan('a'), analysis, first: scan('a'), against: undefined },
    });
    expect(segmentation).toMatchObject({ largestVoid: null, protrusion: null, depths: [] });
    expect(segmentation?.voidFraction?.value).toBeGreaterThan(0);
  });
});

describe('growth since an earlier volume', () => {
  const HEIGHT = 15;
  const truth = BLADE_SIDE ** 2 * HEIGHT * VOXEL_CUBIC_METRE;

  it('is the lithium that is seen, against what the charge makes', async () => {
    const { jobs } = jobsOn({ a: cell(), b: cell({ bladeHeight: HEIGHT }, 2) });
    const chargeCoulomb = (2 * truth * 96_485.332_12) / ANALYSIS.molarVolumeCubicMetre;
    const { change, problems } = await jobs.analyse({
      volume: scan('b', chargeCoulomb),
      analysis: ANALYSIS,
      first: scan('a'),
      against: scan('a'),
    });
    expect(problems).toEqual([]);
    expect(change).toMatchObject({ againstScanId: 'a' });
    expect(change?.chargeCoulomb).toBeCloseTo(chargeCoulomb, 9);
    expect(change?.electrochemicalCubicMetre).toBeCloseTo(2 * truth, 14);
    const { value = 0, standardError = 0 } = change?.lithium ?? {};
    expect(Math.abs(value - truth)).toBeLessThan(3 * (standardError ?? 0));
    expect(Math.abs(value / truth - 1)).toBeLessThan(0.1);
    expect(change?.growth?.value).toBe(-value);
    expect(change?.ratio?.value).toBeCloseTo(value / (2 * truth), 9);
  });

  it('is none where nothing has changed, and no ratio without a charge', async () => {
    const { jobs } = jobsOn({ a: cell(), b: cell({}, 2) });
    const { change } = await jobs.analyse({
      ...{ volume: scan('b'), analysis: ANALYSIS, first: scan('a'), against: scan('a') },
    });
    const { value = 1, standardError = 0 } = change?.lithium ?? {};
    expect(Math.abs(value)).toBeLessThan(3 * (standardError ?? 0));
    expect(Math.abs(value)).toBeLessThan(0.05 * truth);
    expect(change?.ratio).toBeNull();
  });

  it('is the other way round where the electrode is bright', async () => {
    const { jobs } = jobsOn({ a: cell(), b: cell({ bladeHeight: HEIGHT }, 2) });
    const analysis = { ...ANALYSIS, electrode: 'bright', face: null, segments: false } as const;
    const { change, segmentation } = await jobs.analyse({
      ...{ volume: scan('b', 1), analysis, first: scan('a'), against: scan('a') },
    });
    expect(segmentation).toBeUndefined();
    expect(change?.lithium?.value).toBe(change?.growth?.value);
    expect(change?.lithium?.value).toBeLessThan(0);
  });

  it('does not take the phases with it when the earlier volume is gone', async () => {
    const { jobs } = jobsOn({ b: cell() });
    const { change, problems, segmentation } = await jobs.analyse({
      ...{ volume: scan('b'), analysis: ANALYSIS, first: scan('b'), against: scan('a') },
    });
    expect(segmentation?.voids).toBe(VOIDS.length);
    expect(change).toBeUndefined();
    expect(problems).toEqual([{ where: 'a', message: 'is not there' }]);
  });

  it('is the same for whoever starts anew in between', async () => {
    const volumes = { a: cell(), b: cell({ bladeHeight: HEIGHT }, 2) };
    const request = {
      ...{ volume: scan('b', 1), analysis: ANALYSIS, first: scan('a'), against: scan('a') },
    };
    const { jobs } = jobsOn(volumes);
    await jobs.analyse({ ...request, volume: scan('a'), against: undefined });
    const whole = await jobs.analyse(request);
    expect(await jobsOn(volumes).jobs.analyse(request)).toEqual(whole);
  });
});

describe('the slices of the electrolyte', () => {
  const bins = (fractions: readonly number[]) =>
    fractions.map((fraction, at) => ({
      ...{ depthFromVoxel: at, depthToVoxel: at + 1, fraction, voidVoxels: 0, voxels: 100 },
      ...{ depthFromMetre: null, depthToMetre: null, countingSigma: 0, voids: 0 },
      ...{ thresholdLow: fraction, thresholdHigh: fraction },
    }));
  const segmentation = (height: number, fractions: readonly number[]) =>
    ({
      slices: 64,
      interface: { face: 'bottom', coefficients: [height, 0, 0] },
      porosity: bins(fractions),
    }) as unknown as Segmentation;

  it('end a margin behind the interface and a margin before the other electrode', () => {
    const fractions = Array.from({ length: 40 }, (_, at) => (at < 30 ? 0.01 : 1));
    expect(electrolyteSlices(segmentation(46, fractions))).toEqual({ firstSlice: 9, slices: 46 });
  });

  it('are not known without an interface, nor when hardly any are left', () => {
    const none = { ...segmentation(46, [0]), interface: null };
    expect(electrolyteSlices(none)).toBeUndefined();
    const allVoid = Array.from({ length: 40 }, () => 1);
    expect(electrolyteSlices(segmentation(63, allVoid))).toBeUndefined();
  });
});

describe('what a step may end on', () => {
  it('leaves out what is not known', () => {
    expect(derivedOf('scan-1', { segmentation: undefined, change: undefined })).toEqual([]);
  });
});
