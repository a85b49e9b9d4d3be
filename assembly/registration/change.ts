// What changed between two boxes of phase fractions (0 one phase, 1 the other) that lie on the
// same grid: histograms from which both counts of a volume follow, and the counts of each tile.
import { medianRow } from './median';
import * as m from './memory';

/** Differences of one voxel beyond this do not count in the sums of a tile. */
const TILE_CLIP: f64 = 2;

/** Empties the histograms and the sums of the slopes. */
export function clearTally(): void {
  memory.fill(m.SUMS, 0, 256);
  memory.fill(m.DIFFERENCE_COUNTS, 0, <usize>m.DIFFERENCE_BINS << 4);
  memory.fill(m.MEDIANS_BEFORE, 0, <usize>m.MEDIAN_BINS << 4);
}

/**
 * Adds a row of cubic tiles of `side` voxels: fractions before in FIRST, after in SECOND, with one
 * voxel more on every side. A median above `threshold` counts as the other phase.
 */
export function tallyTiles(tiles: i32, side: i32, threshold: f64): void {
  const columns = tiles * side;
  const row: usize = (<usize>(columns + 2)) << 2;
  const slice: usize = row * <usize>(side + 2);
  memory.fill(m.TILES, 0, <usize>tiles << 4);
  for (let k = 1; k <= side; k++) {
    for (let j = 1; j <= side; j++) {
      const offset = <usize>k * slice + <usize>j * row + 4;
      medianRow(m.FIRST + offset, row, slice, columns, m.MEDIAN_ROW);
      medianRow(m.SECOND + offset, row, slice, columns, m.MEDIAN_ROW + m.ROW_BYTES);
      for (let tile = 0; tile < tiles; tile++) {
        tallyRow(offset, tile, side, row, slice, threshold);
      }
    }
  }
}

function tallyRow(
  offset: usize,
  tile: i32,
  side: i32,
  row: usize,
  slice: usize,
  threshold: f64,
): void {
  let grey: f64 = 0;
  let binary: f64 = 0;
  let slopeX: f64 = 0;
  let slopeY: f64 = 0;
  let slopeZ: f64 = 0;
  for (let i = tile * side; i < (tile + 1) * side; i++) {
    const at = offset + (<usize>i << 2);
    const after = m.SECOND + at;
    const difference = <f64>load<f32>(after) - <f64>load<f32>(m.FIRST + at);
    grey += min(max(difference, -TILE_CLIP), TILE_CLIP);
    tallyDifference(difference);
    binary += tallyMedian(m.MEDIAN_ROW + m.ROW_BYTES, i, m.MEDIANS_AFTER, threshold);
    binary -= tallyMedian(m.MEDIAN_ROW, i, m.MEDIANS_BEFORE, threshold);
    slopeX += <f64>(load<f32>(after + 4) - load<f32>(after - 4));
    slopeY += <f64>(load<f32>(after + row) - load<f32>(after - row));
    slopeZ += <f64>(load<f32>(after + slice) - load<f32>(after - slice));
  }
  m.addTo(m.TILES + (<usize>tile << 4), grey);
  m.addTo(m.TILES + (<usize>tile << 4) + 8, binary);
  m.addTo(m.SUMS, 0.5 * slopeX);
  m.addTo(m.SUMS + 8, 0.5 * slopeY);
  m.addTo(m.SUMS + 16, 0.5 * slopeZ);
}

/** Bins at the ends take everything beyond them. */
// @ts-ignore: decorator
@inline
function tallyDifference(difference: f64): void {
  const scale = <f64>m.DIFFERENCE_BINS / (-2 * m.DIFFERENCE_LOW);
  const bin = min(max((difference - m.DIFFERENCE_LOW) * scale, 0), <f64>(m.DIFFERENCE_BINS - 1));
  const at = (<usize>bin) << 3;
  m.addTo(m.DIFFERENCE_COUNTS + at, 1);
  m.addTo(m.DIFFERENCE_SUMS + at, difference);
}

// @ts-ignore: decorator
@inline
function tallyMedian(values: usize, index: i32, histogram: usize, threshold: f64): f64 {
  const median = <f64>load<f32>(values + (<usize>index << 2));
  const scale = <f64>m.MEDIAN_BINS / m.MEDIAN_SPAN;
  const bin = min(max((median - m.MEDIAN_LOW) * scale, 0), <f64>(m.MEDIAN_BINS - 1));
  m.addTo(histogram + ((<usize>bin) << 3), 1);
  return median > threshold ? 1 : 0;
}
