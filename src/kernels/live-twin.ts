import type { PixelPlace } from '../domain/scan.ts';
import type { FrameReference, FrameView } from './live-kernel.ts';
import {
  binnedRows,
  detectorToBinned,
  type PlaneDetector,
  type PlanePicture,
} from './live-planes.ts';
import { filterRamp, filterSizeOf } from './tomography-tables.ts';

/**
 * The live kernel in plain double precision: slow, and obviously right. Tests compare the kernel
 * against it. Frames are [row, column] after binning.
 */

/** -ln of the transmission of each block of pixels, held within 1e-4 and 1e4. */
export function attenuationTwin(
  counts: ArrayLike<number>,
  { dark, gain }: FrameReference,
  detector: PlaneDetector,
): Float64Array {
  const { columns: rawColumns, binning } = detector;
  const columns = Math.floor(rawColumns / binning);
  return Float64Array.from({ length: binnedRows(detector) * columns }, (_, at) => {
    let [light, beam] = [0, 0];
    for (let k = 0; k < binning ** 2; k++) {
      const row = Math.floor(at / columns) * binning + Math.floor(k / binning);
      const pixel = row * rawColumns + (at % columns) * binning + (k % binning);
      light += (counts[pixel] ?? 0) - (dark[pixel] ?? 0);
      beam += 1 / (gain[pixel] ?? 0);
    }
    const transmission = light / beam;
    return -Math.log(transmission > 1e-4 ? Math.min(transmission, 1e4) : 1e-4);
  });
}

/** Every row convolved with the ramp filter, the row being 0 outside the detector. */
export function filterFrameTwin(frame: ArrayLike<number>, columns: number): Float64Array {
  const kernel = rampInSpace(columns);
  return Float64Array.from({ length: frame.length }, (_, at) => {
    const column = at % columns;
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      sum += (frame[at - column + k] ?? 0) * (kernel[Math.abs(column - k)] ?? 0);
    }
    return sum;
  });
}

/** What the ramp makes of a single 1, at this many columns from it. */
function rampInSpace(columns: number): Float64Array {
  const size = filterSizeOf(columns);
  const ramp = filterRamp(size);
  return Float64Array.from({ length: columns }, (_, offset) => {
    let sum = 0;
    for (let j = 0; j < size; j++) {
      sum += (ramp[Math.min(j, size - j)] ?? 0) * Math.cos((2 * Math.PI * j * offset) / size);
    }
    return sum;
  });
}

/** Adds a filtered frame to a plane, bilinear in detector row and column. */
export function addFrameTwin(
  plane: Float64Array,
  picture: PlanePicture,
  detector: PlaneDetector,
  filtered: ArrayLike<number>,
  view: FrameView,
): void {
  const { binning } = detector;
  const columns = Math.floor(detector.columns / binning);
  const rows = binnedRows(detector);
  const axis = detectorToBinned(view.axisPixel, binning);
  const value = (row: number, column: number): number =>
    column < 0 || column >= columns ? 0 : (filtered[row * columns + column] ?? 0);
  for (let at = 0; at < plane.length; at++) {
    const [x, y, z] = placeOf(picture, binning, at);
    const row = Math.abs(z - Math.round(z)) < 1e-6 ? Math.round(z) : Math.floor(z);
    const rowShare = row === Math.round(z) && Math.abs(z - row) < 1e-6 ? 0 : z - row;
    const isOutside = x ** 2 + y ** 2 > (columns / 2) ** 2 * (1 + 1e-12);
    if (isOutside || row < 0 || row + (rowShare > 0 ? 1 : 0) > rows - 1) continue;
    const t = axis + x * Math.cos(view.angleRadian) + y * Math.sin(view.angleRadian);
    const column = Math.floor(t);
    const share = t - column;
    const between = (r: number) => value(r, column) * (1 - share) + value(r, column + 1) * share;
    const ray =
      rowShare > 0 ? between(row) * (1 - rowShare) + between(row + 1) * rowShare : between(row);
    plane[at] = (plane[at] ?? 0) + (view.weightRadian / binning) * ray;
  }
}

/** Where a pixel of a picture lies, in binned pixels from the axis and binned detector rows. */
export function placeOf(picture: PlanePicture, binning: number, at: number): PixelPlace {
  const { geometry, rows, columns } = picture;
  const along = (at % columns) - (columns - 1) / 2;
  const down = Math.floor(at / columns) - (rows - 1) / 2;
  const { centrePixel, alongUnit, downUnit } = geometry;
  return [
    centrePixel[0] / binning + along * alongUnit[0] + down * downUnit[0],
    centrePixel[1] / binning + along * alongUnit[1] + down * downUnit[1],
    detectorToBinned(centrePixel[2], binning) + along * alongUnit[2] + down * downUnit[2],
  ];
}
