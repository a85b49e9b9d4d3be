/** One ellipse of the phantom, lengths in units of the phantom's radius. */
interface Ellipse {
  readonly value: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly x: number;
  readonly y: number;
  readonly turnDegree: number;
  readonly cosine: number;
  readonly sine: number;
}

/** The modified Shepp-Logan phantom (Toft 1996). */
const ELLIPSES: readonly Ellipse[] = [
  [1, 0.69, 0.92, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 0, -0.0184, 0],
  [-0.2, 0.11, 0.31, 0.22, 0, -18],
  [-0.2, 0.16, 0.41, -0.22, 0, 18],
  [0.1, 0.21, 0.25, 0, 0.35, 0],
  [0.1, 0.046, 0.046, 0, 0.1, 0],
  [0.1, 0.046, 0.046, 0, -0.1, 0],
  [0.1, 0.046, 0.023, -0.08, -0.605, 0],
  [0.1, 0.023, 0.023, 0, -0.606, 0],
  [0.1, 0.023, 0.046, 0.06, -0.605, 0],
].map(([value = 0, halfWidth = 1, halfHeight = 1, x = 0, y = 0, turnDegree = 0]) => ({
  value,
  halfWidth,
  halfHeight,
  x,
  y,
  turnDegree,
  cosine: Math.cos((turnDegree * Math.PI) / 180),
  sine: Math.sin((turnDegree * Math.PI) / 180),
}));

/** Points per pixel side over which a pixel's value is averaged. */
const SUBPIXELS = 4;

/** Mean value over each pixel of a columns x columns slice. */
export function phantomSlice(columns: number, radiusPixel: number): Float32Array {
  const slice = new Float32Array(columns * columns);
  const middle = (columns - 1) / 2;
  for (let at = 0; at < slice.length * SUBPIXELS ** 2; at++) {
    const pixel = Math.floor(at / SUBPIXELS ** 2);
    const [subX, subY] = [at % SUBPIXELS, Math.floor(at / SUBPIXELS) % SUBPIXELS];
    const x = ((pixel % columns) - middle + (subX + 0.5) / SUBPIXELS - 0.5) / radiusPixel;
    const y = (Math.floor(pixel / columns) - middle + (subY + 0.5) / SUBPIXELS - 0.5) / radiusPixel;
    for (const ellipse of ELLIPSES) {
      if (!isInside(ellipse, x, y)) continue;
      slice[pixel] = (slice[pixel] ?? 0) + ellipse.value / SUBPIXELS ** 2;
    }
  }
  return slice;
}

/** Line integrals through the phantom, averaged over each detector pixel, [view, column]. */
export function phantomSinogram(options: {
  readonly columns: number;
  readonly radiusPixel: number;
  readonly anglesRadian: ArrayLike<number>;
  readonly axisPixel: number;
}): Float32Array {
  const { columns, radiusPixel, anglesRadian, axisPixel } = options;
  const sinogram = new Float32Array(anglesRadian.length * columns);
  for (let view = 0; view < anglesRadian.length; view++) {
    const angle = anglesRadian[view] ?? 0;
    for (const ellipse of ELLIPSES) {
      const { value, halfWidth, halfHeight, x, y, turnDegree } = ellipse;
      const turned = angle - (turnDegree * Math.PI) / 180;
      const square = (halfWidth * Math.cos(turned)) ** 2 + (halfHeight * Math.sin(turned)) ** 2;
      const centre = x * Math.cos(angle) + y * Math.sin(angle);
      const scale = (value * halfWidth * halfHeight * radiusPixel ** 2) / square;
      // Twice the integral of the root of square - t^2, from the middle to a place.
      const areaTo = (place: number): number => {
        const root = Math.sqrt(square);
        const t = Math.max(-root, Math.min(root, (place - axisPixel) / radiusPixel - centre));
        return t * Math.sqrt(Math.max(0, square - t * t)) + square * Math.asin(t / root);
      };
      let before = areaTo(-0.5);
      for (let column = 0; column < columns; column++) {
        const after = areaTo(column + 0.5);
        const at = view * columns + column;
        sinogram[at] = (sinogram[at] ?? 0) + scale * (after - before);
        before = after;
      }
    }
  }
  return sinogram;
}

/** `views` angles spread evenly over `spanRadian`, the far end left out. */
export function evenAngles(views: number, spanRadian = Math.PI): Float64Array {
  return Float64Array.from({ length: views }, (_, view) => (view * spanRadian) / views);
}

/** Root mean square of a - b, relative to that of b. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let at = 0; at < b.length; at++) {
    difference += ((a[at] ?? Number.NaN) - (b[at] ?? 0)) ** 2;
    size += (b[at] ?? 0) ** 2;
  }
  return Math.sqrt(difference / size);
}

/** How a slice compares with the truth inside a part of the inscribed disc. */
export function compareSlices(
  slice: Float32Array,
  truth: Float32Array,
  columns: number,
  radiusFraction = 0.95,
): { readonly rmse: number; readonly bias: number; readonly gain: number } {
  const middle = (columns - 1) / 2;
  let [count, squares, sum, products, truths] = [0, 0, 0, 0, 0];
  for (let at = 0; at < slice.length; at++) {
    const [x, y] = [(at % columns) - middle, Math.floor(at / columns) - middle];
    if (Math.hypot(x, y) > (radiusFraction * columns) / 2) continue;
    const [value, expected] = [slice[at] ?? Number.NaN, truth[at] ?? 0];
    count += 1;
    squares += (value - expected) ** 2;
    sum += value - expected;
    if (!isUniformAround(truth, at, columns)) continue;
    products += value * expected;
    truths += expected * expected;
  }
  return { rmse: Math.sqrt(squares / count), bias: sum / count, gain: products / truths };
}

/**
 * Mean structural similarity of two slices over windows of 7 x 7 pixels, values ranging over 1
 * (Wang, Bovik, Sheikh and Simoncelli 2004, eq. 13).
 */
export function structuralSimilarity(
  slice: Float32Array,
  truth: Float32Array,
  columns: number,
): number {
  const products = (a: Float32Array, b: Float32Array) =>
    windowMeans(
      Float64Array.from(a, (value, at) => value * (b[at] ?? 0)),
      columns,
    );
  const [meanA, meanB] = [windowMeans(slice, columns), windowMeans(truth, columns)];
  const [squaresA, squaresB] = [products(slice, slice), products(truth, truth)];
  const cross = products(slice, truth);
  const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
  const unbiased = WINDOW ** 2 / (WINDOW ** 2 - 1);
  let sum = 0;
  for (let at = 0; at < meanA.length; at++) {
    const [a, b] = [meanA[at] ?? 0, meanB[at] ?? 0];
    const variances = unbiased * ((squaresA[at] ?? 0) - a * a + (squaresB[at] ?? 0) - b * b);
    const covariance = unbiased * ((cross[at] ?? 0) - a * b);
    const luminance = (2 * a * b + c1) / (a * a + b * b + c1);
    sum += (luminance * (2 * covariance + c2)) / (variances + c2);
  }
  return sum / meanA.length;
}

const WINDOW = 7;

/** Means over all windows that lie within the slice: running sums along rows, then columns. */
function windowMeans(values: ArrayLike<number>, columns: number): Float64Array {
  const count = columns - WINDOW + 1;
  const alongRows = runningSums(values, { lines: columns, count, next: 1, line: columns });
  return runningSums(alongRows, { lines: count, count, next: count, line: 1 }).map(
    (sum) => sum / WINDOW ** 2,
  );
}

/** `count` sums of WINDOW values `next` apart on each line, kept as the values are. */
function runningSums(
  values: ArrayLike<number>,
  { lines, count, next, line }: { lines: number; count: number; next: number; line: number },
): Float64Array {
  const sums = new Float64Array(lines * count);
  const target = next === 1 ? count : 1;
  for (let k = 0; k < lines; k++) {
    let sum = 0;
    for (let at = 0; at < count + WINDOW - 1; at++) {
      sum += values[k * line + at * next] ?? 0;
      if (at >= WINDOW) sum -= values[k * line + (at - WINDOW) * next] ?? 0;
      if (at >= WINDOW - 1) sums[k * target + (at - WINDOW + 1) * next] = sum;
    }
  }
  return sums;
}

/** True where no edge is near, so that the blur of the detector does not matter. */
function isUniformAround(truth: Float32Array, at: number, columns: number): boolean {
  for (let dy = -3; dy <= 3; dy++) {
    for (let dx = -3; dx <= 3; dx++) {
      if (Math.abs((truth[at + dy * columns + dx] ?? 0) - (truth[at] ?? 0)) > 1e-6) return false;
    }
  }
  return true;
}

function isInside(ellipse: Ellipse, x: number, y: number): boolean {
  const [dx, dy] = [x - ellipse.x, y - ellipse.y];
  const u = dx * ellipse.cosine + dy * ellipse.sine;
  const v = dy * ellipse.cosine - dx * ellipse.sine;
  return (u / ellipse.halfWidth) ** 2 + (v / ellipse.halfHeight) ** 2 <= 1;
}
