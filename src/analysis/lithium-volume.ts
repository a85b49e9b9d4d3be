import { Fault } from '../domain/fault.ts';
import type { ElectrochemicalBalance, MeasuredVolume } from '../domain/volume-change.ts';

/** Faraday's constant (CODATA 2018, exact). */
export const FARADAY_COULOMB_PER_MOL = 96_485.332_12;
const LITHIUM_GRAM_PER_MOL = 6.94;
const LITHIUM_GRAM_PER_CM3 = 0.534;
const UM3_PER_CM3 = 1e12;
const COULOMB_PER_MILLIAMPERE_HOUR = 3.6;

/** Volume of a mole of lithium metal: 1.2996e13 cubic micrometre. */
export const LITHIUM_MOLAR_VOLUME_UM3_PER_MOL =
  (LITHIUM_GRAM_PER_MOL / LITHIUM_GRAM_PER_CM3) * UM3_PER_CM3;

/** Growth of indium per mole of lithium it takes up (Sun et al. 2018). */
export const INDIUM_LITHIUM_MOLAR_VOLUME_UM3_PER_MOL = 11.8e12;

/** Charge in coulomb. */
export function chargeOf(milliampereHour: number): number {
  return milliampereHour * COULOMB_PER_MILLIAMPERE_HOUR;
}

/**
 * Volume that a charge makes, by Faraday's law with one electron per lithium: Q / F times the
 * partial molar volume.
 * @returns cubic micrometre
 * @throws Fault badInput when a number is not finite, or the molar volume not positive
 */
export function electrochemicalVolume(
  chargeCoulomb: number,
  molarVolumeUm3PerMol: number = LITHIUM_MOLAR_VOLUME_UM3_PER_MOL,
): number {
  if (!Number.isFinite(chargeCoulomb)) {
    throw badNumber('charge', chargeCoulomb, 'a finite number of coulomb');
  }
  if (!(molarVolumeUm3PerMol > 0 && Number.isFinite(molarVolumeUm3PerMol))) {
    throw badNumber('molar volume', molarVolumeUm3PerMol, 'cubic micrometre per mole above 0');
  }
  return (chargeCoulomb / FARADAY_COULOMB_PER_MOL) * molarVolumeUm3PerMol;
}

/** Thickness of the lithium that a charge per area plates: 4.849 um for 1 mAh/cm2. */
export function lithiumThicknessUm(milliampereHourPerCm2: number): number {
  const um2PerCm2 = 1e8;
  return electrochemicalVolume(chargeOf(milliampereHourPerCm2)) / um2PerCm2;
}

/** The other side of the comparison: what passed, and what became of it. */
export interface ChargePassed {
  readonly chargeCoulomb: number;
  /** Half width of the 95 % interval of the charge; 0 unless given. */
  readonly chargeHalfWidthCoulomb?: number;
  /** Lithium metal unless given. */
  readonly molarVolumeUm3PerMol?: number;
}

/**
 * The volume in the images over what the charge explains.
 * @throws Fault badInput when the image volume is not in cubic micrometre, or no charge passed
 */
export function balanceOf(
  image: Pick<MeasuredVolume, 'volumeUm3' | 'halfWidthUm3'>,
  passed: ChargePassed,
): ElectrochemicalBalance {
  const { volumeUm3, halfWidthUm3 = 0 } = image;
  const { chargeCoulomb, chargeHalfWidthCoulomb = 0 } = passed;
  const molarVolumeUm3PerMol = passed.molarVolumeUm3PerMol ?? LITHIUM_MOLAR_VOLUME_UM3_PER_MOL;
  if (volumeUm3 === undefined) {
    throw new Fault('badInput', {
      where: 'voxel size',
      message:
        'a charge can only be compared with a volume in cubic micrometre; give the voxel size',
    });
  }
  if (chargeCoulomb === 0) throw badNumber('charge', 0, 'a charge that is not 0');
  const electrochemicalUm3 = electrochemicalVolume(chargeCoulomb, molarVolumeUm3PerMol);
  const ratio = volumeUm3 / electrochemicalUm3;
  const ratioHalfWidth = Math.hypot(
    halfWidthUm3 / electrochemicalUm3,
    (ratio * chargeHalfWidthCoulomb) / chargeCoulomb,
  );
  return { chargeCoulomb, molarVolumeUm3PerMol, electrochemicalUm3, ratio, ratioHalfWidth };
}

/** Voxels of one kind at each depth, from one scan. */
export interface DepthCounts {
  /** Lower edges of the bins and the upper edge of the last, ascending. */
  readonly depthEdgesUm: readonly number[];
  readonly voxels: ArrayLike<number>;
}

/** Lithium in one bin of depth. */
export interface LithiumAtDepth {
  readonly depthUmMin: number;
  readonly depthUmMax: number;
  readonly volumeUm3: number;
  /** Half width of the 95 % interval from counting alone. */
  readonly halfWidthUm3: number;
}

/**
 * Lithium against depth: lithium and voids look the same in absorption, so what is dark now, less
 * the voids that were there at the start (Park et al. 2023).
 * @param dark voxels that are as dark as lithium and voids, in the scan at hand
 * @param voids the same in the scan before plating, in the same bins
 * @throws Fault badInput when the bins differ
 */
export function lithiumByDepth(
  dark: DepthCounts,
  voids: DepthCounts,
  voxelSizeUm: number,
): LithiumAtDepth[] {
  const { depthEdgesUm } = dark;
  const isSame =
    depthEdgesUm.length === voids.depthEdgesUm.length &&
    depthEdgesUm.every((edge, at) => edge === voids.depthEdgesUm[at]) &&
    dark.voxels.length === depthEdgesUm.length - 1 &&
    voids.voxels.length === dark.voxels.length;
  if (!isSame) {
    throw new Fault('badInput', {
      where: 'depth bins',
      message: 'the two scans are counted in different bins; expected the same edges in both',
    });
  }
  const voxelUm3 = voxelSizeUm ** 3;
  return Array.from(dark.voxels, (count, bin) => {
    const before = voids.voxels[bin] ?? 0;
    return {
      depthUmMin: depthEdgesUm[bin] ?? 0,
      depthUmMax: depthEdgesUm[bin + 1] ?? 0,
      volumeUm3: (count - before) * voxelUm3,
      halfWidthUm3: 1.96 * Math.sqrt(count + before) * voxelUm3,
    };
  });
}

function badNumber(where: string, value: number, expected: string): Fault {
  return new Fault('badInput', { where, message: `${value}; expected ${expected}` });
}
