import type { GreyImage } from './png.ts';

/** Pixels between the planes and around them. */
const GAP = 8;
/** Value of no difference; differences go to 1 and to 2 x ZERO - 1. */
const ZERO = 127;
/** Value of the gaps. */
const GAP_COLOUR = 255;
/** Colours at the ends: blue where the volume became darker, red where it became brighter. */
const DARKER = [33, 102, 172] as const;
const BRIGHTER = [178, 24, 43] as const;
/** No difference is grey: neither colour, and not the paper. */
const NONE = [221, 221, 221] as const;

/** Planes through the middle of a volume of differences, each row-major. */
export interface DifferenceImages {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** [row, column] */
  readonly slice: ArrayLike<number>;
  /** [slice, column] */
  readonly alongColumns: ArrayLike<number>;
  /** [row, slice] */
  readonly alongRows: ArrayLike<number>;
}

/**
 * Three orthogonal planes of a difference: the slice, to its right the plane along rows and slices,
 * below it the plane along columns and slices. -1 is blue, 0 grey, 1 red; more is as red as 1.
 */
export function differencePicture(planes: DifferenceImages): GreyImage {
  const { slices, rows, columns } = planes;
  const width = columns + slices + 3 * GAP;
  const pixels = new Uint8Array((rows + slices + 3 * GAP) * width).fill(GAP_COLOUR);
  const parts = [
    { values: planes.slice, length: columns, top: GAP, left: GAP },
    { values: planes.alongColumns, length: columns, top: rows + 2 * GAP, left: GAP },
    { values: planes.alongRows, length: slices, top: GAP, left: columns + 2 * GAP },
  ];
  for (const { values, length, top, left } of parts) {
    for (let at = 0; at < values.length; at++) {
      const held = Math.max(-1, Math.min(1, values[at] ?? 0));
      const to = (top + Math.floor(at / length)) * width + left + (at % length);
      pixels[to] = ZERO + Math.round(held * (ZERO - 1));
    }
  }
  return { rows: rows + slices + 3 * GAP, columns: width, pixels, palette: palette() };
}

function palette(): Uint8Array {
  const colours = new Uint8Array(3 * 256).fill(255);
  for (let value = 0; value <= 2 * ZERO; value++) {
    const share = Math.abs(value - ZERO) / (ZERO - 1);
    const end = value < ZERO ? DARKER : BRIGHTER;
    for (const [channel, none] of NONE.entries()) {
      const colour = none + Math.min(1, share) * ((end[channel] ?? none) - none);
      colours[3 * value + channel] = Math.round(colour);
    }
  }
  return colours;
}
