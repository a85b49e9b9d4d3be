import type {
  ElectrochemicalBalance,
  MeasuredVolume,
  VolumeChange,
} from '../../domain/volume-change.ts';

const M3_PER_UM3 = 1e-18;
const METRE_PER_UM = 1e-6;
const DEGREE = 180 / Math.PI;

/** What a comparison came to. */
export interface ComparisonReport {
  readonly before: string;
  readonly after: string;
  readonly change: VolumeChange;
  readonly balance?: ElectrochemicalBalance;
  readonly warnings: readonly string[];
}

/** The result for people: volumes with their 95 % intervals, and what they rest on. */
export function describeComparison(report: ComparisonReport): string {
  const { change, balance, warnings } = report;
  const { registration, grey, binary } = change;
  const { shiftVoxel: shift, shiftErrorVoxel: error, rotationRadian: rotation } = registration;
  const axes = ['x', 'y', 'z'] as const;
  const moved = axes.map((axis) => `${axis} ${shift[axis].toFixed(3)} ± ${error[axis].toFixed(3)}`);
  const isTurned = axes.some((axis) => rotation[axis] !== 0);
  const turned = axes.map((axis) => `${axis} ${(rotation[axis] * DEGREE).toFixed(3)}°`);
  const how = change.thresholdFound ? 'found' : 'given';
  return [
    `${report.after} against ${report.before}`,
    `  moved by ${moved.join(', ')} voxel (${registration.placesAgreeing} of ${registration.places} places agree)`,
    ...(isTurned ? [`  turned by ${turned.join(', ')}`] : []),
    `  threshold ${change.threshold.toPrecision(4)} 1/pixel (${how}); phases at ${change.levelsBefore.dark.toPrecision(4)} and ${change.levelsBefore.bright.toPrecision(4)}`,
    '  growth of the brighter phase, with 95 % intervals:',
    `    by grey level  ${volumeText(grey)}`,
    `    by counting    ${volumeText(binary)}`,
    ...(balance ? balanceText(balance) : []),
    ...[...registration.doubts, ...warnings].map((doubt) => `  caution: ${doubt}`),
    '',
  ].join('\n');
}

/** The result as one JSON document, in SI units; volumes in cubic metre where they are known. */
export function comparisonJson(report: ComparisonReport) {
  const { change, balance } = report;
  const { voxelSizeUm, grey, binary, ...rest } = change;
  return {
    before: report.before,
    after: report.after,
    ...(voxelSizeUm === undefined ? {} : { voxelSizeMetre: voxelSizeUm * METRE_PER_UM }),
    grey: measuredJson(grey),
    binary: measuredJson(binary),
    ...(balance ? { balance: balanceJson(balance) } : {}),
    ...rest,
    warnings: report.warnings,
  };
}

function measuredJson({ volumeUm3, halfWidthUm3, ...voxels }: MeasuredVolume) {
  if (volumeUm3 === undefined || halfWidthUm3 === undefined) return voxels;
  return {
    ...voxels,
    volumeCubicMetre: volumeUm3 * M3_PER_UM3,
    halfWidthCubicMetre: halfWidthUm3 * M3_PER_UM3,
  };
}

function balanceJson(balance: ElectrochemicalBalance) {
  return {
    chargeCoulomb: balance.chargeCoulomb,
    molarVolumeCubicMetrePerMol: balance.molarVolumeUm3PerMol * M3_PER_UM3,
    electrochemicalCubicMetre: balance.electrochemicalUm3 * M3_PER_UM3,
    ratio: balance.ratio,
    ratioHalfWidth: balance.ratioHalfWidth,
  };
}

function volumeText({ voxels, halfWidthVoxels, volumeUm3, halfWidthUm3 }: MeasuredVolume): string {
  const inVoxels = `${Math.round(voxels)} ± ${Math.round(halfWidthVoxels)} voxels`;
  if (volumeUm3 === undefined || halfWidthUm3 === undefined) return inVoxels;
  return `${volumeUm3.toExponential(3)} ± ${halfWidthUm3.toExponential(1)} um³ (${inVoxels})`;
}

function balanceText(balance: ElectrochemicalBalance): string[] {
  const { chargeCoulomb, electrochemicalUm3, ratio, ratioHalfWidth } = balance;
  return [
    `  ${chargeCoulomb.toPrecision(4)} C make ${electrochemicalUm3.toExponential(3)} um³ (Faraday)`,
    `  image / electrochemical: ${ratio.toFixed(3)} ± ${ratioHalfWidth.toFixed(3)}`,
  ];
}
