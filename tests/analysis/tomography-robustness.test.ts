import { describe, expect, it } from 'vitest';
import type { VolumeOptions } from '../../src/analysis/volume-options.ts';
import { Random } from '../../src/domain/random.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import { compareSlices, phantomSlice } from '../kernels/tomography-phantom.ts';
import { reconstructed } from './memory-volume.ts';
import { ATTENUATION_PER_PIXEL, countedScan, DARK_COUNTS, FLAT_COUNTS } from './tomography-scan.ts';

/*
 * What goes wrong while a scan is taken, against the same scan without it: errors are root mean
 * squares against the phantom itself, within 0.95 of the disc, in units of the phantom.
 */
const [COLUMNS, VIEWS, AXIS] = [160, 480, 80.6];
const OPTIONS: VolumeOptions = { algorithm: 'gridding', axis: AXIS };
const truth = phantomSlice(COLUMNS, 0.4 * COLUMNS).map((value) => value * ATTENUATION_PER_PIXEL);

/** Photon noise of 30 000 counts. */
const scan = noisy();

function noisy(): ScanData {
  const clean = countedScan({ rows: 1, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
  const random = new Random(4711);
  const projections = (clean.projections as Uint16Array).map((count) => {
    const light = count - DARK_COUNTS;
    return Math.round(count + Math.sqrt(Math.max(0, light)) * random.normal());
  });
  return { ...clean, projections };
}

function changed(change: (count: number, view: number, column: number) => number): ScanData {
  const projections = (scan.projections as Uint16Array).map((count, at) =>
    change(count, Math.floor(at / COLUMNS), at % COLUMNS),
  );
  return { ...scan, projections };
}

/** The scan of those views alone, as if the others had never been sent. */
function only(data: ScanData, isKept: (view: number) => boolean): ScanData {
  const kept = Array.from({ length: VIEWS }, (_, view) => view).filter(isKept);
  const projections = new Uint16Array(kept.length * COLUMNS);
  for (const [at, view] of kept.entries()) {
    projections.set(data.projections.subarray(view * COLUMNS, (view + 1) * COLUMNS), at * COLUMNS);
  }
  const anglesRadian = Float64Array.from(kept, (view) => data.anglesRadian[view] ?? 0);
  return { ...data, projections, anglesRadian };
}

async function errorOf(data: ScanData, more: Partial<VolumeOptions> = {}) {
  const { voxels, summary, stored } = await reconstructed(data, { ...OPTIONS, ...more });
  expect(voxels.every(Number.isFinite)).toBe(true);
  const { rmse } = compareSlices(voxels, truth, COLUMNS);
  return { rmse: rmse / ATTENUATION_PER_PIXEL, conditioning: summary.conditioning, stored };
}

const light = (count: number): number => count - DARK_COUNTS;

/** Error against that of the scan in which nothing went wrong. */
async function ratioOf(data: ScanData, more: Partial<VolumeOptions> = {}) {
  const [whole, made] = [await errorOf(scan), await errorOf(data, more)];
  return { ...made, ratio: made.rmse / whole.rmse };
}

describe('a scan in which something went wrong', () => {
  it('is close to the phantom when nothing did', async () => {
    const { rmse, conditioning } = await errorOf(scan);
    expect(rmse).toBeLessThan(0.026);
    expect(conditioning).toMatchObject({ viewsLost: 0, viewsRepeated: 0, viewsSaturated: 0 });
  });

  it('hardly suffers when one view in twenty is without light', async () => {
    const random = new Random(99);
    const isLost = Array.from({ length: VIEWS }, () => random.uniform() < 0.05);
    const lost = isLost.filter(Boolean).length;
    const data = changed((count, view) => (isLost[view] ? DARK_COUNTS : count));
    const { ratio, conditioning, stored } = await ratioOf(data);
    expect(lost).toBeGreaterThan(15);
    expect(conditioning).toMatchObject({ viewsLost: lost });
    expect(ratio).toBeLessThan(1.05);
    // Bit for bit what the views that were good give alone.
    expect((await errorOf(only(scan, (view) => !isLost[view]))).stored).toEqual(stored);
  });

  it('survives a gap of twenty views, seven and a half degrees', async () => {
    const isGap = (view: number) => view >= 200 && view < 220;
    const data = changed((count, view) => (isGap(view) ? DARK_COUNTS : count));
    const { ratio, conditioning, stored } = await ratioOf(data);
    expect(conditioning).toMatchObject({ viewsLost: 20 });
    expect(ratio).toBeLessThan(1.05);
    expect((await errorOf(only(scan, (view) => !isGap(view)))).stored).toEqual(stored);
    // Views that were believed although the beam was all but gone would do far more harm.
    const dim = (count: number) => DARK_COUNTS + Math.round(0.02 * light(count));
    const believed = await ratioOf(changed((count, view) => (isGap(view) ? dim(count) : count)));
    expect(believed.conditioning).toMatchObject({ viewsLost: 0 });
    expect(believed.ratio).toBeGreaterThan(1.5 * ratio);
  });

  it('counts views once that were sent twice', async () => {
    const projections = scan.projections.slice() as Uint16Array;
    const repeated = [50, 51, 130, 300, 479];
    for (const view of repeated) {
      projections.copyWithin(view * COLUMNS, (view - 1) * COLUMNS, view * COLUMNS);
    }
    const { ratio, conditioning, stored } = await ratioOf({ ...scan, projections });
    expect(conditioning).toMatchObject({ viewsRepeated: 5, viewsLost: 0 });
    expect(ratio).toBeLessThan(1.02);
    const once = await errorOf(only(scan, (view) => !repeated.includes(view)));
    expect(once.stored).toEqual(stored);
  });

  it('bears a beam that drops to half, when the beam beside the sample is looked at', async () => {
    const isDump = (view: number) => view >= 200 && view < 280;
    const data = changed((count, view) =>
      isDump(view) ? Math.round(DARK_COUNTS + 0.5 * light(count)) : count,
    );
    const { ratio, conditioning } = await ratioOf(data, { airMarginColumns: 8 });
    expect(conditioning).toMatchObject({ viewsLost: 0, beamNormalised: true });
    expect(ratio).toBeLessThan(1.02);
    expect((await ratioOf(data)).ratio).toBeGreaterThan(1.15);
  });

  it('leaves out the views of a beam that is gone, and is the scan that was cut there', async () => {
    const data = changed((count, view) => (view >= 430 ? DARK_COUNTS + (count & 3) : count));
    const { conditioning, stored } = await ratioOf(data);
    expect(conditioning).toMatchObject({ viewsLost: 50 });
    expect((await errorOf(only(scan, (view) => view < 430))).stored).toEqual(stored);
  });

  it('takes single saturated pixels for zingers', async () => {
    const random = new Random(5);
    const hot = Uint8Array.from(scan.projections, () => (random.uniform() < 0.002 ? 1 : 0));
    const projections = (scan.projections as Uint16Array).map((c, at) => (hot[at] ? 65_535 : c));
    const { ratio, conditioning } = await ratioOf({ ...scan, projections });
    expect(conditioning?.zingers).toBeGreaterThan(0.95 * hot.reduce((sum, one) => sum + one, 0));
    expect(ratio).toBeLessThan(1.05);
    const kept = await ratioOf({ ...scan, projections }, { removesZingers: false });
    expect(kept.ratio).toBeGreaterThan(1.5);
  });

  it('keeps views whose open beam goes beyond the full scale, and says how many', async () => {
    // A detector of 14 bits whose open beam is at 15 500; in ten views it is 7 % stronger.
    const scale = 15_500 / FLAT_COUNTS;
    const isBright = (view: number) => view >= 100 && view < 110;
    const scaled = (counts: ArrayLike<number>) =>
      Uint16Array.from(counts, (count) => Math.round(scale * count));
    const projections = scaled(scan.projections).map((count, at) =>
      Math.min(16_383, Math.round(count * (isBright(Math.floor(at / COLUMNS)) ? 1.07 : 1))),
    );
    const data = { ...scan, projections, flats: scaled(scan.flats), darks: scaled(scan.darks) };
    const { ratio, conditioning } = await ratioOf(data, { airMarginColumns: 8 });
    expect(conditioning).toMatchObject({ viewsSaturated: 10, viewsLost: 0 });
    expect(ratio).toBeLessThan(1.05);
  });
});
