// The rows that are transformed next, wherever they lie, into the lanes of a bundle.
import { transpose } from '../lanes';
import * as m from './memory';

/** The first LANES rows into the real plane, the others into the imaginary one. */
export function takeRows(bundle: usize, plane: usize): void {
  takeFour(0, bundle);
  takeFour(m.LANES, bundle + plane);
}

function takeFour(first: i32, to: usize): void {
  const row0 = m.rowAt(first);
  const row1 = m.rowAt(first + 1);
  const row2 = m.rowAt(first + 2);
  const row3 = m.rowAt(first + 3);
  const bytes = (<usize>m.stride) << 2;
  for (let at: usize = 0; at < bytes; at += 16, to += 64) {
    transpose(row0 + at, row1 + at, row2 + at, row3 + at, to);
  }
}
