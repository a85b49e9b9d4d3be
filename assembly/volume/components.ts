// Connected components of runs: two voxels belong together when they share a face, an edge or a
// corner (26 neighbours). Union-find in which the older label always wins.
import * as m from './memory';
import { firstRun, runEnd } from './runs';

const NO_LABEL: u32 = 0xffffffff;

/**
 * Labels the runs of a slab's slices and gathers what each component is.
 * @returns number of components, or -1 when there are more than fit
 */
export function connect(target: i32, slices: i32): i32 {
  const listIndex = m.list(target, 0);
  const parents = m.parentsOf(target);
  let labels: u32 = 0;
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < m.rows; row++) {
      const first = firstRun(listIndex, slice, row);
      const end = runEnd(listIndex, slice, row);
      if (first == end) continue;
      if (row > 0) join(listIndex, parents, first, end, slice, row - 1);
      if (slice > 0) {
        if (row > 0) join(listIndex, parents, first, end, slice - 1, row - 1);
        join(listIndex, parents, first, end, slice - 1, row);
        if (row + 1 < m.rows) join(listIndex, parents, first, end, slice - 1, row + 1);
      }
      for (let run = first; run < end; run += m.RUN_BYTES) {
        if (load<u32>(run, 4) != NO_LABEL) continue;
        store<u32>(run, labels, 4);
        store<u32>(parents + ((<usize>labels) << 2), labels);
        labels++;
      }
    }
  }
  const count = number(parents, labels);
  if (count > <u32>m.COMPONENTS_MAX) return -1;
  gather(target, slices, count);
  return <i32>count;
}

/** Runs `first` to before `end` take the labels of the runs they touch in another row. */
function join(
  listIndex: i32,
  parents: usize,
  first: usize,
  end: usize,
  slice: i32,
  row: i32,
): void {
  let other = firstRun(listIndex, slice, row);
  const otherEnd = runEnd(listIndex, slice, row);
  for (let run = first; run < end; run += m.RUN_BYTES) {
    const start = load<u16>(run);
    const stop = load<u16>(run, 2);
    while (other < otherEnd && load<u16>(other, 2) < start) other += m.RUN_BYTES;
    // The last one touched may touch the next run too.
    for (let k = other; k < otherEnd && load<u16>(k) <= stop; k += m.RUN_BYTES) {
      const label = load<u32>(run, 4);
      const root = find(parents, load<u32>(k, 4));
      store<u32>(run, label == NO_LABEL ? root : unite(parents, find(parents, label), root), 4);
    }
  }
}

function find(parents: usize, label: u32): u32 {
  let at = parents + ((<usize>label) << 2);
  let parent = load<u32>(at);
  while (parent != label) {
    // Halves the path for whoever comes next.
    const above = load<u32>(parents + ((<usize>parent) << 2));
    store<u32>(at, above);
    label = above;
    at = parents + ((<usize>label) << 2);
    parent = load<u32>(at);
  }
  return label;
}

function unite(parents: usize, a: u32, b: u32): u32 {
  if (a == b) return a;
  const older = min(a, b);
  store<u32>(parents + ((<usize>max(a, b)) << 2), older);
  return older;
}

/** Parents become numbers of components, counted in the order their first runs were met. */
function number(parents: usize, labels: u32): u32 {
  let count: u32 = 0;
  for (let label: u32 = 0; label < labels; label++) {
    const at = parents + ((<usize>label) << 2);
    const parent = load<u32>(at);
    // An older label already is the number of its component.
    store<u32>(at, parent == label ? count++ : load<u32>(parents + ((<usize>parent) << 2)));
  }
  return count;
}

function gather(target: i32, slices: i32, count: u32): void {
  const listIndex = m.list(target, 0);
  const parents = m.parentsOf(target);
  const components = m.componentsOf(target);
  for (let component: u32 = 0; component < count; component++) {
    const at = components + <usize>component * m.COMPONENT_BYTES;
    memory.fill(at, 0, m.COMPONENT_BYTES);
    store<u16>(at, 0xffff, 32);
    store<u16>(at, 0xffff, 36);
    store<u16>(at, 0xffff, 40);
  }
  for (let slice = 0; slice < slices; slice++) {
    const onFace =
      (slice == 0 ? m.TOUCHES_FIRST_SLICE : 0) | (slice == slices - 1 ? m.TOUCHES_LAST_SLICE : 0);
    for (let row = 0; row < m.rows; row++) {
      const inner = innerStart(row);
      const innerStop = innerEnd(row);
      const end = runEnd(listIndex, slice, row);
      for (let run = firstRun(listIndex, slice, row); run < end; run += m.RUN_BYTES) {
        const component = load<u32>(parents + ((<usize>load<u32>(run, 4)) << 2));
        store<u32>(run, component, 4);
        const start = <i32>load<u16>(run);
        const stop = <i32>load<u16>(run, 2);
        const side = start < inner || stop > innerStop ? m.TOUCHES_SIDE : 0;
        const at = components + <usize>component * m.COMPONENT_BYTES;
        add(at, start, stop, row, slice, onFace | side);
      }
    }
  }
}

/** First column that has the mask on all four sides. */
function innerStart(row: i32): i32 {
  if (row == 0 || row == m.rows - 1) return m.columns;
  return max(m.spanStart(row) + 1, max(m.spanStart(row - 1), m.spanStart(row + 1)));
}

/** Column behind the last that has the mask on all four sides. */
function innerEnd(row: i32): i32 {
  if (row == 0 || row == m.rows - 1) return 0;
  return min(m.spanEnd(row) - 1, min(m.spanEnd(row - 1), m.spanEnd(row + 1)));
}

function add(at: usize, start: i32, stop: i32, row: i32, slice: i32, flags: u32): void {
  const length = <f64>(stop - start);
  store<u32>(at, load<u32>(at) + <u32>(stop - start));
  store<u32>(at, load<u32>(at, 4) | flags, 4);
  store<f64>(at, load<f64>(at, 8) + 0.5 * length * <f64>(start + stop - 1), 8);
  store<f64>(at, load<f64>(at, 16) + length * <f64>row, 16);
  store<f64>(at, load<f64>(at, 24) + length * <f64>slice, 24);
  if (<u16>start < load<u16>(at, 32)) store<u16>(at, <u16>start, 32);
  if (<u16>(stop - 1) > load<u16>(at, 34)) store<u16>(at, <u16>(stop - 1), 34);
  if (<u16>row < load<u16>(at, 36)) store<u16>(at, <u16>row, 36);
  if (<u16>row > load<u16>(at, 38)) store<u16>(at, <u16>row, 38);
  if (<u16>slice < load<u16>(at, 40)) store<u16>(at, <u16>slice, 40);
  if (<u16>slice > load<u16>(at, 42)) store<u16>(at, <u16>slice, 42);
}
