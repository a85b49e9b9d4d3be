import { VOXEL_BYTES, type Voxels } from '../domain/volume.ts';
import { type IterativeKernel, SLICES_MAX } from '../kernels/iterative-kernel.ts';
import type { ScanGeometry, TomographyKernel } from '../kernels/tomography-kernel.ts';
import { iterativeSlices } from './iterative-reconstruction.ts';
import type { SharedMemory } from './shared-memory.ts';
import { viewWeights } from './tomography-angles.ts';
import { bridgesOf, type ViewBridge, withBridges } from './tomography-gaps.ts';
import type { ScanConditioner } from './volume-conditioning.ts';
import type { AttenuationRange, RangeJob, SliceJob, SlicePlan } from './volume-jobs.ts';
import { RowTally } from './volume-tallies.ts';
import { PLAIN_SCALE, storeVoxels } from './voxel-scale.ts';

/** Rows whose slices are made together: two lie in one complex grid, four in the lanes of SIRT. */
export function groupRowsOf(algorithm: SlicePlan['algorithm']): number {
  return algorithm === 'sirt' ? SLICES_MAX : 2;
}

/** Makes slices of rows, and stores them as they are asked for. */
export class SliceMaker {
  readonly #kernel: TomographyKernel;
  readonly #iterativeKernel: () => IterativeKernel;
  readonly #conditioner: ScanConditioner;
  /** What filtered methods are given for views that are missing, and all angles with them. */
  readonly #bridges: readonly ViewBridge[];
  readonly #anglesRadian: Float64Array;
  readonly #weightsRadian: Float64Array;

  /** @param iterativeKernel made when it is needed first */
  constructor(
    kernel: TomographyKernel,
    iterativeKernel: () => IterativeKernel,
    conditioner: ScanConditioner,
  ) {
    this.#kernel = kernel;
    this.#iterativeKernel = iterativeKernel;
    this.#conditioner = conditioner;
    const { anglesRadian } = conditioner.scan;
    this.#bridges = bridgesOf(anglesRadian);
    const missing = this.#bridges.map(({ angleRadian }) => angleRadian);
    this.#anglesRadian = Float64Array.from([...anglesRadian, ...missing]);
    this.#weightsRadian = viewWeights(this.#anglesRadian);
  }

  /** @throws Fault badInput when the axis is off the detector; capacity when it is too wide */
  make({ tallies, ...job }: SliceJob): void {
    const { columns } = this.#conditioner.scan;
    const length = RowTally.lengthOf(columns);
    tallies.fill(0);
    const rowTallies = Array.from(
      { length: job.rowCount },
      (_, at) => new RowTally(columns, tallies.subarray(at * length, (at + 1) * length)),
    );
    this.#makeGroup(job, rowTallies);
  }

  /** What a volume must be able to hold, as these slices tell. */
  measure(job: RangeJob): AttenuationRange {
    const { columns } = this.#conditioner.scan;
    const voxels = new Float32Array(job.rowCount * columns * columns);
    const rowTallies = Array.from({ length: job.rowCount }, () => {
      return new RowTally(columns, new Float32Array(RowTally.lengthOf(columns)));
    });
    this.#makeGroup({ ...job, plan: { ...job.plan, scale: PLAIN_SCALE }, voxels }, rowTallies);
    let [least, most] = [0, 0];
    for (const value of voxels) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return { least, most };
  }

  #makeGroup(job: GroupJob, tallies: readonly RowTally[]): void {
    const { columns } = this.#conditioner.scan;
    const { axisPixel, extendEdges, algorithm } = job.plan;
    const [anglesRadian, weightsRadian] = [this.#anglesRadian, this.#weightsRadian];
    const geometry = { columns, anglesRadian, weightsRadian, axisPixel, extendEdges };
    if (algorithm === 'gridding') this.#grid(job, geometry, tallies);
    else if (algorithm === 'fbp') this.#backproject(job, geometry, tallies);
    // What was never measured is nothing to be consistent with.
    else
      this.#iterate(
        job,
        { ...geometry, anglesRadian: this.#conditioner.scan.anglesRadian },
        tallies,
      );
  }

  #grid(job: GroupJob, geometry: ScanGeometry, tallies: readonly RowTally[]): void {
    const [first, second] = tallies;
    if (!first) return;
    if (this.#bridges.length === 0) {
      this.#conditioner.condition(0, job.band, job.firstRow, first);
      if (second) this.#conditioner.condition(1, job.band, job.firstRow + 1, second);
    } else {
      // Slots hold sinograms of one size: both are bridged before either is held.
      const bridged = tallies.map((tally, at) => this.#bridged(job, at, tally));
      for (const [at, sinogram] of bridged.entries()) {
        this.#kernel.holdSinogram(at === 0 ? 0 : 1, sinogram, geometry.columns);
      }
    }
    this.#kernel.reconstructSlots(geometry, second ? 2 : 1);
    this.#store(job, 0, 0, first);
    if (second) this.#store(job, 1, 1, second);
  }

  #backproject(job: GroupJob, geometry: ScanGeometry, tallies: readonly RowTally[]): void {
    for (const [at, tally] of tallies.entries()) {
      if (this.#bridges.length > 0) {
        this.#kernel.holdSinogram(0, this.#bridged(job, at, tally), geometry.columns);
      } else this.#conditioner.condition(0, job.band, job.firstRow + at, tally);
      this.#kernel.backprojectSlot(geometry, 0);
      this.#store(job, 0, at, tally);
    }
  }

  #bridged(job: GroupJob, at: number, tally: RowTally): Float32Array {
    this.#conditioner.condition(0, job.band, job.firstRow + at, tally);
    const { columns } = this.#conditioner.scan;
    return withBridges(this.#kernel.readSinogram(0), columns, this.#bridges);
  }

  #iterate(job: GroupJob, geometry: ScanGeometry, tallies: readonly RowTally[]): void {
    const sinograms = tallies.map((tally, at) => {
      this.#conditioner.condition(0, job.band, job.firstRow + at, tally);
      return this.#kernel.readSinogram(0);
    });
    const kernel = this.#iterativeKernel();
    const slices = iterativeSlices(kernel, geometry, sinograms, job.plan.iterative ?? {});
    for (const [at, slice] of slices.entries()) {
      const clipped = storeVoxels(slice, job.plan.scale, this.#placeOf(job, at));
      const tally = tallies[at];
      if (tally) tally.clipped = clipped;
    }
  }

  /** A slice of the kernel to its place in the group. */
  #store(job: GroupJob, slice: 0 | 1, at: number, tally: RowTally): void {
    const target = this.#placeOf(job, at);
    tally.clipped = this.#kernel.readSliceAs(slice, job.plan.scale, target).clipped;
  }

  #placeOf({ voxels }: GroupJob, at: number): Voxels {
    const size = this.#conditioner.scan.columns ** 2;
    return voxels.subarray(at * size, (at + 1) * size);
  }
}

type GroupJob = Omit<SliceJob, 'tallies'>;

/** Room for the slices of one group that every thread sees. */
export function groupVoxels(
  { algorithm, scale }: SlicePlan,
  columns: number,
  shared: SharedMemory,
): Voxels {
  const count = groupRowsOf(algorithm) * columns * columns;
  const memory = shared.take(VOXEL_BYTES[scale.type] * count);
  if (scale.type === 'float32') return new Float32Array(memory, 0, count);
  return scale.type === 'uint16'
    ? new Uint16Array(memory, 0, count)
    : new Uint8Array(memory, 0, count);
}
