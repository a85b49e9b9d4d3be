// What a row is beyond the detector. Where the sample is wider than the detector, zeros there
// would be an edge the sample does not have, and the ramp filter turns it into a bright rim. So
// the row goes on from its last value, fades, and rises again to its first.
import { add, loadSplat, mul, splat } from './lanes';

/** The end of a row is the mean of this many values: one pixel's noise must not reach far. */
const EDGE_COLUMNS: usize = 4;

/**
 * Fills the samples behind the detector's columns in both planes of a bundle of eight rows.
 * @param blend the share of the last value at each of these samples, from 1 down to 0
 * @param extend false where there is nothing beyond the detector
 */
export function continueRows(
  bundle: usize,
  plane: usize,
  columns: usize,
  size: usize,
  blend: usize,
  extend: bool,
): void {
  const used = columns << 4;
  const rest = (size << 4) - used;
  if (!extend) {
    memory.fill(bundle + used, 0, rest);
    memory.fill(bundle + plane + used, 0, rest);
  } else if (ASC_FEATURE_SIMD) {
    extendRows<v128>(bundle, columns, size, blend);
    extendRows<v128>(bundle + plane, columns, size, blend);
  } else {
    extendRows<f32>(bundle, columns, size, blend);
    extendRows<f32>(bundle + plane, columns, size, blend);
  }
}

/**
 * The last value of each row fades into its first one over the samples from `columns` to `size`.
 * @param plane four rows side by side, a sample of each in turn
 */
function extendRows<T>(plane: usize, columns: usize, size: usize, blend: usize): void {
  const taken = min<usize>(EDGE_COLUMNS, columns);
  const share = splat<T>(<f32>1.0 / <f32>taken);
  for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) {
    let first = splat<T>(0);
    let last = splat<T>(0);
    for (let k: usize = 0; k < taken; k++) {
      first = add<T>(first, load<T>(plane + (k << 4) + lane));
      last = add<T>(last, load<T>(plane + ((columns - 1 - k) << 4) + lane));
    }
    first = mul<T>(first, share);
    last = mul<T>(last, share);
    const end = blend + ((size - columns - 1) << 2);
    for (let at = columns; at < size; at++) {
      const offset = (at - columns) << 2;
      const after = mul<T>(last, loadSplat<T>(blend + offset));
      const before = mul<T>(first, loadSplat<T>(end - offset));
      store<T>(plane + (at << 4) + lane, add<T>(after, before));
    }
  }
}
