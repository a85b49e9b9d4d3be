import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Segmentation } from '../../src/domain/segmentation.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { compareSlices } from '../kernels/tomography-phantom.ts';
import { type MeasuredProgram, measureProgram } from './measured-program.ts';
import type { CellTruth } from './synthetic-cell.ts';
import type { SyntheticScan } from './synthetic-scan.ts';

/** delta / mu and distance of the phase filter, and the pixel it needs: of the EDDI scans. */
const PHASE_WORDS = ['--phase', '0.5,50', '--pixel-size', '2.5'] as const;
/** The electrode of InLi is bright and above; voids are darker than the electrolyte. */
const SEGMENT_WORDS = [
  ...['--phase', 'bright', '--classes', '3', '--interface', 'top'],
  ...['--voxel-size', '2.5'],
] as const;
/** A little less than the radius of the disc, in the width of the detector. */
const SEGMENTED_RADIUS_SHARE = 0.29;
/** Two workers whatever the machine: memory goes with their number. */
const RECONSTRUCT_WORDS = ['--voxels', 'uint8', '--workers', '2'] as const;
/** The frames, the volume in the making, the volume, and the labels, in bytes a voxel or pixel. */
const VOLUME_COPIES = 3;
const PHASE_COPIES = 2;
const DISK_MARGIN = 1.05;
/** Radius of the compared disc in that of the field of view: the tube is within it. */
const COMPARED_SHARE = 0.95;

/** Where one scan and everything made of it lie. */
export interface ScanPlace {
  readonly folder: string;
  readonly scanFile: string;
  readonly volumeFile: string;
  readonly labelsFile: string;
}

/** The volume of a scan, and what making it took. */
export interface ReconstructedScan extends MeasuredProgram {
  readonly said: {
    readonly axisPixel: number;
    readonly slices: number;
    readonly durationMs: number;
    /** Time of each part of the work, where the command tells of it. */
    readonly stagesMs?: Readonly<Record<string, number>>;
  };
}

/** What segmentation found in the volume, and what finding it took. */
export interface SegmentedScan extends MeasuredProgram {
  readonly found: CellTruth;
}

/** How a slice of the volume compares with the cell it is of. */
export interface SliceQuality {
  readonly row: number;
  readonly rmse: number;
  readonly gain: number;
  /** Of the noise that the detector's gives to a voxel. */
  readonly noise: number;
}

/** Bytes of disk that the work takes at most. */
export function diskBytesNeeded(scan: SyntheticScan, withPhase: boolean): number {
  const { rows, columns } = scan.options;
  const frames = scan.bytes * (withPhase ? 1 + PHASE_COPIES : 1);
  return DISK_MARGIN * (frames + VOLUME_COPIES * rows * columns * columns);
}

/** Bytes of disk that are free for the folder, which is made. */
export function diskBytesFree(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Writes the frames of a scan into a folder, as a run spools them. */
export function writeScan(
  scan: SyntheticScan,
  folder: string,
  onView?: (view: number) => void,
): ScanPlace {
  const name = scan.write(folder, 'synthetic', onView);
  return {
    folder,
    scanFile: join(folder, name),
    volumeFile: join(folder, 'volume.h5'),
    labelsFile: join(folder, 'labels.h5'),
  };
}

/** `scan reconstruct` on the scan, as shipped: volume in bytes, axis found, stripes removed. */
export async function reconstructScan(
  { scanFile, volumeFile }: ScanPlace,
  words: readonly string[] = [],
): Promise<ReconstructedScan> {
  const all = ['scan', 'reconstruct', scanFile, '--out', volumeFile, ...RECONSTRUCT_WORDS];
  const measured = await measureProgram([...all, ...words, '--json']);
  return { ...measured, said: JSON.parse(measured.output) as ReconstructedScan['said'] };
}

export function phaseWords(): readonly string[] {
  return PHASE_WORDS;
}

/** `scan segment` on the volume: three phases in the disc, labels of every voxel, all tables. */
export async function segmentScan(
  { folder, volumeFile, labelsFile }: ScanPlace,
  scan: SyntheticScan,
): Promise<SegmentedScan> {
  const radius = String(Math.floor(SEGMENTED_RADIUS_SHARE * scan.options.columns));
  const tables = join(folder, 'tables.json');
  const words = ['scan', 'segment', volumeFile, '--labels', labelsFile, '--tables', tables];
  const all = [...words, '--radius', radius, ...SEGMENT_WORDS, '--json'];
  const measured = await measureProgram(all);
  return { ...measured, found: foundIn(JSON.parse(measured.output) as Segmentation) };
}

/** Voids that are cut off are not of the electrolyte: they are the tube, below the cathode. */
function foundIn({ interface: surface, protrusion, tables }: Segmentation): CellTruth {
  const voids = tables.find(({ label }) => label === 'void')?.listed ?? [];
  const whole = voids.filter(({ touchesBorder }) => !touchesBorder);
  return {
    interfaceSlice: surface?.coefficients[0] ?? Number.NaN,
    protrusionVoxel: protrusion?.greatest.voxel ?? Number.NaN,
    voids: whole.length,
    voidVoxels: whole.reduce((sum, { voxels }) => sum + voxels, 0),
  };
}

/** Compares slices of the volume with the cell. */
export async function qualityOf(
  { volumeFile }: ScanPlace,
  scan: SyntheticScan,
  rows: readonly number[],
): Promise<readonly SliceQuality[]> {
  const volume = await openVolume(volumeFile);
  try {
    const found: SliceQuality[] = [];
    for (const row of rows) {
      const { offset, step } = volume.scale;
      const stored = await volume.readSlices(row, 1);
      const slice = Float32Array.from(stored, (voxel) => offset + step * voxel);
      const truth = scan.truth(row);
      const { rmse, gain } = compareSlices(slice, truth, volume.columns, COMPARED_SHARE);
      found.push({ row, rmse, gain, noise: scan.noise(row) });
    }
    return found;
  } finally {
    await volume.close();
  }
}

/** Rows in the InLi, through the protrusion, among the voids, and among the particles. */
export function telltaleRows(rows: number): readonly number[] {
  return [0.2, 0.35, 0.6, 0.85].map((share) => Math.floor(share * rows));
}

/** Deletes everything. */
export function removePlace(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
