// Kernel of what is done to a finished volume: median, histogram, runs of the foreground, their
// components, and depth behind an interface. One slice at a time; runs are kept for a slab.
import * as m from './memory';

export { loadBytes, loadShorts, quantiseFloats, quantiseShorts } from './codes';
export { connect } from './components';
export { addDepths, clearDepth, countMask } from './depth';
export { clearHistogram, countSlice } from './histogram';
export { medianSlice, passSlice } from './median';
export { paintMask, paintRuns } from './paint';
export { countLeading, findRuns } from './runs';

/** Lays out the memory for slices of this size; -1 when they do not fit. */
export function configure(rows: i32, columns: i32, bytesPerCode: i32): i32 {
  return m.setLayout(rows, columns, bytesPerCode) ? 0 : -1;
}

export function rawAddress(): usize {
  return m.raw;
}

export function spansAddress(): usize {
  return m.spans;
}

export function filteredAddress(): usize {
  return m.filtered;
}

export function strideBytes(): usize {
  return m.stride;
}

export function histogramAddress(table: i32): usize {
  return m.histograms + ((<usize>(table * m.BINS_MAX)) << 2);
}

export function runsAddress(target: i32): usize {
  return m.runsOf(m.list(target, 0));
}

export function rowStartsAddress(target: i32): usize {
  return m.rowStartsOf(m.list(target, 0));
}

export function componentsAddress(target: i32): usize {
  return m.componentsOf(target);
}

export function classesAddress(target: i32): usize {
  return m.classesOf(target);
}

export function leadingAddress(): usize {
  return m.leading;
}

export function heightsAddress(): usize {
  return m.heights;
}

export function cosinesAddress(): usize {
  return m.cosines;
}

export function reachAddress(level: i32): usize {
  return m.reach(level);
}

export function depthCountsAddress(): usize {
  return m.depthCounts;
}

export function labelsAddress(): usize {
  return m.labels;
}
