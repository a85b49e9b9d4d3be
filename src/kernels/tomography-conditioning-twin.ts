import type { VoxelScale } from '../domain/volume.ts';
import { type ColumnDetails, detailRanks, type SortedSmoothing } from './tomography-columns.ts';
import { mirroredSize, type PhaseImages, squares } from './tomography-phase.ts';
import type { BandRow } from './tomography-slots.ts';
import { edgeBlend, filterKernel, filterSizeOf } from './tomography-tables.ts';
import { discPixels } from './tomography-twin.ts';

/**
 * What the tomography kernel does to sinograms and images before reconstruction, in plain double
 * precision. Tests compare the kernel against it.
 */

/** A sinogram [view, column] with its sorted columns smoothed, all of them. */
export function smoothSortedTwin(
  sinogram: Float32Array,
  columns: number,
  { half, rankReach = 0, bounds }: SortedSmoothing,
): Float64Array {
  const views = sinogram.length / columns;
  const orders = Array.from({ length: columns }, (_, column) => {
    const values = Float32Array.from(
      { length: views },
      (__, view) => sinogram[view * columns + column] ?? 0,
    );
    const keys = sortingKeys(values);
    // Array.prototype.sort is stable: equal keys keep the order of their views.
    const order = Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
    return { order, sorted: order.map((view) => values[view] ?? 0) };
  });
  const result = new Float64Array(sinogram.length);
  for (const [column, { order, sorted }] of orders.entries()) {
    const medians = order.map((_, rank) => {
      const near = Array.from({ length: 2 * half + 1 }, (_, k) => {
        const other = orders[mirrored(column + k - half, columns)];
        return other?.sorted[rank] ?? 0;
      });
      return near.sort((a, b) => a - b)[half] ?? 0;
    });
    const differences = sorted.map((value, rank) => value - (medians[rank] ?? 0));
    for (const [rank, view] of order.entries()) {
      const near = differences.slice(Math.max(0, rank - rankReach), rank + rankReach + 1);
      const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
      const [lower = -Infinity, upper = Infinity] = [bounds?.lower[column], bounds?.upper[column]];
      const stripe = rankReach > 0 ? Math.max(lower, Math.min(upper, mean)) : mean;
      result[view * columns + column] = (sorted[rank] ?? 0) - stripe;
    }
  }
  return result;
}

/** What columns have over their neighbours. */
export function columnDetailsTwin(
  sinogram: Float32Array,
  columns: number,
  half: number,
): ColumnDetails {
  const views = sinogram.length / columns;
  const details = {
    low: new Float32Array(columns),
    middle: new Float32Array(columns),
    high: new Float32Array(columns),
  };
  const ranks = detailRanks(views);
  for (let column = 0; column < columns; column++) {
    const over = Float32Array.from({ length: views }, (_, view) => {
      const near = Array.from(
        { length: 2 * half + 1 },
        (__, k) => sinogram[view * columns + mirrored(column + k - half, columns)] ?? 0,
      );
      const median = near.sort((a, b) => a - b)[half] ?? 0;
      return (sinogram[view * columns + column] ?? 0) - median;
    }).sort();
    for (const name of ['low', 'middle', 'high'] as const)
      details[name][column] = over[ranks[name]] ?? 0;
  }
  return details;
}

/** What the next column has over each, beyond the detector's end the last itself. */
export function columnStepsTwin(sinogram: Float32Array, columns: number): ColumnDetails {
  const views = sinogram.length / columns;
  const steps = {
    low: new Float32Array(columns),
    middle: new Float32Array(columns),
    high: new Float32Array(columns),
  };
  const ranks = detailRanks(views);
  for (let column = 0; column < columns; column++) {
    const next = Math.min(column + 1, columns - 1);
    const over = Float32Array.from({ length: views }, (_, view) => {
      const row = view * columns;
      return (sinogram[row + next] ?? 0) - (sinogram[row + column] ?? 0);
    }).sort();
    for (const name of ['low', 'middle', 'high'] as const)
      steps[name][column] = over[ranks[name]] ?? 0;
  }
  return steps;
}

/** The sum of each column's changes from view to view, whatever their sign. */
export function flickerTwin(sinogram: Float32Array, columns: number): Float64Array {
  const flicker = new Float64Array(columns);
  for (let at = columns; at < sinogram.length; at++) {
    const change = Math.abs((sinogram[at] ?? 0) - (sinogram[at - columns] ?? 0));
    flicker[at % columns] = (flicker[at % columns] ?? 0) + change;
  }
  return flicker;
}

/** 16 bits over the range of the values, in single precision as in the kernel. */
function sortingKeys(values: Float32Array): Uint16Array {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const scale = most > least ? Math.fround(65_535 / Math.fround(most - least)) : 0;
  return Uint16Array.from(values, (value) =>
    Math.min(65_535, Math.fround(Math.fround(value - least) * scale)),
  );
}

/** A sinogram without zingers. */
export function removeZingersTwin(
  sinogram: Float32Array,
  columns: number,
  threshold: number,
): { readonly sinogram: Float32Array; readonly found: number } {
  const last = sinogram.length / columns - 1;
  const result = sinogram.slice();
  let found = 0;
  const limit = Math.fround(threshold);
  for (let at = 0; at < sinogram.length; at++) {
    const [view, column] = [Math.floor(at / columns), at % columns];
    if (column < 2 || column >= columns - 2) continue;
    const reach = [-2, -1, 0, 1, 2];
    const across = medianOf(
      reach.map((d) => {
        const other = Math.abs(view + d);
        return sinogram[Math.max(0, other > last ? 2 * last - other : other) * columns + column];
      }),
    );
    const along = medianOf(reach.map((d) => sinogram[at + d]));
    const value = sinogram[at] ?? 0;
    if (Math.fround(across - value) < limit || Math.fround(along - value) < limit) continue;
    result[at] = across;
    found += 1;
  }
  return { sinogram: result, found };
}

function medianOf(values: readonly (number | undefined)[]): number {
  const sorted = values.map((value) => value ?? 0).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/**
 * A row convolved with the filter of the back-projection on its circle: 0 beyond the detector's
 * ends, or going on there.
 */
export function filterRowTwin(row: ArrayLike<number>, extendEdges = false): Float64Array {
  const columns = row.length;
  const size = filterSizeOf(columns);
  const values = extendEdges ? extendedRow(row, size) : Float64Array.from(row);
  const filter = filterKernel(size);
  return Float64Array.from({ length: columns }, (_, at) => {
    let sum = 0;
    for (const [k, value] of values.entries()) sum += value * (filter[(at - k + size) % size] ?? 0);
    return sum;
  });
}

/** The row on a circle of `size`. */
export function extendedRow(row: ArrayLike<number>, size: number): Float64Array {
  const columns = row.length;
  const taken = Math.min(4, columns);
  let [first, last] = [0, 0];
  for (let k = 0; k < taken; k++) {
    first += (row[k] ?? 0) / taken;
    last += (row[columns - 1 - k] ?? 0) / taken;
  }
  const blend = edgeBlend(size, columns);
  return Float64Array.from({ length: size }, (_, at) => {
    if (at < columns) return row[at] ?? 0;
    return last * (blend[at - columns] ?? 0) + first * (blend[size - 1 - at] ?? 0);
  });
}

/** Paganin's filter by plain sums, first image only. */
export function filterPhaseTwin({ rows, columns, first, areaPixel }: PhaseImages): Float64Array {
  const alongRows = filterMatrix(columns, areaPixel);
  const alongColumns = filterMatrix(rows, areaPixel);
  // The filter does not separate: both directions are taken to frequencies, divided, brought back.
  const { size: n, cosine: cn, sine: sn, squares: an } = alongRows;
  const { size: m, cosine: cm, sine: sm, squares: am } = alongColumns;
  const re = new Float64Array(rows * n);
  const im = new Float64Array(rows * n);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < n; k++) {
      let [a, b] = [0, 0];
      for (let x = 0; x < n; x++) {
        const value = first[row * columns + onImage(x, columns, n)] ?? 0;
        a += value * (cn[(k * x) % n] ?? 0);
        b -= value * (sn[(k * x) % n] ?? 0);
      }
      re[row * n + k] = a;
      im[row * n + k] = b;
    }
  }
  const backRe = new Float64Array(rows * n);
  const backIm = new Float64Array(rows * n);
  for (let k = 0; k < n; k++) {
    const specRe = new Float64Array(m);
    const specIm = new Float64Array(m);
    for (let l = 0; l < m; l++) {
      let [a, b] = [0, 0];
      for (let y = 0; y < m; y++) {
        const at = onImage(y, rows, m) * n + k;
        const [c, s] = [cm[(l * y) % m] ?? 0, -(sm[(l * y) % m] ?? 0)];
        a += (re[at] ?? 0) * c - (im[at] ?? 0) * s;
        b += (re[at] ?? 0) * s + (im[at] ?? 0) * c;
      }
      const factor = 1 / (1 + (an[k] ?? 0) + (am[l] ?? 0)) / (n * m);
      specRe[l] = a * factor;
      specIm[l] = b * factor;
    }
    for (let y = 0; y < rows; y++) {
      let [a, b] = [0, 0];
      for (let l = 0; l < m; l++) {
        const [c, s] = [cm[(l * y) % m] ?? 0, sm[(l * y) % m] ?? 0];
        a += (specRe[l] ?? 0) * c - (specIm[l] ?? 0) * s;
        b += (specRe[l] ?? 0) * s + (specIm[l] ?? 0) * c;
      }
      backRe[y * n + k] = a;
      backIm[y * n + k] = b;
    }
  }
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [y, x] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < n; k++) {
      sum += (backRe[y * n + k] ?? 0) * (cn[(k * x) % n] ?? 0);
      sum -= (backIm[y * n + k] ?? 0) * (sn[(k * x) % n] ?? 0);
    }
    return sum;
  });
}

function filterMatrix(count: number, areaPixel: number) {
  const size = mirroredSize(count, areaPixel);
  const turns = Float64Array.from({ length: size }, (_, k) => (2 * Math.PI * k) / size);
  return {
    size,
    cosine: turns.map(Math.cos),
    sine: turns.map(Math.sin),
    squares: squares(size, areaPixel),
  };
}

/** The pixel that stands at a place of the circle of `size`. */
function onImage(at: number, count: number, size: number): number {
  return mirrored(at < count + ((size - count) >> 1) ? at : at - size, count);
}

/** Mirrored at both ends, the end pixel twice. */
function mirrored(place: number, count: number): number {
  const period = 2 * count;
  const at = ((place % period) + period) % period;
  return at < count ? at : period - 1 - at;
}

/** -log data [view, column] of a row of a band, as TomographyKernel.loadSinogram makes it. */
export function bandRowTwin(row: BandRow): Float64Array {
  const { pixels, columns, first, viewStride, views, moments, beamOffsets } = row;
  return Float64Array.from({ length: views.length * columns }, (_, at) => {
    const index = Math.floor(at / columns);
    const view = views[index] ?? 0;
    const time = view + 0.5;
    const before = moments.findLast(({ afterViews }) => afterViews <= time) ?? moments[0];
    const after = moments.find(({ afterViews }) => afterViews > time) ?? before;
    if (!before || !after) return Number.NaN;
    const isBetween = before.afterViews <= time && after.afterViews > time;
    const share = isBetween
      ? (time - before.afterViews) / (after.afterViews - before.afterViews)
      : 0;
    const isAlive = (column: number) =>
      (before.gain[column] ?? 0) > 0 && (share === 0 || (after.gain[column] ?? 0) > 0);
    const attenuation = (column: number) => {
      const count = pixels[first + view * viewStride + column] ?? Number.NaN;
      const dark = before.dark[column] ?? 0;
      const beam = (1 - share) / (before.gain[column] ?? 0) + share / (after.gain[column] ?? 0);
      const transmission = (count - dark) / beam;
      const held = transmission > 1e-4 ? Math.min(transmission, 1e4) : 1e-4;
      return (beamOffsets?.[index] ?? 0) - Math.log(held);
    };
    const column = at % columns;
    if (isAlive(column)) return attenuation(column);
    let [left, right] = [column, column];
    while (left >= 0 && !isAlive(left)) left -= 1;
    while (right < columns && !isAlive(right)) right += 1;
    if (left < 0 && right >= columns) return 0;
    if (left < 0) return attenuation(right);
    if (right >= columns) return attenuation(left);
    const way = (column - left) / (right - left);
    return (1 - way) * attenuation(left) + way * attenuation(right);
  });
}

/** A slice as whole numbers, and how many of the disc the scale could not hold. */
export function quantiseTwin(
  slice: ArrayLike<number>,
  columns: number,
  { type, offset, step }: VoxelScale,
): { readonly stored: readonly number[]; readonly clipped: number } {
  const most = type === 'uint8' ? 255 : 65_535;
  const perStep = Math.fround(1 / step);
  const levels = Array.from(slice, (value) =>
    Math.floor(Math.fround(Math.fround(Math.fround(value - Math.fround(offset)) * perStep) + 0.5)),
  );
  let clipped = 0;
  for (const { at } of discPixels(columns)) {
    const level = levels[at] ?? Number.NaN;
    if (!(level >= 0 && level <= most)) clipped += 1;
  }
  return { stored: levels.map((level) => Math.max(0, Math.min(most, level))), clipped };
}
