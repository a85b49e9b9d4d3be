import type { DerivedValue } from '../domain/derived-quantity.ts';
import type { PorosityBin, Segmentation, VolumeComponent } from '../domain/segmentation.ts';
import type { MeasuredVolume, VolumeChange } from '../domain/volume-change.ts';
import {
  type MeasuredNumber,
  type ScanSpan,
  type SegmentationResult,
  VOLUME_SIDE_MIN,
  type VolumeAnalysis,
  type VolumeChangeResult,
  type VoxelSize,
} from '../domain/volume-results.ts';
import { electrochemicalVolume } from './lithium-volume.ts';

/** From the half width of a 95 % interval to one standard deviation. */
const HALF_WIDTH_SIGMAS = 1.96;
const UM3_PER_M3 = 1e18;
/** A depth with more voids than this is no electrolyte: the other electrode begins there. */
const ELECTROLYTE_VOIDS_MAX = 0.5;
/** Variance of where a boundary lies within a voxel, over the voxels of a ball's surface. */
const SURFACE_PER_TWO_THIRDS = 4.836;
const UNIFORM_VARIANCE = 1 / 12;
/** Less lithium than this in the balance, and the ratio says nothing: a cubic micrometre. */
const ELECTROCHEMICAL_MIN_CUBIC_METRE = 1e-18;

/** What a segmentation says, in SI units. */
export function segmentationResult(
  segmentation: Segmentation,
  analysis: Pick<VolumeAnalysis, 'voxel'>,
): SegmentationResult {
  const { threshold, phases, tables, remarks } = segmentation;
  const { voxel } = analysis;
  const countOf = (label: string) => phases.find((phase) => phase.label === label)?.voxels ?? 0;
  const hasVoids = tables.some(({ label }) => label === 'void');
  const bins = electrolyteBins(segmentation);
  const voids = hasVoids ? voidsWithin(segmentation, bins) : [];
  const total = bins.reduce((sum, bin) => sum + bin.voxels, 0);
  const voidVoxels = bins.reduce((sum, bin) => sum + bin.voidVoxels, 0);
  return {
    thresholdPerPixel: threshold.valuePerPixel,
    thresholdErrorPerPixel: threshold.sigmaPerPixel,
    separability: threshold.separability,
    electrodeVoxels: countOf('electrode'),
    voidVoxels,
    solidVoxels: hasVoids ? total - voidVoxels : countOf('solid'),
    voids: voids.length,
    voidFraction: hasVoids && total > 0 ? fractionOf(bins, voids, total) : null,
    largestVoid: voxel && voids[0] ? largestVoid(voids[0], bins, voxel) : null,
    protrusion: voxel && protrusionOf(segmentation, voxel),
    depths: voxel ? bins.map((bin) => atDepth(bin, voxel)) : [],
    remarks,
  };
}

/** From the electrode to where the other one begins, when that is in the field of view. */
function electrolyteBins({ porosity }: Segmentation): readonly PorosityBin[] {
  const solid = porosity.findLastIndex(({ fraction }) => fraction <= ELECTROLYTE_VOIDS_MAX);
  if (solid === porosity.length - 1) return porosity;
  // The boundary runs through the last of them.
  return porosity.slice(0, Math.max(0, solid));
}

/** Whole slices of a volume. */
export interface SliceRange {
  readonly firstSlice: number;
  readonly slices: number;
}

/** Slices beside the electrolyte that hold its boundaries wherever they move. */
const MARGIN_SLICES = 8;

/**
 * The electrolyte of a segmented volume and a margin: what lies beyond the electrodes, pins and
 * tube, moves in its own way. Undefined when no interface was seen or too little is left.
 */
export function electrolyteSlices(segmentation: Segmentation): SliceRange | undefined {
  const { interface: surface, slices } = segmentation;
  const deepest = electrolyteBins(segmentation).at(-1)?.depthToVoxel;
  const at = surface?.coefficients[0];
  if (!surface || at === undefined || deepest === undefined) return undefined;
  const [from, to] = surface.face === 'top' ? [at, at + deepest] : [at - deepest, at];
  const firstSlice = Math.max(0, Math.floor(from) - MARGIN_SLICES);
  const end = Math.min(slices, Math.ceil(to) + MARGIN_SLICES + 1);
  if (end - firstSlice < VOLUME_SIDE_MIN) return undefined;
  return { firstSlice, slices: end - firstSlice };
}

/** Largest first. */
function voidsWithin(
  { tables, interface: surface }: Segmentation,
  bins: readonly PorosityBin[],
): readonly VolumeComponent[] {
  const listed = tables.find(({ label }) => label === 'void')?.listed ?? [];
  if (!surface) return listed;
  const deepest = bins.at(-1)?.depthToVoxel ?? 0;
  return listed.filter(({ depthVoxel }) => depthVoxel !== null && depthVoxel < deepest);
}

/** Voids are counted as wholes; the threshold moves all of them at once. */
function fractionOf(
  bins: readonly PorosityBin[],
  voids: readonly VolumeComponent[],
  total: number,
): MeasuredNumber {
  const sum = (term: (bin: PorosityBin) => number) =>
    bins.reduce((before, bin) => before + term(bin), 0);
  const value = sum(({ voidVoxels }) => voidVoxels) / total;
  const squares = voids.reduce((before, { voxels }) => before + voxels ** 2, 0);
  const counting = Math.sqrt(squares) / total;
  const threshold =
    sum(({ thresholdHigh, thresholdLow, voxels }) => (thresholdHigh - thresholdLow) * voxels) /
    (2 * total);
  return { value, standardError: Math.hypot(counting, threshold) };
}

/** m³: whole voxels along its surface, and what the threshold does to all voids. */
function largestVoid(
  { voxels }: VolumeComponent,
  bins: readonly PorosityBin[],
  voxel: VoxelSize,
): MeasuredNumber {
  const each = volumeOf(voxel);
  const rounding = Math.sqrt(SURFACE_PER_TWO_THIRDS * voxels ** (2 / 3) * UNIFORM_VARIANCE);
  const [low, middle, high] = (['thresholdLow', 'fraction', 'thresholdHigh'] as const).map((key) =>
    bins.reduce((sum, bin) => sum + bin[key] * bin.voxels, 0),
  );
  const spread = middle ? ((high ?? 0) - (low ?? 0)) / (2 * middle) : 0;
  return {
    value: voxels * each,
    standardError: Math.hypot(rounding, spread * voxels) * each,
  };
}

/**
 * How far the electrode reaches beyond the interface; without an electrode in the field of view,
 * how long the largest bright thing is.
 */
function protrusionOf(
  { protrusion, tables }: Segmentation,
  { alongMetre }: VoxelSize,
): MeasuredNumber | null {
  if (protrusion) {
    const { voxel, sigmaVoxel } = protrusion.greatest;
    return { value: voxel * alongMetre, standardError: sigmaVoxel * alongMetre };
  }
  const particle = tables.find(({ label }) => label === 'particle')?.listed[0];
  if (!particle) return null;
  const [, , , , first, last] = particle.bounds;
  // Both ends are rounded to whole voxels.
  const standardError = Math.sqrt(2 * UNIFORM_VARIANCE) * alongMetre;
  return { value: (last - first + 1) * alongMetre, standardError };
}

function atDepth(bin: PorosityBin, { alongMetre }: VoxelSize) {
  return {
    fromMetre: bin.depthFromVoxel * alongMetre,
    toMetre: bin.depthToVoxel * alongMetre,
    fraction: bin.fraction,
    standardError: Math.hypot(bin.countingSigma, (bin.thresholdHigh - bin.thresholdLow) / 2),
  };
}

/** A scan, for the charge between two of them. */
export interface ComparedScan extends ScanSpan {
  readonly scanId: string;
}

/** What a comparison of two volumes says, in SI units, against what the charge makes. */
export function volumeChangeResult(
  change: VolumeChange,
  analysis: Pick<VolumeAnalysis, 'electrode' | 'molarVolumeCubicMetre' | 'voxel'>,
  { before, after }: { readonly before: ComparedScan; readonly after: ComparedScan },
): VolumeChangeResult {
  const { electrode, molarVolumeCubicMetre, voxel } = analysis;
  const { x, y, z } = change.registration.shiftVoxel;
  const chargeCoulomb = middleCharge(after) - middleCharge(before);
  const electrochemicalCubicMetre =
    electrochemicalVolume(chargeCoulomb, molarVolumeCubicMetre * UM3_PER_M3) / UM3_PER_M3;
  const greyVoxels = measured(change.grey);
  const countedVoxels = measured(change.binary);
  const growth = voxel && times(bothWays(greyVoxels, countedVoxels), volumeOf(voxel));
  const lithium = growth && times(growth, electrode === 'bright' ? 1 : -1);
  return {
    againstScanId: before.scanId,
    chargeCoulomb,
    greyVoxels,
    countedVoxels,
    growth,
    lithium,
    electrochemicalCubicMetre,
    ratio:
      lithium && Math.abs(electrochemicalCubicMetre) >= ELECTROCHEMICAL_MIN_CUBIC_METRE
        ? times(lithium, 1 / electrochemicalCubicMetre)
        : null,
    shiftVoxel: Math.hypot(x, y, z),
    doubts: change.registration.doubts,
  };
}

function middleCharge({ startChargeCoulomb, stopChargeCoulomb }: ScanSpan): number {
  return (startChargeCoulomb + stopChargeCoulomb) / 2;
}

function measured({ voxels, halfWidthVoxels }: MeasuredVolume): MeasuredNumber {
  return { value: voxels, standardError: halfWidthVoxels / HALF_WIDTH_SIGMAS };
}

/**
 * Pins, tubes and voids are dark in other shades than lithium, which the grey level takes for parts
 * of a voxel; counting does not see what is thinner than one. Half the difference is what the two
 * leave open.
 */
function bothWays(grey: MeasuredNumber, counted: MeasuredNumber): MeasuredNumber {
  const own = Math.max(grey.standardError ?? 0, counted.standardError ?? 0);
  return {
    value: (grey.value + counted.value) / 2,
    standardError: Math.hypot(own, (grey.value - counted.value) / 2),
  };
}

function times({ value, standardError }: MeasuredNumber, factor: number): MeasuredNumber {
  return {
    value: value * factor,
    standardError: standardError === null ? null : standardError * Math.abs(factor),
  };
}

function volumeOf({ acrossMetre, alongMetre }: VoxelSize): number {
  return acrossMetre ** 2 * alongMetre;
}

/** The numbers a step may end on, of one volume. */
export function derivedOf(
  scanId: string,
  found: {
    readonly segmentation: SegmentationResult | undefined;
    readonly change: VolumeChangeResult | undefined;
  },
): readonly DerivedValue[] {
  const { segmentation, change } = found;
  const named: readonly (readonly [string, MeasuredNumber | null | undefined])[] = [
    ['void-fraction', segmentation?.voidFraction],
    ['largest-void', segmentation?.largestVoid],
    ['protrusion-length', segmentation?.protrusion],
    ['volume-change', change?.growth],
    ['lithium-volume', change?.lithium],
  ];
  return named.flatMap(([name, number]) => {
    if (!number) return [];
    const { value, standardError } = number;
    return [{ name, value, source: scanId, ...(standardError === null ? {} : { standardError }) }];
  });
}
