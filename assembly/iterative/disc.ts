// The disc inscribed in a slice: outside of it slices are 0 and rays see nothing.
import * as m from './memory';

/** First pixel of a line that lies in the disc. */
export function discFirst(line: i32): i32 {
  return max(<i32>Math.ceil(<f64>(m.size - 1) / 2 - halfChord(line)), 0);
}

/** One past the last pixel of a line that lies in the disc. */
export function discEnd(line: i32): i32 {
  return min(<i32>Math.floor(<f64>(m.size - 1) / 2 + halfChord(line)) + 1, m.size);
}

function halfChord(line: i32): f64 {
  const radius = <f64>m.size / 2;
  const y = <f64>line - <f64>(m.size - 1) / 2;
  return Math.sqrt(max(radius * radius - y * y, 0));
}
