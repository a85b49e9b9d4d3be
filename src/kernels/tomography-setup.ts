import { floats, type RawKernel } from './tomography-raw.ts';
import { ROWS_PER_CALL } from './tomography-slices.ts';
import {
  deapodisation,
  edgeBlend,
  filterRamp,
  filterSizeOf,
  gridRamp,
  gridSizeOf,
  kaiserWeights,
  twiddles,
} from './tomography-tables.ts';

/** Fills the tables of a kernel that is configured for a detector of this width. */
export function writeTables(raw: RawKernel, columns: number): void {
  const gridSize = gridSizeOf(columns);
  const filterSize = filterSizeOf(columns);
  floats(raw, raw.gridTwiddlesAddress(), 2 * gridSize).set(twiddles(gridSize));
  floats(raw, raw.filterTwiddlesAddress(), 2 * filterSize).set(twiddles(filterSize));
  floats(raw, raw.gridRampAddress(), gridSize / 2).set(gridRamp(gridSize));
  floats(raw, raw.filterRampAddress(), filterSize / 2 + 1).set(filterRamp(filterSize));
  const weights = kaiserWeights(columns, gridSize);
  floats(raw, raw.weightsAddress(), weights.length).set(weights);
  floats(raw, raw.gridBlendAddress(), gridSize).set(edgeBlend(gridSize, columns));
  floats(raw, raw.filterBlendAddress(), filterSize).set(edgeBlend(filterSize, columns));
  // Padding columns: no light, no gain, no correction.
  for (const address of [raw.deapodisationAddress(), raw.darkAddress(), raw.gainAddress()]) {
    floats(raw, address, raw.stride()).fill(0);
  }
  floats(raw, raw.deapodisationAddress(), columns).set(deapodisation(columns, gridSize));
  floats(raw, raw.rowsAddress(), ROWS_PER_CALL * raw.stride()).fill(0);
}
