import { Fault } from '../domain/fault.ts';
import { VOXEL_BYTES, type VolumeSource, type Voxels } from '../domain/volume.ts';
import type { PhaseLevels } from '../domain/volume-change.ts';
import type { Box, BoxMap, BoxSize } from '../kernels/registration-boxes.ts';
import { type Motion, minus, moved, type Triple, turnedAxes } from './registration-motion.ts';

/** Bytes of slices of each volume that are in memory at once. */
const SLICE_BYTES_MAX = 2 ** 29;
/** Voxels before and after a place that cubic interpolation takes. */
const CUBIC_BEFORE = 1;
const CUBIC_AFTER = 2;

/** What counting needs to know of one volume. */
export interface CountedVolume {
  readonly volume: VolumeSource;
  readonly levels: PhaseLevels;
}

/** A box of voxels of a volume. */
export interface Place extends BoxSize {
  readonly first: Triple;
}

/** What of a volume is seen through which map. */
export interface View {
  readonly place: Place;
  readonly map: BoxMap;
}

/** The motion of what stays where it is. */
export function atRest({ centre }: Motion): Motion {
  return { centre, shift: [0, 0, 0], rotation: [0, 0, 0] };
}

/** How a place looks after a motion: the voxels that are needed, and where they go. */
export function viewOf(target: Place, motion: Motion): View {
  const place = movedPlace(target, motion);
  const [perColumn, perRow, perSlice] = turnedAxes(motion);
  const first = minus(moved(motion, target.first), place.first);
  return { place, map: { first, perColumn, perRow, perSlice } };
}

/** What a volume must give so that the place can be resampled from it. */
function movedPlace(fixed: Place, motion: Motion): Place {
  const [x, y, z] = fixed.first;
  const corners = Array.from({ length: 8 }, (_, corner) =>
    moved(motion, [
      x + (corner & 1 ? fixed.columns - 1 : 0),
      y + (corner & 2 ? fixed.rows - 1 : 0),
      z + (corner & 4 ? fixed.slices - 1 : 0),
    ]),
  );
  const low = [0, 1, 2].map((axis) => Math.min(...corners.map((at) => at[axis] ?? 0)));
  const high = [0, 1, 2].map((axis) => Math.max(...corners.map((at) => at[axis] ?? 0)));
  const first = low.map((value) => Math.floor(value) - CUBIC_BEFORE) as unknown as Triple;
  const length = high.map(
    (value, axis) => Math.floor(value) + CUBIC_AFTER + 1 - (first[axis] ?? 0),
  );
  return { first, columns: length[0] ?? 0, rows: length[1] ?? 0, slices: length[2] ?? 0 };
}

/** Slices from `first` to before `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** The slices that hold all places. */
export function spanOf(places: readonly Place[]): Span {
  let [first, end] = [Number.POSITIVE_INFINITY, 0];
  for (const place of places) {
    first = Math.min(first, place.first[2]);
    end = Math.max(end, place.first[2] + place.slices);
  }
  return { first, end };
}

/** The slices of a volume that are needed now; each is read once while they only move on. */
export class SliceWindow {
  readonly #counted: CountedVolume;
  readonly #slices = new Map<number, Voxels>();

  /** @param counted the volume, and the grey levels that are 0 and 1 */
  constructor(counted: CountedVolume) {
    this.#counted = counted;
  }

  /** @throws Fault storage, fileFormat, capacity */
  async hold({ first, end }: Span): Promise<void> {
    const { volume } = this.#counted;
    const bytes = volume.rows * volume.columns * VOXEL_BYTES[volume.scale.type] * (end - first);
    if (bytes > SLICE_BYTES_MAX) {
      throw new Fault('capacity', {
        where: volume.where,
        message: `${end - first} slices of ${volume.rows} × ${volume.columns} would be needed at once; the samples are tilted too far against each other`,
      });
    }
    for (const slice of this.#slices.keys()) {
      if (slice < first || slice >= end) this.#slices.delete(slice);
    }
    for (let slice = first; slice < end; slice++) {
      if (!this.#slices.has(slice)) {
        this.#slices.set(slice, await volume.readSlices(slice, 1));
      }
    }
  }

  /** Phase fractions of a place among the slices that are held. */
  cut({ first, columns, rows, slices }: Place): Box {
    const { volume, levels } = this.#counted;
    const { offset, step } = volume.scale;
    const contrast = levels.bright - levels.dark;
    const [base, slope] = [(offset - levels.dark) / contrast, step / contrast];
    const values = new Float32Array(columns * rows * slices);
    let to = 0;
    for (let k = 0; k < slices; k++) {
      const slice = this.#slices.get(first[2] + k) ?? [];
      for (let j = 0; j < rows; j++) {
        const from = (first[1] + j) * volume.columns + first[0];
        for (let i = 0; i < columns; i++, to++) values[to] = base + slope * (slice[from + i] ?? 0);
      }
    }
    return { columns, rows, slices, values };
  }
}
