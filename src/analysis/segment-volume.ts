import {
  type ElectrodeFace,
  type ElectrodePhase,
  type InterfaceSurface,
  type Segmentation,
  type SegmentationSeries,
  VOXEL_LABELS,
} from '../domain/segmentation.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type { CodeRange } from '../kernels/volume-kernel.ts';
import { ComponentMerger, type MergedTable } from './components-merge.ts';
import type { Executor } from './executor.ts';
import { type CodeThreshold, chooseThreshold } from './segment-choose.ts';
import { depthBins, extendHeights, flatFace, summedDepths } from './segment-depth.ts';
import { type GreyGrid, greyGrid } from './segment-grid.ts';
import { fitInterface, type SurfaceOrder, surfaceMaps, turned } from './segment-interface.ts';
import type { DepthTotals, SegmentJobs } from './segment-jobs.ts';
import { maskSpans, type SampleMask } from './segment-mask.ts';
import { segmentationOf } from './segment-report.ts';
import { passOver, planSlabs, type SlabPlan, transferOf } from './segment-slabs.ts';

/** Components that are listed one by one, of each kind. */
export const COMPONENTS_LISTED_MAX = 100_000;

const NO_COMPONENTS: MergedTable = { listed: [], components: 0, voxels: 0, sizes: [] };

/** Where grey values are parted: found, given in 1/pixel, or as the series before has it. */
export type ThresholdSetting = 'auto' | number;

export interface SegmentOptions {
  /** Jobs run here, turn by turn; closed by whoever made them. */
  readonly workers: readonly Executor<SegmentJobs>[];
  readonly voxelSizeMetre?: number;
  readonly threshold?: ThresholdSetting;
  /** The threshold stands even where next to nothing lies beyond it; else that is a mistake. */
  readonly keepsThreshold?: boolean;
  /** What the scans before have in common; its threshold is kept. */
  readonly series?: SegmentationSeries;
  /** 3: voids are darker than a second threshold. */
  readonly classes?: 2 | 3;
  /** `dark` unless given. */
  readonly electrodePhase?: ElectrodePhase;
  /** The face that lies in the electrode; without one all foreground is voids or particles. */
  readonly electrodeFace?: ElectrodeFace;
  /** An interface fitted before, in place of this volume's own. */
  readonly interface?: InterfaceSurface;
  /** 1: plane (unless given), 2: curved. */
  readonly interfaceOrder?: SurfaceOrder;
  /** The inscribed disc unless given. */
  readonly mask?: SampleMask;
  readonly usesMedian?: boolean;
  readonly depthBinVoxel?: number;
  readonly listedMax?: number;
  /** Slices of a slab; what fits in memory unless given. */
  readonly slabSlices?: number;
  /** Gets labels (VOXEL_LABELS) of whole slices of the volume, in no particular order. */
  readonly onLabels?: (firstSlice: number, labels: Uint8Array) => void | Promise<void>;
  /** Share of the work that is done. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** A segmentation, and what the next scan of the series needs. */
export interface SegmentedVolume {
  readonly segmentation: Segmentation;
  readonly series: SegmentationSeries;
}

/**
 * Parts a volume into phases, connects voids and particles, and measures porosity and protrusions
 * behind the interface. Reads the volume twice, and once more where the threshold has to be found.
 * @throws Fault badInput, capacity, analysis; what reading the volume throws
 */
export async function segmentVolume(
  volume: VolumeSource,
  options: SegmentOptions,
): Promise<SegmentedVolume> {
  const job = new VolumeSegmentation(volume, options);
  return job.run();
}

interface Target {
  readonly name: 'void' | 'particle';
  readonly isElectrode: boolean;
  readonly ranges: readonly CodeRange[];
  readonly merger: ComponentMerger;
}

class VolumeSegmentation {
  readonly #volume: VolumeSource;
  readonly #options: SegmentOptions;
  readonly #slabs: readonly SlabPlan[];
  readonly #spans: Int32Array;
  readonly #phase: ElectrodePhase;
  readonly #face: ElectrodeFace | undefined;
  readonly #parts: number[][] = [];
  #done = 0;

  constructor(volume: VolumeSource, options: SegmentOptions) {
    this.#volume = volume;
    this.#options = options;
    this.#slabs = planSlabs(volume, options.slabSlices);
    this.#spans = maskSpans(volume.rows, volume.columns, options.mask);
    this.#phase = options.electrodePhase ?? 'dark';
    this.#face = options.interface?.face ?? options.electrodeFace;
  }

  async run(): Promise<SegmentedVolume> {
    const { rows, columns } = this.#volume;
    const { series } = this.#options;
    const { threshold, keepsThreshold = false } = this.#options;
    const grid = await greyGrid(this.#volume, this.#spans, {
      series: seriesGrid(series),
      thresholdPerPixel: keepsThreshold && typeof threshold === 'number' ? threshold : undefined,
    });
    await this.#start(grid);
    const known = this.#thresholdIsKnown;
    const histograms = known ? [] : await this.#countValues();
    const first = known ? undefined : this.#choose(grid, histograms);
    const codes = first ?? this.#choose(grid, []);
    const targets = this.#targets(codes, grid);
    const heights = new Uint16Array(rows * columns);
    await this.#label(targets, heights, known ? histograms : undefined);
    const chosen = first ?? this.#choose(grid, histograms);
    const tables = targets.map(({ merger }) => merger.finish());
    const surface = this.#surface(heights);
    const { binVoxel, bins } = depthBins(this.#volume, this.#options);
    const totals = await this.#measure(targets, surface, binVoxel, bins);
    const segmentation = segmentationOf({
      volume: this.#volume,
      voxelSizeMetre: this.#options.voxelSizeMetre ?? null,
      threshold: chosen.threshold,
      seriesBefore: series,
      counted: targets.map(({ name, isElectrode, merger }, index) => ({
        name,
        merged: tables[index] ?? NO_COMPONENTS,
        electrode: isElectrode ? merger.electrode : undefined,
      })),
      surface,
      hasFace: this.#face !== undefined,
      isReversed: this.#reversed,
      totals,
      binVoxel,
      spans: this.#spans,
    });
    return { segmentation, series: chosen.series };
  }

  async #start(grid: GreyGrid): Promise<void> {
    const { rows, columns } = this.#volume;
    const layout = { rows, columns, codeBytes: grid.codeBytes, spans: this.#spans };
    const usesMedian = this.#options.usesMedian ?? true;
    const { quantisation } = grid;
    await Promise.all(
      this.#options.workers.map((worker) =>
        worker.call('start', { layout, usesMedian, ...(quantisation ? { quantisation } : {}) }),
      ),
    );
  }

  async #countValues(): Promise<Float64Array[]> {
    const histograms: Float64Array[] = [];
    await this.#pass({
      run: (worker, slab) => worker.call('countValues', slab, transferOf(slab, this.#volume)),
      use: (histogram) => {
        histograms.push(histogram);
      },
    });
    return histograms;
  }

  #choose(grid: GreyGrid, histograms: readonly Float64Array[]): CodeThreshold {
    const { threshold = 'auto', series, classes = 2 } = this.#options;
    return chooseThreshold({
      grid,
      histograms,
      setting: threshold,
      series,
      classes,
      phase: this.#phase,
    });
  }

  #targets({ code, voidCode, sigmaCodes }: CodeThreshold, grid: GreyGrid): Target[] {
    const top = grid.bins - 1;
    const hasFace = this.#face !== undefined;
    const levels = sigmaCodes > 0 ? [0, sigmaCodes, -sigmaCodes] : [0];
    const dark = (split: number) =>
      levels.map((by) => ({ first: 0, last: Math.min(top, split + by - 1) }));
    const bright = levels.map((by) => ({ first: Math.max(0, code - by), last: top }));
    const { slices } = this.#volume;
    const listedMax = this.#options.listedMax ?? COMPONENTS_LISTED_MAX;
    const merger = (hasElectrode: boolean) =>
      new ComponentMerger({ slices, hasElectrode, listedMax });
    if (this.#phase === 'dark') {
      return [{ name: 'void', isElectrode: hasFace, ranges: dark(code), merger: merger(hasFace) }];
    }
    return [
      { name: 'particle', isElectrode: hasFace, ranges: bright, merger: merger(hasFace) },
      ...(voidCode === undefined
        ? []
        : [
            {
              name: 'void',
              isElectrode: false,
              ranges: dark(voidCode),
              merger: merger(false),
            } as const,
          ]),
    ];
  }

  async #label(
    targets: readonly Target[],
    heights: Uint16Array,
    histograms: Float64Array[] | undefined,
  ): Promise<void> {
    // Nobody needs heights without a face, nor with an interface that is given.
    let wantsLeading = this.#face !== undefined && this.#options.interface === undefined;
    const ranges = targets.map(({ ranges: [range] }) => range ?? { first: 1, last: 0 });
    await this.#pass({
      run: (worker, slab) =>
        worker.call(
          'label',
          { slab, targets: ranges, wantsLeading, wantsHistogram: histograms !== undefined },
          transferOf(slab, this.#volume),
        ),
      use: ({ parts, histogram }) => {
        if (histogram) histograms?.push(histogram);
        this.#parts.push(parts.map(({ slices }) => slices));
        for (const part of parts) {
          for (const [index, { merger }] of targets.entries()) {
            const labelled = part.targets[index];
            if (labelled) merger.add({ ...part, ...labelled });
          }
          if (part.leading) wantsLeading = extendHeights(heights, part.leading, part.firstSlice);
        }
      },
    });
  }

  /** In slices from the electrode's face; flat in front of the first slice without a face. */
  #surface(heights: Uint16Array): InterfaceSurface {
    const { rows, columns, slices } = this.#volume;
    const { interface: given, interfaceOrder = 1 } = this.#options;
    if (given) return given.face === 'bottom' ? turned(given, slices) : given;
    if (this.#face === undefined) return flatFace(rows, columns);
    const map = { rows, columns, slices, heights, spans: this.#spans };
    return fitInterface(map, this.#face, interfaceOrder);
  }

  async #measure(
    targets: readonly Target[],
    surface: InterfaceSurface,
    binVoxel: number,
    bins: number,
  ): Promise<DepthTotals> {
    const { rows, columns, slices } = this.#volume;
    const { workers, onLabels } = this.#options;
    const maps = surfaceMaps(surface, rows, columns);
    await Promise.all(workers.map((worker) => worker.call('beginDepths', maps)));
    const binsPerVoxel = 1 / binVoxel;
    const depthTargets = targets.map(({ ranges, ...target }) => ({
      ranges,
      loneClass: VOXEL_LABELS[target.name],
    }));
    let parts = 0;
    await this.#pass({
      run: (worker, slab, index) => {
        const partClasses = (this.#parts[index] ?? []).map((partSlices) => {
          const part = parts++;
          const classes = targets.map(({ merger, name }) =>
            merger.classesOf(part, {
              electrode: VOXEL_LABELS.electrode,
              other: VOXEL_LABELS[name],
            }),
          );
          return { slices: partSlices, classes };
        });
        const request = { slab, targets: depthTargets, parts: partClasses, binsPerVoxel };
        return worker.call(
          'addDepths',
          onLabels ? { ...request, background: VOXEL_LABELS.solid } : request,
          transferOf(slab, this.#volume),
        );
      },
      use: (labels, index) => this.#handOver(labels, index),
    });
    const levels = targets[0]?.ranges.length ?? 1;
    const each = await Promise.all(
      workers.map((worker, index) =>
        worker.call('endDepths', { slices: index === 0 ? slices : 0, bins, binsPerVoxel, levels }),
      ),
    );
    return summedDepths(each);
  }

  async #handOver(labels: Uint8Array | undefined, index: number): Promise<void> {
    const slab = this.#slabs[index];
    const { onLabels } = this.#options;
    if (!labels || !slab || !onLabels) return;
    if (!this.#reversed) return onLabels(slab.firstSlice, labels);
    const length = this.#volume.rows * this.#volume.columns;
    const turnedLabels = new Uint8Array(labels.length);
    for (let slice = 0; slice < slab.slices; slice++) {
      const from = labels.subarray(slice * length, (slice + 1) * length);
      turnedLabels.set(from, (slab.slices - 1 - slice) * length);
    }
    return onLabels(this.#volume.slices - slab.firstSlice - slab.slices, turnedLabels);
  }

  get #reversed(): boolean {
    return this.#face === 'bottom';
  }

  /** Then grey values are counted in passing, while phases are labelled. */
  get #thresholdIsKnown(): boolean {
    const { threshold = 'auto', series, classes } = this.#options;
    const needsVoids = classes === 3 && this.#phase === 'bright';
    if (needsVoids && typeof series?.threshold.voidBelowPerPixel !== 'number') return false;
    return threshold !== 'auto' || series !== undefined;
  }

  #pass<R>(pass: {
    readonly run: Parameters<typeof passOver<R>>[0]['run'];
    readonly use: (result: R, index: number) => void | Promise<void>;
  }): Promise<void> {
    const { workers, signal, onProgress } = this.#options;
    const passes = this.#thresholdIsKnown ? 2 : 3;
    return passOver<R>({
      volume: this.#volume,
      slabs: this.#slabs,
      reversed: this.#reversed,
      workers,
      signal,
      run: pass.run,
      use: async (result, index) => {
        await pass.use(result, index);
        this.#done += 1;
        onProgress?.(this.#done / (passes * this.#slabs.length));
      },
    });
  }
}

function seriesGrid(series: SegmentationSeries | undefined) {
  if (!series) return undefined;
  const { offsetPerPixel, stepPerPixel, counts } = series.threshold.histogram;
  return { offsetPerPixel, stepPerPixel, bins: counts.length };
}
