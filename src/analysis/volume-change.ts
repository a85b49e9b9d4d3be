import { Fault } from '../domain/fault.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type {
  MeasuredVolume,
  PhaseLevels,
  VolumeChange,
  VolumeRegistration,
} from '../domain/volume-change.ts';
import type { RegistrationKernel } from '../kernels/registration-kernel.ts';
import { type RegisteredMotion, registerVolumes, unregistered } from './registration.ts';
import type { RegistrationMask } from './registration-blocks.ts';
import type { Motion } from './registration-motion.ts';
import { readTiles, type TiledVolume, tileSide } from './registration-pyramid.ts';
import { countChange } from './volume-change-count.ts';
import { measureChange } from './volume-change-interval.ts';
import { type FoundThreshold, otsuThreshold } from './volume-change-levels.ts';
import { type ChangeRegion, changeRegion } from './volume-change-region.ts';

/** Fewer voxels along any axis do not hold a tile and its surroundings. */
const SIDE_MIN = 16;
/** A voxel beside the border of the disc that a reconstruction fills. */
const DISC_MARGIN_VOXEL = 2;

/** Share of the work after which each part is done. */
const DONE = { before: 0.35, after: 0.7, registration: 0.85 } as const;

export interface CompareOptions {
  /** Side of a voxel in micrometre; without it volumes are in voxels only. */
  readonly voxelSizeUm?: number;
  /** Attenuation between the two phases; found from both volumes (Otsu 1979) unless given. */
  readonly threshold?: number;
  /** False when the volumes are known to lie on each other; registered unless said otherwise. */
  readonly registers?: boolean;
  /**
   * What the 95 % bound of a shift is at least, in voxels: what a sample that gives and rings may
   * do beyond what the scatter of the registration shows. 0.05 unless given.
   */
  readonly shiftBoundVoxel?: number;
  /** Slices that are compared, the rest is left out: all unless given. */
  readonly firstSlice?: number;
  readonly slices?: number;
  /** Radius around the middle of the slices; found from the volume unless given. */
  readonly radiusVoxel?: number;
  readonly onProgress?: (fraction: number) => void;
}

/** The change, and how the volume after lies on the one before. */
export interface ComparedVolumes {
  readonly change: VolumeChange;
  readonly motion: Motion;
}

/**
 * How much more of the brighter phase there is in the volume after than in the one before, counted
 * two ways, with an interval; only what both show counts. Memory stays bounded whatever the size.
 * @throws Fault badInput when the volumes do not fit each other, analysis when they do not show the
 * same sample or no two phases, storage and fileFormat when reading fails
 */
export async function compareVolumes(
  kernel: RegistrationKernel,
  before: VolumeSource,
  after: VolumeSource,
  options: CompareOptions = {},
): Promise<ComparedVolumes> {
  checkPair(before, after);
  const { onProgress = () => {} } = options;
  const mask = await maskOf(before, options);
  const side = tileSide(before);
  const part = (from: number, to: number, total: number) => (done: number) =>
    onProgress(from + ((to - from) * done) / Math.max(1, total));
  const tilesBefore = await readTiles(before, side, part(0, DONE.before, before.slices));
  const tilesAfter = await readTiles(after, side, part(DONE.before, DONE.after, after.slices));
  const found = findThreshold([tilesBefore, tilesAfter], mask, before);
  const threshold = options.threshold ?? found.threshold;
  const levels = levelsAround([tilesBefore, tilesAfter], mask, threshold, before);
  const thresholds = [threshold, transfer(threshold, levels.before, levels.after)] as const;
  const pair = { before, after, tilesBefore, tilesAfter, mask, thresholds };
  const registered =
    options.registers === false ? unregistered(before) : await registerVolumes(kernel, pair);
  onProgress(DONE.registration);
  const region = changeRegion(
    { before: tilesBefore, after: tilesAfter, motion: registered.motion, mask, size: before },
    levels,
  );
  const fraction =
    (threshold - region.levelsBefore.dark) /
    (region.levelsBefore.bright - region.levelsBefore.dark);
  checkFraction(before, region.levelsBefore, threshold, fraction);
  const counted = await countChange(
    kernel,
    {
      before: { volume: before, levels: region.levelsBefore },
      after: { volume: after, levels: region.levelsAfter },
      tiles: tilesBefore,
      counted: region.counted,
      reference: region.reference,
      motion: registered.motion,
      threshold: fraction,
    },
    part(DONE.registration, 1, tilesBefore.means.slices),
  );
  const measured = measureChange(counted, {
    region,
    tileVoxels: side ** 3,
    threshold: fraction,
    shiftBoundVoxel: shiftBounds(registered, options),
  });
  const change = {
    ...describe(registered.registration, region, side, options),
    threshold,
    thresholdFound: options.threshold === undefined,
    noiseToContrast: measured.noise,
    grey: inMicrometres(measured.grey, options.voxelSizeUm),
    binary: inMicrometres(measured.binary, options.voxelSizeUm),
  };
  return { change, motion: registered.motion };
}

function describe(
  registration: VolumeRegistration,
  region: ChangeRegion,
  side: number,
  { voxelSizeUm }: CompareOptions,
) {
  return {
    ...(voxelSizeUm === undefined ? {} : { voxelSizeUm }),
    registration,
    levelsBefore: region.levelsBefore,
    levelsAfter: region.levelsAfter,
    voxelsCounted: region.countedTiles * side ** 3,
    voxelsOutside: region.outsideTiles * side ** 3,
  };
}

/** 95 % bounds of the shift on each axis. */
function shiftBounds(
  { registration }: RegisteredMotion,
  { registers = true, shiftBoundVoxel = 0.05 }: CompareOptions,
): readonly number[] {
  const { x, y, z } = registration.shiftErrorVoxel;
  return [x, y, z].map((error) => Math.max(registers ? 1.96 * error : 0, shiftBoundVoxel));
}

function inMicrometres(measured: MeasuredVolume, voxelSizeUm: number | undefined): MeasuredVolume {
  if (voxelSizeUm === undefined) return measured;
  const voxelUm3 = voxelSizeUm ** 3;
  return {
    ...measured,
    volumeUm3: measured.voxels * voxelUm3,
    halfWidthUm3: measured.halfWidthVoxels * voxelUm3,
  };
}

function checkPair(before: VolumeSource, after: VolumeSource): void {
  const text = ({ slices, rows, columns }: VolumeSource) => `${slices} × ${rows} × ${columns}`;
  const fits = (['slices', 'rows', 'columns'] as const).every(
    (axis) => before[axis] === after[axis],
  );
  if (!fits) {
    throw new Fault('badInput', {
      where: after.where,
      message: `${text(after)} voxels; expected ${text(before)} as in ${before.where}`,
    });
  }
  if (Math.min(before.slices, before.rows, before.columns) >= SIDE_MIN) return;
  throw new Fault('badInput', {
    where: before.where,
    message: `${text(before)} voxels are too few to compare; expected at least ${SIDE_MIN} along every axis`,
  });
}

function checkFraction(
  { where }: VolumeSource,
  { dark, bright }: PhaseLevels,
  threshold: number,
  fraction: number,
): void {
  if (bright > dark && fraction > 0 && fraction < 1) return;
  throw new Fault('analysis', {
    where,
    message: `no two phases: matter below the threshold ${threshold} is at ${dark}, above it at ${bright}; give another threshold`,
  });
}

/** Where both volumes are looked at. @throws Fault badInput */
async function maskOf(volume: VolumeSource, options: CompareOptions): Promise<RegistrationMask> {
  const { firstSlice = 0 } = options;
  const slices = options.slices ?? volume.slices - firstSlice;
  const isUsable = firstSlice >= 0 && slices >= SIDE_MIN && firstSlice + slices <= volume.slices;
  if (!isUsable) {
    throw new Fault('badInput', {
      where: volume.where,
      message: `slices ${firstSlice} to ${firstSlice + slices - 1} of ${volume.slices}; expected at least ${SIDE_MIN} slices within it`,
    });
  }
  const cylinderRadius = options.radiusVoxel ?? (await discRadius(volume));
  return { cylinderRadius, firstSlice, slices };
}

/** Reconstructed slices are 0 outside a disc: its radius; infinite when the corners hold values. */
async function discRadius(volume: VolumeSource): Promise<number> {
  const { rows, columns, scale } = volume;
  const slice = await volume.readSlices(volume.slices >> 1, 1);
  const corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1];
  const isEmpty = corners.every(
    (at) =>
      Math.abs(scale.offset + scale.step * (slice[at] ?? 0)) < 0.5 * scale.step || slice[at] === 0,
  );
  return isEmpty ? Math.min(rows, columns) / 2 - DISC_MARGIN_VOXEL : Number.POSITIVE_INFINITY;
}

type TiledPair = readonly [before: TiledVolume, after: TiledVolume];

/** One threshold for both volumes, from their medians. */
function findThreshold(
  tiled: TiledPair,
  mask: RegistrationMask,
  volume: VolumeSource,
): FoundThreshold {
  const found = otsuThreshold(tiled.map((tiles) => mediansInside(tiles, mask)));
  if (found) return found;
  throw new Fault('analysis', {
    where: volume.where,
    message: 'all voxels are the same; expected two phases',
  });
}

function mediansInside(
  { medians, medianTiles, means, side }: TiledVolume,
  mask: RegistrationMask,
): Float32Array {
  const middle = [(means.columns - 1) / 2, (means.rows - 1) / 2] as const;
  return medians.filter((_, at) => {
    const tile = medianTiles[at] ?? 0;
    const x = tile % means.columns;
    const y = Math.floor(tile / means.columns) % means.rows;
    const slice = (Math.floor(tile / (means.columns * means.rows)) + 0.5) * side;
    const isBeside = Math.hypot(x - middle[0], y - middle[1]) * side > mask.cylinderRadius - side;
    return !isBeside && slice >= mask.firstSlice && slice < mask.firstSlice + mask.slices;
  });
}

/** Means on either side of the threshold, in each volume: a first idea of the phases. */
function levelsAround(
  tiled: TiledPair,
  mask: RegistrationMask,
  threshold: number,
  volume: VolumeSource,
): { readonly before: PhaseLevels; readonly after: PhaseLevels } {
  const [before, after] = tiled.map((tiles) => {
    const [dark, bright] = [new Sum(), new Sum()];
    for (const value of mediansInside(tiles, mask)) (value > threshold ? bright : dark).add(value);
    if (dark.count > 0 && bright.count > 0) return { dark: dark.mean, bright: bright.mean };
    throw new Fault('analysis', {
      where: volume.where,
      message: `no two phases: no matter ${bright.count > 0 ? 'below' : 'above'} the threshold ${threshold}`,
    });
  });
  if (!before || !after) throw new Error('a pair has two volumes');
  return { before, after };
}

class Sum {
  count = 0;
  #sum = 0;

  add(value: number): void {
    this.count += 1;
    this.#sum += value;
  }

  get mean(): number {
    return this.#sum / this.count;
  }
}

/** The same phase fraction in another volume. */
function transfer(threshold: number, from: PhaseLevels, to: PhaseLevels): number {
  const fraction = (threshold - from.dark) / (from.bright - from.dark);
  return to.dark + fraction * (to.bright - to.dark);
}
