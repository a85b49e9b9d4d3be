import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/analysis/executor.ts';
import type {
  VolumeAnalysisReply,
  VolumeAnalysisRequest,
  VolumeResultsJobs,
} from '../../src/analysis/volume-results-jobs.ts';
import {
  type PastScan,
  VOLUMES_WAITING_MAX,
  VolumeResultsService,
} from '../../src/analysis/volume-results-service.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ReconstructionSummary } from '../../src/domain/scan.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type {
  SegmentationResult,
  VolumeAnalysis,
  VolumeChangeResult,
} from '../../src/domain/volume-results.ts';

const ANALYSIS: VolumeAnalysis = {
  segments: true,
  compareWith: 'first',
  electrode: 'dark',
  thresholdPerMetre: null,
  face: 'bottom',
  radiusMetre: null,
  molarVolumeCubicMetre: 1.3e-5,
  voxel: { acrossMetre: 6e-5, alongMetre: 2e-5 },
};

const SUMMARY: ReconstructionSummary = {
  slices: 64,
  rows: 64,
  columns: 64,
  views: 90,
  axisPixel: 31.5,
  axisAgreed: true,
  algorithm: 'gridding',
  durationMs: 1,
};

const SEGMENTATION: SegmentationResult = {
  thresholdPerPixel: 0.003,
  thresholdErrorPerPixel: 1e-6,
  separability: 0.9,
  electrodeVoxels: 100,
  voidVoxels: 10,
  solidVoxels: 990,
  voids: 1,
  voidFraction: { value: 0.01, standardError: 0.001 },
  largestVoid: null,
  protrusion: null,
  depths: [],
  remarks: [],
};

const CHANGE: VolumeChangeResult = {
  againstScanId: 'scan-001',
  chargeCoulomb: 1,
  greyVoxels: { value: -5, standardError: 1 },
  countedVoxels: { value: -5, standardError: 1 },
  growth: { value: -5e-14, standardError: 1e-14 },
  lithium: { value: 5e-14, standardError: 1e-14 },
  electrochemicalCubicMetre: 1e-13,
  ratio: { value: 0.5, standardError: 0.1 },
  shiftVoxel: 0,
  doubts: [],
};

/** Answers when it is told to, and writes down what it is asked. */
class SlowWorker implements Executor<VolumeResultsJobs> {
  readonly asked: VolumeAnalysisRequest[] = [];
  readonly #open: ((reply: VolumeAnalysisReply | Fault) => void)[] = [];

  call(_job: string, argument: unknown): Promise<never> {
    this.asked.push(argument as VolumeAnalysisRequest);
    return new Promise((resolve, reject) => {
      this.#open.push((reply) =>
        reply instanceof Fault ? reject(reply) : resolve(reply as never),
      );
    });
  }
  async close(): Promise<void> {}

  async answer(reply: Partial<VolumeAnalysisReply> | Fault = {}): Promise<void> {
    const whole =
      reply instanceof Fault
        ? reply
        : { segmentation: SEGMENTATION, change: undefined, problems: [], ...reply };
    this.#open.shift()?.(whole);
    await turn();
  }
}

/** Lets everything that waits for nothing but its turn have it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function span(number: number) {
  const at = number * 100;
  return {
    ...{ startSecond: at, stopSecond: at + 90 },
    ...{ startChargeCoulomb: number, stopChargeCoulomb: number + 0.1 },
  };
}

const idOf = (number: number): string => `scan-${String(number).padStart(3, '0')}`;

function setUp(past: readonly PastScan[] = [], specimens = 0) {
  const bus = new Bus((name, error) => {
    throw new Error(`listener of ${name} failed`, { cause: error });
  });
  const clock = new VirtualClock();
  const worker = new SlowWorker();
  const service = new VolumeResultsService({
    ...{ bus, clock, executor: worker },
    volumePath: (scanId) => `/run/${scanId}.h5`,
    volumes: { drain: async () => {} },
  });
  service.recall(past, specimens);
  const results: BusEvents['volumeResults'][] = [];
  const derived: string[] = [];
  const faults: string[] = [];
  let dropped = 0;
  bus.on('volumeResults', (event) => results.push(event));
  bus.on('derived', ({ value }) => derived.push(`${value.name} of ${value.source}`));
  bus.on('analysisFault', ({ where, message }) => faults.push(`${where}: ${message}`));
  bus.on('dropped', ({ count }) => {
    dropped += count;
  });
  const wanted = (number: number, analysis = ANALYSIS): void =>
    bus.publish('volumeWanted', { scanId: idOf(number), analysis, ...span(number) });
  const volume = (number: number, summary = SUMMARY): void =>
    bus.publish('volume', { scanId: idOf(number), summary, file: 'v.h5' });
  const scan = async (number: number, analysis = ANALYSIS): Promise<void> => {
    wanted(number, analysis);
    volume(number);
    await turn();
  };
  const asked = (): string[] =>
    worker.asked.map(({ volume: { scanId }, first, against, analysis }) =>
      [
        scanId,
        `first ${first.scanId}`,
        ...(analysis.segments ? [] : ['no phases']),
        ...(against ? [`against ${against.scanId}`] : []),
      ].join(', '),
    );
  return {
    ...{ bus, clock, worker, service, results, derived, faults, wanted, volume, scan, asked },
    dropped: () => dropped,
  };
}

const SPECIMEN = { specimen: 0, made: SUMMARY, isReferred: false };

function pastScan(number: number, more: Partial<PastScan> = {}): PastScan {
  const known = { isSegmented: true, isCompared: number > 1 };
  return {
    scanId: idOf(number),
    analysis: ANALYSIS,
    ...span(number),
    ...SPECIMEN,
    ...known,
    ...more,
  };
}

describe('volumes of a run', () => {
  it('are looked into when they are on the disk, and only where the scan asks', async () => {
    const { asked, derived, results, scan, service, volume, wanted, worker } = setUp();
    await service.start();
    volume(1);
    wanted(2);
    await turn();
    expect(asked()).toEqual([]);
    await scan(2);
    expect(asked()).toEqual(['scan-002, first scan-002']);
    expect(worker.asked[0]?.volume.path).toBe('/run/scan-002.h5');
    expect(derived).toEqual([]);
    await worker.answer();
    expect(results).toEqual([
      { scanId: 'scan-002', ...span(2), segmentation: SEGMENTATION, change: undefined },
    ]);
    expect(derived).toEqual(['void-fraction of scan-002']);
  });

  it.each([
    ['first', 'scan-001'],
    ['previous', 'scan-002'],
  ] as const)('are compared with the %s of the cell', async (compareWith, against) => {
    const { asked, derived, scan, service, worker } = setUp();
    await service.start();
    for (const number of [1, 2, 3]) {
      await scan(number, { ...ANALYSIS, compareWith });
      await worker.answer({ change: number > 1 ? CHANGE : undefined });
    }
    expect(asked()).toEqual([
      'scan-001, first scan-001',
      'scan-002, first scan-001, against scan-001',
      `scan-003, first scan-001, against ${against}`,
    ]);
    expect(derived.slice(-3)).toEqual([
      'void-fraction of scan-003',
      'volume-change of scan-003',
      'lithium-volume of scan-003',
    ]);
  });

  it('are never compared with those of another cell', async () => {
    const { asked, bus, scan, service, worker } = setUp();
    await service.start();
    await scan(1);
    bus.publish('freshCell', {});
    await scan(2);
    await scan(3);
    for (let at = 0; at < 3; at += 1) await worker.answer();
    expect(asked()).toEqual([
      'scan-001, first scan-001',
      'scan-002, first scan-002',
      'scan-003, first scan-002, against scan-002',
    ]);
  });

  it('are looked into one after another, late rather than not at all', async () => {
    const { asked, dropped, results, scan, service, worker } = setUp();
    await service.start();
    for (let number = 1; number <= 5; number += 1) await scan(number);
    expect(asked()).toHaveLength(1);
    for (let number = 1; number <= 5; number += 1) await worker.answer();
    expect(results.map(({ scanId }) => scanId)).toEqual([1, 2, 3, 4, 5].map(idOf));
    expect(dropped()).toBe(0);
  });

  it('are left out and counted when more wait than may', async () => {
    const { dropped, service, volume, wanted } = setUp();
    await service.start();
    for (let number = 1; number <= VOLUMES_WAITING_MAX + 3; number += 1) {
      wanted(number);
      volume(number);
    }
    expect(dropped()).toBe(3);
  });

  it('hold simulated time until the step may have heard of them', async () => {
    const { clock, derived, scan, service, worker } = setUp();
    await service.start();
    await scan(1);
    let heardSecond = -1;
    clock.after(10, () => {
      heardSecond = clock.nowSecond();
    });
    const advanced = clock.advance(20);
    await turn();
    expect(heardSecond).toBe(-1);
    expect(derived).toEqual([]);
    await worker.answer();
    await advanced;
    expect(heardSecond).toBe(10);
  });

  it('that say nothing are none to hold others against, and the fault is told', async () => {
    const { asked, faults, scan, service, worker } = setUp();
    await service.start();
    await scan(1);
    await worker.answer(new Fault('analysis', { where: 'worker', message: 'has ended' }));
    await scan(2);
    await worker.answer({
      segmentation: undefined,
      problems: [{ where: 'scan-002', message: 'no phases' }],
    });
    await scan(3);
    expect(faults).toEqual(['scan-001, worker: has ended', 'scan-002: no phases']);
    expect(asked().at(-1)).toBe('scan-003, first scan-003');
    await worker.answer();
  });

  it('of a detector too small are told of once', async () => {
    const { asked, faults, service, volume, wanted } = setUp();
    await service.start();
    for (const number of [1, 2]) {
      wanted(number);
      volume(number, { ...SUMMARY, slices: 15 });
    }
    await turn();
    expect(asked()).toEqual([]);
    expect(faults).toEqual([
      'volumes: 15 × 64 × 64 voxels show no phases, expected at least 16 along every axis: they are recorded and not looked into',
    ]);
  });

  it('are waited for when the run ends, behind whoever makes them', async () => {
    const { scan, service, worker } = setUp();
    await service.start();
    await scan(1);
    let isDrained = false;
    const drained = service.drain().then(() => {
      isDrained = true;
    });
    await turn();
    expect(isDrained).toBe(false);
    await worker.answer();
    await drained;
    await service.stop();
  });
});

describe('volumes that wait when the run has ended', () => {
  it('are left, and the one that is looked into is finished', async () => {
    const { asked, clock, results, scan, service, worker } = setUp();
    await service.start();
    for (const number of [1, 2, 3]) await scan(number);
    const stopped = service.stop();
    await worker.answer();
    await stopped;
    expect(asked()).toEqual(['scan-001, first scan-001']);
    expect(results).toHaveLength(1);
    // Nothing holds time any more.
    await clock.advance(1);
    expect(clock.nowSecond()).toBe(1);
  });
});

describe('volumes of a run that was cut off', () => {
  it('are not looked into twice, and new ones are held against the same first', async () => {
    const { asked, bus, scan, service, worker } = setUp([pastScan(1), pastScan(2)]);
    await service.start();
    bus.publish('runBegun', {});
    await turn();
    expect(asked()).toEqual([]);
    await scan(3);
    expect(asked()).toEqual(['scan-003, first scan-001, against scan-001']);
    await worker.answer();
  });

  it('are looked into as soon as the run goes on where that was cut off', async () => {
    const cut = { isSegmented: false, isCompared: false };
    const { asked, bus, service, worker } = setUp([
      pastScan(1),
      pastScan(2, cut),
      pastScan(3, cut),
    ]);
    await service.start();
    await turn();
    expect(asked()).toEqual([]);
    bus.publish('runBegun', {});
    await turn();
    await worker.answer();
    await worker.answer();
    expect(asked()).toEqual([
      'scan-002, first scan-001, against scan-001',
      'scan-003, first scan-001, against scan-001',
    ]);
  });

  it('are looked into when they are made where they were not on the disk', async () => {
    const cut = { isSegmented: false, isCompared: false, made: undefined };
    const { asked, bus, service, volume, worker } = setUp([pastScan(1), pastScan(2, cut)]);
    await service.start();
    bus.publish('runBegun', {});
    await turn();
    expect(asked()).toEqual([]);
    volume(2);
    await turn();
    expect(asked()).toEqual(['scan-002, first scan-001, against scan-001']);
    await worker.answer();
  });

  it('get only the part that is not on record', async () => {
    const { asked, bus, results, service, worker } = setUp([
      pastScan(1),
      pastScan(2, { isCompared: false }),
    ]);
    await service.start();
    bus.publish('runBegun', {});
    await turn();
    expect(asked()).toEqual(['scan-002, first scan-001, no phases, against scan-001']);
    await worker.answer({ segmentation: undefined, change: CHANGE });
    expect(results).toMatchObject([{ scanId: 'scan-002', segmentation: undefined }]);
  });

  it('are not tried again where they had failed before a later one was found out', async () => {
    const failed = { isSegmented: false, isCompared: false };
    const { asked, bus, scan, service, worker } = setUp([
      pastScan(1, failed),
      pastScan(2, { isCompared: false }),
    ]);
    await service.start();
    bus.publish('runBegun', {});
    await scan(3);
    expect(asked()).toEqual(['scan-003, first scan-002, against scan-002']);
    await worker.answer();
  });

  it('are left alone where they are too small: the earlier start has said so', async () => {
    const small = { isSegmented: false, isCompared: false, made: { ...SUMMARY, slices: 2 } };
    const { asked, bus, faults, service } = setUp([pastScan(1, small), pastScan(2, small)]);
    await service.start();
    bus.publish('runBegun', {});
    await turn();
    expect(asked()).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('of the cell before say nothing of the one that is in place', async () => {
    const { asked, scan, service, worker } = setUp([pastScan(1)], 1);
    await service.start();
    await scan(2);
    expect(asked()).toEqual(['scan-002, first scan-002']);
    await worker.answer();
  });
});
