import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  diskBytesFree,
  diskBytesNeeded,
  qualityOf,
  type ReconstructedScan,
  reconstructScan,
  removePlace,
  type ScanPlace,
  type SegmentedScan,
  segmentScan,
  telltaleRows,
  writeScan,
} from '../bench/full-scan-work.ts';
import { SyntheticScan } from '../bench/synthetic-scan.ts';

/*
 * An eighth of the frames of a scan of 2016 x 2016 pixels and 1000 views, through the same commands.
 * Frames and volume are 1 GB each, and a process holds neither: that is what the bounds on memory
 * are for. No bound is on time, which belongs to the machine: `npm run bench -- full-scan` has it.
 */
const SIZE = { rows: 1008, columns: 1008, views: 500, seed: 1 } as const;
/** Two workers with a kernel each, bands on their way, flats, and Node itself. */
const RECONSTRUCT_RSS_BYTES_MAX = 800e6;
/** Two workers with a slab and their tables each; less than the volume, and the same for larger. */
const SEGMENT_RSS_BYTES_MAX = 1020e6;
const TIMEOUT_MS = 600_000;

describe('a scan larger than the memory it may take', () => {
  const folder = mkdtempSync(join(tmpdir(), 'operando-eighth-'));
  const scan = new SyntheticScan(SIZE);
  let place: ScanPlace;
  let made: ReconstructedScan;
  let segmented: SegmentedScan;

  beforeAll(async () => {
    const [needed, free] = [diskBytesNeeded(scan, false), diskBytesFree(folder)];
    if (free < needed) throw new Error(`${needed} bytes of disk are needed, ${free} are free`);
    place = writeScan(scan, folder);
    made = await reconstructScan(place);
    segmented = await segmentScan(place, scan);
  }, TIMEOUT_MS);
  afterAll(() => removePlace(folder));

  it('becomes a volume of one slice a detector row, a byte a voxel', () => {
    expect(statSync(place.scanFile).size).toBeGreaterThan(scan.bytes);
    const voxels = SIZE.rows * SIZE.columns ** 2;
    const { size } = statSync(place.volumeFile);
    expect(size).toBeGreaterThan(voxels);
    expect(size).toBeLessThan(1.05 * voxels);
    expect(made.said).toMatchObject({ slices: SIZE.rows, views: SIZE.views });
  });

  it('finds the rotation axis', () => {
    expect(Math.abs(made.said.axisPixel - scan.axisPixel)).toBeLessThan(0.1);
  });

  it.each(telltaleRows(SIZE.rows))('shows in slice %i what was scanned', async (row) => {
    const [slice] = await qualityOf(place, scan, [row]);
    if (!slice) throw new Error(`no slice ${row}`);
    expect(Math.abs(slice.gain - 1)).toBeLessThan(0.003);
    // The noise of the frames, the blur of edges, and the steps of bytes; not less than the noise,
    // which nothing may smooth away unasked.
    expect(slice.rmse).toBeLessThan(1.2 * slice.noise);
    expect(slice.rmse).toBeGreaterThan(0.95 * slice.noise);
  });

  it('has tables with what is in the cell', () => {
    const { known } = scan;
    const { found } = segmented;
    expect(Math.abs(found.interfaceSlice - known.interfaceSlice)).toBeLessThan(0.5);
    expect(Math.abs(found.protrusionVoxel - known.protrusionVoxel)).toBeLessThan(2);
    expect(Math.abs(found.voids - known.voids)).toBeLessThanOrEqual(2);
    expect(Math.abs(found.voidVoxels / known.voidVoxels - 1)).toBeLessThan(0.15);
  });

  it('holds neither the frames nor the volume in memory', () => {
    expect(made.rssMaxBytes).toBeLessThan(RECONSTRUCT_RSS_BYTES_MAX);
    expect(segmented.rssMaxBytes).toBeLessThan(SEGMENT_RSS_BYTES_MAX);
    // Bounds that the frames or the volume would break.
    expect(RECONSTRUCT_RSS_BYTES_MAX).toBeLessThan(scan.bytes);
    expect(SEGMENT_RSS_BYTES_MAX).toBeLessThan(SIZE.rows * SIZE.columns ** 2);
  });
});
