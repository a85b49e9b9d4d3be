import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeRun } from '../../src/app/describe-run.ts';
import { ExperimentNode } from '../../src/app/node.ts';
import { prepareExperiment } from '../../src/app/prepare.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { openRun } from '../../src/store/run-database.ts';

it('lists a run that could not start as faulted, with the reason', async () => {
  const clock = new VirtualClock();
  const prepared = await prepareExperiment(
    {
      recipe: 'recipes/first-light.yaml',
      rig: 'hardware/rigs/simulated.yaml',
      cell: 'recipes/cells/li-li3ps4-li.yaml',
      data: undefined,
    },
    clock,
    1,
  );
  const info = describeRun(prepared, { speed: 1, seed: 1, utcMs: 0 });
  const node = new ExperimentNode({
    prepared,
    info: { ...info, cell: 'No Topic' },
    clock,
    outFolder: mkdtempSync(join(tmpdir(), 'operando-node-')),
    panelPort: undefined,
    broker: { port: 0 },
    tell: () => {},
  });
  await expect(node.start()).rejects.toThrow('MQTT cell "No Topic"');
  await node.stop();
  const run = openRun(node.folder);
  try {
    expect(run.reader.status()).toBe('faulted');
    const [last] = run.reader.readAfter(0, 10);
    expect(last?.body).toMatchObject({ kind: 'event', code: 'runEnded', severity: 'alarm' });
    expect(JSON.stringify(last?.body)).toContain('could not start: MQTT cell');
  } finally {
    run.close();
  }
});
