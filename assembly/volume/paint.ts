// Labels of voxels.
import * as m from './memory';
import { firstRun, runEnd } from './runs';

/** Fills `labels` with one slice of a slab: 0 outside the mask, `background` inside. */
export function paintMask(background: u32): void {
  for (let row = 0; row < m.rows; row++) {
    const line = m.labels + <usize>row * <usize>m.columns;
    memory.fill(line, 0, <usize>m.columns);
    const start = m.spanStart(row);
    if (m.spanEnd(row) <= start) continue;
    memory.fill(line + <usize>start, <u8>background, <usize>(m.spanEnd(row) - start));
  }
}

/** Each run of one slice is filled with what its component is, unless that is nothing. */
export function paintRuns(target: i32, slice: i32): void {
  const listIndex = m.list(target, 0);
  const classes = m.classesOf(target);
  for (let row = 0; row < m.rows; row++) {
    const line = m.labels + <usize>row * <usize>m.columns;
    const end = runEnd(listIndex, slice, row);
    for (let run = firstRun(listIndex, slice, row); run < end; run += m.RUN_BYTES) {
      const label = load<u8>(classes + <usize>load<u32>(run, 4));
      if (label == 0) continue;
      const start = <usize>load<u16>(run);
      memory.fill(line + start, label, <usize>load<u16>(run, 2) - start);
    }
  }
}
