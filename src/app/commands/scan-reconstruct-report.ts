import type { Problem } from '../../domain/fault.ts';
import type { ReconstructionSummary } from '../../domain/scan.ts';
import type { VoxelScale } from '../../domain/volume.ts';

/** What there is to tell of a reconstruction that has ended well. */
export interface ReconstructionReport {
  readonly summary: ReconstructionSummary;
  readonly scale: VoxelScale;
  /** Path of the volume. */
  readonly output: string;
  /** Slices that an interrupted call had left, and were not made again. */
  readonly slicesResumed: number;
  /** What was damaged in the scan and left out. */
  readonly problems: readonly Problem[];
}

/** The document `--json` prints. */
export function reconstructionJson(report: ReconstructionReport) {
  const { summary, scale, output, slicesResumed, problems } = report;
  const { slices, rows, columns, views, axisPixel, axisAgreed, algorithm, durationMs } = summary;
  const { voxelsClipped, conditioning } = summary;
  return {
    slices,
    rows,
    columns,
    views,
    axisPixel,
    axisAgreed,
    algorithm,
    durationMs,
    output,
    voxels: { type: scale.type, offsetPerPixel: scale.offset, stepPerPixel: scale.step },
    voxelsClipped,
    slicesResumed,
    problems,
    conditioning,
  };
}

/** The same for people. */
export function describeReconstruction(report: ReconstructionReport): string {
  const { summary, scale, output, slicesResumed, problems } = report;
  const doubt = summary.axisAgreed
    ? ''
    : ' (uncertain: the axis finders disagree; check the slice)';
  const clipped = summary.voxelsClipped
    ? `, ${summary.voxelsClipped} voxels beyond their range`
    : '';
  return [
    `${summary.slices} slices of ${summary.rows} × ${summary.columns} from ${summary.views} views`,
    ...(slicesResumed > 0 ? [`  ${slicesResumed} slices were there already`] : []),
    ...problems.map(({ where, message }) => `  ${where}: ${message}`),
    `  rotation axis at column ${summary.axisPixel.toFixed(2)}${doubt}`,
    ...describeConditioning(summary),
    `  ${summary.algorithm}, ${(summary.durationMs / 1000).toFixed(2)} s`,
    `  ${output} (${scale.type}${clipped})`,
    '',
  ].join('\n');
}

/** What was wrong with the data, and what was done about it; nothing about what was in order. */
function describeConditioning({ conditioning, slices, columns }: ReconstructionSummary): string[] {
  if (!conditioning) return [];
  const { viewsLost, viewsRepeated, viewsSaturated, zingers, stripedColumns } = conditioning;
  const views = [
    [viewsLost, 'without light left out'],
    [viewsRepeated, 'repeated, counted once'],
    [viewsSaturated, 'with saturated pixels'],
  ] as const;
  const seen = views.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const percent = (100 * conditioning.stripeFraction).toPrecision(2);
  return [
    ...(seen.length > 0 ? [`  views: ${seen.join('; ')}`] : []),
    ...(zingers > 0 ? [`  ${zingers} zingers taken out`] : []),
    ...(stripedColumns > 0
      ? [
          `  stripes (${conditioning.stripeRemoval}) in ${stripedColumns} of ${slices * columns} detector pixels, ${percent} % of the attenuation`,
        ]
      : []),
    ...(conditioning.flatMoments > 1
      ? [`  flat fields interpolated between ${conditioning.flatMoments} moments`]
      : []),
    ...(conditioning.edgesExtended ? ['  the sample is wider than the detector'] : []),
  ];
}
