/**
 * Sizes and tables of the tomography kernel, in double precision. `columns` is the detector's
 * width N, `gridSize` the side M of the slices' Fourier grid.
 */

/** The widest detector the kernel takes. */
export const COLUMNS_MAX = 4096;
/** Cells a Kaiser-Bessel weight reaches over. */
export const WEIGHT_CELLS = 4;
/** Weights are tabulated at this many positions within a cell. */
export const WEIGHT_STEPS = 1024;
/** The outermost samples of a spectrum, whose weights would leave the grid. */
export const EDGE_SAMPLES = 2;

/** Below this the edge samples that are left out would show. */
const GRID_SIZE_MIN = 128;
/** Gridding on 1.5 N cells with four-cell weights is as exact as on 2 N. */
const GRID_OVERSAMPLING = 1.5;

/** Smallest M = 2^k or 3 x 2^k with M >= 1.5 N. */
export function gridSizeOf(columns: number): number {
  return transformLength(Math.max(GRID_OVERSAMPLING * columns, GRID_SIZE_MIN));
}

/** Length of the transform that filters a row without its ends meeting: at least 2 N. */
export function filterSizeOf(columns: number): number {
  return transformLength(Math.max(2 * columns, GRID_SIZE_MIN));
}

/** Smallest 2^k or 3 x 2^k that is not less. */
export function transformLength(atLeast: number): number {
  const power = 2 ** Math.ceil(Math.log2(atLeast));
  return 0.75 * power >= atLeast ? 0.75 * power : power;
}

/**
 * Shares of a row's last value behind it, on a circle of `size`: half a cosine, so that it fades
 * over a quarter of the row, or half of the room there is. Backwards, the shares of its first value
 * before it.
 */
export function edgeBlend(size: number, columns: number): Float64Array {
  const gap = size - columns;
  const fade = Math.max(1, Math.floor(Math.min(gap / 2, columns / 4)));
  return Float64Array.from({ length: gap }, (_, at) =>
    at < fade ? (1 + Math.cos((Math.PI * (at + 1)) / (fade + 1))) / 2 : 0,
  );
}

/** cos and -sin of 2 pi k / size, interleaved. */
export function twiddles(size: number): Float32Array {
  const table = new Float32Array(2 * size);
  for (let k = 0; k < size; k++) {
    table[2 * k] = Math.cos((2 * Math.PI * k) / size);
    table[2 * k + 1] = -Math.sin((2 * Math.PI * k) / size);
  }
  return table;
}

/**
 * The ramp filter in space: 1/4 at 0, -1 / (pi n)^2 at odd n, 0 elsewhere (Ram and
 * Lakshminarayanan 1971; Kak and Slaney 1988, eq. 3.61). Its transform keeps the mean that
 * |frequency| itself would lose.
 */
export function rampKernel(offset: number): number {
  if (offset === 0) return 0.25;
  return offset % 2 === 0 ? 0 : -1 / (Math.PI * offset) ** 2;
}

/** Discrete transform of the ramp on `size` samples, from frequency 0 to size / 2 included. */
export function rampSpectrum(size: number): Float64Array {
  const cosines = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  return Float64Array.from({ length: size / 2 + 1 }, (_, j) => {
    let sum = rampKernel(0);
    for (let n = 1; n < size / 2; n += 2) {
      sum += 2 * rampKernel(n) * (cosines[(j * n) % size] ?? 0);
    }
    return sum;
  });
}

/**
 * Ramp for the gridding: halved at 0, where sample and partner are the same. A pixel of a slice is
 * the mean over its width, which damps a frequency f by sinc(f) (Shepp and Logan 1974).
 */
export function gridRamp(gridSize: number): Float64Array {
  const ramp = rampSpectrum(gridSize)
    .subarray(0, gridSize / 2)
    .map((value, j) => (value * sinc(j / gridSize)) / gridSize);
  ramp[0] = (ramp[0] ?? 0) / 2;
  return ramp;
}

/**
 * Ramp for the back-projection, with the scale of the transform there and back. Linear
 * interpolation between detector pixels damps a frequency f by sinc^2(f); what a pixel of a slice
 * is, the mean over its width, damps it by sinc(f). The ramp makes up for the difference.
 */
export function filterRamp(filterSize: number): Float64Array {
  return rampSpectrum(filterSize).map((value, j) => value / sinc(j / filterSize) / filterSize);
}

/** The same filter in space, on a circle of `filterSize` pixels: what twins convolve with. */
export function filterKernel(filterSize: number): Float64Array {
  const ramp = filterRamp(filterSize);
  return Float64Array.from({ length: filterSize }, (_, n) => {
    let sum = 0;
    for (let j = 0; j < filterSize; j++) {
      const turn = (2 * Math.PI * ((j * n) % filterSize)) / filterSize;
      sum += (ramp[Math.min(j, filterSize - j)] ?? 0) * Math.cos(turn);
    }
    return sum;
  });
}

function sinc(frequency: number): number {
  return frequency === 0 ? 1 : Math.sin(Math.PI * frequency) / (Math.PI * frequency);
}

/**
 * Shape parameter of the Kaiser-Bessel weights that spreads the least error at this oversampling
 * (Beatty, Nishimura and Pauly 2005, eq. 5).
 */
function kaiserBeta(columns: number, gridSize: number): number {
  const oversampling = gridSize / columns;
  const width = WEIGHT_CELLS / oversampling;
  return Math.PI * Math.sqrt((width * (oversampling - 0.5)) ** 2 - 0.8);
}

/** Four weights for each position in (0, 1] of a sample behind the second of its four cells. */
export function kaiserWeights(columns: number, gridSize: number): Float32Array {
  const beta = kaiserBeta(columns, gridSize);
  const scale = besselI0(beta);
  const table = new Float32Array((WEIGHT_STEPS + 1) * WEIGHT_CELLS);
  for (let at = 0; at < table.length; at++) {
    const step = Math.floor(at / WEIGHT_CELLS);
    const distance = Math.abs(step / WEIGHT_STEPS + 1 - (at % WEIGHT_CELLS));
    const u = distance / (WEIGHT_CELLS / 2);
    table[at] = u <= 1 ? besselI0(beta * Math.sqrt(1 - u * u)) / scale : 0;
  }
  return table;
}

/**
 * What undoes the weights in the image: 1 over their Fourier transform, with the sign that comes
 * of having frequency 0 in the middle of the grid.
 */
export function deapodisation(columns: number, gridSize: number): Float64Array {
  const beta = kaiserBeta(columns, gridSize);
  const scale = besselI0(beta) / WEIGHT_CELLS;
  return Float64Array.from({ length: columns }, (_, i) => {
    const offset = i - Math.floor(columns / 2);
    const square = beta ** 2 - ((Math.PI * WEIGHT_CELLS * offset) / gridSize) ** 2;
    const root = Math.sqrt(Math.abs(square));
    const transform = (square > 0 ? Math.sinh(root) : Math.sin(root)) / root;
    return ((offset % 2 === 0 ? 1 : -1) * scale) / transform;
  });
}

/** Modified Bessel function of the first kind and order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
