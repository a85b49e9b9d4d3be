import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from './repository.ts';

/** What a process of the program has used until it ended, all threads together. */
export interface ProgramUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The most memory that was resident at any time. */
  readonly rssMaxBytes: number;
  /** Of all read and write calls; not a number where the system does not count them. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface MeasuredProgram extends ProgramUsage {
  /** What it printed on standard output. */
  readonly output: string;
}

const MAIN = join(REPOSITORY, 'dist', 'src', 'app', 'main.js');
const PROBE = join(REPOSITORY, 'tests', 'bench', 'usage-probe.mjs');
/** The end of what it said on standard error is quoted when it fails. */
const COMPLAINT_CHARACTERS_MAX = 4000;

/**
 * Runs `operando` to its end in a process of its own.
 * @throws Error with what it says on standard error, unless its exit code is 0
 */
export async function measureProgram(words: readonly string[]): Promise<MeasuredProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'operando-usage-'));
  try {
    const usageFile = join(folder, 'usage.json');
    const startedMs = performance.now();
    const child = spawn(process.execPath, ['--import', PROBE, MAIN, ...words], {
      env: { ...process.env, BENCH_USAGE_FILE: usageFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-COMPLAINT_CHARACTERS_MAX);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const wallMs = performance.now() - startedMs;
    if (code !== 0) throw new Error(`operando ${words.join(' ')}: exit ${code}\n${errors}`);
    const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Omit<ProgramUsage, 'wallMs'>;
    return { ...usage, wallMs, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
