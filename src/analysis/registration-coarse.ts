import type { Box } from '../kernels/registration-boxes.ts';
import type { Triple } from './registration-motion.ts';

/** Longest axis that is correlated; larger volumes are halved before. */
export const COARSE_SIDE_MAX = 64;
/** Share of each axis over which the volume fades at its ends, so that they do not correlate. */
const FADE_FRACTION = 0.15;
/** Frequencies weaker than this share of the mean say nothing of the shift. */
const WEAK_FRACTION = 0.1;

/** The shift that phase correlation finds. */
export interface CoarseShift {
  readonly shift: Triple;
  /** Height of the highest peak over that of the next. */
  readonly peakRatio: number;
}

/**
 * Shift of one volume against another of the same size by phase correlation (Kuglin and Hines
 * 1975), to about half a voxel.
 * @param cylinderRadius voxels further from the axis are left out; infinite for none
 */
export function coarseShift(before: Box, after: Box, cylinderRadius: number): CoarseShift {
  const [nx, ny, nz] = [before.columns, before.rows, before.slices].map(powerOfTwo);
  const size = { nx: nx ?? 1, ny: ny ?? 1, nz: nz ?? 1 };
  const first = spectrum(before, size, cylinderRadius);
  const second = spectrum(after, size, cylinderRadius);
  const length = first.re.length;
  const product = { re: new Float64Array(length), im: new Float64Array(length) };
  let mean = 0;
  for (let at = 0; at < length; at++) {
    const [a, b] = [first.re[at] ?? 0, first.im[at] ?? 0];
    const [c, d] = [second.re[at] ?? 0, second.im[at] ?? 0];
    // The transform of this, forward again, has its peak at minus the shift.
    product.re[at] = a * c + b * d;
    product.im[at] = a * d - b * c;
    mean += Math.hypot(product.re[at] ?? 0, product.im[at] ?? 0) / length;
  }
  for (let at = 0; at < length; at++) {
    const size = Math.hypot(product.re[at] ?? 0, product.im[at] ?? 0) + WEAK_FRACTION * mean;
    product.re[at] = (product.re[at] ?? 0) / (size || 1);
    product.im[at] = (product.im[at] ?? 0) / (size || 1);
  }
  transform3(product, size);
  return highestPeak(product.re, size);
}

interface GridSize {
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
}
interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function powerOfTwo(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, length)));
}

/** Transform of the volume less its mean, faded to 0 at its ends. */
function spectrum(volume: Box, size: GridSize, cylinderRadius: number): Complex {
  const { columns, rows, slices, values } = volume;
  const grid = {
    re: new Float64Array(size.nx * size.ny * size.nz),
    im: new Float64Array(size.nx * size.ny * size.nz),
  };
  const [fx, fy, fz] = [fade(columns), fade(rows), fade(slices)];
  let [sum, weights] = [0, 0];
  const each = (visit: (from: number, to: number, weight: number) => void) => {
    for (let z = 0; z < slices; z++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          const radius = Math.hypot(x - (columns - 1) / 2, y - (rows - 1) / 2);
          const inside = Math.max(0, Math.min(1, (cylinderRadius - radius) / (0.1 * columns)));
          const weight = (fx[x] ?? 0) * (fy[y] ?? 0) * (fz[z] ?? 0) * inside;
          visit((z * rows + y) * columns + x, (z * size.ny + y) * size.nx + x, weight);
        }
      }
    }
  };
  each((from, _to, weight) => {
    sum += weight * (values[from] ?? 0);
    weights += weight;
  });
  const mean = weights > 0 ? sum / weights : 0;
  each((from, to, weight) => {
    grid.re[to] = weight * ((values[from] ?? 0) - mean);
  });
  transform3(grid, size);
  return grid;
}

function fade(length: number): Float64Array {
  const width = Math.max(1, FADE_FRACTION * length);
  return Float64Array.from({ length }, (_, at) => {
    const inside = Math.min(1, (Math.min(at, length - 1 - at) + 0.5) / width);
    return 0.5 - 0.5 * Math.cos(Math.PI * inside);
  });
}

/** The highest value, and the highest that is not beside it. */
function highestPeak(values: Float64Array, size: GridSize): CoarseShift {
  const { nx, ny, nz } = size;
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if ((values[at] ?? 0) > (values[best] ?? 0)) best = at;
  }
  const peak = [best % nx, Math.floor(best / nx) % ny, Math.floor(best / (nx * ny))] as const;
  let next = 0;
  for (let at = 0; at < values.length; at++) {
    const place = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    const away = place.map((value, axis) => {
      const distance = Math.abs(value - (peak[axis] ?? 0));
      return Math.min(distance, ([nx, ny, nz][axis] ?? 0) - distance);
    });
    if (Math.max(...away) > 2) next = Math.max(next, values[at] ?? 0);
  }
  const wrapped = (at: number, length: number) => (at > length / 2 ? length - at : 0 - at);
  return {
    shift: [wrapped(peak[0], nx), wrapped(peak[1], ny), wrapped(peak[2], nz)],
    peakRatio: next > 0 ? (values[best] ?? 0) / next : Number.POSITIVE_INFINITY,
  };
}

/** Forward transform along x, y and z, in place. */
function transform3(grid: Complex, { nx, ny, nz }: GridSize): void {
  const axes = [
    { length: nx, step: 1 },
    { length: ny, step: nx },
    { length: nz, step: nx * ny },
  ];
  const total = nx * ny * nz;
  for (const { length, step } of axes) {
    if (length < 2) continue;
    const line = { re: new Float64Array(length), im: new Float64Array(length) };
    for (let start = 0; start < total; start++) {
      if (Math.floor(start / step) % length !== 0) continue;
      for (let k = 0; k < length; k++) {
        line.re[k] = grid.re[start + k * step] ?? 0;
        line.im[k] = grid.im[start + k * step] ?? 0;
      }
      transformLine(line, length);
      for (let k = 0; k < length; k++) {
        grid.re[start + k * step] = line.re[k] ?? 0;
        grid.im[start + k * step] = line.im[k] ?? 0;
      }
    }
  }
}

/** Radix-2 transform exp(-2 pi i jk / n), in place; n is a power of two. */
function transformLine({ re, im }: Complex, n: number): void {
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j] ?? 0, re[i] ?? 0];
    [im[i], im[j]] = [im[j] ?? 0, im[i] ?? 0];
  }
  for (let length = 2; length <= n; length <<= 1) {
    for (let k = 0; k < length / 2; k++) {
      const angle = (-2 * Math.PI * k) / length;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      for (let at = k; at < n; at += length) {
        const other = at + length / 2;
        const [x, y] = [re[other] ?? 0, im[other] ?? 0];
        const [u, v] = [x * cosine - y * sine, x * sine + y * cosine];
        re[other] = (re[at] ?? 0) - u;
        im[other] = (im[at] ?? 0) - v;
        re[at] = (re[at] ?? 0) + u;
        im[at] = (im[at] ?? 0) + v;
      }
    }
  }
}
