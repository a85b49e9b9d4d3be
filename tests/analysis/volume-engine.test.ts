import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/analysis/executor.ts';
import { ViewInspector } from '../../src/analysis/tomography-views.ts';
import { VolumeEngine } from '../../src/analysis/volume-engine.ts';
import type { VolumeJobs } from '../../src/analysis/volume-jobs.ts';
import type { VolumeOptions } from '../../src/analysis/volume-options.ts';
import { Random } from '../../src/domain/random.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import type { ScanSource } from '../../src/domain/scan-source.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { memoryScan } from './memory-scan.ts';
import {
  inlineEngine,
  inlineWorkers,
  type MemoryReconstruction,
  MemoryScratch,
  MemorySpools,
  reconstructed,
} from './memory-volume.ts';
import { countedScan, DARK_COUNTS, FLAT_COUNTS } from './tomography-scan.ts';

const [ROWS, COLUMNS, VIEWS, AXIS] = [11, 96, 121, 48.3];
const PLAIN: VolumeOptions = { algorithm: 'gridding', axis: AXIS };

/** Rows that differ, noise, a bright ring, zingers, and a view without light. */
const scan = noisyScan();

function noisyScan(): ScanData {
  const clean = countedScan({ rows: ROWS, columns: COLUMNS, views: VIEWS, axisPixel: AXIS });
  const random = new Random(20261121);
  const projections = (clean.projections as Uint16Array).map((count, at) => {
    const [view, row, column] = [
      Math.floor(at / (ROWS * COLUMNS)),
      Math.floor(at / COLUMNS) % ROWS,
      at % COLUMNS,
    ];
    if (view === 17) return DARK_COUNTS;
    if ((view * 13 + column + 5 * row) % 1511 === 0) return 60_000;
    const transmission = ((count - DARK_COUNTS) / (FLAT_COUNTS - DARK_COUNTS)) ** (1 - 0.05 * row);
    const ring = column === 30 + row ? 0.97 : 1;
    const noise = 1 + 0.01 * random.normal();
    return Math.round(DARK_COUNTS + (FLAT_COUNTS - DARK_COUNTS) * transmission * ring * noise);
  });
  return { ...clean, projections };
}

/** Everything but the time it took; voxels and stripe map by their bytes' hash. */
function known({ stored, summary, stripeMap }: MemoryReconstruction) {
  const { durationMs, ...rest } = summary;
  expect(durationMs).toBeGreaterThanOrEqual(0);
  return { voxels: hashOf(stored), stripeMap: hashOf(stripeMap), ...rest };
}

function hashOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array | Float32Array) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a volume, whoever makes it', () => {
  it.each([
    ['gridding', 'float32', { axis: 'auto' }],
    ['fbp', 'float32', { stripes: 'none' }],
    ['gridding', 'uint8', { stripes: 'all' }],
    ['gridding', 'uint16', { phaseAreaPixel: 2 }],
    ['sirt', 'uint16', { iterative: { iterations: 3 } }],
  ] as const)('by %s as %s, is the same bit for bit', async (algorithm, voxels, more) => {
    const options = { ...PLAIN, algorithm, voxels, ...more };
    const one = known(await reconstructed(scan, options));
    expect(one).toMatchObject({ slices: ROWS, columns: COLUMNS, views: VIEWS });
    expect(one.conditioning).toMatchObject({ viewsLost: 1 });
    expect(one.conditioning?.zingers).toBeGreaterThan(50);
    for (const [workers, bandRows] of [
      [1, 2],
      [2, 4],
      [3, 6],
      [3, 1],
      [2, 1000],
    ] as const) {
      const other = await reconstructed(scan, { ...options, bandRows }, inlineEngine({ workers }));
      expect(known(other)).toEqual(one);
    }
  });

  it('does not depend on which worker is slow', async () => {
    const expected = known(await reconstructed(scan, PLAIN));
    const late = (inline: Executor<VolumeJobs>, at: number): Executor<VolumeJobs> => {
      let calls = 0;
      return {
        ...inline,
        call: (job, argument) => {
          calls += 1;
          return turns((calls * (2 * at + 1)) % 7).then(() => inline.call(job, argument));
        },
      };
    };
    const engine = new VolumeEngine({
      executors: inlineWorkers(3).map(late),
      spools: new MemorySpools(),
      clock: new SystemClock(),
    });
    expect(known(await reconstructed(scan, { ...PLAIN, bandRows: 2 }, engine))).toEqual(expected);
  });
});

/** Lets others have their turn so many times. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

describe('a volume stored in whole numbers', () => {
  it.each(['uint8', 'uint16'] as const)('holds the floats to half a step as %s', async (type) => {
    const floats = await reconstructed(scan, { ...PLAIN, voxels: 'float32' });
    const whole = await reconstructed(scan, { ...PLAIN, voxels: type });
    const spools = new MemorySpools();
    const made = await inlineEngine({ spools }).reconstruct(memoryScan(scan), 'v', {
      ...PLAIN,
      voxels: type,
    });
    const { offset, step } = made.volume.scale;
    expect(made.volume.scale.type).toBe(type);
    const range = floats.voxels.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(step).toBeLessThan((4 * range) / (type === 'uint8' ? 255 : 65_535));
    const worst = whole.voxels.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (floats.voxels[at] ?? 9))),
      0,
    );
    expect(worst).toBeLessThan(0.51 * step);
    expect(whole.summary.voxelsClipped).toBe(0);
    expect(floats.summary.voxelsClipped).toBeUndefined();
    // The corner lies outside the disc that all views see: it is 0, and stays so.
    expect(offset + step * (whole.stored[0] ?? 9)).toBeCloseTo(0, 12);
  });

  /** Tall, empty but for one dense layer of two rows. */
  function layered(thickness: number): ScanData {
    const rows = 90;
    const tall = countedScan({ rows, columns: 32, views: 60, axisPixel: 15.5 });
    const projections = (tall.projections as Uint16Array).map((count, at) => {
      const row = Math.floor(at / 32) % rows;
      const isDense = row >= 31 && row < 31 + thickness;
      const light = (count - DARK_COUNTS) / (FLAT_COUNTS - DARK_COUNTS);
      return Math.round(DARK_COUNTS + (FLAT_COUNTS - DARK_COUNTS) * light ** (isDense ? 12 : 1));
    });
    return { ...tall, projections };
  }

  it('finds a thin dense layer wherever it lies', async () => {
    const { summary, voxels } = await reconstructed(layered(2), {
      ...PLAIN,
      axis: 15.5,
      voxels: 'uint8',
    });
    expect(summary.voxelsClipped).toBe(0);
    const floats = await reconstructed(layered(2), { ...PLAIN, axis: 15.5, voxels: 'float32' });
    const most = (values: Float32Array) => values.reduce((a, b) => Math.max(a, b), 0);
    expect(most(voxels) / most(floats.voxels)).toBeCloseTo(1, 1);
  });

  it('counts what its scale cannot hold', async () => {
    // One layer is the darkest thing; a second one, brighter than air, is in no sampled row.
    const data = layered(2);
    const projections = (data.projections as Uint16Array).map((count, at) => {
      const [row, column] = [Math.floor(at / 32) % 90, at % 32];
      return row >= 60 && row < 62 && column > 8 && column < 24 ? 65_000 : count;
    });
    const { summary, voxels } = await reconstructed(
      { ...data, projections },
      { ...PLAIN, axis: 15.5, voxels: 'uint8', removesZingers: false, stripes: 'none' },
    );
    expect(summary.voxelsClipped).toBeGreaterThan(100);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });

  it('is small floats or large bytes when nobody says', async () => {
    const made = await reconstructed(scan, PLAIN);
    expect(made.stored).toBeInstanceOf(Float32Array);
    const wide = countedScan({ rows: 1, columns: 8, views: 4, axisPixel: 3.5 });
    const source = { ...memoryScan(wide), rows: 2 ** 23 };
    await expect(
      inlineEngine().reconstruct(source, 'v', { ...PLAIN, voxels: 'uint16' }),
    ).rejects.toThrow(/flat fields/);
    const larger = { ...memoryScan(wide), rows: 2 ** 31 };
    await expect(inlineEngine().reconstruct(larger, 'v', PLAIN)).rejects.toThrow(
      /takes 137438953472 bytes as uint8; at most 68719476736 .*bin the detector or crop/,
    );
  });
});

describe('a reconstruction that is interrupted', () => {
  const options: VolumeOptions = { ...PLAIN, voxels: 'uint16', bandRows: 4 };

  /** Stops as killed after so many writes to the volume, then goes on. */
  async function resumed(writes: number, more: Partial<VolumeOptions> = {}) {
    const spools = new MemorySpools();
    let left = writes;
    spools.onWrite = (name) => {
      if (name === 'volume' && left-- <= 0) throw new Error('killed');
    };
    const first = inlineEngine({ spools, workers: 2 });
    await expect(
      first.reconstruct(memoryScan(scan), 'volume', { ...options, ...more }),
    ).rejects.toThrow('killed');
    const before = spools.slicesWritten;
    spools.onWrite = () => {};
    const second = inlineEngine({ spools, workers: 1 });
    const made = await reconstructed(scan, { ...options, ...more, bandRows: 6 }, second);
    return { made, writtenAgain: spools.slicesWritten - before };
  }

  it.each([0, 1, 2, 4, 5])('after %i writes goes on, and ends with the same', async (writes) => {
    const whole = known(await reconstructed(scan, options));
    const { made, writtenAgain } = await resumed(writes);
    expect(known(made)).toEqual(whole);
    // Two rows at a time, the last alone; a volume and its tallies.
    expect(made.slicesResumed).toBe(2 * writes);
    expect(writtenAgain).toBe(2 * (ROWS - 2 * writes));
  });

  it('goes on behind the phase filter too, with the zingers it found before', async () => {
    const whole = known(await reconstructed(scan, { ...options, phaseAreaPixel: 2 }));
    const { made } = await resumed(3, { phaseAreaPixel: 2 });
    expect(made.slicesResumed).toBe(6);
    expect(known(made)).toEqual(whole);
  });

  it('begins anew when anything that decides the voxels has changed', async () => {
    const changes: [Partial<VolumeOptions>, ScanData][] = [
      [{ stripes: 'none' }, scan],
      [{ axis: 48 }, scan],
      [{ algorithm: 'fbp' }, scan],
      [{ algorithm: 'sirt', iterative: { iterations: 2 } }, scan],
      [{ edges: 'extend' }, scan],
      [{ removesZingers: false }, scan],
      [{ phaseAreaPixel: 1 }, scan],
      [{ beamScale: new Float64Array(VIEWS).fill(0.9) }, scan],
      [{ voxels: 'uint8' }, scan],
      [{}, { ...scan, projections: (scan.projections as Uint16Array).map((c) => c + 1) }],
      [{}, { ...scan, anglesRadian: scan.anglesRadian.map((angle) => 1.001 * angle) }],
      [{}, { ...scan, flats: (scan.flats as Uint16Array).map((c) => c + 1) }],
    ];
    for (const [change, data] of changes) {
      const spools = new MemorySpools();
      const engine = inlineEngine({ spools });
      await engine.reconstruct(memoryScan(scan), 'volume', options);
      const made = await reconstructed(data, { ...options, ...change }, engine);
      expect(made.slicesResumed, JSON.stringify(change)).toBe(0);
    }
    const spools = new MemorySpools();
    const engine = inlineEngine({ spools });
    await engine.reconstruct(memoryScan(scan), 'volume', options);
    const same = await reconstructed(scan, { ...options, bandRows: 2 }, engine);
    expect(same.slicesResumed).toBe(ROWS);
  });

  it('by its signal, rejects with the reason, leaves the spool, and goes on later', async () => {
    const spools = new MemorySpools();
    const engine = inlineEngine({ spools });
    const stop = new AbortController();
    const reason = new Error('enough');
    const aborted = engine.reconstruct(memoryScan(scan), 'volume', {
      ...options,
      signal: stop.signal,
      onProgress: (fraction) => {
        if (fraction > 0.5) stop.abort(reason);
      },
    });
    await expect(aborted).rejects.toBe(reason);
    expect(spools.kept.has('volume')).toBe(true);
    const made = await reconstructed(scan, options, engine);
    expect(made.slicesResumed).toBeGreaterThan(0);
    expect(made.slicesResumed).toBeLessThan(ROWS);
    expect(known(made)).toEqual(known(await reconstructed(scan, options)));
  });

  it('before it begins, touches nothing', async () => {
    const spools = new MemorySpools();
    const signal = AbortSignal.abort(new Error('never'));
    const made = inlineEngine({ spools }).reconstruct(memoryScan(scan), 'v', { ...PLAIN, signal });
    await expect(made).rejects.toThrow('never');
    expect(spools.kept.size).toBe(0);
  });
});

describe('trouble', () => {
  it('in a worker ends the reconstruction with its fault; the next one works', async () => {
    const [inline] = inlineWorkers(1) as [Executor<VolumeJobs>];
    let left = 3;
    const failing: Executor<VolumeJobs> = {
      ...inline,
      call: (job, argument) =>
        job === 'makeSlices' && left-- === 0
          ? Promise.reject(new Error('worker is gone'))
          : inline.call(job, argument),
    };
    const spools = new MemorySpools();
    const engine = new VolumeEngine({ executors: [failing], spools, clock: new SystemClock() });
    await expect(engine.reconstruct(memoryScan(scan), 'v', PLAIN)).rejects.toThrow(
      'worker is gone',
    );
    const made = await reconstructed(scan, PLAIN, engine);
    expect(known(made)).toEqual(known(await reconstructed(scan, PLAIN)));
  });

  it('while rows are read ends it, too, and nothing is left in the air', async () => {
    const source = memoryScan(scan);
    for (const failsAt of [0, 4, 8]) {
      const broken: ScanSource = {
        ...source,
        readRows: async (firstRow, rowCount, target) => {
          if (rowCount > 2 && firstRow === failsAt) throw new Error('disk is gone');
          await source.readRows(firstRow, rowCount, target);
        },
      };
      const made = inlineEngine({ workers: 2 }).reconstruct(broken, 'v', { ...PLAIN, bandRows: 4 });
      await expect(made).rejects.toThrow('disk is gone');
    }
  });

  it('deletes the scratch file of the phase filter, whatever happens', async () => {
    const scratch = new MemoryScratch();
    const engine = inlineEngine({ scratch });
    const options = { ...PLAIN, phaseAreaPixel: 2 };
    await engine.reconstruct(memoryScan(scan), 'v', options);
    expect(scratch.files.size).toBe(0);
    for (const failsAfter of [0, 5, 200]) {
      let left = failsAfter;
      scratch.onWrite = () => {
        if (left-- <= 0) throw new Error('disk is full');
      };
      const made = engine.reconstruct(memoryScan(scan), 'v', { ...options, bandRows: 4 });
      await expect(made).rejects.toThrow('disk is full');
      expect(scratch.files.size).toBe(0);
    }
  });

  it('is told when there is nowhere to keep the images of the phase filter', async () => {
    const engine = new VolumeEngine({
      executors: inlineWorkers(1),
      spools: new MemorySpools(),
      clock: new SystemClock(),
    });
    const made = engine.reconstruct(memoryScan(scan), 'v', { ...PLAIN, phaseAreaPixel: 2 });
    await expect(made).rejects.toThrow(/phase filter: needs \d+ bytes of scratch space/);
  });

  it('is told when another scan is still in work', async () => {
    const engine = inlineEngine();
    const first = engine.reconstruct(memoryScan(scan), 'one', PLAIN);
    await expect(engine.reconstruct(memoryScan(scan), 'two', PLAIN)).rejects.toThrow(
      /two: another scan is still being reconstructed/,
    );
    await first;
  });
});

describe('the memory of a reconstruction', () => {
  /** A source that counts the bands that were handed out and not yet replaced. */
  function watched(data: ScanData) {
    const source = memoryScan(data);
    const buffers = new Set<ArrayBufferLike>();
    const reads: number[] = [];
    let viewsRead = 0;
    const watching: ScanSource = {
      ...source,
      readView: async (view, target) => {
        viewsRead += 1;
        await source.readView(view, target);
      },
      readRows: async (firstRow, rowCount, target) => {
        if (rowCount === 4) buffers.add(target.buffer);
        reads.push(rowCount);
        await source.readRows(firstRow, rowCount, target);
      },
    };
    return { watching, buffers, reads, viewsRead: () => viewsRead };
  }

  it('is two bands, however many there are', async () => {
    const tall = countedScan({ rows: 41, columns: 32, views: 24, axisPixel: 15.5 });
    const { watching, buffers, reads } = watched(tall);
    await reconstructed(
      watching,
      { ...PLAIN, axis: 15.5, bandRows: 4 },
      inlineEngine({ workers: 3 }),
    );
    expect(buffers.size).toBe(2);
    expect(Math.max(...reads)).toBe(4);
    expect(reads.filter((count) => count === 4)).toHaveLength(10);
  });

  it('is spared a look at every view when they were looked at while they were taken', async () => {
    const { watching, viewsRead } = watched(scan);
    const whole = await reconstructed(watching, PLAIN);
    expect(viewsRead()).toBe(VIEWS);
    const size = ROWS * COLUMNS;
    const inspected = (views: number) => {
      const inspector = new ViewInspector(size);
      for (let view = 0; view < views; view++) {
        inspector.add(scan.projections.subarray(view * size, (view + 1) * size));
      }
      return inspector;
    };
    const spared = await reconstructed(watching, { ...PLAIN, inspector: inspected(VIEWS) });
    expect(viewsRead()).toBe(VIEWS);
    expect(known(spared)).toEqual(known(whole));
    // Of another number of views, it is not of this scan.
    const other = await reconstructed(watching, { ...PLAIN, inspector: inspected(VIEWS - 1) });
    expect(viewsRead()).toBe(2 * VIEWS);
    expect(known(other)).toEqual(known(whole));
  });
});
