import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { WorkerExecutor } from '../../analysis/executor.ts';
import { liveBinning } from '../../analysis/live-engine.ts';
import { LiveFeed } from '../../analysis/live-feed.ts';
import type { LiveScanEnd } from '../../analysis/live-frames.ts';
import type { LiveJobs } from '../../analysis/live-jobs.ts';
import { type Clock, sleep } from '../../domain/clock.ts';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import type { LiveSlice, ScanPlan } from '../../domain/scan.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { encodePng } from '../../formats/png.ts';
import { standardPlanes } from '../../kernels/live-planes.ts';
import { makePictures } from '../../panel/picture.ts';
import type { Command } from '../command.ts';
import { axisOfScan, framesOf, planOfScan } from '../live-replay.ts';
import { openAnyScan } from '../open-scan.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { type LiveRequest, liveRequestOf } from './scan-live-options.ts';
import { describeLive, type LiveReport } from './scan-live-report.ts';

export const scanLiveCommand: Command = {
  name: 'scan live',
  summary: 'replay scans view by view through the live reconstruction',
  usage:
    'operando scan live SOURCE... [--out FOLDER] [--every N] [--speed N|max] [--axis auto|PX] [--vertical DEG,DEG] [--oblique DEG,TILT] [--pixel-size UM] [--json]',
  optionHelp: [
    ['SOURCE', 'a DXchange, NXtomo or .frames file, or a folder of TIFF images with angles.txt'],
    ['', 'several are a series: each view then replaces the nearest of the scan before'],
    ['--out FOLDER', 'the planes as PNG images at the end of each scan; made when missing'],
    ['--every N', 'with --out: images after every N views as well'],
    ['--speed N|max', 'views per second, or as fast as they can be worked on (default)'],
    ['--axis auto|PX', 'rotation axis: found (default), or its detector column'],
    ['--vertical DEG,DEG', 'directions of the two planes along the axis; default 0,90'],
    ['--oblique DEG,TILT', 'direction of the tilted plane and its tilt; default 45,45'],
    ['--pixel-size UM', 'detector pixel at the sample in micrometre; noted in the result'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan live tooth.h5 --out live',
    'operando scan live before.frames after.frames --speed 11 --out live --every 100',
    'operando scan live rod --axis 85.7 --json',
    'operando scan live tooth.h5 --vertical 30,120 --oblique 30,60 --out live',
  ],
  options: {
    out: { type: 'string' },
    every: { type: 'string' },
    speed: { type: 'string', default: 'max' },
    axis: { type: 'string', default: 'auto' },
    vertical: { type: 'string', default: '0,90' },
    oblique: { type: 'string', default: '45,45' },
    'pixel-size': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const request = liveRequestOf(line);
    const reports = await replay(request, terminal);
    if (line.options.json === true) terminal.out(`${JSON.stringify({ scans: reports })}\n`);
    else terminal.out(reports.map(describeLive).join(''));
    return EXIT_CODES.done;
  },
};

async function replay(request: LiveRequest, terminal: Terminal): Promise<LiveReport[]> {
  if (request.out !== undefined) await mkdir(request.out, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'operando-live-'));
  const entry = new URL('../live-worker.js', import.meta.url);
  const executor = new WorkerExecutor<LiveJobs>(entry);
  const clock = new SystemClock();
  try {
    const reports: LiveReport[] = [];
    const heard = new Heard();
    const feed = new LiveFeed({
      executor,
      clock,
      scratchPath: join(folder, 'live.scratch'),
      onSlice: (slice) => heard.slices.push(slice),
      onProblem: (problem) => heard.problems.push(problem),
      onDropped: () => {},
    });
    for (const [at, path] of request.sources.entries()) {
      const name = request.sources.length > 1 ? `${at + 1}-${nameOf(path)}` : nameOf(path);
      const parts = { request, terminal, clock, feed, heard, folder };
      reports.push(await replayOne({ ...parts, path, name }));
    }
    return reports;
  } finally {
    await executor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the feed said since it was last taken. */
class Heard {
  slices: LiveSlice[] = [];
  problems: Problem[] = [];

  takeSlices(): LiveSlice[] {
    return this.slices.splice(0);
  }
}

interface Replay {
  readonly request: LiveRequest;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly feed: LiveFeed;
  readonly heard: Heard;
  /** For what does not fit into memory. */
  readonly folder: string;
  readonly path: string;
  readonly name: string;
}

async function replayOne(replay: Replay): Promise<LiveReport> {
  const { request, terminal, clock, feed, heard, folder, path, name } = replay;
  const source = await openAnyScan(path, { folder, name });
  let done = 0;
  const plan = planOfScan(source, name, request.pixelSizeUm);
  const progress = new ProgressDisplay(terminal, clock, () => ({
    fraction: done / plan.views,
    text: `${name}: view ${done} of ${plan.views}`,
  }));
  try {
    const axis =
      request.axis === 'auto'
        ? await axisOfScan(source)
        : { axisPixel: request.axis, agreed: true };
    const { rows, columns } = source;
    if (terminal.isInteractive) progress.start();
    const begunSecond = clock.nowSecond();
    const detector = { rows, columns, binning: liveBinning(rows, columns) };
    const planes = standardPlanes(detector, request.directions);
    feed.begin({ plan, rows, columns, axisPixel: axis.axisPixel, planes });
    const pictures = new Pictures(request.out, name);
    for await (const frame of framesOf(source, name)) {
      feed.take(frame);
      if (frame.kind !== 'projection') continue;
      done += 1;
      if (request.viewsPerSecond === undefined) await feed.drain();
      else await pace(clock, begunSecond + done / request.viewsPerSecond);
      pictures.see(heard.takeSlices());
      if (request.every !== undefined && done % request.every === 0) await pictures.write(done);
    }
    await feed.drain();
    const durationMs = (clock.nowSecond() - begunSecond) * 1000;
    pictures.see(heard.takeSlices());
    const ended = await feed.end(name, () => openAnyScan(path, { folder, name: `${name}-again` }));
    refuseFailure(path, ended, heard.problems);
    pictures.seeFinal(heard.takeSlices());
    await pictures.write(undefined);
    return reportOf({ path, plan, axis, ended, pictures, durationMs, heard });
  } finally {
    progress.stop();
    await source.close();
  }
}

/** Pictures as they come: how late they are, and the newest of each plane. */
class Pictures {
  readonly #folder: string | undefined;
  readonly #name: string;
  readonly latenciesMs: number[] = [];
  readonly files: string[] = [];
  newest: readonly LiveSlice[] = [];

  constructor(folder: string | undefined, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  see(slices: readonly LiveSlice[]): void {
    const horizontal = slices.filter(({ plane }) => plane === 'horizontal');
    for (const { latencyMs } of horizontal) this.latenciesMs.push(latencyMs);
    const last = horizontal.at(-1);
    if (last) this.newest = slices.filter(({ viewsDone }) => viewsDone === last.viewsDone);
  }

  /** Those of the end of a scan, which no frame waits for. */
  seeFinal(slices: readonly LiveSlice[]): void {
    if (slices.length > 0) this.newest = slices;
  }

  /** @param views in the names of the files; undefined for those of the end */
  async write(views: number | undefined): Promise<void> {
    if (this.#folder === undefined) return;
    const moment = views === undefined ? '' : `-${String(views).padStart(5, '0')}`;
    for (const { header, pixels } of makePictures(this.newest, Number.POSITIVE_INFINITY)) {
      const file = join(this.#folder, `${this.#name}${moment}-${header.plane}.png`);
      await writeFile(file, encodePng({ rows: header.rows, columns: header.columns, pixels }));
      this.files.push(file);
    }
  }
}

function reportOf(parts: {
  readonly path: string;
  readonly plan: ScanPlan;
  readonly axis: { readonly axisPixel: number; readonly agreed: boolean };
  readonly ended: LiveScanEnd;
  readonly pictures: Pictures;
  readonly durationMs: number;
  readonly heard: Heard;
}): LiveReport {
  const { path, plan, axis, ended, pictures, durationMs, heard } = parts;
  const { viewsUsed, viewsLost, viewsRepeated, viewsTakenOut, weightsCorrected } = ended;
  const sorted = Float64Array.from(pictures.latenciesMs).sort();
  const percentile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    source: path,
    mode: pictures.newest[0]?.mode,
    views: plan.views,
    viewsUsed,
    viewsLost,
    viewsRepeated,
    viewsTakenOut,
    weightsCorrected,
    axisPixel: axis.axisPixel,
    axisAgreed: axis.agreed,
    binning: pictures.newest[0]?.binning,
    pixelSizeUm: plan.pixelSizeUm ?? null,
    viewsPerSecond: (1000 * plan.views) / durationMs,
    latencyMs: { p50: percentile(0.5), p99: percentile(0.99) },
    picturesSkipped: plan.views - pictures.latenciesMs.length,
    problems: heard.problems.splice(0),
    images: pictures.files,
    durationMs,
  };
}

/** A scan that failed has no end, only problems. */
function refuseFailure(
  path: string,
  ended: LiveScanEnd | undefined,
  problems: readonly Problem[],
): asserts ended is LiveScanEnd {
  if (ended) return;
  const message = 'nothing could be made of it';
  throw new Fault('badInput', problems.length > 0 ? problems : { where: path, message });
}

async function pace(clock: Clock, untilSecond: number): Promise<void> {
  await sleep(clock, Math.max(0, untilSecond - clock.nowSecond()));
}

function nameOf(path: string): string {
  return basename(path).replace(/\.[^.]+$/, '') || 'scan';
}
