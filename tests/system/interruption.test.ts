import { mkdtempSync } from 'node:fs';
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
      readonly runs: readonly { readonly kind: string; readonly records: number }[];
    };
    expect(list.runs).toHaveLength(1);
    expect(list.runs[0]?.kind).toBe('run');
    expect(list.runs[0]?.records).toBeGreaterThan(100);
  });
});
