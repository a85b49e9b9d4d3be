/** Columns over which the mean of all views is taken to be smooth, on each side. */
const NEIGHBOURS = 2;

/**
 * A sinogram without the part of each column's mean that its neighbours do not share: the pattern
 * of the detector, which stands still while the sample turns and would pull an axis to the
 * detector's middle. Good enough to find an axis on; not a correction of the data.
 */
export function withoutStripes(sinogram: Float32Array, columns: number): Float32Array {
  const views = sinogram.length / columns;
  const mean = new Float64Array(columns);
  for (let at = 0; at < sinogram.length; at++) {
    const column = at % columns;
    mean[column] = (mean[column] ?? 0) + (sinogram[at] ?? 0) / views;
  }
  const stripe = mean.map((value, column) => {
    const near = mean.slice(Math.max(0, column - NEIGHBOURS), column + NEIGHBOURS + 1).sort();
    return value - (near[near.length >> 1] ?? 0);
  });
  return sinogram.map((value, at) => value - (stripe[at % columns] ?? 0));
}
