import { VOXEL_LABELS } from '../domain/segmentation.ts';
import type { VolumeShape, Voxels } from '../domain/volume.ts';
import type { GreyImage } from './png.ts';

const GAP = 8;
/** Greys end where the colours begin. */
const GREYS = 252;
const GAP_GREY = 96;
const CUT_FRACTION = 0.005;
/** Values the contrast is taken from; more do not change it. */
const CONTRAST_SAMPLES = 200_000;
/** Okabe and Ito's vermillion, blue and green. */
const COLOURS: Readonly<Record<number, readonly [number, number, number]>> = {
  [VOXEL_LABELS.void]: [213, 94, 0],
  [VOXEL_LABELS.electrode]: [0, 114, 178],
  [VOXEL_LABELS.particle]: [0, 158, 115],
};
const COLOUR_OF: Readonly<Record<number, number>> = {
  [VOXEL_LABELS.void]: GREYS,
  [VOXEL_LABELS.electrode]: GREYS + 1,
  [VOXEL_LABELS.particle]: GREYS + 2,
};

/** Three orthogonal planes through the middle of a volume, gathered while its slices pass by. */
export class MiddlePlanes {
  readonly #shape: Pick<VolumeShape, 'slices' | 'rows' | 'columns'>;
  /** [row, column], [slice, column] and [row, slice]. */
  readonly slice: Float32Array;
  readonly alongColumns: Float32Array;
  readonly alongRows: Float32Array;

  constructor(shape: Pick<VolumeShape, 'slices' | 'rows' | 'columns'>) {
    this.#shape = shape;
    this.slice = new Float32Array(shape.rows * shape.columns);
    this.alongColumns = new Float32Array(shape.slices * shape.columns);
    this.alongRows = new Float32Array(shape.rows * shape.slices);
  }

  /** Whole slices from `firstSlice` on; the same slice may come again. */
  add(firstSlice: number, voxels: Voxels): void {
    const { slices, rows, columns } = this.#shape;
    const length = rows * columns;
    for (let k = 0; k < voxels.length / length; k++) {
      const z = firstSlice + k;
      const slice = voxels.subarray(k * length, (k + 1) * length);
      if (z === slices >> 1) this.slice.set(slice);
      const row = (rows >> 1) * columns;
      this.alongColumns.set(slice.subarray(row, row + columns), z * columns);
      for (let y = 0; y < rows; y++) {
        this.alongRows[y * slices + z] = slice[y * columns + (columns >> 1)] ?? 0;
      }
    }
  }

  get shape(): Pick<VolumeShape, 'slices' | 'rows' | 'columns'> {
    return this.#shape;
  }
}

/**
 * The middle slice, to its right the plane along rows and slices, below it the plane along columns
 * and slices, in grey; voids are outlined in red, the electrode in blue, particles in green.
 */
export function segmentationPicture(grey: MiddlePlanes, labels: MiddlePlanes): GreyImage {
  const { slices, rows, columns } = grey.shape;
  const image = {
    rows: rows + slices + 3 * GAP,
    columns: columns + slices + 3 * GAP,
    pixels: new Uint8Array((rows + slices + 3 * GAP) * (columns + slices + 3 * GAP)).fill(GAP_GREY),
    palette: palette(),
  };
  const greyOf = contrast([grey.slice, grey.alongColumns, grey.alongRows]);
  const planes = [
    { width: columns, top: GAP, left: GAP, values: grey.slice, of: labels.slice },
    {
      width: columns,
      top: rows + 2 * GAP,
      left: GAP,
      values: grey.alongColumns,
      of: labels.alongColumns,
    },
    {
      width: slices,
      top: GAP,
      left: columns + 2 * GAP,
      values: grey.alongRows,
      of: labels.alongRows,
    },
  ];
  for (const { width, top, left, values, of } of planes) {
    for (let at = 0; at < values.length; at++) {
      const row = Math.floor(at / width);
      const to = (top + row) * image.columns + left + (at % width);
      image.pixels[to] = outlineOf(of, at, width) ?? greyOf(values[at] ?? 0);
    }
  }
  return image;
}

/** The colour of a pixel on the rim of its phase. */
function outlineOf(labels: Float32Array, at: number, width: number): number | undefined {
  const label = labels[at] ?? 0;
  const colour = COLOUR_OF[label];
  if (colour === undefined) return undefined;
  const column = at % width;
  const around = [
    column > 0 ? labels[at - 1] : label,
    column < width - 1 ? labels[at + 1] : label,
    labels[at - width] ?? label,
    labels[at + width] ?? label,
  ];
  // The rim of the mask is no outline.
  const isRim = around.some((other) => other !== label && other !== VOXEL_LABELS.outside);
  return isRim ? colour : undefined;
}

function contrast(planes: readonly Float32Array[]): (value: number) => number {
  const total = planes.reduce((sum, { length }) => sum + length, 0);
  const step = Math.max(1, Math.floor(total / CONTRAST_SAMPLES));
  const samples = planes.flatMap((plane) =>
    Array.from({ length: Math.ceil(plane.length / step) }, (_, k) => plane[k * step] ?? 0),
  );
  const sorted = Float32Array.from(samples).sort();
  const black = sorted[Math.floor(CUT_FRACTION * (sorted.length - 1))] ?? 0;
  const white = sorted[Math.ceil((1 - CUT_FRACTION) * (sorted.length - 1))] ?? 0;
  const scale = white > black ? (GREYS - 1) / (white - black) : 0;
  return (value) => Math.max(0, Math.min(GREYS - 1, Math.round((value - black) * scale)));
}

function palette(): Uint8Array {
  const colours = new Uint8Array(3 * 256);
  for (let grey = 0; grey < GREYS; grey++) {
    colours.fill(Math.round((255 * grey) / (GREYS - 1)), 3 * grey, 3 * grey + 3);
  }
  for (const [label, colour] of Object.entries(COLOURS)) {
    colours.set(colour, 3 * (COLOUR_OF[Number(label)] ?? 0));
  }
  return colours;
}
