// Median of 3 x 3 x 3 voxels by sorting networks: columns of three along z are sorted once and
// shared by nine voxels, blocks of nine along z and y once and shared by three. What remains is
// the median of three sorted lists of nine.
import { greater, lanes, lesser, middle, read, write } from './lanes';
import * as m from './memory';

/**
 * Medians of one slice into `filtered`, inside the mask; voxels beyond the volume's faces are
 * those on them.
 * @param above, here, below slots of three neighbouring slices
 */
export function medianSlice(above: i32, here: i32, below: i32): void {
  if (m.codeBytes == 1) {
    if (ASC_FEATURE_SIMD) filterSlice<v128, u8>(above, here, below);
    else filterSlice<u32, u8>(above, here, below);
  } else {
    if (ASC_FEATURE_SIMD) filterSlice<v128, u16>(above, here, below);
    else filterSlice<u32, u16>(above, here, below);
  }
}

/** The slice as it is into `filtered`. */
export function passSlice(here: i32): void {
  memory.copy(m.filtered, m.slot(here), <usize>m.rows * m.stride);
}

function filterSlice<T, L>(above: i32, here: i32, below: i32): void {
  const last = m.rows - 1;
  let sortedTo = -1;
  for (let row = 0; row <= last; row++) {
    if (m.spanStart(row) >= m.spanEnd(row)) continue;
    const first = max(row - 1, 0);
    const end = min(row + 1, last);
    for (let r = max(first, sortedTo + 1); r <= end; r++) sortAlongZ<T, L>(above, here, below, r);
    sortedTo = end;
    const step = lanes<T, L>();
    // One voxel more on each side, in whole vectors.
    const from = max(m.spanStart(row) - 1, 0) & ~(step - 1);
    const to = min(m.spanEnd(row) + 1, m.columns);
    mergeAlongY<T, L>(first % 3, row % 3, end % 3, from, to);
    if (from == 0) extendBefore<L>();
    if (to == m.columns) extendBehind<L>();
    selectAlongX<T, L>(row, m.spanStart(row) & ~(step - 1), m.spanEnd(row));
  }
}

/** Rows next to an empty one may be needed by rows with a wider span: whole rows are sorted. */
function sortAlongZ<T, L>(above: i32, here: i32, below: i32, row: i32): void {
  const offset = <usize>row * m.stride;
  const from0 = m.slot(above) + offset;
  const from1 = m.slot(here) + offset;
  const from2 = m.slot(below) + offset;
  const low = m.alongZRow(row % 3, 0);
  const mid = m.alongZRow(row % 3, 1);
  const high = m.alongZRow(row % 3, 2);
  const from = <usize>spanAround(row, false) * sizeof<L>();
  const end = <usize>spanAround(row, true) * sizeof<L>();
  const step: usize = isVector<T>() ? 16 : sizeof<L>();
  for (let at = from & ~15; at < end; at += step) {
    const a = read<T, L>(from0 + at);
    const b = read<T, L>(from1 + at);
    const c = read<T, L>(from2 + at);
    const lower = lesser<T, L>(a, b);
    const upper = greater<T, L>(a, b);
    write<T, L>(low + at, lesser<T, L>(lower, c));
    write<T, L>(mid + at, middle<T, L>(lower, upper, c));
    write<T, L>(high + at, greater<T, L>(upper, c));
  }
}

/** First column, or column after the last, that the medians of this row and its neighbours need. */
function spanAround(row: i32, end: bool): i32 {
  let first = m.columns;
  let last = 0;
  for (let r = max(row - 1, 0); r <= min(row + 1, m.rows - 1); r++) {
    if (m.spanStart(r) >= m.spanEnd(r)) continue;
    first = min(first, m.spanStart(r) - 1);
    last = max(last, m.spanEnd(r) + 1);
  }
  return end ? min(last, m.columns) : max(first, 0);
}

/** The rest of Floyd's network of 25 comparisons for nine values, of which three triples are sorted. */
function mergeAlongY<T, L>(row0: i32, row1: i32, row2: i32, from: i32, to: i32): void {
  const step: usize = isVector<T>() ? 16 : sizeof<L>();
  const end = <usize>to * sizeof<L>();
  for (let at = <usize>from * sizeof<L>(); at < end; at += step) {
    let v0 = read<T, L>(m.alongZRow(row0, 0) + at);
    let v1 = read<T, L>(m.alongZRow(row0, 1) + at);
    let v2 = read<T, L>(m.alongZRow(row0, 2) + at);
    let v3 = read<T, L>(m.alongZRow(row1, 0) + at);
    let v4 = read<T, L>(m.alongZRow(row1, 1) + at);
    let v5 = read<T, L>(m.alongZRow(row1, 2) + at);
    let v6 = read<T, L>(m.alongZRow(row2, 0) + at);
    let v7 = read<T, L>(m.alongZRow(row2, 1) + at);
    let v8 = read<T, L>(m.alongZRow(row2, 2) + at);
    let t = lesser<T, L>(v0, v3);
    v3 = greater<T, L>(v0, v3);
    write<T, L>(m.sortedRow(0) + at, lesser<T, L>(t, v6));
    v6 = greater<T, L>(t, v6);
    t = lesser<T, L>(v3, v6);
    v6 = greater<T, L>(v3, v6);
    v3 = t;
    t = lesser<T, L>(v1, v4);
    v4 = greater<T, L>(v1, v4);
    v1 = lesser<T, L>(t, v7);
    v7 = greater<T, L>(t, v7);
    t = lesser<T, L>(v4, v7);
    v7 = greater<T, L>(v4, v7);
    v4 = t;
    t = lesser<T, L>(v2, v5);
    v5 = greater<T, L>(v2, v5);
    v2 = lesser<T, L>(t, v8);
    v8 = greater<T, L>(t, v8);
    t = lesser<T, L>(v5, v8);
    write<T, L>(m.sortedRow(8) + at, greater<T, L>(v5, v8));
    v5 = t;
    t = lesser<T, L>(v5, v7);
    v7 = greater<T, L>(v5, v7);
    v5 = t;
    t = lesser<T, L>(v2, v6);
    v6 = greater<T, L>(v2, v6);
    v2 = t;
    t = lesser<T, L>(v1, v3);
    v3 = greater<T, L>(v1, v3);
    write<T, L>(m.sortedRow(1) + at, t);
    t = lesser<T, L>(v4, v6);
    v6 = greater<T, L>(v4, v6);
    v4 = t;
    t = lesser<T, L>(v2, v4);
    v4 = greater<T, L>(v2, v4);
    v2 = t;
    t = lesser<T, L>(v5, v6);
    v6 = greater<T, L>(v5, v6);
    v5 = t;
    write<T, L>(m.sortedRow(2) + at, lesser<T, L>(v2, v3));
    write<T, L>(m.sortedRow(3) + at, greater<T, L>(v2, v3));
    write<T, L>(m.sortedRow(4) + at, v4);
    write<T, L>(m.sortedRow(5) + at, v5);
    write<T, L>(m.sortedRow(6) + at, v6);
    write<T, L>(m.sortedRow(7) + at, v7);
  }
}

function extendBefore<L>(): void {
  for (let rank = 0; rank < 9; rank++) {
    const first = m.sortedRow(rank);
    store<L>(first - sizeof<L>(), load<L>(first));
  }
}

function extendBehind<L>(): void {
  for (let rank = 0; rank < 9; rank++) {
    const end = m.sortedRow(rank) + <usize>m.columns * sizeof<L>();
    store<L>(end, load<L>(end - sizeof<L>()));
  }
}

/**
 * The 14th of 27 values in three sorted lists of nine. Equal ranks of the three lists are sorted:
 * of the lowest only ranks 6 to 9 can be the median, of the middle ones 3 to 7, of the highest 1
 * to 4. The fourteen comparisons that find it among these were found by a search over networks,
 * and prove themselves on all 1000 zero-one inputs.
 */
function selectAlongX<T, L>(row: i32, from: i32, to: i32): void {
  const out = m.filtered + <usize>row * m.stride;
  const step: usize = isVector<T>() ? 16 : sizeof<L>();
  const side = sizeof<L>();
  const end = <usize>to * side;
  for (let at = <usize>from * side; at < end; at += step) {
    const place = m.sorted + 16 + at;
    const max1 = highest<T, L>(place, 0);
    const max2 = highest<T, L>(place, 1);
    let a = read<T, L>(place + 2 * m.sortedBytes - side);
    let b = read<T, L>(place + 2 * m.sortedBytes);
    let c = read<T, L>(place + 2 * m.sortedBytes + side);
    let low = lesser<T, L>(a, b);
    let high = greater<T, L>(a, b);
    let mid3 = middle<T, L>(low, high, c);
    const max3 = greater<T, L>(high, c);
    a = read<T, L>(place + 3 * m.sortedBytes - side);
    b = read<T, L>(place + 3 * m.sortedBytes);
    c = read<T, L>(place + 3 * m.sortedBytes + side);
    low = lesser<T, L>(a, b);
    high = greater<T, L>(a, b);
    let mid4 = middle<T, L>(low, high, c);
    const max4 = greater<T, L>(high, c);
    a = read<T, L>(place + 4 * m.sortedBytes - side);
    b = read<T, L>(place + 4 * m.sortedBytes);
    c = read<T, L>(place + 4 * m.sortedBytes + side);
    let mid5 = middle<T, L>(lesser<T, L>(a, b), greater<T, L>(a, b), c);
    a = read<T, L>(place + 5 * m.sortedBytes - side);
    b = read<T, L>(place + 5 * m.sortedBytes);
    c = read<T, L>(place + 5 * m.sortedBytes + side);
    low = lesser<T, L>(a, b);
    high = greater<T, L>(a, b);
    const mid6 = middle<T, L>(low, high, c);
    const min6 = lesser<T, L>(low, c);
    a = read<T, L>(place + 6 * m.sortedBytes - side);
    b = read<T, L>(place + 6 * m.sortedBytes);
    c = read<T, L>(place + 6 * m.sortedBytes + side);
    low = lesser<T, L>(a, b);
    high = greater<T, L>(a, b);
    const mid7 = middle<T, L>(low, high, c);
    const min7 = lesser<T, L>(low, c);
    const min8 = lowest<T, L>(place, 7);
    const min9 = lowest<T, L>(place, 8);

    mid4 = greater<T, L>(min7, mid4);
    let nine = lesser<T, L>(min9, mid6);
    let eight = lesser<T, L>(min8, mid5);
    mid5 = greater<T, L>(min8, mid5);
    let one = greater<T, L>(mid4, max1);
    mid5 = lesser<T, L>(mid5, max2);
    mid5 = greater<T, L>(eight, mid5);
    nine = lesser<T, L>(nine, max3);
    nine = greater<T, L>(min6, nine);
    one = lesser<T, L>(one, max4);
    mid3 = greater<T, L>(nine, mid3);
    mid5 = lesser<T, L>(mid5, mid7);
    eight = lesser<T, L>(mid3, mid5);
    mid5 = greater<T, L>(mid3, mid5);
    one = greater<T, L>(eight, one);
    write<T, L>(out + at, lesser<T, L>(mid5, one));
  }
}

// @ts-ignore: decorator
@inline
function highest<T, L>(place: usize, rank: i32): T {
  const at = place + <usize>rank * m.sortedBytes;
  const a = read<T, L>(at - sizeof<L>());
  const b = read<T, L>(at);
  return greater<T, L>(greater<T, L>(a, b), read<T, L>(at + sizeof<L>()));
}

// @ts-ignore: decorator
@inline
function lowest<T, L>(place: usize, rank: i32): T {
  const at = place + <usize>rank * m.sortedBytes;
  const a = read<T, L>(at - sizeof<L>());
  const b = read<T, L>(at);
  return lesser<T, L>(lesser<T, L>(a, b), read<T, L>(at + sizeof<L>()));
}
