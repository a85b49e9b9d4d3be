import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRun } from '../../src/store/run-database.ts';
import { listRuns } from '../../src/store/run-list.ts';
import { REPOSITORY } from '../bench/repository.ts';

export const name = 'thirty-days';
export const about =
  'weeks of cycling with the real program on simulated time: memory, size of the database against what check says, wall time';

const DAY_SECOND = 86_400;
const LOOK_MS = 1000;
/** The first part fills caches and compiles; growth is judged after it. */
const WARM_SHARE = 0.15;

export interface LongOptions {
  readonly tell: (line: string) => void;
  /** 30 unless given. */
  readonly days?: number;
  /** The program as it was built. */
  readonly program?: string;
}

export interface LongFigures {
  readonly days: number;
  readonly wallSecond: number;
  readonly records: number;
  /** Least squares over everything after the warm part. */
  readonly megabytesPerDay: number;
  readonly residentMegabytesMax: number;
  readonly databaseBytes: number;
  readonly predictedBytes: number;
}

interface Look {
  readonly day: number;
  readonly residentMegabytes: number;
}

/** Cycles a simulated battery for weeks, with broker and panel as in the field. */
export async function run({ tell, days = 30, program }: LongOptions): Promise<LongFigures> {
  const main = program ?? `${REPOSITORY}/dist/src/app/main.js`;
  const out = mkdtempSync(join(tmpdir(), 'operando-weeks-'));
  try {
    const recipe = join(out, 'cycling.yaml');
    writeFileSync(recipe, cyclingRecipe(days));
    const files = [
      recipe,
      ...['--rig', `${REPOSITORY}/hardware/rigs/simulated-small.yaml`],
      ...['--cell', `${REPOSITORY}/recipes/cells/nmc-lgps-lnto450.yaml`],
    ];
    const predictedBytes = await predictedBytesOf(main, files);
    const runs = join(out, 'runs');
    const startedMs = performance.now();
    const looks = await watched([main, 'run', ...files, '--out', runs], runs, { days, tell });
    const wallSecond = (performance.now() - startedMs) / 1000;
    const [runId = ''] = readdirSync(runs);
    const { reader, close } = openRun(join(runs, runId));
    const records = reader.lastSequence();
    close();
    return {
      days,
      wallSecond,
      records,
      megabytesPerDay: slopeOf(looks.filter(({ day }) => day > WARM_SHARE * days)),
      residentMegabytesMax: Math.max(...looks.map((look) => look.residentMegabytes)),
      databaseBytes: statSync(join(runs, runId, 'run.sqlite')).size,
      predictedBytes,
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/**
 * Steps that end by time alone, so that the plan's longest way is the way. The voltage that is
 * held at the end of each charge makes up for what side reactions take.
 */
function cyclingRecipe(days: number): string {
  return `recipe: cycling
title: ${days} days of cycling
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "0 V", max: "5 V" }
  current: { max: "10 mA" }
steps:
  - name: cycle
    technique: loop
    repeat: ${Math.round(days * 6)}
    steps:
      - { name: charge, technique: constantCurrentConstantVoltage, current: "0.06 mA/cm²", voltage: "3.2 V", record: { every: "10 s" }, until: { any: [{ time: "90 min" }] } }
      - { name: full, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "30 min" }] } }
      - { name: discharge, technique: constantCurrent, current: "-0.05 mA/cm²", record: { every: "10 s" }, until: { any: [{ time: "90 min" }] } }
      - { name: empty, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "30 min" }] } }
`;
}

async function predictedBytesOf(main: string, files: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [main, 'check', ...files, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'close');
  const { data } = JSON.parse(output) as { readonly data: { readonly databaseBytes: number } };
  return data.databaseBytes;
}

/** Runs the program and looks at its memory from outside, beside how far its run has come. */
async function watched(
  words: readonly string[],
  runs: string,
  { days, tell }: { readonly days: number; readonly tell: (line: string) => void },
): Promise<readonly Look[]> {
  const outlets = ['--speed', 'max', '--panel-port', '0', '--mqtt-port', '0', '--json'];
  const child = spawn(process.execPath, [...words, ...outlets], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const looks: Look[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const timer = setInterval(() => {
    const look = lookAt(child.pid ?? 0, runs);
    if (!look) return;
    looks.push(look);
    const { day, residentMegabytes } = look;
    tell(`day ${day.toFixed(1)} of ${days}: ${residentMegabytes.toFixed(0)} MB`);
  }, LOOK_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`the run ended with ${code}: ${errors}`);
  if (looks.length === 0) throw new Error('the run ended before it was looked at');
  return looks;
}

/** Undefined before the run has a database, and after its end. */
function lookAt(pid: number, runs: string): Look | undefined {
  const [one] = listRuns(runs);
  if (one?.kind !== 'run') return undefined;
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // A process that has just ended holds no memory any more, and tells of none.
  if (kilobytes === undefined) return undefined;
  return { day: one.durationSecond / DAY_SECOND, residentMegabytes: Number(kilobytes) / 1024 };
}

/** Least squares, MB per simulated day. */
function slopeOf(looks: readonly Look[]): number {
  const mean = (pick: (look: Look) => number): number =>
    looks.reduce((sum, look) => sum + pick(look), 0) / looks.length;
  const meanDay = mean(({ day }) => day);
  const meanMegabytes = mean((look) => look.residentMegabytes);
  let covariance = 0;
  let variance = 0;
  for (const { day, residentMegabytes } of looks) {
    covariance += (day - meanDay) * (residentMegabytes - meanMegabytes);
    variance += (day - meanDay) ** 2;
  }
  return covariance / variance;
}
