import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { WorkerExecutor } from '../../analysis/executor.ts';
import { VolumeEngine } from '../../analysis/volume-engine.ts';
import type { VolumeJobs } from '../../analysis/volume-jobs.ts';
import type { ReconstructedVolume, VolumeOptions } from '../../analysis/volume-options.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import type { ScanSource } from '../../domain/scan-source.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { NxtomoVolumeWriter } from '../../formats/nxtomo-volume.ts';
import { encodePng } from '../../formats/png.ts';
import { mapPicture, volumePicture } from '../../formats/preview.ts';
import { FileScratchFactory } from '../../store/scratch-file.ts';
import { FileVolumeSpoolFactory } from '../../store/volume-spool.ts';
import { type Command, type CommandLine, numberOption, required } from '../command.ts';
import { onInterruption } from '../interruption.ts';
import { openAnyScan } from '../open-scan.ts';
import { ProgressDisplay } from '../progress.ts';
import { RemainingTime } from '../remaining-time.ts';
import type { Terminal } from '../terminal.ts';
import { pixelSizeOf, volumeOptionsOf } from './scan-reconstruct-options.ts';
import { describeReconstruction, reconstructionJson } from './scan-reconstruct-report.ts';

/** More workers than this only wait for the disk. */
const WORKERS_DEFAULT_MAX = 4;
const WORKERS_MAX = 64;
const WORKER_ENTRY = new URL('../../analysis/volume-worker.js', import.meta.url);

/** `operando scan reconstruct`. */
export const scanReconstructCommand: Command = {
  name: 'scan reconstruct',
  summary: 'reconstruct a volume from a tomography scan',
  usage:
    'operando scan reconstruct SOURCE --out FILE.h5 [--algorithm gridding|fbp|sirt] [--axis auto|PX] [--voxels NAME] [--stripes NAME] [--phase UM,MM --pixel-size UM] [--workers N] [--preview FILE.png] [--json]',
  optionHelp: [
    ['SOURCE', 'frames of a run, a DXchange or NXtomo file, or TIFF images with angles.txt'],
    ['--out FILE.h5', 'the volume at /entry/data/data, attenuation per pixel'],
    ['--voxels NAME', 'auto (default: float32 up to 1 GiB, else uint8), float32, uint16 or uint8'],
    [
      '--algorithm NAME',
      'gridding (default, fast), fbp (direct back-projection) or sirt (few views)',
    ],
    ['--iterations N', 'passes over all views of sirt; default: 20'],
    ['--subsets N', 'ordered subsets in a pass of sirt; default: as many as the views allow'],
    ['--tv WEIGHT', 'total variation of sirt: steps in 1/pixel taken for noise; default: 0, none'],
    ['--axis auto|PX', 'rotation axis: found (default), or its detector column'],
    ['--stripes NAME', 'rings: none, filter, sort (default), large (wide ones too) or all'],
    ['--stripe-map FILE.png', 'what stripe removal took off each detector pixel, as an image'],
    ['--zingers NAME', 'pixels hit by stray particles: remove (default) or keep'],
    [
      '--air-margin COLUMNS',
      'scale views by the beam beside the sample, at both ends; default: not',
    ],
    [
      '--beam FILE',
      'beam of each view against that of the flats, such as the ring current, a line each',
    ],
    [
      '--phase UM,MM',
      'phase filter: delta/mu in micrometre, distance in millimetre; default: none',
    ],
    ['--pixel-size UM', 'detector pixel at the sample in micrometre; needed with --phase'],
    ['--edges NAME', 'samples wider than the detector: auto (default), extend or zero'],
    ['--workers N', `slices made at a time; default: one per core, at most ${WORKERS_DEFAULT_MAX}`],
    ['--preview FILE.png', 'three orthogonal slices through the middle, with their scale'],
    ['--json', 'one JSON document on stdout'],
    ['', 'Interrupted or killed, the same command goes on from the slices it had finished.'],
  ],
  examples: [
    'operando scan reconstruct tooth.h5 --out volume.h5',
    'operando scan reconstruct scans/rod --out rod.h5 --axis 85.7 --json',
    'operando scan reconstruct runs/first-light/scan-001.frames --out scan.h5 --voxels uint8',
    'operando scan reconstruct tooth.h5 --out volume.h5 --preview volume.png',
    'operando scan reconstruct rod.nxs --out rod.h5 --phase 0.5,50 --pixel-size 2.5',
    'operando scan reconstruct few.h5 --out few.h5 --algorithm sirt --iterations 40 --tv 0.002',
  ],
  options: {
    out: { type: 'string' },
    algorithm: { type: 'string', default: 'gridding' },
    iterations: { type: 'string' },
    subsets: { type: 'string' },
    tv: { type: 'string' },
    voxels: { type: 'string', default: 'auto' },
    axis: { type: 'string', default: 'auto' },
    stripes: { type: 'string', default: 'sort' },
    'stripe-map': { type: 'string' },
    zingers: { type: 'string', default: 'remove' },
    'air-margin': { type: 'string' },
    beam: { type: 'string' },
    phase: { type: 'string' },
    'pixel-size': { type: 'string' },
    edges: { type: 'string', default: 'auto' },
    workers: { type: 'string' },
    preview: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    return reconstruct(await requestOf(line), terminal);
  },
};

interface Request {
  readonly source: string;
  readonly output: string;
  readonly options: VolumeOptions;
  readonly pixelSizeUm: number | undefined;
  readonly workers: number;
  readonly preview: string | undefined;
  readonly stripeMap: string | undefined;
  readonly json: boolean;
}

/** @throws Fault badInput before anything is read or written */
async function requestOf(line: CommandLine): Promise<Request> {
  const output = required(scanReconstructCommand, line, 'out');
  const [source, ...others] = line.words;
  if (source === undefined || others.length > 0) {
    throw new Fault('badInput', {
      where: 'operando scan reconstruct',
      message: `${line.words.length} sources given; expected one file or folder`,
    });
  }
  const request: Request = {
    source,
    output,
    options: await volumeOptionsOf(line),
    pixelSizeUm: pixelSizeOf(line),
    workers:
      numberOption(line, 'workers', { min: 1, max: WORKERS_MAX, whole: true }) ??
      Math.min(WORKERS_DEFAULT_MAX, availableParallelism()),
    preview: pathOf(line, 'preview'),
    stripeMap: pathOf(line, 'stripe-map'),
    json: line.options.json === true,
  };
  checkFolder('out', output);
  if (request.preview !== undefined) checkFolder('preview', request.preview);
  if (request.stripeMap !== undefined) checkFolder('stripe-map', request.stripeMap);
  if (resolve(source) === resolve(output)) {
    const message = 'is the scan itself; expected another file';
    throw new Fault('badInput', { where: `--out ${output}`, message });
  }
  return request;
}

async function reconstruct(request: Request, terminal: Terminal): Promise<ExitCode> {
  const { source: path, output } = request;
  const work = { folder: dirname(resolve(output)), name: basename(output) };
  const source = await openAnyScan(path, work);
  const interrupted = new AbortController();
  const release = onInterruption(() => {
    // Who asks twice does not want to wait for the slices in work, or for the file.
    if (interrupted.signal.aborted) process.exit(EXIT_CODES.faulted);
    interrupted.abort(interruption(work));
  });
  try {
    const made = await makeVolume(request, source, terminal, interrupted.signal);
    await writeResults(request, made);
    const { summary, slicesResumed } = made;
    const { scale } = made.volume;
    await made.volume.remove();
    const report = { summary, scale, output, slicesResumed, problems: source.problems ?? [] };
    if (request.json) terminal.out(`${JSON.stringify(reconstructionJson(report))}\n`);
    else terminal.out(describeReconstruction(report));
    return EXIT_CODES.done;
  } finally {
    release();
    await source.close();
  }
}

async function makeVolume(
  request: Request,
  source: ScanSource,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ReconstructedVolume> {
  const { output, options } = request;
  const folder = dirname(resolve(output));
  const clock = new SystemClock();
  const executors = Array.from(
    { length: request.workers },
    () => new WorkerExecutor<VolumeJobs>(WORKER_ENTRY),
  );
  const engine = new VolumeEngine({
    executors,
    spools: new FileVolumeSpoolFactory(folder),
    scratch: new FileScratchFactory(folder),
    clock,
  });
  const remaining = new RemainingTime();
  let fraction = 0;
  const { rows, columns } = source;
  const progress = new ProgressDisplay(terminal, clock, () => ({
    fraction,
    text: `reconstructing ${rows} slices of ${columns} × ${columns}${remaining.text()}`,
  }));
  progress.start();
  try {
    return await engine.reconstruct(source, basename(output), {
      ...options,
      signal,
      onProgress: (done) => {
        fraction = done;
        remaining.note(clock.nowSecond(), done);
      },
    });
  } finally {
    progress.stop();
    await Promise.all(executors.map((executor) => executor.close()));
  }
}

async function writeResults(request: Request, made: ReconstructedVolume): Promise<void> {
  const { volume, summary, stripeMap } = made;
  try {
    await new NxtomoVolumeWriter().write(request.output, volume, summary);
    if (request.preview !== undefined) {
      await writeFile(request.preview, encodePng(await volumePicture(volume, request.pixelSizeUm)));
    }
    if (request.stripeMap !== undefined) {
      const plane = { rows: summary.slices, columns: summary.columns, values: stripeMap };
      await writeFile(request.stripeMap, encodePng(mapPicture(plane)));
    }
  } catch (error) {
    await volume.close();
    throw error;
  }
}

function interruption(work: { readonly folder: string; readonly name: string }): Fault {
  const file = join(work.folder, `${work.name}.voxels`);
  const kept = existsSync(file)
    ? `finished slices are kept in ${file}, and the same command goes on from there`
    : 'no slice was finished';
  return new Fault('analysis', { where: 'interrupted', message: kept });
}

/** Said before minutes of work, not after. */
function checkFolder(option: string, output: string): void {
  const folder = dirname(resolve(output));
  if (existsSync(folder)) return;
  throw new Fault('badInput', {
    where: `--${option} ${output}`,
    message: `the folder ${folder} is not there; make it first`,
  });
}

function pathOf(line: CommandLine, option: string): string | undefined {
  const value = line.options[option];
  return typeof value === 'string' ? value : undefined;
}
