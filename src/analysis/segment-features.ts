import type { FeatureLength, InterfaceSurface, Protrusion } from '../domain/segmentation.ts';
import { cosineAt, heightAt } from './segment-interface.ts';

/** Columns that must reach a depth for it to count as sustained: five by five. */
const SUSTAINED_COLUMNS = 25;
const HALF_VOXEL = 0.5;
/** From the half width of an interval of whole steps to its standard deviation. */
const UNIFORM_SIGMA = 1 / Math.sqrt(3);

/**
 * How far the electrode reaches beyond the interface: what is in `reaches` at the threshold, with
 * the looser and the stricter threshold as its error.
 * @param found.lastSlice of the volume, when slices were counted from it
 */
export function protrusionOf(found: {
  readonly reaches: readonly Float32Array[];
  readonly surface: InterfaceSurface;
  readonly columns: number;
  readonly spans: Int32Array;
  readonly voxelSizeMetre: number | null;
  readonly lastSlice: number | undefined;
}): Protrusion {
  const { reaches, surface, columns, spans, voxelSizeMetre, lastSlice } = found;
  const sorted = reaches.map((map) => insideMask(map, columns, spans).sort());
  const lengthOf = (pick: (values: Float32Array) => number) =>
    featureLength(sorted.map(pick), voxelSizeMetre);
  const deepest = deepestColumn(reaches[0] ?? new Float32Array(0));
  const [column, row] = [deepest % columns, Math.floor(deepest / columns)];
  const reach = reaches[0]?.[deepest] ?? 0;
  const slice =
    heightAt(surface, column, row) + reach / cosineAt(surface, column, row) - HALF_VOXEL;
  return {
    greatest: lengthOf((values) => values.at(-1) ?? 0),
    sustained: lengthOf((values) => values.at(-Math.min(SUSTAINED_COLUMNS, values.length)) ?? 0),
    percentile99: lengthOf((values) => values[Math.floor(0.99 * (values.length - 1))] ?? 0),
    column,
    row,
    slice: Math.round(lastSlice === undefined ? slice : lastSlice - slice),
  };
}

/**
 * A length measured at the threshold, and at a looser and a stricter one: the error is half their
 * difference and half a voxel, in quadrature.
 */
export function featureLength(
  levels: readonly number[],
  voxelSizeMetre: number | null,
): FeatureLength {
  const voxel = levels[0] ?? 0;
  const spread = 0.5 * (Math.max(...levels) - Math.min(...levels));
  const sigmaVoxel = Math.hypot(HALF_VOXEL * UNIFORM_SIGMA, spread);
  const metre = (length: number) => (voxelSizeMetre === null ? null : length * voxelSizeMetre);
  return { voxel, sigmaVoxel, metre: metre(voxel), sigmaMetre: metre(sigmaVoxel) };
}

function insideMask(map: Float32Array, columns: number, spans: Int32Array): Float32Array {
  const values: Float32Array[] = [];
  for (let row = 0; row < spans.length / 2; row++) {
    const [first = 0, end = 0] = [spans[2 * row], spans[2 * row + 1]];
    values.push(map.subarray(row * columns + first, row * columns + end));
  }
  const result = new Float32Array(values.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of values) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function deepestColumn(map: Float32Array): number {
  let deepest = 0;
  for (let at = 1; at < map.length; at++) {
    if ((map[at] ?? 0) > (map[deepest] ?? 0)) deepest = at;
  }
  return deepest;
}
