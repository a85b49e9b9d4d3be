import { describe, expect, it } from 'vitest';
import { inlineExecutor } from '../../src/analysis/executor.ts';
import { createSegmentJobs } from '../../src/analysis/segment-jobs.ts';
import { type SegmentOptions, segmentVolume } from '../../src/analysis/segment-volume.ts';
import { Random } from '../../src/domain/random.ts';
import type { Segmentation } from '../../src/domain/segmentation.ts';
import type { VolumeSource } from '../../src/domain/volume.ts';
import { componentsTwin, medianTwin } from '../../src/kernels/volume-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  type Ball,
  BRIGHT,
  ballVoxels,
  DARK,
  inBall,
  memoryVolume,
  phantomVolume,
  type VolumePhantom,
} from './volume-phantom.ts';

const module = loadKernelModule('volume');
const WORKERS = [
  inlineExecutor(createSegmentJobs(module)),
  inlineExecutor(createSegmentJobs(module)),
];

async function segment(volume: VolumeSource, options: Partial<SegmentOptions> = {}) {
  return (await segmentVolume(volume, { workers: WORKERS, ...options })).segmentation;
}

const fractionOf = ({ phases }: Segmentation, label: string) =>
  phases.find((phase) => phase.label === label)?.fraction ?? Number.NaN;

const SIDE = 80;
const SLICES = 72;
const VOIDS: readonly Ball[] = [
  { column: 30, row: 40, slice: 45, radius: 6 },
  { column: 52, row: 30, slice: 50, radius: 4 },
  { column: 45, row: 55, slice: 60, radius: 3 },
];
/** The electrode's last slice is the greatest whole number below this. */
const planeAt = (column: number, row: number) =>
  18.5 + 0.08 * (column - 39.5) - 0.05 * (row - 39.5);

/** Dark electrode above a tilted interface, bright solid with dark balls below it. */
const cell: VolumePhantom = {
  slices: SLICES,
  side: SIDE,
  noise: 0.0012,
  seed: 11,
  valueAt: (column, row, slice) => {
    const isDark = slice < planeAt(column, row) || VOIDS.some((b) => inBall(b, column, row, slice));
    return isDark ? DARK : BRIGHT;
  },
};

/** What the median leaves of a ball without noise: it rounds the poles of small ones off. */
function medianVoxels(ball: Ball): number {
  const side = 2 * Math.ceil(ball.radius) + 5;
  const middle = (side - 1) / 2;
  const centred = { column: middle, row: middle, slice: middle, radius: ball.radius };
  const codes = Uint8Array.from({ length: side ** 3 }, (_, at) =>
    Number(inBall(centred, at % side, Math.floor(at / side) % side, Math.floor(at / side ** 2))),
  );
  const left = medianTwin({ slices: side, rows: side, columns: side, codes });
  return left.reduce((sum, code) => sum + code, 0);
}

function upsideDown(phantom: VolumePhantom): VolumePhantom {
  const { slices, valueAt } = phantom;
  return { ...phantom, valueAt: (column, row, slice) => valueAt(column, row, slices - 1 - slice) };
}

describe('segmentVolume', () => {
  it.each([
    'uint8',
    'uint16',
    'float32',
  ] as const)('finds voids and the interface, %s', async (type) => {
    const result = await segment(phantomVolume({ ...cell, type }), { electrodeFace: 'top' });
    const { threshold, tables, interface: surface } = result;
    // Half way between the phases, whatever the balance of their volumes.
    expect(threshold.valuePerPixel).toBeCloseTo((DARK + BRIGHT) / 2, 3);
    expect(threshold.separability).toBeGreaterThan(0.9);
    expect(tables.map(({ label, components }) => [label, components])).toEqual([['void', 3]]);
    for (const [index, ball] of VOIDS.entries()) {
      const found = tables[0]?.listed[index];
      expect(Math.abs((found?.voxels ?? 0) / medianVoxels(ball) - 1)).toBeLessThan(0.05);
      expect(found?.centroidColumn).toBeCloseTo(ball.column, 0);
      expect(found?.centroidRow).toBeCloseTo(ball.row, 0);
      expect(found?.centroidSlice).toBeCloseTo(ball.slice, 0);
      expect(found?.touchesBorder).toBe(false);
      const cosine = 1 / Math.sqrt(1 + 0.08 ** 2 + 0.05 ** 2);
      const depth = (ball.slice - planeAt(ball.column, ball.row)) * cosine;
      expect(Math.abs((found?.depthVoxel ?? 0) - depth)).toBeLessThan(0.7);
    }
    const [height = 0, alongColumns = 0, alongRows = 0] = surface?.coefficients ?? [];
    const half = surface?.halfVoxel ?? 1;
    expect(Math.abs(height - 18.5)).toBeLessThan(0.6);
    expect(alongColumns / half).toBeCloseTo(0.08, 2);
    expect(alongRows / half).toBeCloseTo(-0.05, 2);
    expect(surface?.outlierFraction).toBeLessThan(0.1);
    expect(result.remarks).toEqual([]);
    const sum = result.phases.reduce((total, { voxels }) => total + voxels, 0);
    expect(sum).toBe(result.maskVoxels);
  });

  it('gives the same whatever the height of slabs, and from the other end', async () => {
    const whole = await segment(phantomVolume(cell), { electrodeFace: 'top', slabSlices: 64 });
    for (const slabSlices of [1, 7, 36]) {
      const cut = await segment(phantomVolume(cell), { electrodeFace: 'top', slabSlices });
      const { sigmaPerPixel: _, ...threshold } = cut.threshold;
      expect(whole.threshold).toMatchObject(threshold);
      expect(cut.tables).toEqual(whole.tables);
      expect(cut.phases).toEqual(whole.phases);
      expect(cut.interface).toEqual(whole.interface);
      expect(cut.porosity.map(({ voidVoxels, voxels }) => [voidVoxels, voxels])).toEqual(
        whole.porosity.map(({ voidVoxels, voxels }) => [voidVoxels, voxels]),
      );
    }
    const volume = phantomVolume(cell);
    const length = SIDE * SIDE;
    const voxels = await volume.readSlices(0, SLICES);
    const turned = new Uint8Array(voxels.length);
    for (let slice = 0; slice < SLICES; slice++) {
      turned.set(
        voxels.subarray(slice * length, (slice + 1) * length),
        (SLICES - 1 - slice) * length,
      );
    }
    const flipped = await segment(memoryVolume(volume, turned), { electrodeFace: 'bottom' });
    expect(flipped.porosity.map(({ voidVoxels }) => voidVoxels)).toEqual(
      whole.porosity.map(({ voidVoxels }) => voidVoxels),
    );
    const first = whole.tables[0]?.listed[0];
    expect(flipped.tables[0]?.listed[0]?.centroidSlice).toBeCloseTo(
      SLICES - 1 - (first?.centroidSlice ?? 0),
      9,
    );
    expect(flipped.tables[0]?.listed[0]?.bounds[4]).toBe(SLICES - 1 - (first?.bounds[5] ?? 0));
    expect(flipped.interface?.coefficients[0]).toBeCloseTo(
      SLICES - 1 - (whole.interface?.coefficients[0] ?? 0),
      9,
    );
  });

  it.each([0.2, 0.311, 0.35])('connects random voxels as a flood fill does, p = %d', async (p) => {
    const side = p === 0.311 ? 64 : 32;
    const random = new Random(Math.round(p * 1e4));
    const voxels = Uint8Array.from({ length: side ** 3 }, () => (random.uniform() < p ? 40 : 200));
    const expected = componentsTwin({
      slices: side,
      rows: side,
      columns: side,
      codes: voxels.map((code) => Number(code === 40)),
    });
    const sizes = expected.map((component) => component.voxels).sort((a, b) => b - a);
    const scale = { type: 'uint8', offset: 0, step: 1 } as const;
    const volume = memoryVolume({ slices: side, rows: side, columns: side, scale }, voxels);
    for (const slabSlices of [1, 5, 64]) {
      const { tables } = await segment(volume, {
        threshold: 100,
        mask: { kind: 'all' },
        usesMedian: false,
        slabSlices,
      });
      expect(tables[0]?.listed.map((component) => component.voxels)).toEqual(sizes);
      expect(tables[0]?.voxels).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }
  });

  it('lists only the largest components and counts the rest', async () => {
    const random = new Random(77);
    const voxels = Uint8Array.from({ length: 32 ** 3 }, () => (random.uniform() < 0.02 ? 40 : 200));
    const scale = { type: 'uint8', offset: 0, step: 1 } as const;
    const volume = memoryVolume({ slices: 32, rows: 32, columns: 32, scale }, voxels);
    const options = { threshold: 100, mask: { kind: 'all' }, usesMedian: false } as const;
    const all = (await segment(volume, options)).tables[0];
    const few = (await segment(volume, { ...options, listedMax: 10 })).tables[0];
    expect(few?.listed).toEqual(all?.listed.slice(0, 10));
    expect(few?.unlisted).toBe((all?.components ?? 0) - 10);
    expect(few?.sizes).toEqual(all?.sizes);
    expect(few?.sizes.reduce((sum, { components }) => sum + components, 0)).toBe(all?.components);
  });

  it('measures a protrusion of a bright electrode beyond its interface, from either end', async () => {
    const length = 26;
    const phantom: VolumePhantom = {
      ...cell,
      valueAt: (column, row, slice) => {
        const inFinger = Math.hypot(column - 50, row - 33) <= 5 && slice < 15 + length;
        return slice < 15 || inFinger ? BRIGHT : DARK;
      },
    };
    for (const [volume, electrodeFace, tip] of [
      [phantom, 'top', 15 + length - 1],
      [upsideDown(phantom), 'bottom', SLICES - 15 - length],
    ] as const) {
      const result = await segment(phantomVolume(volume), {
        electrodeFace,
        electrodePhase: 'bright',
        voxelSizeMetre: 2.5e-6,
      });
      const { greatest, sustained, percentile99, column, row, slice } = result.protrusion ?? {};
      expect(Math.abs((greatest?.voxel ?? 0) - length)).toBeLessThanOrEqual(1);
      expect(Math.abs((sustained?.voxel ?? 0) - length)).toBeLessThanOrEqual(1);
      expect(greatest?.metre).toBeCloseTo((greatest?.voxel ?? 0) * 2.5e-6, 12);
      expect(greatest?.sigmaVoxel).toBeGreaterThan(0.28);
      expect(greatest?.sigmaVoxel).toBeLessThan(1.5);
      // The finger stands on 1.6 % of the disc.
      expect(percentile99?.voxel).toBeGreaterThan(length - 3);
      expect(Math.hypot((column ?? 0) - 50, (row ?? 0) - 33)).toBeLessThanOrEqual(5);
      expect(Math.abs((slice ?? 0) - tip)).toBeLessThanOrEqual(1);
    }
  });

  it('parts voids, electrolyte and a bright electrode with three classes', async () => {
    const middle = 0.006;
    const ball = { column: 40, row: 40, slice: 50, radius: 7 };
    const particle = { column: 25, row: 45, slice: 60, radius: 5 };
    const phantom: VolumePhantom = {
      ...cell,
      noise: 0.0004,
      valueAt: (column, row, slice) => {
        if (slice < 20 || inBall(particle, column, row, slice)) return BRIGHT;
        return inBall(ball, column, row, slice) ? 0 : middle;
      },
    };
    const result = await segment(phantomVolume(phantom), {
      electrodeFace: 'top',
      electrodePhase: 'bright',
      classes: 3,
    });
    expect(result.threshold.voidBelowPerPixel).toBeGreaterThan(0.0015);
    expect(result.threshold.voidBelowPerPixel).toBeLessThan(0.0045);
    const counts = result.tables.map(({ label, components }) => [label, components]);
    expect(counts).toEqual([
      ['particle', 1],
      ['void', 1],
    ]);
    expect(fractionOf(result, 'electrode')).toBeCloseTo(20 / SLICES, 2);
    const porosity = result.porosity.reduce((sum, { voidVoxels }) => sum + voidVoxels, 0);
    expect(Math.abs(porosity / ballVoxels(ball) - 1)).toBeLessThan(0.06);
  });

  it('keeps the threshold of a series, and says when grey values drift', async () => {
    const first = await segmentVolume(phantomVolume(cell), { workers: WORKERS });
    const same = await segmentVolume(phantomVolume({ ...cell, seed: 12 }), {
      workers: WORKERS,
      series: first.series,
    });
    expect(same.segmentation.threshold.origin).toBe('series');
    expect(same.segmentation.threshold.valuePerPixel).toBe(
      first.segmentation.threshold.valuePerPixel,
    );
    expect(same.segmentation.remarks).toEqual([]);
    expect(same.series.scans).toBe(2);
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(total(same.series.threshold.histogram.counts)).toBeCloseTo(
      2 * total(first.series.threshold.histogram.counts),
      3,
    );
    const drifted = await segment(
      phantomVolume({ ...cell, valueAt: (...at) => 1.5 * cell.valueAt(...at) }),
      { series: first.series },
    );
    expect(drifted.remarks.join()).toMatch(/standard errors from the series/);
  });

  it('paints labels of every voxel once, in the slices of the volume', async () => {
    for (const [phantom, electrodeFace] of [
      [cell, 'top'],
      [upsideDown(cell), 'bottom'],
    ] as const) {
      const labels = new Uint8Array(SLICES * SIDE * SIDE).fill(255);
      const result = await segment(phantomVolume(phantom), {
        electrodeFace,
        slabSlices: 11,
        onLabels: (first, part) => labels.set(part, first * SIDE * SIDE),
      });
      const count = (label: number) => labels.reduce((sum, one) => sum + Number(one === label), 0);
      expect(count(255)).toBe(0);
      expect(count(1)).toBe(result.tables[0]?.voxels);
      expect(count(2)).toBe(result.phases.find(({ label }) => label === 'solid')?.voxels);
      expect(count(3)).toBe(result.phases.find(({ label }) => label === 'electrode')?.voxels);
      const at = electrodeFace === 'top' ? 45 : SLICES - 1 - 45;
      expect(labels[(at * SIDE + 40) * SIDE + 30]).toBe(1);
      expect(labels[at * SIDE * SIDE]).toBe(0);
    }
  });

  it('finds porosity where the voids are, with errors that cover the truth', async () => {
    // As in a pressed pellet: 0.5 % at 40 to 48 voxels behind the interface, fewer elsewhere.
    const random = new Random(3);
    const balls = Array.from({ length: 60 }, () => ({
      column: 12 + 56 * random.uniform(),
      row: 12 + 56 * random.uniform(),
      slice: 10 + 42.5 + 3 * random.uniform(),
      radius: 1.6,
    }));
    const isVoid = (column: number, row: number, slice: number) =>
      balls.some((ball) => inBall(ball, column, row, slice));
    const phantom: VolumePhantom = {
      ...cell,
      noise: 0.0003,
      valueAt: (column, row, slice) => (slice < 10 || isVoid(column, row, slice) ? DARK : BRIGHT),
    };
    const result = await segment(phantomVolume(phantom), {
      electrodeFace: 'top',
      voxelSizeMetre: 2.5e-6,
      usesMedian: false,
    });
    expect(result.porosity[0]?.depthToMetre).toBeCloseTo(20e-6, 12);
    const richest = result.porosity.toSorted((a, b) => b.fraction - a.fraction)[0];
    expect(richest?.depthFromMetre).toBeCloseTo(100e-6, 12);
    let truth = 0;
    let voxels = 0;
    for (let slice = 50; slice < 58; slice++) {
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          if (Math.hypot(column - 39.5, row - 39.5) > SIDE / 2 - 1) continue;
          voxels += 1;
          truth += Number(isVoid(column, row, slice));
        }
      }
    }
    expect(richest?.voxels).toBe(voxels);
    expect(richest?.fraction).toBeCloseTo(truth / voxels, 6);
    expect(richest?.thresholdLow).toBeLessThanOrEqual(truth / voxels);
    expect(richest?.thresholdHigh).toBeGreaterThanOrEqual(truth / voxels);
    // Counted as wholes: larger than for as many independent voxels.
    const binomial = Math.sqrt(((truth / voxels) * (1 - truth / voxels)) / voxels);
    expect(richest?.countingSigma).toBeGreaterThan(2 * binomial);
    expect(richest?.voids).toBeGreaterThan(30);
  });

  it('uses an interface that was fitted before', async () => {
    const before = await segment(phantomVolume(cell), { electrodeFace: 'top' });
    const grown: VolumePhantom = {
      ...cell,
      valueAt: (column, row, slice) =>
        slice < planeAt(column, row) + 6 ? DARK : cell.valueAt(column, row, slice),
    };
    const after = await segment(phantomVolume(grown), {
      ...(before.interface ? { interface: before.interface } : {}),
    });
    expect(after.interface?.coefficients).toEqual(before.interface?.coefficients);
    expect(Math.abs((after.protrusion?.percentile99.voxel ?? 0) - 6)).toBeLessThan(1);
  });
});

describe('segmentVolume refuses', () => {
  const options = { electrodeFace: 'top' } as const;

  it('a volume of one value, and a threshold outside its values', async () => {
    const flat = phantomVolume({ ...cell, noise: 0, valueAt: () => DARK });
    await expect(segment(flat, options)).rejects.toThrow(/same value/);
    await expect(segment(phantomVolume(cell), { threshold: 3 })).rejects.toThrow(
      /threshold: 3 lies outside the grey values/,
    );
  });

  it('voxels that are no numbers, inside the mask only', async () => {
    const poisoned = (column: number, row: number): VolumePhantom => ({
      ...cell,
      type: 'float32',
      valueAt: (x, y, z) =>
        x === column && y === row && z === 30 ? Number.NaN : cell.valueAt(x, y, z),
    });
    await expect(segment(phantomVolume(poisoned(40, 40)), options)).rejects.toThrow(
      /1 voxels inside the mask are no finite numbers/,
    );
    const outside = await segment(phantomVolume(poisoned(1, 1)), options);
    expect(outside.tables[0]?.components).toBe(3);
  });

  it('an electrode face where there is no electrode', async () => {
    const noBoundary: VolumePhantom = {
      ...cell,
      valueAt: (x, y, z) => (VOIDS.some((ball) => inBall(ball, x, y, z)) ? DARK : BRIGHT),
    };
    await expect(segment(phantomVolume(noBoundary), options)).rejects.toThrow(
      /interface: the electrode ends inside the volume in only 0 places/,
    );
  });

  it('a mask without voxels, and goes no further once it is told to stop', async () => {
    const mask = { kind: 'disc', radiusVoxel: 3, centreColumn: -20 } as const;
    await expect(segment(phantomVolume(cell), { mask })).rejects.toThrow(/mask: holds no voxel/);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(segment(phantomVolume(cell), { signal })).rejects.toThrow('stopped');
  });
});
