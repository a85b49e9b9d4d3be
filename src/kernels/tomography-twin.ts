import type { RowReference, ScanGeometry, WeightedView } from './tomography-kernel.ts';
import {
  deapodisation,
  EDGE_SAMPLES,
  gridRamp,
  gridSizeOf,
  kaiserWeights,
  WEIGHT_CELLS,
  WEIGHT_STEPS,
} from './tomography-tables.ts';

/**
 * The tomography kernel in plain double precision: slow, and obviously right. Tests compare the
 * kernel against it.
 */

/** -ln of the transmission, held within 1e-4 and 1e4; a NaN counts as no light. */
export function normaliseTwin(
  counts: ArrayLike<number>,
  { dark, gain }: RowReference,
): Float64Array {
  return Float64Array.from(counts, (count, at) => {
    const column = at % dark.length;
    const transmission = (count - (dark[column] ?? 0)) * (gain[column] ?? 0);
    return -Math.log(transmission > 1e-4 ? Math.min(transmission, 1e4) : 1e-4);
  });
}

/** Back-projects filtered rows [view, column] with linear interpolation, 0 off the detector. */
export function backprojectTwin(
  filtered: ArrayLike<number>,
  columns: number,
  views: readonly WeightedView[],
): Float64Array {
  const slice = new Float64Array(columns * columns);
  const middle = (columns - 1) / 2;
  for (const [view, { angleRadian, axisPixel, weightRadian }] of views.entries()) {
    const value = (column: number): number =>
      column < 0 || column >= columns ? 0 : (filtered[view * columns + column] ?? 0);
    for (const { at, x, y } of discPixels(columns)) {
      const place =
        axisPixel + (x - middle) * Math.cos(angleRadian) + (y - middle) * Math.sin(angleRadian);
      const column = Math.floor(place);
      const fraction = place - column;
      const ray = value(column) * (1 - fraction) + value(column + 1) * fraction;
      slice[at] = (slice[at] ?? 0) + weightRadian * ray;
    }
  }
  return slice;
}

/** Pixels whose centre lies in the inscribed disc. */
export function* discPixels(columns: number): Generator<{ at: number; x: number; y: number }> {
  const middle = (columns - 1) / 2;
  for (let y = 0; y < columns; y++) {
    for (let x = 0; x < columns; x++) {
      if ((x - middle) ** 2 + (y - middle) ** 2 > (columns / 2) ** 2) continue;
      yield { at: y * columns + x, x, y };
    }
  }
}

/** One slice by gridding: every step as its formula says, transforms as plain sums. */
export function griddingTwin(geometry: ScanGeometry, sinogram: ArrayLike<number>): Float64Array {
  const { columns } = geometry;
  const size = gridSizeOf(columns);
  const grid = complexGrid(size);
  for (let view = 0; view < geometry.anglesRadian.length; view++) {
    gridViewTwin(grid, geometry, sinogram, view);
  }
  return imageTwin(grid, columns);
}

interface ComplexGrid {
  readonly size: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

function complexGrid(size: number): ComplexGrid {
  const angles = Float64Array.from({ length: size }, (_, k) => (2 * Math.PI * k) / size);
  return {
    size,
    re: new Float64Array(size * size),
    im: new Float64Array(size * size),
    cosines: angles.map(Math.cos),
    sines: angles.map(Math.sin),
  };
}

function gridViewTwin(
  grid: ComplexGrid,
  geometry: ScanGeometry,
  sinogram: ArrayLike<number>,
  view: number,
): void {
  const { columns, axisPixel } = geometry;
  const { size } = grid;
  const angle = geometry.anglesRadian[view] ?? 0;
  const weight = geometry.weightsRadian[view] ?? 0;
  const half = Math.floor(columns / 2) - (columns - 1) / 2;
  const axis = axisPixel + half * (Math.cos(angle) + Math.sin(angle));
  const ramp = gridRamp(size);
  const weights = kaiserWeights(columns, size);
  // Positions in single precision, as in the kernel: rounding decides which table step is taken.
  const cosine = Math.fround(Math.cos(angle));
  const sine = Math.fround(Math.sin(angle));
  for (let j = 0; j < size / 2 - EDGE_SAMPLES; j++) {
    let re = 0;
    let im = 0;
    for (let k = 0; k < columns; k++) {
      const phase = (2 * Math.PI * j * (axis - k)) / size;
      re += (sinogram[view * columns + k] ?? 0) * Math.cos(phase);
      im += (sinogram[view * columns + k] ?? 0) * Math.sin(phase);
    }
    const scale = weight * (ramp[j] ?? 0);
    const x = cellsAround(Math.fround(Math.fround(j * cosine) + size / 2));
    const y = cellsAround(Math.fround(Math.fround(j * sine) + size / 2));
    for (let tap = 0; tap < WEIGHT_CELLS ** 2; tap++) {
      const [tapX, tapY] = [tap % WEIGHT_CELLS, Math.floor(tap / WEIGHT_CELLS)];
      const w =
        scale *
        (weights[x.step * WEIGHT_CELLS + tapX] ?? 0) *
        (weights[y.step * WEIGHT_CELLS + tapY] ?? 0);
      const at = (y.first + tapY) * size + x.first + tapX;
      const partner = (size - y.first - tapY) * size + size - x.first - tapX;
      grid.re[at] = (grid.re[at] ?? 0) + w * re;
      grid.im[at] = (grid.im[at] ?? 0) + w * im;
      grid.re[partner] = (grid.re[partner] ?? 0) + w * re;
      grid.im[partner] = (grid.im[partner] ?? 0) - w * im;
    }
  }
}

function cellsAround(place: number): { readonly first: number; readonly step: number } {
  const first = Math.ceil(place - 2);
  return { first, step: Math.trunc((place - first - 1) * WEIGHT_STEPS + 0.5) };
}

/** Real part of the inverse transform at the slice's pixels, corrected, clipped to the disc. */
function imageTwin(grid: ComplexGrid, columns: number): Float64Array {
  const { size, re, im, cosines, sines } = grid;
  const corrections = deapodisation(columns, size);
  const half = Math.floor(columns / 2);
  const rowsRe = new Float64Array(columns * size);
  const rowsIm = new Float64Array(columns * size);
  for (let y = 0; y < columns; y++) {
    for (let row = 0; row < size; row++) {
      const turn = (((y - half) * row) % size) + size;
      const c = cosines[turn % size] ?? 0;
      const s = sines[turn % size] ?? 0;
      for (let column = 0; column < size; column++) {
        const [a, b] = [re[row * size + column] ?? 0, im[row * size + column] ?? 0];
        const at = y * size + column;
        rowsRe[at] = (rowsRe[at] ?? 0) + a * c - b * s;
        rowsIm[at] = (rowsIm[at] ?? 0) + a * s + b * c;
      }
    }
  }
  const slice = new Float64Array(columns * columns);
  for (const { at, x, y } of discPixels(columns)) {
    let sum = 0;
    for (let column = 0; column < size; column++) {
      const turn = ((((x - half) * column) % size) + size) % size;
      sum += (rowsRe[y * size + column] ?? 0) * (cosines[turn] ?? 0);
      sum -= (rowsIm[y * size + column] ?? 0) * (sines[turn] ?? 0);
    }
    slice[at] = sum * (corrections[x] ?? 0) * (corrections[y] ?? 0);
  }
  return slice;
}
