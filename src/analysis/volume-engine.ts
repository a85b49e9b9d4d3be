import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { ReconstructionSummary } from '../domain/scan.ts';
import type { ScanSource } from '../domain/scan-source.ts';
import type { ScratchFactory } from '../domain/scratch.ts';
import type { VolumeSpoolFactory, Voxels } from '../domain/volume.ts';
import type { Executor } from './executor.ts';
import { SharedMemory } from './shared-memory.ts';
import { flatMomentsOf } from './tomography-flat-field.ts';
import { inspectScan, type ScanInspection } from './tomography-inspection.ts';
import type { AxisSample } from './volume-axis.ts';
import { bandRowsOf, countsOf, type RowReader, workOnBands } from './volume-bands.ts';
import { fingerprintOf } from './volume-fingerprint.ts';
import type { SlicePlan, VolumeJobs, VolumeScan } from './volume-jobs.ts';
import type { ReconstructedVolume, VolumeOptions } from './volume-options.ts';
import { type TallySums, VolumeOutput } from './volume-output.ts';
import { type FilteredRows, filterPhaseOf } from './volume-phase.ts';
import { stagedProgress } from './volume-progress.ts';
import { axisOf, scaleOf, voxelTypeOf } from './volume-sampling.ts';
import { checkScan, volumeScanOf } from './volume-scan.ts';
import { groupRowsOf, groupVoxels } from './volume-slices.ts';
import { RowTally } from './volume-tallies.ts';

/** Groups in each worker's hands: one in work, one behind it, one on its way to disk. */
const LANES_PER_WORKER = 3;

export interface VolumeEngineOptions {
  /** Each is one worker; closed by whoever made them. */
  readonly executors: readonly Executor<VolumeJobs>[];
  readonly spools: VolumeSpoolFactory;
  /** Real time: the summary says how long it took. */
  readonly clock: Clock;
  /** Holds the whole scan between the passes of the phase filter; nothing else needs it. */
  readonly scratch?: ScratchFactory;
}

/** A worker, and the memory that one group of its slices is made in. */
interface Lane {
  readonly executor: Executor<VolumeJobs>;
  readonly voxels: Voxels;
  readonly tallies: Float32Array;
}

/** A scan on its way, and what is known of it. */
interface Work {
  readonly source: ScanSource;
  readonly name: string;
  readonly options: VolumeOptions;
  readonly memory: SharedMemory;
  readonly onStage: (stage: 'inspect' | 'sample' | 'phase' | 'slices', fraction: number) => void;
}

/**
 * Reconstructs scans that are larger than memory: bands of detector rows go through the workers,
 * and their slices to a spool on disk. Every detector row becomes a slice of columns x columns
 * voxels, in 1/pixel, the rotation axis in its middle. What a voxel is depends neither on the
 * number of workers nor on the height of the bands nor on whether the work was interrupted.
 */
export class VolumeEngine {
  readonly #executors: readonly Executor<VolumeJobs>[];
  readonly #spools: VolumeSpoolFactory;
  readonly #clock: Clock;
  readonly #scratch: ScratchFactory | undefined;
  #isBusy = false;

  constructor(options: VolumeEngineOptions) {
    this.#executors = options.executors;
    this.#spools = options.spools;
    this.#clock = options.clock;
    this.#scratch = options.scratch;
  }

  /**
   * Reconstructs a scan, or goes on where an earlier call with the same scan, name and options was
   * interrupted.
   * @param name of the volume's spool
   * @throws Fault badInput when angles, projections, flat or dark fields are missing or do not fit
   * each other, or the given axis is off the detector; capacity when the scan is too large or
   * another is still being reconstructed; storage; the signal's reason when it aborts
   */
  async reconstruct(
    source: ScanSource,
    name: string,
    options: VolumeOptions,
  ): Promise<ReconstructedVolume> {
    if (this.#isBusy) {
      const message = 'another scan is still being reconstructed; expected one at a time';
      throw new Fault('capacity', { where: name, message });
    }
    this.#isBusy = true;
    const onStage = stagedProgress(options.onProgress, {
      inspect: 4,
      sample: 3,
      phase: options.phaseAreaPixel ? 40 : 0,
      slices: 93,
    });
    try {
      return await this.#make({ source, name, options, memory: new SharedMemory(), onStage });
    } finally {
      await this.#everyone((executor) => executor.call('closeScan', undefined)).catch(() => {
        // Only a worker that has ended does not answer, and then the reason is thrown already.
      });
      this.#isBusy = false;
    }
  }

  async #make(work: Work): Promise<ReconstructedVolume> {
    const { source, options, onStage } = work;
    const beganSecond = this.#clock.nowSecond();
    const type = voxelTypeOf(source, options.voxels);
    checkScan(source, type);
    const moments = flatMomentsOf(source);
    const views = source.anglesRadian.length;
    const inspection = await inspectScan(source, moments, {
      ...options,
      onView: (done) => onStage('inspect', done / views),
    });
    const scan = volumeScanOf(source, moments, inspection, options);
    await this.#everyone((executor) => executor.call('openScan', scan));
    const axis = await axisOf(source, this.#first, options);
    onStage('sample', 0.5);
    const filtered = await this.#filterPhase(work, scan);
    try {
      const reader = filtered ?? countsOf(source);
      const { axisPixel, extendEdges } = axis;
      const { algorithm, iterative } = options;
      const isIterative = algorithm === 'sirt' && iterative !== undefined;
      const settings = isIterative ? { iterative } : {};
      const slicing = { algorithm, axisPixel, extendEdges, ...settings };
      const scale = await scaleOf(source, reader, {
        type,
        plan: slicing,
        moments,
        usedViews: scan.usedViews,
        groupRows: groupRowsOf(algorithm),
        executors: this.#executors,
      });
      onStage('sample', 1);
      const plan = { ...slicing, scale };
      const output = await this.#openOutput(work, scan, inspection, plan);
      try {
        const slicesResumed = await this.#makeSlices(work, { reader, plan, output, filtered });
        const sums = await output.sum();
        const durationMs = 1000 * (this.#clock.nowSecond() - beganSecond);
        return {
          volume: output.spool,
          summary: summaryOf({ source, scan, inspection, axis, plan, sums, options, durationMs }),
          stripeMap: sums.stripeMap,
          slicesResumed,
        };
      } catch (error) {
        await output.close();
        throw error;
      }
    } finally {
      await filtered?.remove();
    }
  }

  async #filterPhase(work: Work, scan: VolumeScan): Promise<FilteredRows | undefined> {
    const { phaseAreaPixel = 0, bandRows, signal } = work.options;
    if (!(phaseAreaPixel > 0)) return undefined;
    return filterPhaseOf(countsOf(work.source), {
      name: work.name,
      scan,
      areaPixel: phaseAreaPixel,
      memory: work.memory,
      executors: this.#executors,
      scratch: this.#scratch,
      bandRows,
      signal,
      onProgress: (fraction) => work.onStage('phase', fraction),
    });
  }

  #openOutput(
    { name, options }: Work,
    scan: VolumeScan,
    inspection: ScanInspection,
    plan: SlicePlan,
  ): Promise<VolumeOutput> {
    const { rows: slices, columns } = scan;
    const shape = { slices, rows: columns, columns, scale: plan.scale };
    const { phaseAreaPixel = 0 } = options;
    const fingerprint = fingerprintOf({ scan, inspection, plan, phaseAreaPixel });
    return VolumeOutput.open(this.#spools, name, shape, fingerprint);
  }

  /** @returns how many slices were there already */
  async #makeSlices(
    { options, memory, onStage }: Work,
    parts: {
      readonly reader: RowReader;
      readonly plan: SlicePlan;
      readonly output: VolumeOutput;
      readonly filtered: FilteredRows | undefined;
    },
  ): Promise<number> {
    const { reader, plan, output, filtered } = parts;
    const { rows, columns } = reader;
    const length = RowTally.lengthOf(columns);
    const groupRows = groupRowsOf(plan.algorithm);
    let resumed = 0;
    await workOnBands({
      reader,
      memory,
      bandRows: bandRowsOf(reader, groupRows, options.bandRows),
      groupRows,
      lanes: this.#lanes(plan, columns, memory),
      isWanted: (group) => {
        const isThere = output.isWritten(group);
        if (isThere) resumed += group.rowCount;
        return !isThere;
      },
      work: async (lane, band, group) => {
        const { firstRow, rowCount } = group;
        const voxels = lane.voxels.subarray(0, rowCount * columns * columns);
        const tallies = lane.tallies.subarray(0, rowCount * length);
        await lane.executor.call('makeSlices', { band, plan, ...group, voxels, tallies });
        // The zingers went before the phase filter.
        for (let at = 0; filtered && at < rowCount; at++) {
          const tally = new RowTally(columns, tallies.subarray(at * length, (at + 1) * length));
          tally.zingers = filtered.zingers[firstRow + at] ?? 0;
        }
        await output.write(firstRow, voxels, tallies);
      },
      onRows: (done) => onStage('slices', done / rows),
      signal: options.signal,
    });
    return resumed;
  }

  #lanes(plan: SlicePlan, columns: number, memory: SharedMemory): Lane[] {
    const length = groupRowsOf(plan.algorithm) * RowTally.lengthOf(columns);
    return Array.from({ length: LANES_PER_WORKER }, () => this.#executors)
      .flat()
      .map((executor) => ({
        executor,
        voxels: groupVoxels(plan, columns, memory),
        tallies: new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length)),
      }));
  }

  get #first(): Executor<VolumeJobs> {
    const [first] = this.#executors;
    if (first) return first;
    throw new Fault('analysis', { where: 'reconstruction', message: 'there is no worker' });
  }

  async #everyone(call: (executor: Executor<VolumeJobs>) => Promise<void>): Promise<void> {
    await Promise.all(this.#executors.map(call));
  }
}

function summaryOf(parts: {
  readonly source: ScanSource;
  readonly scan: VolumeScan;
  readonly inspection: ScanInspection;
  readonly axis: AxisSample;
  readonly plan: SlicePlan;
  readonly sums: TallySums;
  readonly options: VolumeOptions;
  readonly durationMs: number;
}): ReconstructionSummary {
  const { source, scan, inspection, axis, plan, sums, options, durationMs } = parts;
  const { lost, repeated, saturated } = inspection.views;
  return {
    slices: scan.rows,
    rows: scan.columns,
    columns: scan.columns,
    views: source.anglesRadian.length,
    axisPixel: axis.axisPixel,
    axisAgreed: axis.agreed,
    algorithm: plan.algorithm,
    durationMs,
    ...(plan.scale.type === 'float32' ? {} : { voxelsClipped: sums.clipped }),
    conditioning: {
      viewsLost: lost,
      viewsRepeated: repeated,
      viewsSaturated: saturated,
      zingers: sums.zingers,
      stripedColumns: sums.stripedColumns,
      stripeFraction: sums.stripeFraction,
      stripeRemoval: scan.stripeRemoval,
      flatMoments: scan.moments.length,
      beamNormalised: scan.beamOffsets !== undefined,
      phaseAreaPixel: options.phaseAreaPixel ?? 0,
      edgesExtended: axis.extendEdges,
    },
  };
}
