import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asFault } from '../domain/fault.ts';
import { lookAt } from './run-database.ts';
import { type RunSummary, runFolders, summaryOf } from './run-list.ts';
import { newestRecord } from './run-reader.ts';
import { DATABASE_NAME } from './schema.ts';

/**
 * Making room on a disk with runs on it. Only raw frames go whose volume is there: what can be
 * made again from them is kept, and voltage, current, temperature and events are never touched.
 */

/** What nobody has acknowledged is kept for so long. */
export const KEEP_DAYS = 30;
const DAY_MS = 86_400_000;
/** In the folder of a run: what was taken out of it, and when; one JSON object a line. */
export const THINNED_NAME = 'run.thinned.jsonl';
const FRAMES = /^(.+)\.frames$/;

/** Raw frames that may go. */
export interface ThinnableRun {
  readonly runId: string;
  readonly folder: string;
  readonly startedUtcMs: number;
  /** Why they may: `delivered`, or `old`. */
  readonly because: 'delivered' | 'old';
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** A run whose raw frames stay, though it has some. */
export interface KeptRun {
  readonly folder: string;
  /** One sentence without its subject. */
  readonly reason: string;
  readonly bytes: number;
}

export interface ThinningPlan {
  /** Oldest first: the order in which they go. */
  readonly thinnable: readonly ThinnableRun[];
  readonly kept: readonly KeptRun[];
}

/** What has gone. */
export interface Thinned {
  readonly files: number;
  readonly bytes: number;
}

/** Looks at every run of a folder and changes nothing. @param nowUtcMs what age is counted from */
export function planThinning(
  outFolder: string,
  options: {
    readonly nowUtcMs: number;
    readonly keepDays?: number;
    /** At most so many runs with frames are looked at, the first by name; all unless given. */
    readonly runsMax?: number;
  },
): ThinningPlan {
  const { nowUtcMs, keepDays = KEEP_DAYS, runsMax } = options;
  const folders = runFolders(outFolder).filter((folder) => framesOf(folder).length > 0);
  const runs = folders.slice(0, runsMax).map(summaryOf);
  const newest = runs.reduce<number>(
    (latest, run) => (run.kind === 'run' ? Math.max(latest, run.startedUtcMs) : latest),
    Number.NEGATIVE_INFINITY,
  );
  const thinnable: ThinnableRun[] = [];
  const kept: KeptRun[] = [];
  for (const run of runs) {
    const frames = framesOf(run.folder);
    const reason = whyKept(run, newest);
    const files = frames.filter(({ hasVolume }) => hasVolume);
    const isOld = run.kind === 'run' && nowUtcMs - run.startedUtcMs > keepDays * DAY_MS;
    const because = run.kind === 'run' && reason === undefined ? mayGo(run, isOld) : undefined;
    if (run.kind === 'run' && because && files.length > 0) {
      const { runId, folder, startedUtcMs } = run;
      thinnable.push({ runId, folder, startedUtcMs, because, files });
      continue;
    }
    const why =
      reason ??
      (because
        ? 'no volume was made of its frames'
        : `has ended less than ${keepDays} days ago, and not everything was delivered`);
    kept.push({ folder: run.folder, reason: why, bytes: sum(frames) });
  }
  thinnable.sort((a, b) => a.startedUtcMs - b.startedUtcMs);
  return { thinnable, kept };
}

/**
 * Takes raw frames away, oldest run first, and writes down in each run's folder what has gone.
 * @param isEnough asked before each file
 * @throws Fault storage when the disk refuses
 */
export function thin(
  { thinnable }: ThinningPlan,
  options: { readonly nowUtcMs: number; readonly isEnough?: () => boolean },
): Thinned {
  const { nowUtcMs, isEnough = () => false } = options;
  let files = 0;
  let bytes = 0;
  for (const run of thinnable) {
    for (const file of run.files) {
      if (isEnough()) return { files, bytes };
      const path = join(run.folder, file.name);
      const line = { utc: new Date(nowUtcMs).toISOString(), file: file.name, bytes: file.bytes };
      try {
        rmSync(path);
        // After the file: on a full disk there is room for this line only then.
        appendFileSync(join(run.folder, THINNED_NAME), `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw asFault(error, path, 'storage');
      }
      files += 1;
      bytes += file.bytes;
    }
  }
  return { files, bytes };
}

/** What was taken out of a run so far. */
export function thinnedOf(folder: string): Thinned {
  let text: string;
  try {
    text = readFileSync(join(folder, THINNED_NAME), 'utf8');
  } catch {
    return { files: 0, bytes: 0 };
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return { files: lines.length, bytes: lines.reduce((all, line) => all + bytesIn(line), 0) };
}

/** A line that a power cut has cut off counts as a file of unknown size. */
function bytesIn(line: string): number {
  try {
    const { bytes } = JSON.parse(line) as { bytes?: unknown };
    return typeof bytes === 'number' ? bytes : 0;
  } catch {
    return 0;
  }
}

/** @returns undefined when nothing about the run itself keeps its frames */
function whyKept(run: RunSummary, newestUtcMs: number): string | undefined {
  if (run.kind === 'damaged') return 'cannot be read';
  if (run.startedUtcMs >= newestUtcMs) return 'is the newest run with frames';
  if (run.status === 'running') return 'goes on';
  if (run.status === 'interrupted') return 'was interrupted and may be resumed';
  return undefined;
}

/** @returns undefined while somebody may still want them */
function mayGo(
  { folder, status }: Extract<RunSummary, { kind: 'run' }>,
  isOld: boolean,
): ThinnableRun['because'] | undefined {
  if (isOld) return 'old';
  // One that has tripped or faulted waits for a person, who may want to see everything.
  return (status === 'done' || status === 'stopped') && isDelivered(folder)
    ? 'delivered'
    : undefined;
}

/** Every outlet that the run ever had has acknowledged its last record, and there was one. */
function isDelivered(folder: string): boolean {
  try {
    return lookAt(join(folder, DATABASE_NAME), (file) => {
      const { sequence: newest } = newestRecord(file);
      const cursors = file
        .prepare('SELECT CAST(sequence AS REAL) AS sequence FROM cursor')
        .all()
        .map(({ sequence }) => Number(sequence));
      return cursors.length > 0 && cursors.every((sequence) => sequence >= newest);
    });
  } catch {
    return false;
  }
}

function framesOf(folder: string) {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const there = new Set(names);
  return names.flatMap((name) => {
    const scanId = FRAMES.exec(name)?.[1];
    // What was set aside after a power cut has no volume and stays.
    if (scanId === undefined) return [];
    const bytes = statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    return [{ name: basename(name), bytes, hasVolume: there.has(`${scanId}.h5`) }];
  });
}

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
