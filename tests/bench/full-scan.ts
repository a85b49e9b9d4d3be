import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchOptions, Figure, MeasuredFigure, Target } from './bench.ts';
import { absentFigure, atLeast, atMost, valueFigure } from './figures.ts';
import {
  diskBytesFree,
  diskBytesNeeded,
  phaseWords,
  qualityOf,
  type ReconstructedScan,
  reconstructScan,
  removePlace,
  type ScanPlace,
  type SegmentedScan,
  segmentScan,
  telltaleRows,
  writeScan,
} from './full-scan-work.ts';
import type { MeasuredProgram } from './measured-program.ts';
import { BENCH_BUILD } from './repository.ts';
import { spreadOf } from './spread.ts';
import type { CellTruth } from './synthetic-cell.ts';
import { SyntheticScan } from './synthetic-scan.ts';

/** Targets of a scan of 2016 x 2016 pixels and 1000 views. */
const FULL = { rows: 2016, columns: 2016, views: 1000 } as const;
const SECONDS_MAX = { plain: 360, phase: 420 } as const;
const SECONDS_AIM = 200;
const RSS_BYTES_MAX = 1.5e9;
const GAIN_ERROR_MAX = 0.003;
const AXIS_ERROR_PIXEL_MAX = 0.1;
/** The error of a slice over that of the noise alone: edges and bytes add to it. */
const ERROR_OVER_NOISE_MAX = 1.2;
const INTERFACE_ERROR_PIXEL_MAX = 0.5;
const PROTRUSION_ERROR_PIXEL_MAX = 2;
const VOIDS_WRONG_MAX = 2;
const MEGABYTE = 1e6;
const VIEWS_PER_WORD = 100;

/** A scan larger than memory: frames to volume to tables, by the commands as they ship. */
export const FULL_SCAN_BENCH: Bench = {
  name: 'full-scan',
  about: 'a synthetic scan (2016 x 2016 x 1000 unless --rows, --columns, --views) to its tables',
  isOnce: true,
  variant: ({ scan }) => (scan.phase ? '-phase' : ''),
  async run(options) {
    const { seed, scan: size } = options;
    const scan = new SyntheticScan({ ...FULL, ...size, seed });
    const folder = join(BENCH_BUILD, `full-scan-${process.pid}`);
    const lack = diskLack(scan, folder, size.phase);
    if (lack !== undefined) return [absentFigure('full scan', lack)];
    try {
      return await scanFigures(scan, folder, options);
    } finally {
      removePlace(folder);
    }
  },
};

function diskLack(scan: SyntheticScan, folder: string, phase: boolean): string | undefined {
  const [needed, free] = [diskBytesNeeded(scan, phase), diskBytesFree(folder)];
  if (free >= needed) return undefined;
  removePlace(folder);
  return `${megabytes(needed)} of disk are needed at ${folder}, and ${megabytes(free)} are free`;
}

async function scanFigures(
  scan: SyntheticScan,
  folder: string,
  options: BenchOptions,
): Promise<Figure[]> {
  const { rows, columns, views } = scan.options;
  const { phase } = options.scan;
  options.tell(`${megabytes(scan.bytes)} of frames, ${rows} x ${columns} x ${views}`);
  const startedMs = performance.now();
  const place = writeScan(scan, folder, (view) => {
    if (view % VIEWS_PER_WORD === 0) options.tell(`view ${view} of ${views}`);
  });
  const writtenMs = performance.now() - startedMs;
  options.tell(`scan reconstruct${phase ? ', phase filter on' : ''}`);
  const made = await reconstructScan(place, phase ? phaseWords() : []);
  options.tell('scan segment');
  const segmented = await segmentScan(place, scan);
  return [
    valueFigure('frames made and written', writtenMs / 1000, {
      unit: 's',
      note: `${megabytes(scan.bytes)}, not part of the work; their pages may still be cached`,
    }),
    ...workFigures(scan, made, segmented, phase),
    ...(phase ? [] : await qualityFigures(scan, place, made)),
    ...(phase ? [] : tableFigures(scan, segmented)),
  ];
}

function workFigures(
  scan: SyntheticScan,
  made: ReconstructedScan,
  segmented: MeasuredProgram,
  phase: boolean,
): Figure[] {
  const { rows, columns, views } = scan.options;
  const isFull = rows >= FULL.rows && columns >= FULL.columns && views >= FULL.views;
  const targets = (target: Target) => (isFull ? { target } : {});
  const secondsMax = phase ? SECONDS_MAX.phase : SECONDS_MAX.plain;
  const seconds = (ms: number): number => ms / 1000;
  const both = { wallMs: made.wallMs + segmented.wallMs, cpuMs: made.cpuMs + segmented.cpuMs };
  const rss = Math.max(made.rssMaxBytes, segmented.rssMaxBytes);
  return [
    timed('frames to tables', both, targets(atMost(secondsMax))),
    ...(phase ? [] : [timed('frames to tables, aim', both, targets(atMost(SECONDS_AIM)))]),
    timed('scan reconstruct', made),
    ...Object.entries(made.said.stagesMs ?? {}).map(([stage, ms]) =>
      valueFigure(`scan reconstruct: ${stage}`, seconds(ms), { unit: 's' }),
    ),
    timed('scan segment', segmented),
    valueFigure('slices', made.said.slices / seconds(made.wallMs), { unit: '/s' }),
    valueFigure('peak memory', rss / MEGABYTE, {
      unit: 'MB',
      ...targets(atMost(RSS_BYTES_MAX / MEGABYTE)),
      note: `resident, all threads (VmHWM); reconstruct ${megabytes(made.rssMaxBytes)}, segment ${megabytes(segmented.rssMaxBytes)}`,
    }),
    ...transferFigures('scan reconstruct', made),
    ...transferFigures('scan segment', segmented),
  ];
}

function transferFigures(name: string, { readBytes, writtenBytes }: MeasuredProgram): Figure[] {
  if (!Number.isFinite(readBytes) || !Number.isFinite(writtenBytes)) {
    return [absentFigure(`${name}: bytes`, 'this system does not count them (/proc/self/io)')];
  }
  return [
    valueFigure(`${name}: read`, readBytes / MEGABYTE, { unit: 'MB' }),
    valueFigure(`${name}: written`, writtenBytes / MEGABYTE, { unit: 'MB' }),
  ];
}

/** Of a phase-filtered volume there is no truth here: these frames have no phase contrast. */
async function qualityFigures(
  scan: SyntheticScan,
  place: ScanPlace,
  made: ReconstructedScan,
): Promise<Figure[]> {
  const slices = await qualityOf(place, scan, telltaleRows(scan.options.rows));
  return [
    valueFigure('rotation axis: error', Math.abs(made.said.axisPixel - scan.axisPixel), {
      unit: 'px',
      target: atMost(AXIS_ERROR_PIXEL_MAX),
    }),
    valueFigure('volume file', statSync(place.volumeFile).size / MEGABYTE, {
      unit: 'MB',
      target: atLeast((scan.options.rows * scan.options.columns ** 2) / MEGABYTE),
    }),
    ...slices.flatMap(({ row, rmse, gain, noise }) => [
      valueFigure(`slice ${row}: RMSE over noise`, rmse / noise, {
        unit: 'x',
        target: atMost(ERROR_OVER_NOISE_MAX),
        note: `RMSE ${rmse.toExponential(2)} per pixel; noise of the frames gives ${noise.toExponential(2)}`,
      }),
      valueFigure(`slice ${row}: gain error`, Math.abs(gain - 1), {
        target: atMost(GAIN_ERROR_MAX),
      }),
    ]),
  ];
}

/** What the tables say against what is in the cell. */
function tableFigures({ known }: SyntheticScan, { found }: SegmentedScan): Figure[] {
  const off = (key: keyof CellTruth): number => Math.abs(found[key] - known[key]);
  return [
    valueFigure('interface: error', off('interfaceSlice'), {
      unit: 'px',
      target: atMost(INTERFACE_ERROR_PIXEL_MAX),
    }),
    valueFigure('protrusion: error', off('protrusionVoxel'), {
      unit: 'px',
      target: atMost(PROTRUSION_ERROR_PIXEL_MAX),
      note: `of ${known.protrusionVoxel.toFixed(1)}`,
    }),
    valueFigure('voids: missed or made up', off('voids'), {
      target: atMost(VOIDS_WRONG_MAX),
      note: `of ${known.voids}`,
    }),
    valueFigure('voids: volume found / true', found.voidVoxels / known.voidVoxels, {
      unit: 'x',
      note: 'the threshold of three phases is not half way between void and electrolyte',
    }),
  ];
}

function timed(
  name: string,
  time: { readonly wallMs: number; readonly cpuMs: number },
  about: { readonly target?: Target } = {},
): MeasuredFigure {
  return {
    ...valueFigure(name, time.wallMs / 1000, { unit: 's', ...about }),
    cpu: spreadOf([time.cpuMs / 1000]),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(0)} MB`;
}
