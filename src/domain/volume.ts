/** How voxels are stored: as they are, or as whole numbers on a linear scale. */
export const VOXEL_TYPES = ['float32', 'uint16', 'uint8'] as const;
export type VoxelType = (typeof VOXEL_TYPES)[number];
export type Voxels = Float32Array | Uint16Array | Uint8Array;

/** Bytes of one voxel. */
export const VOXEL_BYTES = { float32: 4, uint16: 2, uint8: 1 } as const satisfies Record<
  VoxelType,
  number
>;

/** Room for `count` voxels, all 0. */
export function allocateVoxels(type: VoxelType, count: number): Voxels {
  if (type === 'float32') return new Float32Array(count);
  return type === 'uint16' ? new Uint16Array(count) : new Uint8Array(count);
}

/** How the voxels of an array are stored. */
export function voxelTypeOf(voxels: Voxels): VoxelType {
  if (voxels instanceof Float32Array) return 'float32';
  return voxels instanceof Uint16Array ? 'uint16' : 'uint8';
}

/** Attenuation in 1/pixel = offset + step * stored value; 0 and 1 for float32. */
export interface VoxelScale {
  readonly type: VoxelType;
  readonly offset: number;
  readonly step: number;
}

/** The shape of a volume [slice, row, column] and how its voxels are stored. */
export interface VolumeShape {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly scale: VoxelScale;
}

/** A volume that may be larger than memory, read some whole slices at a time. */
export interface VolumeSource extends VolumeShape {
  /** File, for messages. */
  readonly where: string;
  /**
   * Slices `firstSlice` to before `firstSlice + sliceCount` as stored, [slice, row, column].
   * @throws Fault storage, fileFormat
   */
  readSlices(firstSlice: number, sliceCount: number): Promise<Voxels>;
  close(): Promise<void>;
}

/**
 * A volume in the making, on disk: slices arrive in any order, and what has arrived is still there
 * after a crash. Nothing is held in memory.
 */
export interface VolumeSpool extends VolumeSource {
  /** True for a slice that was written before, also by a process that was killed since. */
  isWritten(slice: number): boolean;
  /**
   * Whole slices as stored; durable when it resolves.
   * @throws Fault storage, capacity
   */
  writeSlices(firstSlice: number, voxels: Voxels): Promise<void>;
  /** Closes and deletes the file, once its content is elsewhere. */
  remove(): Promise<void>;
}

export interface VolumeSpoolFactory {
  /**
   * Begins the spool of a volume, or goes on with one that was begun with the same shape and
   * fingerprint; one that differs is begun anew.
   * @param fingerprint of everything that decides what the voxels are: source, options, version
   * @throws Fault storage
   */
  open(name: string, shape: VolumeShape, fingerprint: string): Promise<VolumeSpool>;
}
