// The disc inscribed in a slice. What lies outside is 0: no half turn sees it completely.
import * as m from './memory';

/** First column of a row that lies in the disc; `columns` or more when none does. */
export function discFirst(row: i32): i32 {
  return <i32>Math.ceil(<f64>(m.columns - 1) / 2 - halfChord(row));
}

/** One past the last column of a row that lies in the disc. */
export function discEnd(row: i32): i32 {
  return <i32>Math.floor(<f64>(m.columns - 1) / 2 + halfChord(row)) + 1;
}

function halfChord(row: i32): f64 {
  const radius = <f64>m.columns / 2;
  const y = <f64>row - <f64>(m.columns - 1) / 2;
  return Math.sqrt(max(radius * radius - y * y, 0));
}

/** Clears a slice outside the disc. */
export function clipToDisc(slice: i32): void {
  const rowBytes = (<usize>m.stride) << 2;
  let to = m.slice(slice);
  for (let row = 0; row < m.columns; row++, to += rowBytes) {
    const first = max(discFirst(row), 0);
    const end = min(discEnd(row), m.columns);
    memory.fill(to, 0, (<usize>first) << 2);
    memory.fill(to + ((<usize>end) << 2), 0, (<usize>(m.stride - end)) << 2);
  }
}
