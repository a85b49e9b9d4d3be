import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { reopenRun } from '../../src/store/run-database.ts';
import { temporaryFolder } from './sample-run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside node_modules, so that the built child finds its packages. */
const BUILD = join(ROOT, 'node_modules', '.cache', `killed-writer-${process.pid}`);
const COMPILER_OPTIONS =
  '--ignoreConfig --noCheck --rootDir . --rewriteRelativeImportExtensions ' +
  '--target es2023 --module nodenext --skipLibCheck';

beforeAll(() => {
  mkdirSync(BUILD, { recursive: true });
  writeFileSync(join(BUILD, 'package.json'), '{"type":"module"}');
  const options = [...COMPILER_OPTIONS.split(' '), '--outDir', BUILD];
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
  execFileSync(compiler, [...options, 'tests/store/killed-writer.ts'], { cwd: ROOT });
});

afterAll(() => rmSync(BUILD, { recursive: true, force: true }));

/** Lets a child write until it has told of `commits` commits, kills it, and returns the last told. */
async function writeAndKill(folder: string, commits: number): Promise<number> {
  const program = join(BUILD, 'tests', 'store', 'killed-writer.js');
  const child = spawn(process.execPath, [program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (told.split('\n').length > commits) child.kill('SIGKILL');
  });
  await closed;
  return Number(told.split('\n').at(-2));
}

describe('a writer killed with SIGKILL', () => {
  it.each([
    1, 2, 5, 13, 34,
  ])('loses no record it had told of, killed at commit %i', async (commits) => {
    const folder = join(temporaryFolder(), 'run');
    const told = await writeAndKill(folder, commits);
    expect(told).toBeGreaterThan(0);

    const run = reopenRun(folder, new VirtualClock(), 0);
    const last = run.reader.lastSequence();
    expect(last).toBeGreaterThanOrEqual(told);
    let seen = 0;
    for (let page = run.reader.readAfter(0, 1000); page.length > 0; ) {
      for (const record of page) expect(record.sequence).toBe(++seen);
      page = run.reader.readAfter(seen, 1000);
    }
    expect(seen).toBe(last);
    // The state is of the very transaction that holds the last record.
    expect(run.state?.stepIndex).toBe(last);
    expect(run.writer.append(0, { kind: 'sample', channel: 'c', value: 1, quality: 'good' })).toBe(
      last + 1,
    );
    run.close();
  });
});
