import type { PlaneGeometry } from '../domain/scan.ts';
import type { VolumeSource, Voxels } from '../domain/volume.ts';
import { planeRows } from '../kernels/live-planes.ts';
import type { LivePlaneRequest } from './live-frames.ts';

/** Bytes of slices that are read at once. */
const READ_BYTES_MAX = 64 * 2 ** 20;

/** Part of a row of a picture that lies in one slice of the volume. */
interface Line {
  readonly target: Float32Array;
  /** First pixel in the sample, and one past the last. */
  readonly first: number;
  readonly end: number;
  readonly firstAt: number;
  readonly share: number;
  /** Of pixel 0, in voxels from the rotation axis. */
  readonly x: number;
  readonly y: number;
  readonly alongX: number;
  readonly alongY: number;
}

/**
 * Cuts the planes of a live reconstruction out of a volume, in attenuation per voxel. The volume
 * is read once, from its first slice to its last, and only some slices of it are held. A pixel of
 * a binned plane is the mean over as many voxels in each direction.
 * @throws Fault storage, fileFormat
 */
export async function slicePlanes(
  volume: VolumeSource,
  request: LivePlaneRequest,
): Promise<Float32Array[]> {
  const { pictures, detector } = request;
  const planes = pictures.map(({ rows, columns }) => new Float32Array(rows * columns));
  const linesOfSlice: Line[][] = Array.from({ length: volume.slices }, () => []);
  for (const [at, picture] of pictures.entries()) {
    const target = planes[at] ?? new Float32Array(0);
    for (const [row, line] of planeRows(picture, detector).entries()) {
      if (line.firstColumn >= line.endColumn) continue;
      const place = { ...line, target, firstAt: row * picture.columns };
      addLines(linesOfSlice, place, picture.geometry, detector.binning);
    }
  }
  await readLines(volume, linesOfSlice, detector.binning);
  return planes;
}

/** Spreads a row of a picture over the slices it looks at. */
function addLines(
  linesOfSlice: Line[][],
  row: {
    readonly target: Float32Array;
    readonly firstAt: number;
    readonly x: number;
    readonly y: number;
    readonly firstColumn: number;
    readonly endColumn: number;
    readonly detectorRow: number;
    readonly share: number;
  },
  { alongUnit }: PlaneGeometry,
  binning: number,
): void {
  for (const [detectorRow, share] of [
    [row.detectorRow, 1 - row.share],
    [row.detectorRow + 1, row.share],
  ] as const) {
    if (share === 0) continue;
    for (let k = 0; k < binning; k++) {
      linesOfSlice[detectorRow * binning + k]?.push({
        target: row.target,
        first: row.firstColumn,
        end: row.endColumn,
        firstAt: row.firstAt,
        share: share / binning,
        x: row.x * binning,
        y: row.y * binning,
        alongX: alongUnit[0] * binning,
        alongY: alongUnit[1] * binning,
      });
    }
  }
}

async function readLines(
  volume: VolumeSource,
  linesOfSlice: readonly (readonly Line[])[],
  binning: number,
): Promise<void> {
  const { slices, rows, columns, scale } = volume;
  const bytesEach = { float32: 4, uint16: 2, uint8: 1 }[scale.type];
  const atOnce = Math.max(1, Math.floor(READ_BYTES_MAX / (rows * columns * bytesEach)));
  for (let first = 0; first < slices; first += atOnce) {
    const count = Math.min(atOnce, slices - first);
    const wanted = linesOfSlice.slice(first, first + count);
    if (wanted.every((lines) => lines.length === 0)) continue;
    const voxels = await volume.readSlices(first, count);
    for (const [k, lines] of wanted.entries()) {
      const slice = voxels.subarray(k * rows * columns, (k + 1) * rows * columns);
      for (const line of lines) addLine(line, slice, volume, binning);
    }
  }
}

function addLine(
  line: Line,
  slice: Voxels,
  { rows, columns, scale }: VolumeSource,
  binning: number,
): void {
  const samples = binning * binning;
  const middleX = (columns - 1) / 2 + line.x;
  const middleY = (rows - 1) / 2 + line.y;
  for (let k = line.first; k < line.end; k++) {
    let sum = 0;
    for (let part = 0; part < samples; part++) {
      const x = middleX + k * line.alongX + (part % binning) - (binning - 1) / 2;
      const y = middleY + k * line.alongY + Math.floor(part / binning) - (binning - 1) / 2;
      sum += between(slice, { rows, columns }, x, y);
    }
    const at = line.firstAt + k;
    const value = scale.offset + (scale.step * sum) / samples;
    line.target[at] = (line.target[at] ?? 0) + line.share * value;
  }
}

/** Bilinear; beyond the slice its edge goes on. */
function between(
  slice: Voxels,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  x: number,
  y: number,
): number {
  const heldX = Math.min(Math.max(x, 0), columns - 1);
  const heldY = Math.min(Math.max(y, 0), rows - 1);
  const column = Math.min(Math.floor(heldX), columns - 2);
  const row = Math.min(Math.floor(heldY), rows - 2);
  const [shareX, shareY] = [heldX - column, heldY - row];
  const at = row * columns + column;
  const above = (slice[at] ?? 0) * (1 - shareX) + (slice[at + 1] ?? 0) * shareX;
  const below = (slice[at + columns] ?? 0) * (1 - shareX) + (slice[at + columns + 1] ?? 0) * shareX;
  return above * (1 - shareY) + below * shareY;
}
