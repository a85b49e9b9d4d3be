import type { VolumeSource, VoxelScale, Voxels } from '../domain/volume.ts';
import type { VolumeChange } from '../domain/volume-change.ts';
import type { RegistrationKernel } from '../kernels/registration-kernel.ts';
import { contains } from './registration-boxes.ts';
import type { Motion, Triple } from './registration-motion.ts';
import {
  atRest,
  type CountedVolume,
  type Place,
  SliceWindow,
  spanOf,
  type View,
  viewOf,
} from './volume-change-views.ts';

/** Sides of the places that are computed at once. */
const PLACE_COLUMNS = 64;
const PLACE_ROWS = 16;
/** At the border of what both volumes show, places are halved down to this. */
const PLACE_SIDE_MIN = 4;

/** Planes through the middle of a volume, each row-major. */
export interface DifferencePlanes {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** [row, column] */
  readonly slice: Float32Array;
  /** [slice, column] */
  readonly alongColumns: Float32Array;
  /** [row, slice] */
  readonly alongRows: Float32Array;
}

/**
 * The volume after less the volume before, moved onto it, as a share of the difference of the
 * phases: 1 where the dark phase became the bright one. 0 where either volume shows nothing.
 */
export class DifferenceVolume implements VolumeSource {
  readonly where: string;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly scale: VoxelScale = { type: 'float32', offset: 0, step: 1 };
  readonly #kernel: RegistrationKernel;
  readonly #motion: Motion;
  readonly #before: CountedVolume;
  readonly #after: CountedVolume;
  readonly #slicesBefore: SliceWindow;
  readonly #slicesAfter: SliceWindow;

  /** @param pair both volumes as they were compared, and what came of it */
  constructor(
    kernel: RegistrationKernel,
    pair: {
      readonly before: VolumeSource;
      readonly after: VolumeSource;
      readonly change: VolumeChange;
      readonly motion: Motion;
    },
  ) {
    const { before, after, change, motion } = pair;
    this.where = `difference of ${after.where} and ${before.where}`;
    this.slices = before.slices;
    this.rows = before.rows;
    this.columns = before.columns;
    this.#kernel = kernel;
    this.#motion = motion;
    this.#before = { volume: before, levels: change.levelsBefore };
    this.#after = { volume: after, levels: change.levelsAfter };
    this.#slicesBefore = new SliceWindow(this.#before);
    this.#slicesAfter = new SliceWindow(this.#after);
  }

  async readSlices(firstSlice: number, sliceCount: number): Promise<Voxels> {
    const { rows, columns } = this;
    const voxels = new Float32Array(sliceCount * rows * columns);
    for (let k = 0; k < sliceCount; k++) {
      const slice = voxels.subarray(k * rows * columns, (k + 1) * rows * columns);
      await this.#fill({ first: [0, 0, firstSlice + k], columns, rows, slices: 1 }, slice);
    }
    return voxels;
  }

  /** The three planes through the middle, without computing the rest. @throws Fault storage */
  async middlePlanes(): Promise<DifferencePlanes> {
    const { slices, rows, columns } = this;
    const slice = new Float32Array(rows * columns);
    const alongColumns = new Float32Array(slices * columns);
    const alongRows = new Float32Array(rows * slices);
    const column = new Float32Array(rows);
    for (let z = 0; z < slices; z++) {
      const line = alongColumns.subarray(z * columns, (z + 1) * columns);
      await this.#fill({ first: [0, rows >> 1, z], columns, rows: 1, slices: 1 }, line);
      await this.#fill({ first: [columns >> 1, 0, z], columns: 1, rows, slices: 1 }, column);
      for (const [y, value] of column.entries()) alongRows[y * slices + z] = value;
      if (z !== slices >> 1) continue;
      await this.#fill({ first: [0, 0, z], columns, rows, slices: 1 }, slice);
    }
    return { slices, rows, columns, slice, alongColumns, alongRows };
  }

  /** The volumes belong to whoever opened them. */
  async close(): Promise<void> {}

  /** What of a place both volumes show, but for a rim of a few voxels. */
  #shown(place: Place): Shown[] {
    const before = viewOf(place, atRest(this.#motion));
    const after = viewOf(place, this.#motion);
    const isShown =
      contains(this.#before.volume, before.place.first, before.place) &&
      contains(this.#after.volume, after.place.first, after.place);
    if (isShown) return [{ place, before, after }];
    if (Math.max(place.columns, place.rows) <= PLACE_SIDE_MIN) return [];
    return halvesOf(place).flatMap((half) => this.#shown(half));
  }

  /** One slice of a place into `target`, [row, column]. */
  async #fill(whole: Place, target: Float32Array): Promise<void> {
    const parts = partsOf(whole).flatMap((place) => this.#shown(place));
    target.fill(0);
    if (parts.length === 0) return;
    await this.#slicesBefore.hold(spanOf(parts.map(({ before }) => before.place)));
    await this.#slicesAfter.hold(spanOf(parts.map(({ after }) => after.place)));
    for (const { place, before, after } of parts) {
      const first = this.#kernel.warp(
        this.#slicesBefore.cut(before.place),
        before.map,
        place,
        'spline',
      );
      const second = this.#kernel.warp(
        this.#slicesAfter.cut(after.place),
        after.map,
        place,
        'spline',
      );
      for (let at = 0; at < first.values.length; at++) {
        const row = place.first[1] - whole.first[1] + Math.floor(at / place.columns);
        const column = place.first[0] - whole.first[0] + (at % place.columns);
        target[row * whole.columns + column] = (second.values[at] ?? 0) - (first.values[at] ?? 0);
      }
    }
  }
}

interface Shown {
  readonly place: Place;
  readonly before: View;
  readonly after: View;
}

function halvesOf(place: Place): readonly Place[] {
  const [x, y, z] = place.first;
  if (place.columns >= place.rows) {
    const columns = place.columns >> 1;
    const rest = {
      ...place,
      first: [x + columns, y, z] as const,
      columns: place.columns - columns,
    };
    return [{ ...place, columns }, rest];
  }
  const rows = place.rows >> 1;
  return [
    { ...place, rows },
    { ...place, first: [x, y + rows, z] as const, rows: place.rows - rows },
  ];
}

function partsOf({ first, columns, rows }: Place): Place[] {
  const parts: Place[] = [];
  for (let y = 0; y < rows; y += PLACE_ROWS) {
    for (let x = 0; x < columns; x += PLACE_COLUMNS) {
      const corner: Triple = [first[0] + x, first[1] + y, first[2]];
      parts.push({
        first: corner,
        columns: Math.min(PLACE_COLUMNS, columns - x),
        rows: Math.min(PLACE_ROWS, rows - y),
        slices: 1,
      });
    }
  }
  return parts;
}
