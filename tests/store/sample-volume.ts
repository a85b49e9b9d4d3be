import type { VolumeShape } from '../../src/domain/volume.ts';

/** The volume that the killed process writes. */
export const KILLED_SHAPE: VolumeShape = {
  slices: 60,
  rows: 96,
  columns: 128,
  scale: { type: 'uint16', offset: -0.5, step: 1 / 4096 },
};
export const KILLED_FINGERPRINT = 'the scan, the options';

/** Voxels of a slice, as anyone who knows its number can make them again. */
export function killedSlice(slice: number): Uint16Array {
  return Uint16Array.from({ length: 96 * 128 }, (_, at) => (slice * 7919 + at * 31) & 0xffff);
}
