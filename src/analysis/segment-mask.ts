import { Fault } from '../domain/fault.ts';

/** Where the sample is in every slice: a disc, or everything. */
export type SampleMask =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'disc';
      readonly radiusVoxel: number;
      /** The middle of the slice unless given. */
      readonly centreColumn?: number;
      readonly centreRow?: number;
    };

/** A voxel less than the inscribed disc: its rim is where reconstructions are worst. */
const RIM_VOXELS = 1;

/**
 * First column and column after the last of the mask in each row.
 * @param mask the inscribed disc unless given
 * @throws Fault badInput for a mask without voxels
 */
export function maskSpans(rows: number, columns: number, mask?: SampleMask): Int32Array {
  const spans = new Int32Array(2 * rows);
  const disc = mask ?? { kind: 'disc', radiusVoxel: Math.min(rows, columns) / 2 - RIM_VOXELS };
  let voxels = 0;
  for (let row = 0; row < rows; row++) {
    const [first, end] = disc.kind === 'all' ? [0, columns] : discSpan(row, rows, columns, disc);
    spans[2 * row] = first;
    spans[2 * row + 1] = Math.max(first, end);
    voxels += Math.max(0, end - first);
  }
  if (voxels > 0) return spans;
  const message = `holds no voxel of slices of ${rows} x ${columns}`;
  throw new Fault('badInput', { where: 'mask', message });
}

function discSpan(
  row: number,
  rows: number,
  columns: number,
  disc: Extract<SampleMask, { kind: 'disc' }>,
): readonly [number, number] {
  const { radiusVoxel, centreColumn = (columns - 1) / 2, centreRow = (rows - 1) / 2 } = disc;
  const half = Math.sqrt(Math.max(0, radiusVoxel ** 2 - (row - centreRow) ** 2));
  if (Math.abs(row - centreRow) > radiusVoxel) return [0, 0];
  const first = Math.max(0, Math.ceil(centreColumn - half));
  return [Math.min(first, columns), Math.min(columns, Math.floor(centreColumn + half) + 1)];
}

export function spanVoxels(spans: Int32Array): number {
  let voxels = 0;
  for (let row = 0; row < spans.length; row += 2) {
    voxels += (spans[row + 1] ?? 0) - (spans[row] ?? 0);
  }
  return voxels;
}
