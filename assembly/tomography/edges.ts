// What a row is beyond the detector. Where the sample is wider than the detector, zeros there
// would be an edge the sample does not have, and the ramp filter turns it into a bright rim. So
// the row goes on from its last value, fades, and rises again to its first.
import { add, loadSplat, mul, splat } from './lanes';
import * as m from './memory';

/** The end of a row is the mean of this many values: one pixel's noise must not reach far. */
export const EDGE_COLUMNS: i32 = 4;

/** Fills the samples of a bundle behind the detector's columns, up to `size`. */
export function continueRows(bundle: usize, plane: usize, size: i32, blend: usize): void {
  const used = (<usize>m.columns) << 4;
  const rest = ((<usize>size) << 4) - used;
  if (m.extendsEdges == 0) {
    memory.fill(bundle + used, 0, rest);
    memory.fill(bundle + plane + used, 0, rest);
  } else if (ASC_FEATURE_SIMD) {
    extend<v128>(bundle, size, blend);
    extend<v128>(bundle + plane, size, blend);
  } else {
    extend<f32>(bundle, size, blend);
    extend<f32>(bundle + plane, size, blend);
  }
}

function extend<T>(plane: usize, size: i32, blend: usize): void {
  const columns = <usize>m.columns;
  const taken = <usize>min<i32>(EDGE_COLUMNS, m.columns);
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
    const end = blend + ((<usize>size - columns - 1) << 2);
    for (let at = columns; at < <usize>size; at++) {
      const offset = (at - columns) << 2;
      const after = mul<T>(last, loadSplat<T>(blend + offset));
      const before = mul<T>(first, loadSplat<T>(end - offset));
      store<T>(plane + (at << 4) + lane, add<T>(after, before));
    }
  }
}
