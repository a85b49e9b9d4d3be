/** A place or a step [x, y, z]: along columns, rows and slices, in voxels. */
export type Triple = readonly [x: number, y: number, z: number];

/** A rigid motion: the point c + r goes to c + R r + shift. */
export interface Motion {
  readonly centre: Triple;
  readonly shift: Triple;
  /** Axis times angle in radian. */
  readonly rotation: Triple;
}

/** Nothing moves about the middle of a volume of this size. */
export function standstill(size: VolumeSize): Motion {
  const { columns, rows, slices } = size;
  const centre: Triple = [(columns - 1) / 2, (rows - 1) / 2, (slices - 1) / 2];
  return { centre, shift: [0, 0, 0], rotation: [0, 0, 0] };
}

export interface VolumeSize {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
}

/** Where a point goes. */
export function moved(motion: Motion, point: Triple): Triple {
  const { centre, shift, rotation } = motion;
  const turned = turn(rotation, minus(point, centre));
  return plus(plus(centre, shift), turned);
}

/** The three columns of the rotation's matrix: where the steps along x, y and z go. */
export function turnedAxes({ rotation }: Motion): readonly [Triple, Triple, Triple] {
  return [turn(rotation, [1, 0, 0]), turn(rotation, [0, 1, 0]), turn(rotation, [0, 0, 1])];
}

/** The motion after a small further shift and rotation. */
export function movedFurther(motion: Motion, shift: Triple, rotation: Triple): Motion {
  return {
    ...motion,
    shift: plus(motion.shift, shift),
    rotation: plus(motion.rotation, rotation),
  };
}

/**
 * The same motion between volumes whose voxels are `factor` times as large, each the mean of
 * `factor` voxels along every axis: the middle of coarse voxel u is fine (u + 1/2) factor - 1/2.
 */
export function coarser(motion: Motion, factor: number): Motion {
  const [x, y, z] = motion.shift;
  const coarse = (value: number) => (value + 0.5) / factor - 0.5;
  const [cx, cy, cz] = motion.centre;
  return {
    centre: [coarse(cx), coarse(cy), coarse(cz)],
    shift: [x / factor, y / factor, z / factor],
    rotation: motion.rotation,
  };
}

/** Rodrigues' formula: r turned about `rotation` by its length in radian. */
export function turn(rotation: Triple, r: Triple): Triple {
  const angle = Math.hypot(...rotation);
  if (angle === 0) return r;
  const axis = times(rotation, 1 / angle);
  const along = axis[0] * r[0] + axis[1] * r[1] + axis[2] * r[2];
  const parts = [
    times(r, Math.cos(angle)),
    times(cross(axis, r), Math.sin(angle)),
    times(axis, along * (1 - Math.cos(angle))),
  ] as const;
  return plus(plus(parts[0], parts[1]), parts[2]);
}

export function cross(a: Triple, b: Triple): Triple {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function plus(a: Triple, b: Triple): Triple {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Triple, b: Triple): Triple {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function times(a: Triple, factor: number): Triple {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}
