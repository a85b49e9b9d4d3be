import { Fault } from '../domain/fault.ts';
import {
  type Box,
  type BoxMap,
  type BoxSize,
  type BoxSums,
  boxValues,
  type ChangeTally,
  DIFFERENCE_BINS,
  MEDIAN_BINS,
  type TileChange,
  type WarpWeights,
} from './registration-boxes.ts';
import { instantiateKernel } from './wasm-module.ts';

interface RawKernel {
  readonly memory: WebAssembly.Memory;
  boxValuesMax(): number;
  tilesMax(): number;
  firstAddress(): number;
  secondAddress(): number;
  mapAddress(): number;
  sumsAddress(): number;
  tilesAddress(): number;
  differenceCountsAddress(): number;
  differenceSumsAddress(): number;
  mediansBeforeAddress(): number;
  mediansAfterAddress(): number;
  warp(
    columns: number,
    rows: number,
    slices: number,
    toColumns: number,
    toRows: number,
    toSlices: number,
    splines: number,
  ): number;
  smooth(columns: number, rows: number, slices: number): number;
  equations(columns: number, rows: number, slices: number): number;
  clear(): void;
  tally(tiles: number, side: number, threshold: number): number;
}

const MAP_VALUES = 12;
const SUM_VALUES = 25;
/** Voxels that smoothing takes off each side of a box. */
export const SMOOTHING_MARGIN = 2;
/** Shortest side of a tile: the median takes four voxels at once. */
export const TILE_SIDE_MIN = 4;
export const TILE_SIDE_MAX = 32;

/** Smooths, resamples and compares boxes of two volumes of the same sample. */
export class RegistrationKernel {
  readonly #raw: RawKernel;
  readonly #boxMax: number;

  /** @param module `loadKernelModule('registration')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
    this.#boxMax = this.#raw.boxValuesMax();
  }

  /**
   * A box through the binomial [1 4 6 4 1] / 16 along each axis, smaller by SMOOTHING_MARGIN on
   * every side.
   * @throws Fault capacity for a box that is too small or too large
   */
  smooth(box: Box): Box {
    this.#write(box, this.#raw.firstAddress());
    const { columns, rows, slices } = box;
    this.#check(this.#raw.smooth(columns, rows, slices), box);
    const off = 2 * SMOOTHING_MARGIN;
    return this.#read({ columns: columns - off, rows: rows - off, slices: slices - off });
  }

  /**
   * A box seen through a map, by cubic convolution (Keys 1981), which keeps the voxels, or with
   * cubic B-splines as weights, which smooths them, but the same wherever a place lies.
   * @throws Fault badInput when a voxel of the target would lie nearer than one voxel to the
   * source's border, capacity when a box is too large
   */
  warp(box: Box, map: BoxMap, size: BoxSize, weights: WarpWeights = 'keys'): Box {
    checkMap(box, map, size);
    this.#write(box, this.#raw.firstAddress());
    const table = this.#doubles(this.#raw.mapAddress(), MAP_VALUES);
    table.set([...map.first, ...map.perColumn, ...map.perRow, ...map.perSlice]);
    const { columns, rows, slices } = box;
    const splines = weights === 'spline' ? 1 : 0;
    this.#check(
      this.#raw.warp(columns, rows, slices, size.columns, size.rows, size.slices, splines),
      boxValues(size) > boxValues(box) ? size : box,
    );
    return this.#read(size);
  }

  /**
   * Sums for the shift between two boxes of the same size; a voxel is taken off every side.
   * @throws Fault badInput when the sizes differ, capacity when they do not fit
   */
  equations(fixed: Box, moved: Box): BoxSums {
    checkSame(fixed, moved);
    this.#write(fixed, this.#raw.firstAddress());
    this.#write(moved, this.#raw.secondAddress());
    const { columns, rows, slices } = fixed;
    this.#check(this.#raw.equations(columns, rows, slices), fixed);
    const sums = Array.from(this.#doubles(this.#raw.sumsAddress(), SUM_VALUES));
    const at = (index: number) => sums[index] ?? 0;
    return {
      slopeProducts: sums.slice(0, 6),
      crossProducts: sums.slice(19, 25),
      slopeTimesResidual: sums.slice(6, 9),
      slopes: sums.slice(9, 12),
      residual: at(12),
      residualSquare: at(13),
      fixed: at(14),
      moved: at(15),
      fixedSquare: at(16),
      movedSquare: at(17),
      fixedTimesMoved: at(18),
      count: (columns - 2) * (rows - 2) * (slices - 2),
    };
  }

  /** Empties the tally that `addTiles` adds to. */
  clearTally(): void {
    this.#raw.clear();
  }

  /**
   * Adds a row of cubic tiles to the tally: phase fractions of both volumes on the same grid, with
   * one voxel more on every side of the row.
   * @param side of a tile in voxels
   * @param threshold a median above it counts as phase 1
   * @returns what each tile adds, along the row
   * @throws Fault badInput when boxes and tiles do not agree, capacity when they do not fit
   */
  addTiles(before: Box, after: Box, side: number, threshold: number): TileChange[] {
    checkSame(before, after);
    const tiles = (before.columns - 2) / side;
    if (!Number.isInteger(tiles) || before.rows !== side + 2 || before.slices !== side + 2) {
      throw new Fault('badInput', {
        where: 'row of tiles',
        message: `${sizeText(before)} voxels are not a row of tiles of ${side} with a margin of 1`,
      });
    }
    this.#write(before, this.#raw.firstAddress());
    this.#write(after, this.#raw.secondAddress());
    this.#check(this.#raw.tally(tiles, side, threshold), before);
    const sums = this.#doubles(this.#raw.tilesAddress(), 2 * tiles);
    return Array.from({ length: tiles }, (_, tile) => ({
      grey: sums[2 * tile] ?? 0,
      binary: sums[2 * tile + 1] ?? 0,
    }));
  }

  /** Copies of the histograms since `clearTally`. */
  readTally(): ChangeTally {
    const raw = this.#raw;
    const [x = 0, y = 0, z = 0] = this.#doubles(raw.sumsAddress(), 3);
    return {
      differenceCounts: this.#doubles(raw.differenceCountsAddress(), DIFFERENCE_BINS).slice(),
      differenceSums: this.#doubles(raw.differenceSumsAddress(), DIFFERENCE_BINS).slice(),
      mediansBefore: this.#doubles(raw.mediansBeforeAddress(), MEDIAN_BINS).slice(),
      mediansAfter: this.#doubles(raw.mediansAfterAddress(), MEDIAN_BINS).slice(),
      slopes: [x, y, z],
    };
  }

  /** Tiles of this side that fit in one row. */
  tilesPerRow(side: number): number {
    const columns = Math.floor(this.#boxMax / (side + 2) ** 2) - 2;
    return Math.max(1, Math.min(this.#raw.tilesMax(), Math.floor(columns / side)));
  }

  #write(box: Box, address: number): void {
    const length = boxValues(box);
    if (box.values.length !== length) {
      const message = `${box.values.length} values; ${sizeText(box)} voxels need ${length}`;
      throw new Fault('badInput', { where: 'box', message });
    }
    this.#check(length > this.#boxMax ? -1 : 0, box);
    new Float32Array(this.#raw.memory.buffer, address, length).set(box.values);
  }

  #read(size: BoxSize): Box {
    const { columns, rows, slices } = size;
    const address = this.#raw.secondAddress();
    const values = new Float32Array(this.#raw.memory.buffer, address, boxValues(size)).slice();
    return { columns, rows, slices, values };
  }

  #doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#raw.memory.buffer, address, length);
  }

  #check(status: number, size: BoxSize): void {
    if (status === 0) return;
    throw new Fault('capacity', {
      where: 'registration',
      message: `a box of ${sizeText(size)} voxels; the kernel holds up to ${this.#boxMax} in all, and needs room around them`,
    });
  }
}

function sizeText({ columns, rows, slices }: BoxSize): string {
  return `${slices} × ${rows} × ${columns}`;
}

function checkSame(first: Box, second: Box): void {
  const { columns, rows, slices } = second;
  if (first.columns === columns && first.rows === rows && first.slices === slices) return;
  throw new Fault('badInput', {
    where: 'boxes',
    message: `${sizeText(first)} and ${sizeText(second)} voxels; expected the same size`,
  });
}

/** An affine map is furthest out at the corners. */
function checkMap(box: Box, map: BoxMap, size: BoxSize): void {
  const limits = [box.columns, box.rows, box.slices];
  for (let corner = 0; corner < 8; corner++) {
    const column = corner & 1 ? size.columns - 1 : 0;
    const row = corner & 2 ? size.rows - 1 : 0;
    const slice = corner & 4 ? size.slices - 1 : 0;
    for (const [axis, limit] of limits.entries()) {
      const place =
        (map.first[axis] ?? 0) +
        (map.perColumn[axis] ?? 0) * column +
        (map.perRow[axis] ?? 0) * row +
        (map.perSlice[axis] ?? 0) * slice;
      if (place >= 1 && place < limit - 2) continue;
      throw new Fault('badInput', {
        where: 'map',
        message: `a corner lies at ${place} on the ${'xyz'[axis]} axis; expected 1 to below ${limit - 2}`,
      });
    }
  }
}
