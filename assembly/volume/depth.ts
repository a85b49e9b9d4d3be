// How much of each phase lies how deep behind the interface, and how far the electrode reaches.
import * as m from './memory';
import { firstRun, runEnd } from './runs';

/** Labels that are counted; particles lie in the solid. */
const VOID: u32 = 1;
const ELECTRODE: u32 = 3;

export function clearDepth(): void {
  memory.fill(m.depthCounts, 0, (<usize>((m.LEVELS * 2 + 1) * m.BINS_MAX)) << 3);
  const voxels = <usize>m.rows * <usize>m.columns;
  for (let level = 0; level < m.LEVELS; level++) memory.fill(m.reach(level), 0, voxels << 2);
}

/**
 * Adds the runs of a slab, at all levels. At the threshold a run is what its component is. At a
 * looser one it is what it contains, the electrode first, and `loneClass` when that is nothing; at
 * a stricter one what contains it.
 * @param firstSlice of the slab in the volume
 * @param levels 1: only the threshold itself; 3: all
 */
export function addDepths(
  target: i32,
  slices: i32,
  firstSlice: i32,
  levels: i32,
  loneClass: u32,
  binsPerVoxel: f32,
): void {
  const classes = m.classesOf(target);
  for (let slice = 0; slice < slices; slice++) {
    const z = <f32>(firstSlice + slice);
    for (let row = 0; row < m.rows; row++) {
      const middle = firstRun(m.list(target, 0), slice, row);
      const middleEnd = runEnd(m.list(target, 0), slice, row);
      for (let run = middle; run < middleEnd; run += m.RUN_BYTES) {
        const label = <u32>load<u8>(classes + <usize>load<u32>(run, 4));
        addRun(0, run, label, row, z, binsPerVoxel);
      }
      if (levels == 1) continue;
      let inner = middle;
      const looseEnd = runEnd(m.list(target, 1), slice, row);
      for (let run = firstRun(m.list(target, 1), slice, row); run < looseEnd; run += m.RUN_BYTES) {
        let label: u32 = 0;
        for (; inner < middleEnd && load<u16>(inner) < load<u16>(run, 2); inner += m.RUN_BYTES) {
          if (label == ELECTRODE) continue;
          label = <u32>load<u8>(classes + <usize>load<u32>(inner, 4));
        }
        addRun(1, run, label == 0 ? loneClass : label, row, z, binsPerVoxel);
      }
      let outer = middle;
      const strictEnd = runEnd(m.list(target, 2), slice, row);
      for (let run = firstRun(m.list(target, 2), slice, row); run < strictEnd; run += m.RUN_BYTES) {
        while (outer < middleEnd && load<u16>(outer, 2) <= load<u16>(run)) outer += m.RUN_BYTES;
        if (outer == middleEnd) break;
        const label = <u32>load<u8>(classes + <usize>load<u32>(outer, 4));
        addRun(2, run, label, row, z, binsPerVoxel);
      }
    }
  }
}

function addRun(level: i32, run: usize, label: u32, row: i32, z: f32, binsPerVoxel: f32): void {
  if (label != VOID && label != ELECTRODE) return;
  const isElectrode = label == ELECTRODE;
  const counts = m.depthCounts + ((<usize>((2 * level + i32(isElectrode)) * m.BINS_MAX)) << 3);
  const line = <usize>row * <usize>m.columns;
  const end = <usize>load<u16>(run, 2);
  let pending: f64 = 0;
  let pendingBin = 0;
  for (let column = <usize>load<u16>(run); column < end; column++) {
    const at = (line + column) << 2;
    const cosine = load<f32>(m.cosines + at);
    const depth = (z - load<f32>(m.heights + at)) * cosine;
    if (depth <= 0) continue;
    const bin = min(<i32>(depth * binsPerVoxel), m.BINS_MAX - 1);
    if (bin != pendingBin) {
      addCount(counts, pendingBin, pending);
      pending = 0;
      pendingBin = bin;
    }
    pending += 1;
    // To the far face of the voxel.
    const reach = m.reach(level) + at;
    if (isElectrode) store<f32>(reach, max(load<f32>(reach), depth + <f32>0.5 * cosine));
  }
  addCount(counts, pendingBin, pending);
}

// @ts-ignore: decorator
@inline
function addCount(counts: usize, bin: i32, count: f64): void {
  const at = counts + ((<usize>bin) << 3);
  store<f64>(at, load<f64>(at) + count);
}

/** Counts the mask's voxels of slices 0 to `slices` - 1 per depth, behind all other counts. */
export function countMask(slices: i32, binsPerVoxel: f32): void {
  const counts = m.depthCounts + ((<usize>(2 * m.LEVELS * m.BINS_MAX)) << 3);
  for (let row = 0; row < m.rows; row++) {
    for (let column = m.spanStart(row); column < m.spanEnd(row); column++) {
      const at = (<usize>row * <usize>m.columns + <usize>column) << 2;
      countColumn(
        counts,
        load<f32>(m.heights + at),
        load<f32>(m.cosines + at),
        slices,
        binsPerVoxel,
      );
    }
  }
}

/** Depth grows along z: only the slices where a bin begins are looked for. */
function countColumn(counts: usize, height: f32, cosine: f32, slices: i32, perVoxel: f32): void {
  let slice = <i32>max<f32>(min<f32>(floor<f32>(height), <f32>slices), 0);
  while (slice < slices && (<f32>slice - height) * cosine <= 0) slice++;
  if (slice >= slices) return;
  let bin = <i32>((<f32>slice - height) * cosine * perVoxel);
  const slicesPerBin: f32 = 1 / (perVoxel * cosine);
  while (slice < slices && bin < m.BINS_MAX - 1) {
    const limit = <f32>(bin + 1);
    let end = <i32>min<f32>(height + limit * slicesPerBin, <f32>slices);
    // The estimate may be off by a rounding; the same formula as for the runs decides.
    while (end < slices && (<f32>end - height) * cosine * perVoxel < limit) end++;
    while (end > slice && (<f32>(end - 1) - height) * cosine * perVoxel >= limit) end--;
    addCount(counts, bin, <f64>(end - slice));
    slice = end;
    bin++;
  }
  addCount(counts, bin, <f64>(slices - slice));
}
