import type {
  ComponentTable,
  FeatureLength,
  PorosityBin,
  Segmentation,
  TrackedParticle,
} from '../../domain/segmentation.ts';
import { significant, textTable } from '../format-values.ts';

const PERCENT = 100;
const MICROMETRE = 1e6;
const POROSITY_ROWS_MAX = 60;

/** A segmentation for people: what was found, then what to mind. */
export function describeSegmentation(segmentation: Segmentation): string {
  const { slices, rows, columns, tables, remarks } = segmentation;
  return [
    `${slices} slices of ${rows} × ${columns}`,
    ...describeThreshold(segmentation),
    '',
    phaseTable(segmentation),
    ...tables.map((table) => sizeTable(table, segmentation.voxelSizeMetre)),
    ...describeInterface(segmentation),
    ...porosityTable(segmentation),
    ...remarks.map((remark) => `note: ${remark}`),
    '',
  ].join('\n');
}

/** Where the particles of an earlier scan are now; nothing when none were asked for. */
export function describeTracked(tracked: readonly TrackedParticle[]): string {
  if (tracked.length === 0) return '';
  const place = ({ centroidColumn, centroidRow, centroidSlice }: TrackedParticle['before']) =>
    [centroidColumn, centroidRow, centroidSlice].map((value) => value.toFixed(1)).join(', ');
  const length = (feature: FeatureLength) =>
    feature.metre === null
      ? `${feature.voxel.toFixed(1)} voxels`
      : `${(feature.metre * MICROMETRE).toFixed(1)} µm`;
  const rows = tracked.map(({ before, after, movedVoxel, toBottom }) => [
    place(before),
    after ? place(after) : 'not found',
    movedVoxel === null ? '-' : movedVoxel.toFixed(2),
    toBottom ? length(toBottom) : '-',
  ]);
  return textTable(['particle was at', 'is at', 'moved (voxels)', 'to the bottom'], rows);
}

function describeThreshold({ threshold }: Segmentation): string[] {
  const { origin, valuePerPixel, sigmaPerPixel, voidBelowPerPixel, separability } = threshold;
  const names = { otsu: 'found (Otsu)', given: 'as given', series: 'of the series' };
  const error = sigmaPerPixel > 0 ? ` ± ${Number(sigmaPerPixel.toPrecision(2))}` : '';
  const peak = `${(PERCENT * separability).toFixed(1)} % of the variance lies between the classes`;
  return [
    `  threshold ${significant(valuePerPixel)}${error} per pixel, ${names[origin]}; ${peak}`,
    ...(voidBelowPerPixel === null
      ? []
      : [`  voids below ${significant(voidBelowPerPixel)} per pixel`]),
  ];
}

function phaseTable({ phases }: Segmentation): string {
  return textTable(
    ['phase', 'vol %', 'voxels', 'volume (µm³)'],
    phases.map(({ label, voxels, fraction, volumeCubicMetre }) => [
      label,
      (PERCENT * fraction).toFixed(3),
      String(voxels),
      volumeCubicMetre === null ? '-' : (volumeCubicMetre * MICROMETRE ** 3).toPrecision(4),
    ]),
  );
}

function sizeTable(table: ComponentTable, voxelSizeMetre: number | null): string {
  const { label, components, sizes, unlisted } = table;
  const more = unlisted > 0 ? `; the ${unlisted} smallest are only counted` : '';
  const diameter = (voxels: number) => {
    const voxel = Math.cbrt((6 * voxels) / Math.PI);
    if (voxelSizeMetre === null) return significant(Number(voxel.toPrecision(3)));
    return significant(Number((voxel * voxelSizeMetre * MICROMETRE).toPrecision(3)));
  };
  const unit = voxelSizeMetre === null ? 'voxel' : 'µm';
  const rows = sizes.map(({ exponent, components: count, voxels }) => [
    `${diameter(2 ** exponent)} to ${diameter(2 ** (exponent + 1))}`,
    String(count),
    String(voxels),
  ]);
  if (rows.length === 0) return `no ${label}s\n`;
  const header = [`diameter (${unit})`, `${label}s`, 'voxels'];
  return `${components} ${label}${components === 1 ? '' : 's'}${more}\n${textTable(header, rows)}`;
}

function describeInterface({
  interface: surface,
  protrusion,
  voxelSizeMetre,
}: Segmentation): string[] {
  if (!surface) return [];
  const slope = Math.hypot(surface.coefficients[1] ?? 0, surface.coefficients[2] ?? 0);
  const degrees = (Math.atan(slope / surface.halfVoxel) * 180) / Math.PI;
  const left = (PERCENT * surface.outlierFraction).toFixed(1);
  return [
    `interface at slice ${(surface.coefficients[0] ?? 0).toFixed(2)} in the middle, tilted by ${degrees.toFixed(2)}°; rough by ${surface.roughnessVoxel.toFixed(2)} voxels, ${left} % left out`,
    ...(protrusion
      ? [
          `electrode beyond the interface: ${lengthText(protrusion.greatest, voxelSizeMetre)} at column ${protrusion.column}, row ${protrusion.row}, slice ${protrusion.slice}; ${lengthText(protrusion.sustained, voxelSizeMetre)} over 25 columns`,
        ]
      : []),
    '',
  ];
}

function lengthText({ voxel, sigmaVoxel }: FeatureLength, voxelSizeMetre: number | null): string {
  const scale = voxelSizeMetre === null ? 1 : voxelSizeMetre * MICROMETRE;
  const unit = voxelSizeMetre === null ? 'voxels' : 'µm';
  return `${(voxel * scale).toFixed(1)} ± ${(sigmaVoxel * scale).toFixed(1)} ${unit}`;
}

function porosityTable({ porosity, voxelSizeMetre }: Segmentation): string[] {
  if (porosity.length === 0) return [];
  const scale = voxelSizeMetre === null ? 1 : voxelSizeMetre * MICROMETRE;
  const percent = (fraction: number) => (PERCENT * fraction).toFixed(3);
  const row = (bin: PorosityBin) => [
    `${(bin.depthFromVoxel * scale).toFixed(0)} to ${(bin.depthToVoxel * scale).toFixed(0)}`,
    `${percent(bin.fraction)} ± ${percent(bin.countingSigma)}`,
    `${percent(bin.thresholdLow)} to ${percent(bin.thresholdHigh)}`,
    String(bin.voids),
  ];
  const unit = voxelSizeMetre === null ? 'voxel' : 'µm';
  const more = porosity.length - POROSITY_ROWS_MAX;
  return [
    textTable(
      [`depth (${unit})`, 'porosity (vol %)', 'by threshold', 'voids'],
      porosity.slice(0, POROSITY_ROWS_MAX).map(row),
    ),
    ...(more > 0 ? [`and ${more} deeper bins: see --tables`] : []),
  ];
}
