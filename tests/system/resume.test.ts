import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRun, readPastRun } from '../../src/store/run-database.ts';
import { LOOPS } from '../campaign/kill-recipes.ts';
import { type Ended, operando, ROOT, startOperando } from '../support/built.ts';

const RIG = ['--rig', 'hardware/rigs/simulated-small.yaml'];
const CELL = ['--cell', 'recipes/cells/li-li3ps4-li.yaml'];
const ALONE = ['--no-panel', '--broker', 'none'];

interface Cut {
  readonly out: string;
  readonly folder: string;
}

/** A run that was killed in the middle, with this policy. */
async function killedRun(policy: string): Promise<Cut> {
  const out = mkdtempSync(join(tmpdir(), 'operando-resume-'));
  const recipe = join(out, 'loops.yaml');
  writeFileSync(recipe, LOOPS.replace('policy: resume', `policy: ${policy}`));
  const runs = join(out, 'runs');
  const words = ['run', recipe, ...RIG, ...CELL, ...ALONE, '--speed', '2000', '--out', runs];
  const program = startOperando(words);
  // Far enough that a third of the database is not all there is of it.
  await program.seen(/outer\/(1\/inner\/[2-4]|[23])/);
  program.child.kill('SIGKILL');
  await program.ended;
  const [runId = ''] = readdirSync(runs);
  return { out: runs, folder: join(runs, runId) };
}

const resume = (folder: string, ...more: string[]): Promise<Ended> =>
  operando('resume', folder, ...ALONE, '--json', ...more);

describe('operando resume', () => {
  let cut: Cut;

  beforeAll(async () => {
    cut = await killedRun('hold');
  });

  it('lists a killed run as interrupted', async () => {
    const { output } = await operando('runs', '--out', cut.out, '--json');
    expect(JSON.parse(output)).toMatchObject({ runs: [{ status: 'interrupted' }] });
  });

  it('refuses to wait for a person that it could not hear', async () => {
    const { code, errors } = await resume(cut.folder);
    expect(code).toBe(2);
    expect(errors).toContain('give --yes');
    expect(readPastRun(cut.folder).boot).toBe(0);
  });

  it.each([
    [[], '0 runs given'],
    [['a', 'b'], '2 runs given'],
    [['no-such-run'], 'is no run in runs'],
  ])('refuses %j in words', async (words, expected) => {
    const { code, errors } = await operando('resume', ...words);
    expect(code).toBe(2);
    expect(errors).toContain(expected);
  });

  it('goes on when a person says so, marks the gap, and refuses to do so again', async () => {
    const { code, output, errors } = await resume(cut.folder, '--yes');
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ status: 'done' });
    const past = readPastRun(cut.folder);
    const gaps = past.events.filter(({ body }) => body.code === 'gap');
    expect(gaps).toHaveLength(1);
    expect(Number(gaps[0]?.body.details.length_second)).toBeGreaterThan(0);
    const again = await resume(cut.folder, '--yes');
    expect(again.code).toBe(2);
    expect(again.errors).toContain('is done');
  });

  it('ends a run whose recipe wants no resume, in its safe state', async () => {
    const { folder } = await killedRun('abort');
    const { code, errors } = await resume(folder, '--yes');
    expect(code).toBe(3);
    expect(errors).toContain('an interrupted run ends');
    const { status, events } = readPastRun(folder);
    expect(status).toBe('faulted');
    expect(events.map(({ body }) => body.message)).toContain('Safe state: the cell is off.');
  });

  it('goes on after a person has stopped the run, by a person alone', async () => {
    const { folder } = await killedRun('resume');
    const program = startOperando(['resume', folder, ...ALONE]);
    await program.seen(/back|forth/);
    const pid = program.child.pid ?? 0;
    const other = await resume(folder, '--yes');
    expect(other.code).toBe(2);
    expect(other.errors).toContain(`in process ${pid}`);
    program.child.kill('SIGTERM');
    expect((await program.ended).code).toBe(0);
    expect((await resume(folder)).errors).toContain('the run was stopped');
    expect((await resume(folder, '--yes')).code).toBe(0);
  });

  it('starts on a database that is cut in the middle, and says what is lost', async () => {
    const { folder } = await killedRun('resume');
    const path = join(folder, 'run.sqlite');
    rmSync(`${path}-wal`);
    truncateSync(path, Math.floor(readFileSync(path).length / 3));
    const { code, errors } = await resume(folder, '--yes');
    expect(code).toBe(3);
    expect(errors).toContain('its place was lost');
    expect(readdirSync(folder).some((name) => name.startsWith('run.damaged-1'))).toBe(true);
    const { status } = readPastRun(folder);
    expect(status).toBe('faulted');
  });
});

describe('a disk that takes no more', () => {
  it('ends the run in its safe state; the run is interrupted, and goes on when there is room', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-full-'));
    const recipe = join(out, 'loops.yaml');
    writeFileSync(recipe, LOOPS);
    const runs = join(out, 'runs');
    const main = `${ROOT}dist/src/app/main.js`;
    const words = ['run', recipe, ...RIG, ...CELL, ...ALONE, '--speed', 'max', '--out', runs];
    // A limit of the file size stands for a disk that fails to write: EFBIG reaches SQLite as EIO.
    const script = `ulimit -f 17000; exec ${process.execPath} ${main} ${words.join(' ')}`;
    const { code, errors } = await shell(script);
    expect(code, errors).toBe(0);
    const [full = ''] = readdirSync(runs);
    rmSync(join(runs, full), { recursive: true });
    const narrow = await shell(script.replace('17000', '400'));
    expect(narrow.code, narrow.errors).toBe(3);
    expect(narrow.errors).toContain('records could not be written');
    const [runId = ''] = readdirSync(runs);
    const folder = join(runs, runId);
    const list = JSON.parse((await operando('runs', '--out', runs, '--json')).output);
    expect(list).toMatchObject({ runs: [{ status: 'interrupted' }] });
    const resumed = await resume(folder);
    expect(resumed.code, resumed.errors).toBe(0);
    const { reader, close } = openRun(folder);
    expect(reader.status()).toBe('done');
    close();
  });
});

async function shell(script: string): Promise<{ code: number | null; errors: string }> {
  const child = spawn('bash', ['-c', script], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}
