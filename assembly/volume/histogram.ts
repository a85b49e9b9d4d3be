// How often each code occurs inside the mask.
import * as m from './memory';

export function clearHistogram(): void {
  memory.fill(m.histograms, 0, (<usize>(m.HISTOGRAMS * m.BINS_MAX)) << 2);
}

/** Adds the filtered slice. */
export function countSlice(): void {
  for (let row = 0; row < m.rows; row++) {
    const from = m.filtered + <usize>row * m.stride;
    if (m.codeBytes == 1) countRow<u8>(from, m.spanStart(row), m.spanEnd(row));
    else countRow<u16>(from, m.spanStart(row), m.spanEnd(row));
  }
}

/** Neighbours are alike, so they count into different tables. */
function countRow<L>(row: usize, start: i32, end: i32): void {
  let at = row + <usize>start * sizeof<L>();
  const stop = row + <usize>end * sizeof<L>();
  for (; at + 4 * sizeof<L>() <= stop; at += 4 * sizeof<L>()) {
    count(0, load<L>(at));
    count(1, load<L>(at, sizeof<L>()));
    count(2, load<L>(at, 2 * sizeof<L>()));
    count(3, load<L>(at, 3 * sizeof<L>()));
  }
  for (; at < stop; at += sizeof<L>()) count(0, load<L>(at));
}

// @ts-ignore: decorator
@inline
function count(table: i32, code: u32): void {
  const address = m.histograms + ((<usize>(table * m.BINS_MAX)) << 2) + ((<usize>code) << 2);
  store<u32>(address, load<u32>(address) + 1);
}
