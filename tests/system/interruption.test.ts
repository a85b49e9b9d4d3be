import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResults } from '../../src/app/run-results.ts';
import { operando, startOperando } from '../support/built.ts';

const FIRST_LIGHT = [
  'run',
  'recipes/first-light.yaml',
  ...['--rig', 'hardware/rigs/simulated.yaml'],
  ...['--cell', 'recipes/cells/li-li3ps4-li.yaml'],
  ...['--speed', '600', '--panel-port', '0', '--mqtt-port', '0', '--json'],
];

interface RunList {
  readonly runs: readonly { readonly kind: string; readonly status: string }[];
}

async function statusesIn(out: string): Promise<string[]> {
  const { output } = await operando('runs', '--out', out, '--json');
  return (JSON.parse(output) as RunList).runs.map(({ status }) => status);
}

describe('a run from the outside', () => {
  it.each([
    'SIGINT',
    'SIGTERM',
  ] as const)('goes to the safe state on %s, says so, and is listed as stopped', async (signal) => {
    const out = mkdtempSync(join(tmpdir(), 'operando-signal-'));
    const program = startOperando([...FIRST_LIGHT, '--out', out]);
    await program.seen(/panel: http/);
    program.child.kill(signal);
    const { code, output, errors } = await program.ended;
    expect(code, errors).toBe(0);
    expect(errors).toContain('going to the safe state');
    const results = JSON.parse(output) as RunResults;
    expect(results.status).toBe('stopped');
    const list = JSON.parse((await operando('runs', '--out', out, '--json')).output) as RunList;
    expect(list.runs).toMatchObject([{ kind: 'run', status: 'stopped' }]);
  });

  it('reaches the safe state although nobody reads what it says any more', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-pipe-'));
    const program = startOperando([...FIRST_LIGHT, '--out', out]);
    await program.seen(/connecting/);
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    program.child.kill('SIGTERM');
    expect((await program.ended).code).toBe(0);
    expect(await statusesIn(out)).toEqual(['stopped']);
  });

  it('reaches the safe state before an error that nobody caught ends it', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-bug-'));
    const bug = join(out, 'bug.mjs');
    writeFileSync(bug, `process.on('SIGUSR2', () => { throw new Error('a bug on demand'); });`);
    const program = startOperando([...FIRST_LIGHT, '--out', out], {
      environment: { NODE_OPTIONS: `--import=${bug}` },
    });
    await program.seen(/connecting/);
    program.child.kill('SIGUSR2');
    const { code, output, errors } = await program.ended;
    expect({ code, output }, errors).toEqual({ code: 1, output: '' });
    expect(errors).toContain('a bug on demand; going to the safe state');
    expect(await statusesIn(out)).toEqual(['faulted']);
  });

  it('refuses a folder of runs that cannot be written, before anything moves', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'operando-out-')), 'file');
    writeFileSync(file, '');
    const { code, errors } = await operando(...FIRST_LIGHT, '--out', join(file, 'runs'));
    expect(code).toBe(2);
    expect(errors).toContain('not a directory');
  });

  it('takes free ports where the wanted ones are taken, and says which', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-ports-'));
    const first = startOperando([...FIRST_LIGHT, '--out', out]);
    const [, panelPort = ''] = await first.seen(/panel: http:\/\/127\.0\.0\.1:(\d+)/);
    const [, mqttPort = ''] = await first.seen(/mqtt:\/\/127\.0\.0\.1:(\d+)/);
    const ports = ['--panel-port', panelPort, '--mqtt-port', mqttPort];
    const second = startOperando([...FIRST_LIGHT, ...ports, '--out', out]);
    await second.seen(/panel: http/);
    expect(second.errors()).toContain('taking a free port instead');
    first.child.kill('SIGTERM');
    second.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
  });

  it('leaves what was committed when it is killed', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-kill-'));
    const program = startOperando([...FIRST_LIGHT, '--out', out]);
    await program.seen(/plate/);
    program.child.kill('SIGKILL');
    await program.ended;
    const list = JSON.parse((await operando('runs', '--out', out, '--json')).output) as {
      readonly runs: readonly { readonly status: string; readonly records: number }[];
    };
    expect(list.runs).toHaveLength(1);
    expect(list.runs[0]?.status).toBe('interrupted');
    expect(list.runs[0]?.records).toBeGreaterThan(100);
  });
});
