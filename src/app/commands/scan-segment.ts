import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trackParticles } from '../../analysis/components-track.ts';
import { type Executor, inlineExecutor, WorkerExecutor } from '../../analysis/executor.ts';
import { createSegmentJobs, type SegmentJobs } from '../../analysis/segment-jobs.ts';
import {
  type SegmentedVolume,
  type SegmentOptions,
  segmentVolume,
} from '../../analysis/segment-volume.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import {
  ELECTRODE_FACES,
  ELECTRODE_PHASES,
  type InterfaceSurface,
  type SegmentationSeries,
  type VolumeComponent,
} from '../../domain/segmentation.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import type { VolumeSource } from '../../domain/volume.ts';
import { readBytes } from '../../formats/file-access.ts';
import { openVolume } from '../../formats/open-volume.ts';
import { encodePng } from '../../formats/png.ts';
import {
  parseInterface,
  parseParticles,
  parseSeries,
  seriesText,
} from '../../formats/segmentation-json.ts';
import { LabelVolumeWriter } from '../../formats/segmentation-labels.ts';
import { MiddlePlanes, segmentationPicture } from '../../formats/segmentation-picture.ts';
import { segmentationSvg } from '../../formats/segmentation-svg.ts';
import { componentsCsv, porosityCsv } from '../../formats/segmentation-table.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, numberOption } from '../command.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { describeSegmentation, describeTracked } from './scan-segment-report.ts';

const WORKERS = 2;
const TRACKED_MAX = 20;
const TRACK_REACH_VOXEL = 20;
const METRE_PER_MICROMETRE = 1e-6;
const JSON_BYTES_MAX = 256 * 2 ** 20;

export const scanSegmentCommand: Command = {
  name: 'scan segment',
  summary: 'phases, voids, porosity against depth and protrusions of a volume',
  usage:
    'operando scan segment VOLUME.h5 [--threshold auto|VALUE] [--phase dark|bright] [--interface top|bottom|FILE.json] [--voxel-size UM] [options]',
  optionHelp: [
    ['VOLUME.h5', 'a reconstructed volume; see operando scan reconstruct'],
    ['--threshold auto|VALUE', 'found (default, Otsu), or attenuation in 1/pixel'],
    [
      '--series FILE.json',
      'grey values and threshold of a series: the first scan makes the file, the others keep its threshold',
    ],
    ['--classes 2|3', 'phases by grey value; 3: voids are darker than a second threshold'],
    ['--phase dark|bright', 'grey side of the electrode: lithium is dark (default), indium bright'],
    [
      '--interface NAME',
      'end of the volume that lies in the electrode: top (first slice) or bottom; or a JSON result with the interface of another scan',
    ],
    ['--interface-order 1|2', 'the interface is a plane (default) or curved'],
    ['--voxel-size UM', 'side of a voxel in micrometre: lengths then are in metre too'],
    ['--bin UM', 'width of the depth bins in micrometre (in voxels without --voxel-size)'],
    [
      '--track BEFORE.json',
      'find the 20 largest particles of an earlier scan again, and how far they are from the bottom',
    ],
    ['--track-reach VOXELS', 'how far a particle may have moved; default: 20'],
    ['--radius VOXELS', 'only what lies within this radius of the middle; default: the disc'],
    ['--median on|off', 'median of 3 × 3 × 3 voxels before anything else; default: on'],
    [
      '--labels OUT.h5',
      'the phase of every voxel: 0 outside, 1 void, 2 solid, 3 electrode, 4 particle',
    ],
    ['--tables OUT.csv|json', 'every void and particle; .csv writes OUT.porosity.csv beside it'],
    ['--preview FILE.png', 'three orthogonal slices with the phases outlined'],
    ['--plot FILE.svg', 'grey values with the threshold, and porosity against depth'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan segment volume.h5 --interface top --voxel-size 2.5',
    'operando scan segment volume.h5 --interface bottom --series cell.json --tables voids.csv --plot porosity.svg',
    'operando scan segment later.h5 --interface top --voxel-size 2.5 --track earlier.json',
    'operando scan segment volume.h5 --phase bright --classes 3 --interface top --preview phases.png --json',
  ],
  options: {
    threshold: { type: 'string', default: 'auto' },
    series: { type: 'string' },
    classes: { type: 'string', default: '2' },
    phase: { type: 'string', default: 'dark' },
    interface: { type: 'string' },
    'interface-order': { type: 'string', default: '1' },
    'voxel-size': { type: 'string' },
    bin: { type: 'string' },
    radius: { type: 'string' },
    track: { type: 'string' },
    'track-reach': { type: 'string' },
    median: { type: 'string', default: 'on' },
    labels: { type: 'string' },
    tables: { type: 'string' },
    preview: { type: 'string' },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const [path, ...others] = line.words;
    if (path === undefined || others.length > 0) {
      const message = `${line.words.length} volumes given; expected one file`;
      throw new Fault('badInput', { where: 'operando scan segment', message });
    }
    const outputs = outputsOf(line);
    const settings = await settingsOf(line);
    const track = await trackOf(line);
    const volume = await openVolume(path);
    try {
      return await segment(
        { volume, settings, outputs, track, json: line.options.json === true },
        terminal,
      );
    } finally {
      await volume.close();
    }
  },
};

type Settings = Omit<SegmentOptions, 'workers' | 'onLabels' | 'onProgress'>;
type OutputName = 'series' | 'labels' | 'tables' | 'preview' | 'plot';
type Outputs = Readonly<Partial<Record<OutputName, string>>>;

interface Request {
  readonly volume: VolumeSource;
  readonly settings: Settings;
  readonly outputs: Outputs;
  readonly track: Track | undefined;
  readonly json: boolean;
}

interface Track {
  readonly particles: readonly VolumeComponent[];
  readonly displacementMaxVoxel: number;
}

async function trackOf(line: CommandLine): Promise<Track | undefined> {
  const { track } = line.options;
  const reach = numberOption(line, 'track-reach', { min: 0, max: 65_535 });
  if (typeof track !== 'string') return undefined;
  const particles = parseParticles(await readJson(track), track).slice(0, TRACKED_MAX);
  return { particles, displacementMaxVoxel: reach ?? TRACK_REACH_VOXEL };
}

async function segment(request: Request, terminal: Terminal): Promise<ExitCode> {
  const { volume, settings, outputs } = request;
  const workers = startWorkers();
  let fraction = 0;
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction,
    text: `segmenting ${volume.slices} slices of ${volume.rows} × ${volume.columns}`,
  }));
  if (terminal.isInteractive) progress.start();
  const labels = outputs.labels ? new LabelVolumeWriter(outputs.labels, volume) : undefined;
  const grey = new MiddlePlanes(volume);
  const painted = new MiddlePlanes(volume);
  try {
    await labels?.start();
    const result = await segmentVolume(outputs.preview ? watched(volume, grey) : volume, {
      ...settings,
      workers,
      onProgress: (done) => {
        fraction = done;
      },
      ...(labels || outputs.preview
        ? {
            onLabels: (firstSlice, part) => {
              labels?.write(firstSlice, part);
              painted.add(firstSlice, part);
            },
          }
        : {}),
    });
    await labels?.finish();
    await writeOutputs(result, outputs);
    if (outputs.preview) {
      await writeFile(outputs.preview, encodePng(segmentationPicture(grey, painted)));
    }
    progress.stop();
    const { segmentation } = result;
    const { track } = request;
    const tracked = track && trackParticles(track.particles, segmentation, track);
    if (request.json) terminal.out(`${JSON.stringify({ ...segmentation, tracked })}\n`);
    else terminal.out(describeSegmentation(segmentation) + describeTracked(tracked ?? []));
    return EXIT_CODES.done;
  } finally {
    progress.stop();
    await labels?.stop();
    await Promise.all(workers.map((worker) => worker.close()));
  }
}

/** From sources, without a build, there is no program for a thread to run. */
function startWorkers(): Executor<SegmentJobs>[] {
  const entry = new URL('../../analysis/segment-worker.js', import.meta.url);
  if (!existsSync(fileURLToPath(entry))) {
    return [inlineExecutor(createSegmentJobs(loadKernelModule('volume')))];
  }
  return Array.from({ length: WORKERS }, () => new WorkerExecutor<SegmentJobs>(entry));
}

/** The volume, with the planes of its preview gathered from whatever is read. */
function watched(volume: VolumeSource, planes: MiddlePlanes): VolumeSource {
  const { where, slices, rows, columns, scale } = volume;
  return {
    where,
    slices,
    rows,
    columns,
    scale,
    async readSlices(firstSlice, sliceCount) {
      const voxels = await volume.readSlices(firstSlice, sliceCount);
      planes.add(firstSlice, voxels);
      return voxels;
    },
    close: () => volume.close(),
  };
}

async function writeOutputs(result: SegmentedVolume, outputs: Outputs): Promise<void> {
  const { segmentation, series } = result;
  const { tables, plot } = outputs;
  if (outputs.series) await writeFile(outputs.series, seriesText(series));
  if (plot) await writeFile(plot, segmentationSvg(segmentation));
  if (!tables) return;
  if (/\.json$/i.test(tables)) {
    await writeFile(tables, `${JSON.stringify(segmentation)}\n`);
    return;
  }
  await writeFile(tables, componentsCsv(segmentation));
  await writeFile(tables.replace(/\.csv$/i, '.porosity.csv'), porosityCsv(segmentation.porosity));
}

async function settingsOf(line: CommandLine): Promise<Settings> {
  const { threshold, series, interface: boundary } = line.options;
  const voxelSizeUm = numberOption(line, 'voxel-size', { min: 1e-4, max: 1e5 });
  const bin = numberOption(line, 'bin', { min: 1e-4, max: 1e6 });
  const radiusVoxel = numberOption(line, 'radius', { min: 1, max: 65_535 });
  const before =
    typeof series === 'string' && existsSync(series) ? await readSeries(series) : undefined;
  return {
    threshold: threshold === 'auto' ? 'auto' : thresholdValue(line),
    classes: oneOf(line, 'classes', ['2', '3']) === '3' ? 3 : 2,
    electrodePhase: oneOf(line, 'phase', ELECTRODE_PHASES),
    interfaceOrder: oneOf(line, 'interface-order', ['1', '2']) === '2' ? 2 : 1,
    usesMedian: oneOf(line, 'median', ['on', 'off']) === 'on',
    ...(before ? { series: before } : {}),
    ...(await boundaryOf(boundary)),
    ...(voxelSizeUm === undefined ? {} : { voxelSizeMetre: voxelSizeUm * METRE_PER_MICROMETRE }),
    ...(bin === undefined ? {} : { depthBinVoxel: bin / (voxelSizeUm ?? 1) }),
    ...(radiusVoxel === undefined ? {} : { mask: { kind: 'disc', radiusVoxel } }),
  };
}

function thresholdValue(line: CommandLine): number {
  const value = numberOption(line, 'threshold', { min: -1e6, max: 1e6 });
  return value ?? Number.NaN;
}

async function boundaryOf(
  text: unknown,
): Promise<Pick<Settings, 'electrodeFace' | 'interface'> | undefined> {
  if (typeof text !== 'string') return undefined;
  const face = ELECTRODE_FACES.find((name) => name === text);
  if (face) return { electrodeFace: face };
  if (!/\.json$/i.test(text)) {
    throw new Fault('badInput', {
      where: '--interface',
      message: `"${text}" is not understood: expected top, bottom or the JSON result of another scan`,
    });
  }
  return { interface: await readInterface(text) };
}

async function readInterface(path: string): Promise<InterfaceSurface> {
  return parseInterface(await readJson(path), path);
}

async function readSeries(path: string): Promise<SegmentationSeries> {
  return parseSeries(await readJson(path), path);
}

async function readJson(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, JSON_BYTES_MAX));
}

const ENDINGS: Readonly<Partial<Record<OutputName, readonly string[]>>> = {
  series: ['.json'],
  tables: ['.csv', '.json'],
  preview: ['.png'],
  plot: ['.svg'],
};

/** Refused before the work, not after. */
function outputsOf(line: CommandLine): Outputs {
  const outputs: Partial<Record<OutputName, string>> = {};
  for (const name of ['series', 'labels', 'tables', 'preview', 'plot'] as const) {
    const path = line.options[name];
    if (typeof path !== 'string') continue;
    const endings = ENDINGS[name];
    if (endings && !endings.some((ending) => path.toLowerCase().endsWith(ending))) {
      const message = `"${path}" is not understood; expected a file name that ends in ${endings.join(' or ')}`;
      throw new Fault('badInput', { where: `--${name}`, message });
    }
    const folder = dirname(resolve(path));
    if (!existsSync(folder)) {
      const message = `the folder ${folder} is not there; make it first`;
      throw new Fault('badInput', { where: `--${name} ${path}`, message });
    }
    outputs[name] = path;
  }
  return outputs;
}

function oneOf<T extends string>(line: CommandLine, option: string, names: readonly T[]): T {
  const text = line.options[option];
  const found = names.find((name) => name === text);
  if (found) return found;
  throw new Fault('badInput', {
    where: `--${option}`,
    message: `"${text}" is not offered; expected ${names.join(' or ')}`,
  });
}
