import type { Box, BoxMap, BoxSize, BoxSums } from '../kernels/registration-boxes.ts';
import { type RegistrationKernel, SMOOTHING_MARGIN } from '../kernels/registration-kernel.ts';
import { type BoxSource, contains } from './registration-boxes.ts';
import { type Motion, minus, moved, plus, type Triple, turnedAxes } from './registration-motion.ts';

/** Side of the blocks that are compared, where the volume is large enough. */
const BLOCK_SIDE = 16;
/** Smallest side that says anything. */
const BLOCK_SIDE_MIN = 6;
/** Blocks held at once: 150 MB. */
export const BLOCKS_MAX = 1024;
/** Voxels by which the motion may still change before blocks are cut out anew. */
const SLACK = 2;
/** A voxel on each side for the slopes. */
const SLOPE_MARGIN = 1;
/** Voxels on each side that cubic interpolation needs. */
const CUBIC_MARGIN = 2;
/** Voxels before and after a block in the volume before. */
const FIXED_MARGIN = SLOPE_MARGIN + SMOOTHING_MARGIN + CUBIC_MARGIN;
/** Voxels before and after a block in the volume after. */
const MOVED_MARGIN = FIXED_MARGIN + SLACK;
/** A block with this share of its voxels on either side of the threshold shows a boundary. */
const BOUNDARY_SHARE = 0.02;

/** Where registration may look. */
export interface RegistrationMask {
  /** Voxels further from the axis are left out; infinite for none. */
  readonly cylinderRadius: number;
  readonly firstSlice: number;
  readonly slices: number;
}

/** Blocks of one size, spread evenly. */
export interface BlockPlaces {
  readonly side: Triple;
  /** First voxel of each block. */
  readonly firsts: readonly Triple[];
}

/** A block of both volumes, smoothed. */
export interface Block {
  readonly middle: Triple;
  readonly fixed: Box;
  readonly moved: Box;
  /** First voxel of `moved` in its volume. */
  readonly movedFirst: Triple;
  /** True when a boundary between the phases runs through it. */
  readonly hasBoundary: boolean;
}

/** Even places for blocks, within the mask; none when the volume is too small. */
export function blockPlaces(source: BoxSource, mask: RegistrationMask): BlockPlaces {
  const starts = [0, 0, mask.firstSlice];
  const ends = [source.columns, source.rows, mask.firstSlice + mask.slices];
  const rooms = ends.map((end, axis) => end - (starts[axis] ?? 0) - 2 * MOVED_MARGIN);
  const side = rooms.map((room) => Math.min(BLOCK_SIDE, room));
  if (Math.min(...side) < BLOCK_SIDE_MIN) return { side: [0, 0, 0], firsts: [] };
  const counts = rooms.map((room, axis) => Math.floor(room / (side[axis] ?? 1)));
  while (counts.reduce((product, count) => product * count) > BLOCKS_MAX) {
    const most = counts.indexOf(Math.max(...counts));
    counts[most] = (counts[most] ?? 2) - 1;
  }
  const along = counts.map((count, axis) => {
    const spare = (rooms[axis] ?? 0) - (side[axis] ?? 0);
    return Array.from({ length: count }, (_, at) => {
      const share = count > 1 ? at / (count - 1) : 0.5;
      return (starts[axis] ?? 0) + MOVED_MARGIN + Math.round(share * spare);
    });
  });
  const [xs = [], ys = [], zs = []] = along;
  const [sx = 0, sy = 0, sz = 0] = side;
  const firsts = zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Triple => [x, y, z])));
  const furthest = ([x, y]: Triple) =>
    Math.hypot(
      Math.abs(x + (sx - 1) / 2 - (source.columns - 1) / 2) + sx / 2 + MOVED_MARGIN,
      Math.abs(y + (sy - 1) / 2 - (source.rows - 1) / 2) + sy / 2 + MOVED_MARGIN,
    );
  return { side: [sx, sy, sz], firsts: firsts.filter((at) => furthest(at) <= mask.cylinderRadius) };
}

export interface BlockReading {
  readonly fixed: BoxSource;
  readonly moved: BoxSource;
  /** Boundary between the phases in each volume, when it is known. */
  readonly thresholds?: readonly [before: number, after: number];
}

/** Cuts out and smooths the blocks; those that the volume after does not show are left out. */
export async function readBlocks(
  kernel: RegistrationKernel,
  reading: BlockReading,
  places: BlockPlaces,
  motion: Motion,
): Promise<Block[]> {
  const { side } = places;
  const half = (margin: number): Triple => [
    (side[0] - 1) / 2 + margin,
    (side[1] - 1) / 2 + margin,
    (side[2] - 1) / 2 + margin,
  ];
  const sizeOf = (margin: number) => ({
    columns: side[0] + 2 * margin,
    rows: side[1] + 2 * margin,
    slices: side[2] + 2 * margin,
  });
  const seen = places.firsts
    .map((first) => {
      const middle: Triple = [0, 1, 2].map(
        (axis) => (first[axis] ?? 0) + ((side[axis] ?? 1) - 1) / 2,
      ) as unknown as Triple;
      const corner = minus(moved(motion, middle), half(MOVED_MARGIN));
      const movedFirst = corner.map(Math.round) as unknown as Triple;
      return { middle, fixedFirst: minus(middle, half(FIXED_MARGIN)), movedFirst };
    })
    .filter(
      ({ fixedFirst, movedFirst }) =>
        contains(reading.fixed, fixedFirst, sizeOf(FIXED_MARGIN)) &&
        contains(reading.moved, movedFirst, sizeOf(MOVED_MARGIN)),
    );
  const fixed = await reading.fixed.read(
    seen.map(({ fixedFirst }) => ({ first: fixedFirst, size: sizeOf(FIXED_MARGIN) })),
  );
  const after = await reading.moved.read(
    seen.map(({ movedFirst }) => ({ first: movedFirst, size: sizeOf(MOVED_MARGIN) })),
  );
  return seen.flatMap(({ middle, movedFirst }, at) => {
    const [p, q] = [fixed[at], after[at]];
    if (!p || !q) return [];
    const [smoothP, smoothQ] = [kernel.smooth(p), kernel.smooth(q)];
    // Both are weighed with the same spline: what it does to either then cancels.
    const still = kernel.warp(smoothP, STANDING, inner(smoothP), 'spline');
    const hasBoundary =
      reading.thresholds !== undefined &&
      (hasBoth(smoothP, reading.thresholds[0]) || hasBoth(smoothQ, reading.thresholds[1]));
    const margin: Triple = [SMOOTHING_MARGIN, SMOOTHING_MARGIN, SMOOTHING_MARGIN];
    const first = plus(movedFirst, margin);
    return [{ middle, fixed: still, moved: smoothQ, movedFirst: first, hasBoundary }];
  });
}

/** The equations of a block for this motion; undefined when it moved out of what was cut out. */
export function blockSums(
  kernel: RegistrationKernel,
  block: Block,
  motion: Motion,
): BoxSums | undefined {
  const { fixed, middle, movedFirst } = block;
  const half: Triple = [(fixed.columns - 1) / 2, (fixed.rows - 1) / 2, (fixed.slices - 1) / 2];
  const [perColumn, perRow, perSlice] = turnedAxes(motion);
  const first = minus(moved(motion, minus(middle, half)), movedFirst);
  const map: BoxMap = { first, perColumn, perRow, perSlice };
  if (!staysInside(map, block)) return undefined;
  return kernel.equations(fixed, kernel.warp(block.moved, map, fixed, 'spline'));
}

/** What is left of a box without the voxels that cubic interpolation needs around it. */
function inner({ columns, rows, slices }: Box): BoxSize {
  const off = 2 * CUBIC_MARGIN;
  return { columns: columns - off, rows: rows - off, slices: slices - off };
}

const STANDING: BoxMap = {
  first: [CUBIC_MARGIN, CUBIC_MARGIN, CUBIC_MARGIN],
  perColumn: [1, 0, 0],
  perRow: [0, 1, 0],
  perSlice: [0, 0, 1],
};

function staysInside(map: BoxMap, { fixed, moved: box }: Block): boolean {
  const steps = [fixed.columns - 1, fixed.rows - 1, fixed.slices - 1] as const;
  const limits = [box.columns, box.rows, box.slices];
  return limits.every((limit, axis) => {
    const spans = [map.perColumn, map.perRow, map.perSlice].map(
      (step, k) => (step[axis] ?? 0) * (steps[k] ?? 0),
    );
    const low = spans.reduce((sum, span) => sum + Math.min(0, span), map.first[axis] ?? 0);
    const high = spans.reduce((sum, span) => sum + Math.max(0, span), map.first[axis] ?? 0);
    // Tiny reserves for rounding.
    return low >= 1 + 1e-6 && high < limit - 2 - 1e-6;
  });
}

function hasBoth(box: Box, threshold: number): boolean {
  let above = 0;
  for (const value of box.values) if (value > threshold) above += 1;
  const share = above / box.values.length;
  return share > BOUNDARY_SHARE && share < 1 - BOUNDARY_SHARE;
}
