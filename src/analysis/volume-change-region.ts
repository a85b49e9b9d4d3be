import type { PhaseLevels } from '../domain/volume-change.ts';
import type { Box } from '../kernels/registration-boxes.ts';
import type { RegistrationMask } from './registration-blocks.ts';
import {
  coarser,
  type Motion,
  moved,
  type Triple,
  type VolumeSize,
} from './registration-motion.ts';
import type { TiledVolume } from './registration-pyramid.ts';
import { type SteadyLevel, steadyLevel } from './volume-change-levels.ts';

/**
 * A tile whose mean is nearer to one phase than this share of their difference counts as of that
 * phase. So far in that neither noise nor texture decide: a choice that followed the noise of one
 * volume would bias the sum of the differences.
 */
const PURE_FRACTION = 0.3;
/** Fewer tiles do not make a level. */
const LEVEL_TILES_MIN = 8;
/** Voxels around a tile that its median and its interpolation need. */
const TILE_MARGIN = 4;
const ROUNDS = 2;
/** Voxels of the reference tiles of each phase; more say no more. */
const REFERENCE_VOXELS_MAX = 2 ** 22;

/** The tiles that are counted, and the grey levels they are counted with. */
export interface ChangeRegion {
  /** 1 for a tile that is counted, [slice, row, column] of tiles. */
  readonly counted: Uint8Array;
  readonly countedTiles: number;
  /** Tiles that ought to be counted, but are not in both volumes. */
  readonly outsideTiles: number;
  readonly levelsBefore: PhaseLevels;
  readonly levelsAfter: PhaseLevels;
  /** One standard deviation of each level before. */
  readonly levelErrors: PhaseLevels;
  /** Unchanged tiles of one phase beside those that are counted: what they differ by is drift. */
  readonly reference: Uint8Array;
}

/** What a tile is in `reference`. */
export const REFERENCE = { none: 0, dark: 1, bright: 2 } as const;

export interface RegionPair {
  readonly before: TiledVolume;
  readonly after: TiledVolume;
  readonly motion: Motion;
  readonly mask: RegistrationMask;
  /** Size of the volumes in voxels. */
  readonly size: VolumeSize;
}

/**
 * The tiles near a boundary of the phases in either volume, or in another phase than before, and
 * one tile around them. Counting nothing else keeps the noise of unchanged matter out: over all of
 * a large volume it would outweigh the change. The levels are those of the matter next to them.
 * @param levels a first idea of the levels in both volumes
 */
export function changeRegion(
  pair: RegionPair,
  levels: { readonly before: PhaseLevels; readonly after: PhaseLevels },
): ChangeRegion {
  const { means } = pair.before;
  const after = tilesMoved(pair);
  const usable = usableTiles(pair, after);
  const differences = after.map((value, at) => value - (means.values[at] ?? 0));
  let levelsBefore = levels.before;
  let levelsAfter = levels.after;
  let region: ChangeRegion | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const first = fractions(means.values, levelsBefore);
    const second = fractions(after, levelsAfter);
    const wanted = dilated(boundaryTiles(first, second, means), means);
    const counted = wanted.map((value, at) => value & (usable[at] ?? 0));
    const around = dilated(wanted, means);
    const inPhase = (phase: number) => (at: number) =>
      usable[at] === 1 &&
      wanted[at] === 0 &&
      Math.round(first[at] ?? 0) === phase &&
      Math.round(second[at] ?? 0) === phase;
    const pure = ([0, 1] as const).map((phase) => {
      const isPure = inPhase(phase);
      const near = indices(around, (at) => around[at] === 1 && isPure(at));
      return near.length >= LEVEL_TILES_MIN ? near : indices(around, isPure);
    });
    const level = (values: Float32Array, phase: 0 | 1, otherwise: number): SteadyLevel => {
      const tiles = pure[phase] ?? new Int32Array(0);
      const found =
        tiles.length >= LEVEL_TILES_MIN
          ? steadyLevel(Float32Array.from(tiles, (at) => values[at] ?? 0))
          : undefined;
      return found ?? { level: otherwise, error: 0 };
    };
    // What differs after is taken tile by tile: the texture of the sample then cancels.
    const dark = level(means.values, 0, levelsBefore.dark);
    const bright = level(means.values, 1, levelsBefore.bright);
    const darkShift = level(differences, 0, levelsAfter.dark - levelsBefore.dark);
    const brightShift = level(differences, 1, levelsAfter.bright - levelsBefore.bright);
    levelsBefore = { dark: dark.level, bright: bright.level };
    levelsAfter = { dark: dark.level + darkShift.level, bright: bright.level + brightShift.level };
    const tiles = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0);
    region = {
      counted,
      countedTiles: tiles(counted),
      outsideTiles: tiles(wanted.map((value, at) => value & (1 - (usable[at] ?? 0)))),
      levelsBefore,
      levelsAfter,
      levelErrors: { dark: dark.error, bright: bright.error },
      reference: referenceTiles(pure, pair.before),
    };
  }
  if (!region) throw new Error('a region takes at least one round');
  return region;
}

/** First voxel of a tile. */
export function tileFirst(tile: number, { means, side }: TiledVolume): Triple {
  const x = tile % means.columns;
  const y = Math.floor(tile / means.columns) % means.rows;
  const z = Math.floor(tile / (means.columns * means.rows));
  return [x * side, y * side, z * side];
}

/** Means of the tiles after, where those before are; NaN where the volume after shows nothing. */
function tilesMoved({ before, after, motion }: RegionPair): Float32Array {
  const { columns, rows, slices } = before.means;
  const coarse = coarser(motion, before.side);
  const values = new Float32Array(columns * rows * slices);
  for (let at = 0; at < values.length; at++) {
    const x = at % columns;
    const y = Math.floor(at / columns) % rows;
    values[at] = interpolated(
      after.means,
      moved(coarse, [x, y, Math.floor(at / (columns * rows))]),
    );
  }
  return values;
}

/** Between the eight values around a place; NaN further than half a value beyond the last. */
function interpolated({ columns, rows, slices, values }: Box, place: Triple): number {
  const limits = [columns, rows, slices];
  const low: number[] = [];
  const share: number[] = [];
  for (const [axis, limit] of limits.entries()) {
    const at = place[axis] ?? 0;
    if (!(at >= -0.5 && at <= limit - 0.5)) return Number.NaN;
    const floor = Math.min(Math.max(0, Math.floor(at)), Math.max(0, limit - 2));
    low.push(floor);
    share.push(Math.min(1, Math.max(0, at - floor)));
  }
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const steps = [corner & 1, (corner >> 1) & 1, corner >> 2];
    let weight = 1;
    for (const [axis, step] of steps.entries()) {
      weight *= step ? (share[axis] ?? 0) : 1 - (share[axis] ?? 0);
    }
    if (weight === 0) continue;
    const [x = 0, y = 0, z = 0] = steps.map((step, axis) => (low[axis] ?? 0) + step);
    sum += weight * (values[(z * rows + y) * columns + x] ?? Number.NaN);
  }
  return sum;
}

/** Tiles that both volumes show with the margin that counting needs, inside the mask. */
function usableTiles(pair: RegionPair, after: Float32Array): Uint8Array {
  const { mask, motion, size, before } = pair;
  const middle: readonly [number, number] = [(size.columns - 1) / 2, (size.rows - 1) / 2];
  const last = mask.firstSlice + mask.slices - 1;
  const isInside = ([x, y, z]: Triple) =>
    x >= 0 &&
    y >= 0 &&
    x <= size.columns - 1 &&
    y <= size.rows - 1 &&
    z >= mask.firstSlice &&
    z <= last &&
    Math.hypot(x - middle[0], y - middle[1]) <= mask.cylinderRadius;
  return Uint8Array.from(after, (value, tile) => {
    if (Number.isNaN(value)) return 0;
    const [x, y, z] = tileFirst(tile, before);
    for (let corner = 0; corner < 8; corner++) {
      const reach = (bit: number) => (corner & bit ? before.side - 1 : 0);
      const margin = (bit: number, width: number) => (corner & bit ? width : -width);
      const at = (width: number): Triple => [
        x + reach(1) + margin(1, width),
        y + reach(2) + margin(2, width),
        z + reach(4) + margin(4, width),
      ];
      if (!isInside(at(TILE_MARGIN)) || !isInside(moved(motion, at(TILE_MARGIN)))) return 0;
    }
    return 1;
  });
}

function fractions(values: Float32Array, { dark, bright }: PhaseLevels): Float32Array {
  return values.map((value) => (value - dark) / (bright - dark));
}

/** Tiles of both phases, of another phase than before, or beside one of the other phase. */
function boundaryTiles(first: Float32Array, second: Float32Array, size: Box): Uint8Array {
  const { columns, rows, slices } = size;
  const isMixed = (value: number) => value > PURE_FRACTION && value < 1 - PURE_FRACTION;
  const isBright = (value = 0) => value > 0.5;
  const boundary = Uint8Array.from(first, (before, at) => {
    const after = second[at] ?? Number.NaN;
    return Number(isMixed(before) || isMixed(after) || isBright(before) !== isBright(after));
  });
  for (const [length, step] of [
    [columns, 1],
    [rows, columns],
    [slices, columns * rows],
  ] as const) {
    for (let at = 0; at < boundary.length; at++) {
      if (Math.floor(at / step) % length === length - 1) continue;
      const differs = (values: Float32Array) =>
        isBright(values[at]) !== isBright(values[at + step]);
      if (!differs(first) && !differs(second)) continue;
      boundary[at] = 1;
      boundary[at + step] = 1;
    }
  }
  return boundary;
}

/** Every tile with a neighbour, also across corners, that is set. */
function dilated(tiles: Uint8Array, { columns, rows, slices }: Box): Uint8Array {
  let from = tiles;
  for (const [length, step] of [
    [columns, 1],
    [rows, columns],
    [slices, columns * rows],
  ] as const) {
    const source = from;
    from = source.map((value, at) => {
      const place = Math.floor(at / step) % length;
      const low = place > 0 ? (source[at - step] ?? 0) : 0;
      const high = place < length - 1 ? (source[at + step] ?? 0) : 0;
      return value | low | high;
    });
  }
  return from;
}

function indices(tiles: Uint8Array, isWanted: (at: number) => boolean): Int32Array {
  const found: number[] = [];
  for (let at = 0; at < tiles.length; at++) if (isWanted(at)) found.push(at);
  return Int32Array.from(found);
}

/** Evenly spread ones of the tiles that are of one phase alone. */
function referenceTiles(pure: readonly Int32Array[], { means, side }: TiledVolume): Uint8Array {
  const reference = new Uint8Array(means.values.length);
  for (const [phase, tiles] of pure.entries()) {
    const step = Math.max(1, (tiles.length * side ** 3) / REFERENCE_VOXELS_MAX);
    for (let at = 0; at < tiles.length; at += step) {
      reference[tiles[Math.floor(at)] ?? 0] = phase === 0 ? REFERENCE.dark : REFERENCE.bright;
    }
  }
  return reference;
}
