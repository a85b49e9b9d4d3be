import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { REPOSITORY } from './repository.ts';

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGibibyte: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
}

/** Runnable processes on average, as the system counts them. */
export interface Load {
  readonly oneMinute: number;
  readonly fiveMinutes: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGibibyte: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}

export function loadNow(): Load {
  const [oneMinute = 0, fiveMinutes = 0] = loadavg().map((load) => Math.round(load * 100) / 100);
  return { oneMinute, fiveMinutes };
}

/** The commit that was measured, and whether files differ from it. */
export function describeCommit(): string {
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain') === '' ? commit : `${commit} with uncommitted changes`;
  } catch {
    return 'unknown (no git repository)';
  }
}

function git(...words: string[]): string {
  return execFileSync('git', words, {
    cwd: REPOSITORY,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
