import { Fault } from '../domain/fault.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type { AlongAxes, VolumeRegistration } from '../domain/volume-change.ts';
import type { Box } from '../kernels/registration-boxes.ts';
import type { RegistrationKernel } from '../kernels/registration-kernel.ts';
import {
  type Block,
  type BlockReading,
  blockPlaces,
  blockSums,
  type RegistrationMask,
  readBlocks,
} from './registration-blocks.ts';
import { type BoxSource, boxesInMemory, boxesOfVolume } from './registration-boxes.ts';
import { COARSE_SIDE_MAX, coarseShift } from './registration-coarse.ts';
import {
  agree,
  type BlockEstimate,
  type Consensus,
  estimateBlock,
} from './registration-consensus.ts';
import {
  coarser,
  type Motion,
  minus,
  moved,
  movedFurther,
  standstill,
  type Triple,
  times,
} from './registration-motion.ts';
import { halved, type TiledVolume } from './registration-pyramid.ts';

/** Gauss-Newton steps at one size of voxel, and times that blocks are cut out anew. */
const STEPS_MAX = 8;
const READINGS_MAX = 3;
/** The motion stands when no voxel moves further than this by another step. */
const STEP_MIN_VOXEL = 5e-4;
/** A step this short ends where the boxes nearly lie on each other. */
const NEAR_VOXEL = 0.2;
/** A rotation that moves the furthest corner by less than this is none. */
const ROTATION_MIN_VOXEL = 0.02;
/** Standard deviations from zero at which a rotation is believed. */
const ROTATION_SIGMAS = 5;
/** The error that is asked for: below it boundaries of the phases need not be looked at. */
const ERROR_WANTED_VOXEL = 0.05;
/** Less than this seen by both volumes is refused; less than the second is doubted. */
const OVERLAP_MIN = 0.2;
const OVERLAP_DOUBTED = 0.5;
const PLACES_MIN = 6;
/** Fewer blocks than this are not asked for a rotation: their errors would be guesses. */
const TURN_PLACES_MIN = 24;
const AGREEING_SHARE_DOUBTED = 0.3;
const CORRELATION_DOUBTED = 0.1;
const PEAK_RATIO_DOUBTED = 1.1;

/** What is compared: both volumes, and their tiles. */
export interface RegistrationPair {
  readonly before: VolumeSource;
  readonly after: VolumeSource;
  readonly tilesBefore: TiledVolume;
  readonly tilesAfter: TiledVolume;
  readonly mask: RegistrationMask;
  /** Boundary between the phases in each volume, when it is known. */
  readonly thresholds?: readonly [before: number, after: number];
}

/** The motion in voxels, and what it rests on. */
export interface RegisteredMotion {
  readonly motion: Motion;
  readonly registration: VolumeRegistration;
}

/**
 * How the parts of a sample that do not change moved between two volumes of it: phase correlation
 * of coarse volumes, then Gauss-Newton on blocks that is refined down to the voxels themselves.
 * Blocks through which a boundary of the phases runs are left out when the others suffice: growth
 * there is not told from a shift.
 * @throws Fault analysis when the volumes do not show the same sample, badInput when too small
 */
export async function registerVolumes(
  kernel: RegistrationKernel,
  pair: RegistrationPair,
): Promise<RegisteredMotion> {
  const { before, mask, tilesBefore } = pair;
  const levels = levelsOf(pair);
  const coarsest = levels.at(-1);
  const start = standstill(before);
  let motion = start;
  let peakRatio = Number.POSITIVE_INFINITY;
  if (coarsest) {
    const radius = mask.cylinderRadius / coarsest.factor;
    const found = coarseShift(coarsest.before, coarsest.after, radius);
    peakRatio = found.peakRatio;
    motion = { ...start, shift: times(found.shift, coarsest.factor) };
  }
  checkOverlap(before, motion);
  for (const { factor, before: fixed, after } of levels.reverse()) {
    const reading = { fixed: boxesInMemory(fixed), moved: boxesInMemory(after) };
    const coarseMask = maskAt(mask, factor);
    const fit = await refine(kernel, reading, coarseMask, coarser(motion, factor), false);
    // A level that is too small, or too coarse to agree, leaves the motion as it is.
    if (fit) motion = { ...motion, shift: times(fit.motion.shift, factor) };
  }
  const reading: BlockReading = {
    fixed: boxesOfVolume(before),
    moved: boxesOfVolume(pair.after),
    ...(pair.thresholds ? { thresholds: pair.thresholds } : {}),
  };
  const fit = await refine(kernel, reading, mask, motion, true);
  if (!fit) throw refusal(before, tilesBefore, mask);
  checkOverlap(before, fit.motion);
  return { motion: fit.motion, registration: describe(pair, fit, peakRatio) };
}

/** No motion, as if the volumes were known to lie on each other. */
export function unregistered(before: VolumeSource): RegisteredMotion {
  const zero = { x: 0, y: 0, z: 0 };
  return {
    motion: standstill(before),
    registration: {
      shiftVoxel: zero,
      shiftErrorVoxel: zero,
      rotationRadian: zero,
      rotationErrorRadian: zero,
      places: 0,
      placesAgreeing: 0,
      correlation: 1,
      overlapFraction: 1,
      doubts: ['not registered: the volumes are taken to lie on each other'],
    },
  };
}

interface Level {
  readonly factor: number;
  readonly before: Box;
  readonly after: Box;
}

/** The tiles of both volumes, then ever coarser ones. */
function levelsOf({ tilesBefore, tilesAfter }: RegistrationPair): Level[] {
  let level = { factor: tilesBefore.side, before: tilesBefore.means, after: tilesAfter.means };
  const levels = [level];
  const longest = ({ columns, rows, slices }: Box) => Math.max(columns, rows, slices);
  const shortest = ({ columns, rows, slices }: Box) => Math.min(columns, rows, slices);
  while (longest(level.before) > COARSE_SIDE_MAX && shortest(level.before) > 1) {
    const factor = 2 * level.factor;
    level = { factor, before: halved(level.before), after: halved(level.after) };
    levels.push(level);
  }
  return levels;
}

function maskAt(mask: RegistrationMask, factor: number): RegistrationMask {
  return {
    cylinderRadius: mask.cylinderRadius / factor,
    firstSlice: Math.ceil(mask.firstSlice / factor),
    slices: Math.floor(mask.slices / factor) - 1,
  };
}

interface Fit {
  readonly motion: Motion;
  readonly consensus: Consensus;
  readonly estimates: readonly BlockEstimate[];
  readonly places: number;
  /** True when boundaries of the phases had to be used. */
  readonly usedBoundaries: boolean;
}

async function refine(
  kernel: RegistrationKernel,
  reading: BlockReading,
  mask: RegistrationMask,
  start: Motion,
  mayTurn: boolean,
): Promise<Fit | undefined> {
  const places = blockPlaces(reading.fixed, mask);
  let motion = start;
  let fit: Fit | undefined;
  for (let round = 0; round < READINGS_MAX; round++) {
    const blocks = await readBlocks(kernel, reading, places, motion);
    const stepped = fitBlocks(kernel, blocks, motion, mayTurn, reading.fixed);
    if (!stepped) return fit;
    fit = stepped.fit;
    motion = stepped.fit.motion;
    if (!stepped.leftBlocks) return fit;
  }
  return fit;
}

/** Blocks without a boundary when they suffice, else all. */
function fitBlocks(
  kernel: RegistrationKernel,
  blocks: readonly Block[],
  start: Motion,
  mayTurn: boolean,
  size: BoxSource,
): { readonly fit: Fit; readonly leftBlocks: boolean } | undefined {
  const still = blocks.filter(({ hasBoundary }) => !hasBoundary);
  const options = { start, size };
  const choose = (chosen: readonly Block[], usedBoundaries: boolean) => {
    const shifted = iterate(kernel, chosen, { ...options, turns: false, usedBoundaries });
    if (!mayTurn || !shifted || chosen.length < TURN_PLACES_MIN) return shifted;
    const turned = iterate(kernel, chosen, { ...options, turns: true, usedBoundaries });
    return turned && isTurned(turned.fit, size) ? turned : shifted;
  };
  const first = still.length >= PLACES_MIN ? choose(still, false) : undefined;
  const suffices = first && Math.max(...first.fit.consensus.shiftError) <= ERROR_WANTED_VOXEL;
  if (suffices || still.length === blocks.length) return first;
  return choose(blocks, true) ?? first;
}

/** A rotation that is both believed and large enough to matter. */
function isTurned({ motion, consensus }: Fit, size: BoxSource): boolean {
  const reach = Math.hypot(size.columns, size.rows, size.slices) / 2;
  return motion.rotation.some((angle, axis) => {
    const error = consensus.rotationError[axis] ?? 0;
    return (
      Math.abs(angle) > ROTATION_SIGMAS * error && Math.abs(angle) * reach > ROTATION_MIN_VOXEL
    );
  });
}

interface Iteration {
  readonly start: Motion;
  readonly turns: boolean;
  readonly usedBoundaries: boolean;
  readonly size: BoxSource;
}

function iterate(
  kernel: RegistrationKernel,
  blocks: readonly Block[],
  { start, turns, usedBoundaries, size }: Iteration,
): { readonly fit: Fit; readonly leftBlocks: boolean } | undefined {
  const reach = Math.hypot(size.columns, size.rows, size.slices) / 2;
  let motion = start;
  let best: Fit | undefined;
  let isNear = false;
  for (let step = 0; step < STEPS_MAX; step++) {
    const estimates = blocks.flatMap((block) => {
      const sums = blockSums(kernel, block, motion);
      const found = sums && estimateBlock(sums, minus(block.middle, motion.centre), isNear);
      return found ? [found] : [];
    });
    const leftBlocks = 2 * estimates.length < blocks.length;
    const consensus = estimates.length >= PLACES_MIN ? agree(estimates, turns) : undefined;
    if (!consensus) return best && { fit: best, leftBlocks };
    motion = movedFurther(motion, consensus.shift, consensus.rotation);
    best = { motion, consensus, estimates, places: blocks.length, usedBoundaries };
    const moving = Math.hypot(...consensus.shift) + reach * Math.hypot(...consensus.rotation);
    if (isNear && moving < STEP_MIN_VOXEL) return { fit: best, leftBlocks: false };
    isNear = moving < NEAR_VOXEL;
    if (leftBlocks) return { fit: best, leftBlocks };
  }
  return best && { fit: best, leftBlocks: true };
}

function overlapOf(size: BoxSource | VolumeSource, motion: Motion): number {
  const [dx, dy, dz] = minus(moved(motion, motion.centre), motion.centre);
  const share = (shift: number, length: number) => Math.max(0, 1 - Math.abs(shift) / length);
  return share(dx, size.columns) * share(dy, size.rows) * share(dz, size.slices);
}

function checkOverlap(before: VolumeSource, motion: Motion): void {
  const overlap = overlapOf(before, motion);
  if (overlap >= OVERLAP_MIN) return;
  throw new Fault('analysis', {
    where: before.where,
    message: `the other volume seems to show only ${Math.round(100 * overlap)} % of it; expected at least ${100 * OVERLAP_MIN} %, of the same sample at the same voxel size`,
  });
}

function refusal(before: VolumeSource, tiles: TiledVolume, mask: RegistrationMask): Fault {
  const places = blockPlaces(boxesOfVolume(before), mask);
  const { slices, rows, columns } = before;
  if (places.firsts.length < PLACES_MIN) {
    return new Fault('badInput', {
      where: before.where,
      message: `${mask.slices} of ${slices} slices of ${rows} × ${columns} are too few to register; expected about ${6 * tiles.side} voxels along every axis, or no registration`,
    });
  }
  return new Fault('analysis', {
    where: before.where,
    message:
      'the volumes cannot be registered: no motion agrees with what most of the sample shows; check that both show the same sample',
  });
}

function describe(pair: RegistrationPair, fit: Fit, peakRatio: number): VolumeRegistration {
  const { motion, consensus, estimates, places } = fit;
  const agreeing = consensus.weights.filter((weight) => weight > 0).length;
  const weight = consensus.weights.reduce((sum, value) => sum + value, 0);
  const correlation =
    estimates.reduce(
      (sum, block, at) => sum + (consensus.weights[at] ?? 0) * block.correlation,
      0,
    ) / Math.max(weight, 1e-9);
  const overlapFraction = overlapOf(pair.before, motion);
  const worst = Math.max(...consensus.shiftError);
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const doubts = [
    agreeing < AGREEING_SHARE_DOUBTED * places &&
      `only ${agreeing} of ${places} places move as one`,
    correlation < CORRELATION_DOUBTED &&
      `the places that agree correlate by no more than ${correlation.toFixed(2)}`,
    overlapFraction < OVERLAP_DOUBTED && `only ${percent(overlapFraction)} is in both volumes`,
    worst > ERROR_WANTED_VOXEL && `the shift is uncertain by ${worst.toFixed(2)} voxel`,
    peakRatio < PEAK_RATIO_DOUBTED && 'another shift fits the coarse volumes nearly as well',
    fit.usedBoundaries &&
      'it rests on boundaries between the phases, where growth is not told from a shift',
  ].filter((doubt) => typeof doubt === 'string');
  return {
    shiftVoxel: alongAxes(minus(moved(motion, motion.centre), motion.centre)),
    shiftErrorVoxel: alongAxes(consensus.shiftError),
    rotationRadian: alongAxes(motion.rotation),
    rotationErrorRadian: alongAxes(consensus.rotationError),
    places,
    placesAgreeing: agreeing,
    correlation,
    overlapFraction,
    doubts,
  };
}

function alongAxes([x, y, z]: Triple): AlongAxes {
  return { x, y, z };
}
