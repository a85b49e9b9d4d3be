import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { SyntheticScan } from '../bench/synthetic-scan.ts';
import {
  type Campaign,
  type CampaignOptions,
  type Check,
  checkAll,
  type Findings,
} from './campaign.ts';

const TRIALS = 100;
const SIZE = { rows: 160, columns: 384, views: 240 } as const;
/** Of one trial: after so many the command is left alone. */
const KILLS_MAX = 3;
/** Kills fall evenly within this share of the time of an uninterrupted run. */
const KILLED_BEFORE_SHARE = 1.05;
const SLICES_AT_ONCE = 16;
const MAIN = join(REPOSITORY, 'dist', 'src', 'app', 'main.js');

interface Trial {
  readonly seed: number;
  /** When the process was killed, each time, ms after its start. */
  readonly killsMs: readonly number[];
  /** Kills that met a process that had not ended. */
  readonly met: number;
  readonly isIdentical: boolean;
  readonly filesLeft: readonly string[];
}

/** `scan reconstruct` killed at random moments, and started again until it is done. */
export const TOMOGRAPHY_KILL_CAMPAIGN: Campaign = {
  name: 'tomography-kill',
  about: 'A reconstruction killed at random moments and started again ends in the same volume',
  run: (options) => killCampaign(options, SIZE),
};

/** The campaign on a scan of another size. */
export async function killCampaign(
  options: CampaignOptions,
  size: { readonly rows: number; readonly columns: number; readonly views: number },
): Promise<Findings> {
  const count = options.trials ?? TRIALS;
  const folder = mkdtempSync(join(tmpdir(), 'operando-kill-'));
  try {
    const scan = new SyntheticScan({ ...size, seed: options.seed });
    const source = join(folder, scan.write(folder, 'synthetic'));
    const startedMs = performance.now();
    const expected = await reconstructed(source, join(folder, 'uninterrupted'), []);
    const uninterruptedMs = performance.now() - startedMs;
    options.tell(`uninterrupted: ${uninterruptedMs.toFixed(0)} ms`);
    const trials: Trial[] = [];
    for (let at = 0; at < count; at++) {
      if (at % 10 === 0) options.tell(`trial ${at + 1} of ${count}`);
      const seed = options.seed + at;
      const killsMs = killMoments(seed, uninterruptedMs);
      const made = await reconstructed(source, join(folder, 'trial'), killsMs);
      const isIdentical = made.hash === expected.hash;
      trials.push({ seed, killsMs, isIdentical, met: made.met, filesLeft: made.filesLeft });
    }
    return findingsOf(trials, size, uninterruptedMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function killMoments(seed: number, uninterruptedMs: number): number[] {
  const random = new Random(deriveSeed(seed, 'kill'));
  const kills = 1 + Math.floor(KILLS_MAX * random.uniform());
  return Array.from(
    { length: kills },
    () => KILLED_BEFORE_SHARE * uninterruptedMs * random.uniform(),
  );
}

/** Starts the command, kills it at each moment, then lets it end; what the volume is then. */
async function reconstructed(source: string, folder: string, killsMs: readonly number[]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const output = join(folder, 'volume.h5');
  let met = 0;
  for (const killMs of killsMs) {
    const child = start(source, output);
    const timer = setTimeout(() => child.kill('SIGKILL'), killMs);
    const [, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    if (signal === 'SIGKILL') met += 1;
  }
  const child = start(source, output);
  const complaint: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => complaint.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`scan reconstruct: exit ${code}\n${complaint.join('')}`);
  const filesLeft = readdirSync(folder).filter((name) => name !== 'volume.h5');
  return { hash: await voxelHash(output), met, filesLeft };
}

function start(source: string, output: string): ChildProcess {
  const words = ['scan', 'reconstruct', source, '--out', output, '--voxels', 'uint16', '--json'];
  return spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Of the voxels and their scale: the file also holds how long it took. */
async function voxelHash(path: string): Promise<string> {
  const volume = await openVolume(path);
  try {
    const { slices, rows, columns, scale } = volume;
    const hash = createHash('sha256').update(JSON.stringify({ slices, rows, columns, scale }));
    for (let first = 0; first < slices; first += SLICES_AT_ONCE) {
      const voxels = await volume.readSlices(first, Math.min(SLICES_AT_ONCE, slices - first));
      hash.update(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength));
    }
    return hash.digest('hex');
  } finally {
    await volume.close();
  }
}

function findingsOf(
  trials: readonly Trial[],
  { rows, columns, views }: { rows: number; columns: number; views: number },
  uninterruptedMs: number,
): Findings {
  const met = trials.reduce((sum, trial) => sum + trial.met, 0);
  const kills = trials.reduce((sum, trial) => sum + trial.killsMs.length, 0);
  const identical = trials.filter(({ isIdentical }) => isIdentical).length;
  const clean = trials.filter(({ filesLeft }) => filesLeft.length === 0).length;
  return {
    trials: trials.length,
    method: [
      `\`scan reconstruct\` of a synthetic scan of ${rows} x ${columns} pixels and ${views} views into uint16; uninterrupted it took ${(uninterruptedMs / 1000).toFixed(1)} s.`,
      `Each trial: SIGKILL 1 to ${KILLS_MAX} times, each at a moment even in 0 to ${KILLED_BEFORE_SHARE} of that time after the start, then once to the end in the same folder; ${met} of ${kills} kills met a process that had not ended.`,
      'Compared: SHA-256 of every voxel as stored, and of the scale, with those of the uninterrupted run.',
    ],
    checks: [
      checkAll('volumes identical to the uninterrupted one', identical, trials.length),
      checkAll('folders with the volume and nothing else at the end', clean, trials.length),
      enoughKills(met, kills),
    ],
    headings: ['seed', 'killed after ms', 'met', 'identical', 'files left'],
    rows: trials.map(({ seed, killsMs, met: hits, isIdentical, filesLeft }) => [
      String(seed),
      killsMs.map((ms) => ms.toFixed(0)).join(', '),
      String(hits),
      isIdentical ? 'yes' : '**no**',
      filesLeft.join(', '),
    ]),
  };
}

/** A campaign whose kills came too late would show nothing. */
function enoughKills(met: number, kills: number): Check {
  return {
    what: 'kills that met a running process',
    found: `${met} of ${kills}`,
    wanted: 'at least half',
    holds: 2 * met >= kills,
  };
}
