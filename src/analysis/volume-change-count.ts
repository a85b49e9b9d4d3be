import { type Box, boxValues, type ChangeTally } from '../kernels/registration-boxes.ts';
import type { RegistrationKernel } from '../kernels/registration-kernel.ts';
import type { Motion, Triple } from './registration-motion.ts';
import type { TiledVolume } from './registration-pyramid.ts';
import { REFERENCE } from './volume-change-region.ts';
import {
  atRest,
  type CountedVolume,
  type Place,
  SliceWindow,
  spanOf,
  type View,
  viewOf,
} from './volume-change-views.ts';

/** Values of the boxes that runs of tiles are cut to. */
const BOX_VALUES_WANTED = 2 ** 17;
/** Voxels around a row of tiles: one for the median and the slopes. */
const MARGIN = 1;

/** What is counted, and how. */
export interface Counting {
  readonly before: CountedVolume;
  readonly after: CountedVolume;
  readonly tiles: TiledVolume;
  /** 1 for a tile to count. */
  readonly counted: Uint8Array;
  /** Unchanged tiles, see ChangeRegion. */
  readonly reference: Uint8Array;
  readonly motion: Motion;
  /** Phase fraction above which a voxel belongs to the bright phase. */
  readonly threshold: number;
}

/** Everything both volumes of change follow from. */
export interface CountedChange {
  readonly tally: ChangeTally;
  /** Sums of each counted tile, in the order they were counted. */
  readonly grey: Float64Array;
  readonly binary: Float64Array;
  /** Mean differences of the unchanged tiles. */
  readonly darkDrift: Float32Array;
  readonly brightDrift: Float32Array;
}

/**
 * Goes once through the counted tiles of both volumes, a layer of tiles at a time, both volumes
 * resampled onto the grid of the one before. Both are weighed with the same spline: interpolation
 * that keeps the voxels would shift a sharp edge by up to a twentieth of a voxel, this does not.
 * @throws Fault storage, fileFormat; capacity when the rotation asks for too many slices at once
 */
export async function countChange(
  kernel: RegistrationKernel,
  counting: Counting,
  onLayers: (done: number) => void = () => {},
): Promise<CountedChange> {
  const { tiles, counted, reference } = counting;
  const before = new SliceWindow(counting.before);
  const after = new SliceWindow(counting.after);
  const tilesMax = kernel.tilesPerRow(tiles.side);
  const grey: number[] = [];
  const binary: number[] = [];
  const drift = { dark: [] as number[], bright: [] as number[] };
  kernel.clearTally();
  for (let layer = 0; layer < tiles.means.slices; layer++) {
    const changing = runsOf(counting, counted, 1, { layer, tilesMax });
    const dark = runsOf(counting, reference, REFERENCE.dark, { layer, tilesMax });
    const bright = runsOf(counting, reference, REFERENCE.bright, { layer, tilesMax });
    const all = [...changing, ...dark, ...bright];
    if (all.length === 0) continue;
    await before.hold(spanOf(all.map((run) => run.before.place)));
    await after.hold(spanOf(all.map((run) => run.after.place)));
    const boxes = (run: Run) =>
      [
        kernel.warp(before.cut(run.before.place), run.before.map, run.target, 'spline'),
        kernel.warp(after.cut(run.after.place), run.after.map, run.target, 'spline'),
      ] as const;
    for (const run of changing) {
      for (const tile of kernel.addTiles(...boxes(run), tiles.side, counting.threshold)) {
        grey.push(tile.grey);
        binary.push(tile.binary);
      }
    }
    for (const run of dark) drift.dark.push(...meanDifferences(...boxes(run), tiles.side));
    for (const run of bright) drift.bright.push(...meanDifferences(...boxes(run), tiles.side));
    onLayers(layer + 1);
  }
  return {
    tally: kernel.readTally(),
    grey: Float64Array.from(grey),
    binary: Float64Array.from(binary),
    darkDrift: Float32Array.from(drift.dark),
    brightDrift: Float32Array.from(drift.bright),
  };
}

/** Mean difference of each tile of a row. */
function meanDifferences(before: Box, after: Box, side: number): number[] {
  const { columns, rows } = before;
  const sums = new Array<number>((columns - 2 * MARGIN) / side).fill(0);
  for (let z = MARGIN; z < MARGIN + side; z++) {
    for (let y = MARGIN; y < MARGIN + side; y++) {
      const row = (z * rows + y) * columns + MARGIN;
      for (let x = 0; x < columns - 2 * MARGIN; x++) {
        const tile = Math.floor(x / side);
        const difference = (after.values[row + x] ?? 0) - (before.values[row + x] ?? 0);
        sums[tile] = (sums[tile] ?? 0) + difference;
      }
    }
  }
  return sums.map((sum) => sum / side ** 3);
}

interface Run {
  readonly target: Place;
  readonly before: View;
  readonly after: View;
}

/** Tiles of a kind beside each other in one layer, no more at once than the kernel takes. */
function runsOf(
  { tiles, motion }: Counting,
  kinds: Uint8Array,
  kind: number,
  { layer, tilesMax }: { readonly layer: number; readonly tilesMax: number },
): Run[] {
  const { columns, rows } = tiles.means;
  const runs: Run[] = [];
  for (let row = 0; row < rows; row++) {
    const line = (layer * rows + row) * columns;
    for (let column = 0; column < columns; ) {
      let count = 0;
      while (column + count < columns && kinds[line + column + count] === kind) count += 1;
      let rest = count;
      let from = column;
      while (rest > 0) {
        const taken = Math.min(rest, tilesMax);
        runs.push(...fittingRuns(tiles.side, motion, [from, row, layer], taken));
        from += taken;
        rest -= taken;
      }
      column += Math.max(1, count);
    }
  }
  return runs;
}

/** A run, or halves of it when what it needs of a volume would not fit the kernel. */
function fittingRuns(side: number, motion: Motion, tile: Triple, count: number): Run[] {
  const target: Place = {
    first: [tile[0] * side - MARGIN, tile[1] * side - MARGIN, tile[2] * side - MARGIN],
    columns: count * side + 2 * MARGIN,
    rows: side + 2 * MARGIN,
    slices: side + 2 * MARGIN,
  };
  const [before, after] = [viewOf(target, atRest(motion)), viewOf(target, motion)];
  if (count > 1 && boxValues(after.place) > BOX_VALUES_WANTED) {
    const half = count >> 1;
    const second: Triple = [tile[0] + half, tile[1], tile[2]];
    return [
      ...fittingRuns(side, motion, tile, half),
      ...fittingRuns(side, motion, second, count - half),
    ];
  }
  return [{ target, before, after }];
}
