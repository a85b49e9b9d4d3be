// Values at given ranks without sorting: a histogram says in which small part of the values they
// lie, and only that part is looked into.
import * as m from './memory';
import * as s from './sinogram';

const BINS: i32 = 256;
/** So few values are sorted one by one. */
const FEW: usize = 24;

/** The values at three ranks of one column of values, three f32 at `to`. */
export function selectRanks(values: usize, low: i32, middle: i32, high: i32, to: usize): void {
  s.makeKeys(values, <usize>s.views, <f32>(BINS - 1), s.spareKeys);
  countKeys(<usize>s.views);
  store<f32>(to, valueAt(values, low));
  store<f32>(to, valueAt(values, middle), 4);
  store<f32>(to, valueAt(values, high), 8);
}

function countKeys(count: usize): void {
  memory.fill(m.histograms, 0, (<usize>BINS) << 2);
  const end = s.spareKeys + (count << 2);
  for (let at = s.spareKeys; at < end; at += 4) {
    const bin = m.histograms + (<usize>load<u32>(at) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** The value at a rank, of `views` values whose keys are counted. */
function valueAt(values: usize, rank: i32): f32 {
  let bin = 0;
  let before = 0;
  for (; ; bin++) {
    const count = load<i32>(m.histograms + ((<usize>bin) << 2));
    if (before + count > rank) break;
    before += count;
  }
  const count = collect(values, <usize>s.views, <u32>bin);
  return smallestOf(count, <usize>(rank - before));
}

/** The values of one key into `spareValues`. */
function collect(values: usize, count: usize, key: u32): usize {
  let to = s.spareValues;
  for (let at: usize = 0; at < count << 2; at += 4) {
    store<f32>(to, load<f32>(values + at));
    to += load<u32>(s.spareKeys + at) == key ? 4 : 0;
  }
  return (to - s.spareValues) >> 2;
}

/**
 * The value at a rank of the first values of `spareValues`: quickselect (Hoare 1961), around the
 * median of the first, middle and last.
 */
function smallestOf(count: usize, rank: usize): f32 {
  let first = s.spareValues;
  let last = first + ((count - 1) << 2);
  const at = first + (rank << 2);
  while (last - first > FEW << 2) {
    const pivot = pivotOf(first, last);
    let left = first;
    let right = last;
    while (left <= right) {
      while (load<f32>(left) < pivot) left += 4;
      while (load<f32>(right) > pivot) right -= 4;
      if (left > right) break;
      const swap = load<f32>(left);
      store<f32>(left, load<f32>(right));
      store<f32>(right, swap);
      left += 4;
      right -= 4;
    }
    if (at <= right) last = right;
    else if (at >= left) first = left;
    else return load<f32>(at);
  }
  for (let next = first + 4; next <= last; next += 4) {
    const value = load<f32>(next);
    let to = next;
    for (; to > first && load<f32>(to - 4) > value; to -= 4) store<f32>(to, load<f32>(to - 4));
    store<f32>(to, value);
  }
  return load<f32>(at);
}

function pivotOf(first: usize, last: usize): f32 {
  const a = load<f32>(first);
  const b = load<f32>(first + (((last - first) >> 3) << 2));
  const c = load<f32>(last);
  return max(min(a, b), min(max(a, b), c));
}
