/** Rows of a frame, each `stride` values from the next. */
export interface FrameSize {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** Pixels that see nothing, row by row, and the living ones beside each. */
export interface DeadPixels {
  readonly size: FrameSize;
  /** Where the pixels of each row begin in `column`; one more than there are rows. */
  readonly firstOfRow: Int32Array;
  readonly column: Int32Array;
  /** Columns of the living neighbours; -1 when the row has none. */
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** The pixels without gain. */
export function deadPixels(gains: Float32Array, size: FrameSize): DeadPixels {
  const { rows, columns, stride } = size;
  const firstOfRow = new Int32Array(rows + 1);
  const [column, left, right]: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; row < rows; row++) {
    const line = gains.subarray(row * stride, row * stride + columns);
    let living = -1;
    const begun = column.length;
    for (let at = 0; at < columns; at++) {
      if ((line[at] ?? 0) !== 0) {
        for (let k = column.length - 1; k >= begun && right[k] === -1; k--) right[k] = at;
        living = at;
      } else {
        column.push(at);
        left.push(living);
        right.push(-1);
      }
    }
    firstOfRow[row + 1] = column.length;
  }
  return {
    size,
    firstOfRow,
    column: Int32Array.from(column),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
  };
}

/**
 * Gives dead pixels of rows `firstRow` on what lies on the line between their living neighbours;
 * 0 in a row without any.
 * @param attenuation those rows, `stride` values each
 */
export function fillDead(
  dead: DeadPixels,
  attenuation: Float32Array,
  firstRow: number,
  count: number,
): void {
  const { firstOfRow, column, left, right, size } = dead;
  for (let row = 0; row < count; row++) {
    const base = row * size.stride;
    const end = firstOfRow[firstRow + row + 1] ?? 0;
    for (let at = firstOfRow[firstRow + row] ?? 0; at < end; at++) {
      const a = left[at] ?? -1;
      const b = right[at] ?? -1;
      const from = attenuation[base + (a < 0 ? b : a)] ?? 0;
      const to = attenuation[base + (b < 0 ? a : b)] ?? 0;
      const here = column[at] ?? 0;
      const share = a < 0 || b < 0 ? 0 : (here - a) / (b - a);
      attenuation[base + here] = a < 0 && b < 0 ? 0 : from + (to - from) * share;
    }
  }
}
