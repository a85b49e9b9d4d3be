import {
  bitReversed,
  type IterativeGeometry,
  orderedSubsets,
  sliceSize,
} from './iterative-kernel.ts';

/**
 * The iterative kernel's plain, slow twin: every weight of the system matrix computed by itself,
 * in double precision. It is the oracle the kernel is tested against.
 */

/** One crossing: pixel `pixel` of a slice gives `weight` of its value to a bin of a view. */
type Visit = (pixel: number, bin: number, weight: number) => void;

export interface TwinState {
  /** [row, column] of `sliceSize` squared pixels. */
  readonly image: Float64Array;
  readonly dualX: Float64Array;
  readonly dualY: Float64Array;
}

/** Side of the twin's slices: larger than `columns` when the sample is wider than the detector. */
export function emptyTwin(geometry: IterativeGeometry): TwinState {
  const pixels = sliceSize(geometry) ** 2;
  const zeros = (): Float64Array => new Float64Array(pixels);
  return { image: zeros(), dualX: zeros(), dualY: zeros() };
}

/** A x: [view, column]. */
export function projectTwin(geometry: IterativeGeometry, image: ArrayLike<number>): Float64Array {
  const { columns, anglesRadian } = geometry;
  const sinogram = new Float64Array(anglesRadian.length * columns);
  for (let view = 0; view < anglesRadian.length; view++) {
    visitView(geometry, view, (pixel, bin, weight) => {
      const at = view * columns + bin;
      sinogram[at] = (sinogram[at] ?? 0) + weight * (image[pixel] ?? 0);
    });
  }
  return sinogram;
}

/** A^T b of the views named: [row, column]. */
export function backprojectViewsTwin(
  geometry: IterativeGeometry,
  sinogram: ArrayLike<number>,
  views: Iterable<number> = Array.from(geometry.anglesRadian).keys(),
): Float64Array {
  const image = new Float64Array(sliceSize(geometry) ** 2);
  for (const view of views) {
    visitView(geometry, view, (pixel, bin, weight) => {
      image[pixel] = (image[pixel] ?? 0) + weight * (sinogram[view * geometry.columns + bin] ?? 0);
    });
  }
  return image;
}

/** One pass over all views, in place. @returns the relative norm of the residuals on the way */
export function passTwin(
  geometry: IterativeGeometry,
  sinogram: ArrayLike<number>,
  state: TwinState,
  options: {
    readonly subsets: number;
    readonly isNonNegative: boolean;
    readonly variationWeight: number;
    readonly variationSteps: number;
  },
): number {
  const { columns, anglesRadian } = geometry;
  const { subsets, isNonNegative, variationWeight, variationSteps } = options;
  const { image } = state;
  const inDisc = discOf(geometry);
  const lengths = projectTwin(geometry, inDisc);
  const seen = backprojectViewsTwin(geometry, new Float64Array(lengths.length).fill(1));
  const { order, bounds } = orderedSubsets(anglesRadian, subsets);
  let [lacks, squares] = [0, 0];
  for (const subset of bitReversed(subsets)) {
    const views = order.subarray(bounds[subset], bounds[subset + 1]);
    const projected = projectTwin(geometry, image);
    const weighted = new Float64Array(projected.length);
    for (const view of views) {
      for (let at = view * columns; at < (view + 1) * columns; at++) {
        const length = lengths[at] ?? 0;
        if (length === 0) continue;
        const lack = (sinogram[at] ?? 0) - (projected[at] ?? 0);
        weighted[at] = lack / Math.max(1, length);
        lacks += lack ** 2;
        squares += (sinogram[at] ?? 0) ** 2;
      }
    }
    const update = backprojectViewsTwin(geometry, weighted, views);
    const share = anglesRadian.length / views.length;
    for (const [pixel, change] of update.entries()) {
      const count = seen[pixel] ?? 0;
      const value = (image[pixel] ?? 0) + change * (count > 0 ? Math.min(1, share / count) : 0);
      image[pixel] = isNonNegative ? Math.max(0, value) : value;
    }
  }
  if (variationWeight > 0) {
    smoothTwin(state, inDisc, variationWeight * subsets, { steps: variationSteps, isNonNegative });
  }
  return squares > 0 ? Math.sqrt(lacks / squares) : 0;
}

/** Chambolle's projected gradient steps on the dual of the total variation, in place. */
function smoothTwin(
  { image, dualX, dualY }: TwinState,
  inDisc: Float64Array,
  weight: number,
  { steps, isNonNegative }: { readonly steps: number; readonly isNonNegative: boolean },
): void {
  const size = Math.sqrt(image.length);
  const smoothed = (): Float64Array =>
    image.map((value, at) => {
      const left = at % size > 0 ? (dualX[at - 1] ?? 0) : 0;
      const divergence = (dualX[at] ?? 0) - left + (dualY[at] ?? 0) - (dualY[at - size] ?? 0);
      return inDisc[at] ? value + weight * divergence : 0;
    });
  for (let step = 0; step < steps; step++) {
    const u = smoothed();
    for (const [at, value] of u.entries()) {
      if (!inDisc[at]) continue;
      const isLast = at % size === size - 1;
      const riseX = !isLast && inDisc[at + 1] ? (u[at + 1] ?? 0) - value : 0;
      const riseY = inDisc[at + size] ? (u[at + size] ?? 0) - value : 0;
      const x = (dualX[at] ?? 0) + (0.25 / weight) * riseX;
      const y = (dualY[at] ?? 0) + (0.25 / weight) * riseY;
      const length = Math.max(1, Math.hypot(x, y));
      dualX[at] = x / length;
      dualY[at] = y / length;
    }
  }
  image.set(smoothed().map((value) => (isNonNegative ? Math.max(0, value) : value)));
}

/** 1 within the inscribed disc, else 0. */
function discOf(geometry: IterativeGeometry): Float64Array {
  const size = sliceSize(geometry);
  const middle = (size - 1) / 2;
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [x, y] = [(at % size) - middle, Math.floor(at / size) - middle];
    return x * x + y * y <= (size / 2) ** 2 ? 1 : 0;
  });
}

function visitView(geometry: IterativeGeometry, view: number, visit: Visit): void {
  const { columns, anglesRadian, axisPixel } = geometry;
  const size = sliceSize(geometry);
  const middle = (size - 1) / 2;
  const angle = anglesRadian[view] ?? 0;
  for (const [pixel, isInside] of discOf(geometry).entries()) {
    if (!isInside) continue;
    const [x, y] = [(pixel % size) - middle, Math.floor(pixel / size) - middle];
    const place = axisPixel + x * Math.cos(angle) + y * Math.sin(angle);
    const bin = Math.floor(place);
    const fraction = place - bin;
    if (bin >= 0 && bin < columns) visit(pixel, bin, 1 - fraction);
    if (bin + 1 >= 0 && bin + 1 < columns) visit(pixel, bin + 1, fraction);
  }
}
