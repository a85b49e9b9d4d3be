import type { VolumeSource } from '../domain/volume.ts';
import type { GreyImage } from './png.ts';

/** Pixels between the planes and around them. */
const GAP = 8;
/** Grey of the gaps; planes use the whole range. */
const GAP_GREY = 96;
/** Share of the values that is shown black, and white. */
const CUT_FRACTION = 0.005;
/** Values the contrast is taken from; more do not change it. */
const CONTRAST_SAMPLES = 200_000;
/** The scale is as long as about this share of the picture's slice. */
const SCALE_FRACTION = 0.25;
const SCALE_THICKNESS = 4;
/** A digit is drawn this many times larger than its 3 x 5 dots. */
const DOT = 3;

/** Voxels that are read at once. */
const SLAB_VOXELS_MAX = 2 ** 23;

interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

/**
 * Three orthogonal planes through the middle of a volume: the slice (x to the right, y down), to
 * its right the plane along y and z, below it the plane along x and z, and a scale. Grey from the
 * 0.5th to the 99.5th percentile of what is shown, the same in all three. The volume is read once,
 * some slices at a time.
 * @param pixelSizeUm side of a voxel: the scale then is in micrometre, else in pixels
 * @throws Fault storage, fileFormat when the volume cannot be read
 */
export async function volumePicture(
  volume: VolumeSource,
  pixelSizeUm?: number,
): Promise<GreyImage> {
  const { slices, rows, columns } = volume;
  const [slice, alongX, alongY] = await middlePlanes(volume);
  const greyOf = contrast([slice, alongX, alongY]);
  const scaleRows = 3 * GAP + SCALE_THICKNESS + 5 * DOT;
  const image = blank(
    rows + slices + 3 * GAP + scaleRows,
    Math.max(columns + slices + 3 * GAP, SCALE_COLUMNS_MIN),
  );
  draw(image, slice, { row: GAP, column: GAP }, greyOf);
  draw(image, alongY, { row: GAP, column: columns + 2 * GAP }, greyOf);
  draw(image, alongX, { row: rows + 2 * GAP, column: GAP }, greyOf);
  drawScale(image, { row: rows + slices + 3 * GAP + GAP, column: GAP }, columns, pixelSizeUm);
  return image;
}

/** The middle slice, the plane along x and z, and the one along y and z, in attenuation. */
async function middlePlanes(volume: VolumeSource): Promise<readonly [Plane, Plane, Plane]> {
  const { slices, rows, columns, scale } = volume;
  const [midZ, midY, midX] = [slices >> 1, rows >> 1, columns >> 1];
  const attenuation = (stored = 0): number => scale.offset + scale.step * stored;
  const slice = emptyPlane(rows, columns);
  const alongX = emptyPlane(slices, columns);
  const alongY = emptyPlane(rows, slices);
  const slab = Math.max(1, Math.floor(SLAB_VOXELS_MAX / (rows * columns)));
  for (let first = 0; first < slices; first += slab) {
    const count = Math.min(slab, slices - first);
    const voxels = await volume.readSlices(first, count);
    for (let z = first; z < first + count; z++) {
      const start = (z - first) * rows * columns;
      if (z === midZ) {
        const stored = voxels.subarray(start, start + rows * columns);
        for (const [at, value] of stored.entries()) slice.values[at] = attenuation(value);
      }
      for (let x = 0; x < columns; x++) {
        alongX.values[z * columns + x] = attenuation(voxels[start + midY * columns + x]);
      }
      for (let y = 0; y < rows; y++) {
        alongY.values[y * slices + z] = attenuation(voxels[start + y * columns + midX]);
      }
    }
  }
  return [slice, alongX, alongY];
}

/** One plane of values as a picture, grey from its 0.5th to its 99.5th percentile. */
export function mapPicture(plane: Plane): GreyImage {
  const image = blank(plane.rows, plane.columns);
  draw(image, plane, { row: 0, column: 0 }, contrast([plane]));
  return image;
}

function emptyPlane(rows: number, columns: number): Plane & { readonly values: Float32Array } {
  return { rows, columns, values: new Float32Array(rows * columns) };
}

/** Grey of a value; one grey when all values are the same. */
function contrast(planes: readonly Plane[]): (value: number) => number {
  const total = planes.reduce((sum, { values }) => sum + values.length, 0);
  const step = Math.max(1, Math.floor(total / CONTRAST_SAMPLES));
  const samples: number[] = [];
  for (const { values } of planes) {
    for (let at = 0; at < values.length; at += step) {
      const value = values[at] ?? 0;
      // What lies outside the disc is exactly 0 and says nothing.
      if (value !== 0 && Number.isFinite(value)) samples.push(value);
    }
  }
  const sorted = Float64Array.from(samples).sort();
  const black = sorted[Math.floor(CUT_FRACTION * (sorted.length - 1))] ?? 0;
  const white = sorted[Math.ceil((1 - CUT_FRACTION) * (sorted.length - 1))] ?? 0;
  if (!(white > black)) return () => 128;
  return (value) =>
    Math.max(0, Math.min(255, Math.round((255 * (value - black)) / (white - black))));
}

function blank(rows: number, columns: number): GreyImage {
  return { rows, columns, pixels: new Uint8Array(rows * columns).fill(GAP_GREY) };
}

interface Place {
  readonly row: number;
  readonly column: number;
}

function draw(image: GreyImage, plane: Plane, place: Place, greyOf: (value: number) => number) {
  for (let row = 0; row < plane.rows; row++) {
    const to = (place.row + row) * image.columns + place.column;
    for (let column = 0; column < plane.columns; column++) {
      image.pixels[to + column] = greyOf(plane.values[row * plane.columns + column] ?? 0);
    }
  }
}

/** A bar of a round length, and how long it is. */
function drawScale(image: GreyImage, place: Place, columns: number, pixelSizeUm = 0): void {
  const unitPixel = pixelSizeUm > 0 ? 1 / pixelSizeUm : 1;
  const length = roundLength((SCALE_FRACTION * columns) / unitPixel);
  fill(image, place, SCALE_THICKNESS, Math.max(1, Math.round(length * unitPixel)));
  const text = `${length} ${pixelSizeUm > 0 ? 'um' : 'px'}`;
  const below = place.row + SCALE_THICKNESS + GAP;
  for (const [index, letter] of Array.from(text).entries()) {
    const dots = LETTERS[letter] ?? '';
    for (const [dot, isSet] of Array.from(dots).entries()) {
      if (isSet !== '#') continue;
      const column = place.column + (4 * index + (dot % 3)) * DOT;
      fill(image, { row: below + Math.floor(dot / 3) * DOT, column }, DOT, DOT);
    }
  }
}

/** Largest of 1, 2 and 5 times a power of ten that is not longer. */
function roundLength(atMost: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(atMost, 1e-6)));
  const factor = [5, 2, 1].find((candidate) => candidate * power <= atMost) ?? 1;
  return Number((factor * power).toPrecision(1));
}

function fill(image: GreyImage, place: Place, rows: number, columns: number): void {
  const end = Math.min(place.column + columns, image.columns);
  for (let row = place.row; row < Math.min(place.row + rows, image.rows); row++) {
    image.pixels.fill(255, row * image.columns + place.column, row * image.columns + end);
  }
}

/** Three by five dots each, row after row. */
const LETTERS: Readonly<Record<string, string>> = {
  '0': '####.##.##.####',
  '1': '.#.##..#..#.###',
  '2': '###..#####..###',
  '5': '####..###..####',
  '.': '.............#.',
  u: '...#.##.##.####',
  m: '...#######.##.#',
  p: '...##.#.###.#..',
  x: '...#.#.#.#.#...',
};
/** Room for "0.001 um". */
const SCALE_COLUMNS_MIN = 2 * GAP + 4 * 8 * DOT;
