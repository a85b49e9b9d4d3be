import { Random } from '../../src/domain/random.ts';
import type { VolumeSource, Voxels, VoxelType } from '../../src/domain/volume.ts';

/** A volume that is a formula, for tests: attenuation at (column, row, slice). */
export interface VolumePhantom {
  readonly slices: number;
  readonly side: number;
  readonly type?: VoxelType;
  readonly noise?: number;
  readonly seed?: number;
  valueAt(column: number, row: number, slice: number): number;
}

/** Grey values of the phantoms' phases, 1/pixel. */
export const DARK = 0.002;
export const BRIGHT = 0.01;
const STEP_BYTE = 0.02 / 255;
const STEP_SHORT = 0.02 / 65_535;
const OFFSET = -0.004;

/** The phantom as a source; the seed makes its noise. */
export function phantomVolume(phantom: VolumePhantom): VolumeSource {
  const { slices, side, type = 'uint8', noise = 0, seed = 1 } = phantom;
  const random = new Random(seed);
  const step = type === 'uint8' ? STEP_BYTE : STEP_SHORT;
  const count = slices * side * side;
  const voxels =
    type === 'uint8'
      ? new Uint8Array(count)
      : type === 'uint16'
        ? new Uint16Array(count)
        : new Float32Array(count);
  let at = 0;
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const value = phantom.valueAt(column, row, slice) + noise * random.normal();
        voxels[at] = type === 'float32' ? value : Math.max(0, Math.round((value - OFFSET) / step));
        at += 1;
      }
    }
  }
  const scale = type === 'float32' ? { offset: 0, step: 1 } : { offset: OFFSET, step };
  return memoryVolume({ slices, rows: side, columns: side, scale: { type, ...scale } }, voxels);
}

/** Voxels in memory as a source. */
export function memoryVolume(
  shape: Pick<VolumeSource, 'slices' | 'rows' | 'columns' | 'scale'>,
  voxels: Voxels,
): VolumeSource {
  const length = shape.rows * shape.columns;
  return {
    ...shape,
    where: 'phantom',
    async readSlices(first, count) {
      return voxels.slice(first * length, (first + count) * length);
    },
    async close() {},
  };
}

/** A ball of voxels about a centre. */
export interface Ball {
  readonly column: number;
  readonly row: number;
  readonly slice: number;
  readonly radius: number;
}

export function inBall(ball: Ball, column: number, row: number, slice: number): boolean {
  const { radius } = ball;
  const square = (column - ball.column) ** 2 + (row - ball.row) ** 2 + (slice - ball.slice) ** 2;
  return square <= radius * radius;
}

/** How many voxels a ball has. */
export function ballVoxels(ball: Ball): number {
  let voxels = 0;
  const reach = Math.ceil(ball.radius) + 1;
  for (let dz = -reach; dz <= reach; dz++) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const place = [ball.column + dx, ball.row + dy, ball.slice + dz] as const;
        if (inBall(ball, Math.round(place[0]), Math.round(place[1]), Math.round(place[2])))
          voxels++;
      }
    }
  }
  return voxels;
}
