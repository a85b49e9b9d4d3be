/** What the volume kernel computes, written plainly: the oracle of its tests. */

/** A block of codes, [slice, row, column]. */
export interface CodeBlock {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly codes: ArrayLike<number>;
}

/** The median of 27 voxels around each; beyond the faces voxels are those on them. */
export function medianTwin({ slices, rows, columns, codes }: CodeBlock): Uint16Array {
  const inside = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));
  const result = new Uint16Array(slices * rows * columns);
  for (let z = 0; z < slices; z++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const around: number[] = [];
        for (const dz of [-1, 0, 1]) {
          for (const dy of [-1, 0, 1]) {
            const row = (inside(z + dz, slices) * rows + inside(y + dy, rows)) * columns;
            for (const dx of [-1, 0, 1]) around.push(codes[row + inside(x + dx, columns)] ?? 0);
          }
        }
        around.sort((a, b) => a - b);
        result[(z * rows + y) * columns + x] = around[13] ?? 0;
      }
    }
  }
  return result;
}

/** A connected component as a flood fill finds it. */
export interface FloodedComponent {
  readonly voxels: number;
  /** Means of column, row and slice. */
  readonly centroid: readonly [number, number, number];
  /** Least and greatest column, row and slice. */
  readonly bounds: readonly number[];
}

/**
 * Components of 26 neighbours by flood fill, in the order of their first voxels.
 * @param foreground not 0 for voxels that count, [slice, row, column]
 */
export function componentsTwin(block: CodeBlock): FloodedComponent[] {
  const { slices, rows, columns, codes: foreground } = block;
  const seen = new Uint8Array(slices * rows * columns);
  const found: FloodedComponent[] = [];
  for (let first = 0; first < seen.length; first++) {
    if (!foreground[first] || seen[first]) continue;
    const waiting = [first];
    seen[first] = 1;
    let voxels = 0;
    const sums = [0, 0, 0];
    const bounds = [columns, -1, rows, -1, slices, -1];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const place = [
        at % columns,
        Math.floor(at / columns) % rows,
        Math.floor(at / columns / rows),
      ];
      voxels += 1;
      for (const [k, value] of place.entries()) {
        sums[k] = (sums[k] ?? 0) + value;
        bounds[2 * k] = Math.min(bounds[2 * k] ?? 0, value);
        bounds[2 * k + 1] = Math.max(bounds[2 * k + 1] ?? 0, value);
      }
      for (const next of neighbours(place, block)) {
        if (!foreground[next] || seen[next]) continue;
        seen[next] = 1;
        waiting.push(next);
      }
    }
    const mean = (k: number) => (sums[k] ?? 0) / voxels;
    found.push({ voxels, centroid: [mean(0), mean(1), mean(2)], bounds });
  }
  return found;
}

function neighbours(
  [x = 0, y = 0, z = 0]: readonly number[],
  { slices, rows, columns }: CodeBlock,
): number[] {
  const result: number[] = [];
  for (let k = Math.max(0, z - 1); k <= Math.min(slices - 1, z + 1); k++) {
    for (let j = Math.max(0, y - 1); j <= Math.min(rows - 1, y + 1); j++) {
      for (let i = Math.max(0, x - 1); i <= Math.min(columns - 1, x + 1); i++) {
        result.push((k * rows + j) * columns + i);
      }
    }
  }
  return result;
}
