import { asFault, Fault, type Problem } from '../domain/fault.ts';
import type { SegmentationSeries } from '../domain/segmentation.ts';
import type { VolumeSource } from '../domain/volume.ts';
import {
  type SegmentationResult,
  VOLUME_SIDE_MIN,
  type VolumeAnalysis,
  type VolumeChangeResult,
} from '../domain/volume-results.ts';
import type { RegistrationKernel } from '../kernels/registration-kernel.ts';
import type { Executor } from './executor.ts';
import type { SegmentJobs } from './segment-jobs.ts';
import type { SampleMask } from './segment-mask.ts';
import { type SegmentOptions, segmentVolume } from './segment-volume.ts';
import { type ComparedVolumes, type CompareOptions, compareVolumes } from './volume-change.ts';
import {
  type ComparedScan,
  electrolyteSlices,
  type SliceRange,
  segmentationResult,
  volumeChangeResult,
} from './volume-results.ts';

/** 20 µm, as the field bins its depths. */
const DEPTH_BIN_METRE = 20e-6;

/**
 * Comparing counts in tiles that lie, with their surroundings, within its radius: so much further
 * out nothing of the electrode is left out, and what is beyond it does not change.
 */
const COMPARED_MARGIN_VOXEL = 8;

/** A scan whose volume is on the disk. */
export interface AnalysedVolume extends ComparedScan {
  readonly path: string;
}

/** One volume, and the earlier ones of its cell that it is held against. */
export interface VolumeAnalysisRequest {
  readonly volume: AnalysedVolume;
  readonly analysis: VolumeAnalysis;
  /** Its threshold is kept; the volume itself when it is the first. */
  readonly first: AnalysedVolume;
  /** Undefined when it is compared with none. */
  readonly against: AnalysedVolume | undefined;
}

/** What could be found out; one part may fail and the other not. */
export interface VolumeAnalysisReply {
  readonly segmentation: SegmentationResult | undefined;
  readonly change: VolumeChangeResult | undefined;
  readonly problems: readonly Problem[];
}

export type VolumeResultsJobs = ReturnType<typeof createVolumeResultsJobs>;

/** What all volumes of one cell have in common: it follows from the first alone. */
interface CommonGround {
  readonly path: string;
  readonly series: SegmentationSeries;
  /** The electrolyte and a margin around it; all slices where it was not seen. */
  readonly slices: SliceRange | undefined;
}

/**
 * What a run asks of a finished volume, on a thread of its own. Whoever starts anew in between
 * finds the same numbers: nothing but the volumes is remembered.
 * @param options.open a volume on the disk
 */
export function createVolumeResultsJobs(options: {
  readonly open: (path: string) => Promise<VolumeSource>;
  readonly segmenter: Executor<SegmentJobs>;
  readonly kernel: RegistrationKernel;
}) {
  const { open, segmenter, kernel } = options;
  let known: CommonGround | undefined;

  const opened = async <T>(path: string, use: (volume: VolumeSource) => Promise<T>): Promise<T> => {
    const volume = await open(path);
    try {
      return await use(volume);
    } finally {
      await volume.close();
    }
  };

  const segment = (path: string, analysis: VolumeAnalysis, series?: SegmentationSeries) =>
    opened(path, (volume) => {
      refuseSmall(volume);
      return segmentVolume(volume, {
        ...segmentOptions(volume, analysis),
        workers: [segmenter],
        ...(series ? { series } : {}),
      });
    });

  const firstOf = async (path: string, analysis: VolumeAnalysis) => {
    const { segmentation, series } = await segment(path, analysis);
    known = { path, series, slices: electrolyteSlices(segmentation) };
    return { segmentation, ground: known };
  };

  const groundOf = async (path: string, analysis: VolumeAnalysis): Promise<CommonGround> =>
    known?.path === path ? known : (await firstOf(path, analysis)).ground;

  const phasesOf = async ({ volume, analysis, first }: VolumeAnalysisRequest) => {
    if (first.path === volume.path) return (await firstOf(first.path, analysis)).segmentation;
    const { series } = await groundOf(first.path, analysis);
    return (await segment(volume.path, analysis, series)).segmentation;
  };

  const changeSince = async (
    against: AnalysedVolume,
    { volume, analysis, first }: VolumeAnalysisRequest,
  ): Promise<VolumeChangeResult> => {
    const slices = analysis.face && (await groundOf(first.path, analysis)).slices;
    const { change } = await opened(against.path, (before) =>
      opened(volume.path, (after) =>
        compared(kernel, before, after, { ...compareOptions(before, analysis), ...slices }),
      ),
    );
    return volumeChangeResult(change, analysis, { before: against, after: volume });
  };

  return {
    /** Never throws: what fails is among the problems. */
    async analyse(request: VolumeAnalysisRequest): Promise<VolumeAnalysisReply> {
      const { volume, analysis, against } = request;
      const problems: Problem[] = [];
      const attempt = async <T>(find: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await find();
        } catch (error) {
          problems.push(...asFault(error, volume.scanId).problems);
          return undefined;
        }
      };
      return {
        segmentation: analysis.segments
          ? await attempt(async () => segmentationResult(await phasesOf(request), analysis))
          : undefined,
        change: against && (await attempt(() => changeSince(against, request))),
        problems,
      };
    },
  };
}

/** A sample of few voxels cannot be registered: it is taken to lie still then, and that is said. */
async function compared(
  kernel: RegistrationKernel,
  before: VolumeSource,
  after: VolumeSource,
  options: CompareOptions,
): Promise<ComparedVolumes> {
  try {
    return await compareVolumes(kernel, before, after, options);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'badInput') throw error;
    return compareVolumes(kernel, before, after, { ...options, registers: false });
  }
}

function compareOptions(volume: VolumeSource, analysis: VolumeAnalysis): CompareOptions {
  const radiusVoxel = radiusOf(volume, analysis, COMPARED_MARGIN_VOXEL);
  const threshold = thresholdOf(analysis);
  return {
    ...(radiusVoxel === undefined ? {} : { radiusVoxel }),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

/** In 1/pixel, as volumes are; undefined where it is to be found. */
function thresholdOf({ thresholdPerMetre, voxel }: VolumeAnalysis): number | undefined {
  return thresholdPerMetre === null || !voxel ? undefined : thresholdPerMetre * voxel.acrossMetre;
}

function segmentOptions(
  volume: VolumeSource,
  analysis: VolumeAnalysis,
): Omit<SegmentOptions, 'workers'> {
  const { electrode, face, voxel } = analysis;
  const radiusVoxel = radiusOf(volume, analysis);
  const threshold = thresholdOf(analysis);
  const mask: SampleMask | undefined = radiusVoxel ? { kind: 'disc', radiusVoxel } : undefined;
  return {
    electrodePhase: electrode,
    ...(face ? { electrodeFace: face } : {}),
    ...(mask ? { mask } : {}),
    ...(threshold === undefined ? {} : { threshold, keepsThreshold: true }),
    ...(voxel ? { depthBinVoxel: Math.max(1, DEPTH_BIN_METRE / voxel.alongMetre) } : {}),
  };
}

/**
 * In voxels; undefined where the whole field of view is looked at.
 * @param marginVoxel beyond the radius, as far as the reconstruction reaches
 */
function radiusOf(
  { rows, columns }: VolumeSource,
  { radiusMetre, voxel }: VolumeAnalysis,
  marginVoxel = 0,
): number | undefined {
  if (radiusMetre === null || !voxel) return undefined;
  // A voxel less than what the reconstruction fills.
  const most = Math.min(rows, columns) / 2 - 1;
  return Math.min(radiusMetre / voxel.acrossMetre + marginVoxel, most);
}

function refuseSmall({ slices, rows, columns, where }: VolumeSource): void {
  if (Math.min(slices, rows, columns) >= VOLUME_SIDE_MIN) return;
  throw new Fault('badInput', {
    where,
    message: `${slices} × ${rows} × ${columns} voxels show no phases; expected at least ${VOLUME_SIDE_MIN} along every axis`,
  });
}
