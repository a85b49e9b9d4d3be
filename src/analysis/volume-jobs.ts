import { Fault } from '../domain/fault.ts';
import type { ReconstructionAlgorithm, StripeRemoval } from '../domain/scan.ts';
import type { ScanPixels } from '../domain/scan-source.ts';
import type { VoxelScale, Voxels } from '../domain/volume.ts';
import { IterativeKernel } from '../kernels/iterative-kernel.ts';
import { TomographyKernel } from '../kernels/tomography-kernel.ts';
import { encodeAttenuation } from './fixed-point.ts';
import type { FlatMoment } from './tomography-flat-field.ts';
import { type AxisQuestion, type AxisSample, sampleAxis } from './volume-axis.ts';
import { ScanConditioner } from './volume-conditioning.ts';
import type { IterativeSettings } from './volume-options.ts';
import { ViewFilter, type ViewPair } from './volume-phase-views.ts';
import { SliceMaker } from './volume-slices.ts';

/** What every worker must know of a scan before it makes slices of it. */
export interface VolumeScan {
  readonly rows: number;
  readonly columns: number;
  /** Indices of the views that are used, among those of a band of counts. */
  readonly usedViews: Int32Array;
  /** Of the views that are used. */
  readonly anglesRadian: Float64Array;
  readonly moments: readonly FlatMoment[];
  /** ln of the beam of each view that is used; absent when the flats tell. */
  readonly beamOffsets?: Float64Array;
  readonly removesZingers: boolean;
  readonly stripeRemoval: StripeRemoval;
}

/** Detector rows of every view, [view, row, column], in memory that all threads share. */
export interface RowBand {
  /** Counts of all views of the source, or attenuation in fixed point of those that are used. */
  readonly content: 'counts' | 'attenuation';
  readonly pixels: ScanPixels;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** How slices are made of sinograms. */
export interface SlicePlan {
  readonly algorithm: ReconstructionAlgorithm;
  readonly axisPixel: number;
  readonly extendEdges: boolean;
  readonly scale: VoxelScale;
  /** Of 'sirt'. */
  readonly iterative?: IterativeSettings;
}

/** Some rows of a band. */
export interface RowRange {
  readonly firstRow: number;
  readonly rowCount: number;
}

export interface SliceJob extends RowRange {
  readonly band: RowBand;
  readonly plan: SlicePlan;
  /** Filled with the slices as stored, [slice, row, column]; in shared memory. */
  readonly voxels: Voxels;
  /** Filled with the tally of each row, see RowTally; in shared memory. */
  readonly tallies: Float32Array;
}

/** Least and most attenuation of some slices, 1/pixel. */
export interface AttenuationRange {
  readonly least: number;
  readonly most: number;
}

export interface RangeJob extends RowRange {
  readonly band: RowBand;
  readonly plan: SlicePlan;
}

export interface ConditionJob extends RowRange {
  readonly band: RowBand;
  /** Filled with attenuation in fixed point, [view used, row of the band, column]; shared. */
  readonly target: Uint16Array;
}

/** The jobs of a volume worker. Everything large is in shared memory: nothing is copied over. */
export type VolumeJobs = {
  openScan(scan: VolumeScan): void;
  /** The rotation axis, and whether the sample is wider than the detector, from some rows. */
  sampleAxis(question: AxisQuestion): AxisSample;
  measureSlices(job: RangeJob): AttenuationRange;
  makeSlices(job: SliceJob): void;
  /** Rows of counts to attenuation for the phase filter; answers the zingers of each row. */
  conditionRows(job: ConditionJob): number[];
  /** The phase filter on one or two views of attenuation in fixed point, in place. */
  filterViews(views: ViewPair): void;
  /** Forgets the scan. */
  closeScan(): void;
};

/** The compiled kernels of a worker; each is loaded when it is needed first. */
export interface VolumeModules {
  /** `loadKernelModule('tomography')` */
  readonly tomography: () => WebAssembly.Module;
  /** `loadKernelModule('iterative')` */
  readonly iterative: () => WebAssembly.Module;
}

/** The state behind the jobs: the kernels, and the scan they work on. */
export function createVolumeJobs(modules: VolumeModules): VolumeJobs {
  let kernel: TomographyKernel | undefined;
  let iterativeKernel: IterativeKernel | undefined;
  let viewFilter: ViewFilter | undefined;
  let open: { readonly conditioner: ScanConditioner; readonly maker: SliceMaker } | undefined;
  const kernelOf = (): TomographyKernel => {
    kernel ??= new TomographyKernel(modules.tomography());
    return kernel;
  };
  const iterativeKernelOf = (): IterativeKernel => {
    iterativeKernel ??= new IterativeKernel(modules.iterative());
    return iterativeKernel;
  };
  const opened = () => {
    if (open) return open;
    throw new Fault('analysis', { where: 'volume worker', message: 'no scan is open' });
  };
  return {
    openScan(scan) {
      const conditioner = new ScanConditioner(kernelOf(), scan);
      open = { conditioner, maker: new SliceMaker(kernelOf(), iterativeKernelOf, conditioner) };
    },
    sampleAxis: (question) => sampleAxis(opened().conditioner, question),
    measureSlices: (job) => opened().maker.measure(job),
    makeSlices(job) {
      // All views are filtered by then: its images are let go.
      viewFilter = undefined;
      opened().maker.make(job);
    },
    conditionRows({ band, firstRow, rowCount, target }) {
      const { conditioner } = opened();
      return Array.from({ length: rowCount }, (_, at) => {
        const { sinogram, zingers } = conditioner.attenuation(band, firstRow + at);
        const columns = conditioner.scan.columns;
        const bandRow = firstRow + at - band.firstRow;
        for (let view = 0; view * columns < sinogram.length; view++) {
          const to = (view * band.rowCount + bandRow) * columns;
          const line = sinogram.subarray(view * columns, (view + 1) * columns);
          encodeAttenuation(line, target.subarray(to, to + columns));
        }
        return zingers;
      });
    },
    filterViews(views) {
      viewFilter ??= new ViewFilter(kernelOf());
      viewFilter.filter(views);
    },
    closeScan() {
      open = undefined;
      viewFilter = undefined;
    },
  };
}
