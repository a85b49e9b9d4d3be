import type { VolumeSource } from '../domain/volume.ts';
import { type Box, type BoxSize, boxValues } from '../kernels/registration-boxes.ts';
import type { Triple, VolumeSize } from './registration-motion.ts';

/** A box of voxels that is wanted: its first voxel and its size, wholly within the volume. */
export interface BoxRequest {
  readonly first: Triple;
  readonly size: BoxSize;
}

/** A volume from which boxes can be cut, in attenuation. */
export interface BoxSource extends VolumeSize {
  /** In the order of the requests. @throws Fault storage, fileFormat */
  read(requests: readonly BoxRequest[]): Promise<Box[]>;
}

/** Cuts boxes out of a volume in memory. */
export function boxesInMemory(volume: Box): BoxSource {
  const { columns, rows, slices } = volume;
  return {
    columns,
    rows,
    slices,
    async read(requests) {
      const boxes = requests.map(emptyBox);
      const area = columns * rows;
      for (const [at, { first, size }] of requests.entries()) {
        const box = boxes[at];
        if (!box) continue;
        for (let k = 0; k < size.slices; k++) {
          const slice = volume.values.subarray((first[2] + k) * area, (first[2] + k + 1) * area);
          copySlice(slice, columns, { box, first, k, scale: { offset: 0, step: 1 } });
        }
      }
      return boxes;
    },
  };
}

/** Cuts boxes out of a volume on disk: every slice that is wanted is read once, one at a time. */
export function boxesOfVolume(volume: VolumeSource): BoxSource {
  const { columns, rows, slices, scale } = volume;
  return {
    columns,
    rows,
    slices,
    async read(requests) {
      const boxes = requests.map(emptyBox);
      const end = Math.max(0, ...requests.map(({ first, size }) => first[2] + size.slices));
      for (let z = Math.min(end, ...requests.map(({ first }) => first[2])); z < end; z++) {
        const wanted = [...requests.entries()].filter(
          ([, { first, size }]) => z >= first[2] && z < first[2] + size.slices,
        );
        if (wanted.length === 0) continue;
        const slice = await volume.readSlices(z, 1);
        for (const [at, { first }] of wanted) {
          const box = boxes[at];
          if (box) copySlice(slice, columns, { box, first, k: z - first[2], scale });
        }
      }
      return boxes;
    },
  };
}

/** True when a box of this size lies within the volume. */
export function contains(volume: VolumeSize, first: Triple, size: BoxSize): boolean {
  const [x, y, z] = first;
  return (
    x >= 0 &&
    y >= 0 &&
    z >= 0 &&
    x + size.columns <= volume.columns &&
    y + size.rows <= volume.rows &&
    z + size.slices <= volume.slices
  );
}

function emptyBox({ size }: BoxRequest): Box {
  return { ...size, values: new Float32Array(boxValues(size)) };
}

interface Destination {
  readonly box: Box;
  readonly first: Triple;
  /** Slice of the box. */
  readonly k: number;
  readonly scale: { readonly offset: number; readonly step: number };
}

function copySlice(slice: ArrayLike<number>, columns: number, to: Destination): void {
  const { box, first, k, scale } = to;
  for (let j = 0; j < box.rows; j++) {
    const from = (first[1] + j) * columns + first[0];
    const target = (k * box.rows + j) * box.columns;
    for (let i = 0; i < box.columns; i++) {
      box.values[target + i] = scale.offset + scale.step * (slice[from + i] ?? 0);
    }
  }
}
