import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import type { RecordKind, RecordOf } from '../../src/domain/run-record.ts';
import type { RunReader } from '../../src/domain/run-store.ts';
import { builtModule, ROOT } from './built.ts';

/** The parts of the built program that a whole-experiment test drives itself. */
async function program() {
  const [node, prepare, describe, pace, clock] = await Promise.all([
    builtModule<typeof import('../../src/app/node.ts')>('src/app/node.js'),
    builtModule<typeof import('../../src/app/prepare.ts')>('src/app/prepare.js'),
    builtModule<typeof import('../../src/app/describe-run.ts')>('src/app/describe-run.js'),
    builtModule<typeof import('../../src/app/run-to-its-end.ts')>('src/app/run-to-its-end.js'),
    builtModule<typeof import('../../src/domain/virtual-clock.ts')>('src/domain/virtual-clock.js'),
  ]);
  return { ...node, ...prepare, ...describe, ...pace, ...clock };
}

export interface ExperimentOptions {
  readonly recipe: string;
  readonly rig: string;
  readonly cell: string;
  readonly data?: string;
  readonly speed: number;
  readonly seed?: number;
}

/** A whole node on simulated time, started and waiting for `run()`. */
export async function startExperiment(options: ExperimentOptions) {
  const { ExperimentNode, prepareExperiment, describeRun, runToItsEnd, VirtualClock } =
    await program();
  const { speed, seed = 1 } = options;
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const files = {
    recipe: ROOT + options.recipe,
    rig: ROOT + options.rig,
    cell: ROOT + options.cell,
    data: options.data,
  };
  const prepared = await prepareExperiment(files, clock, seed);
  const said: string[] = [];
  const tell = (sentence: string): void => void said.push(sentence);
  const node = new ExperimentNode({
    prepared,
    info: describeRun(prepared, { speed, seed, utcMs: Date.now() }),
    clock,
    outFolder: mkdtempSync(join(tmpdir(), 'operando-run-')),
    panelPort: 0,
    broker: { port: 0 },
    tell,
  });
  await node.start();
  const brokerUrl = /mqtt:\/\/[\d.:]+/.exec(said.join('\n'))?.[0];
  const { panelUrl } = node;
  if (!brokerUrl || !panelUrl) throw new Error(`not told where things are: ${said.join('\n')}`);
  return {
    node,
    said,
    brokerUrl,
    panelUrl,
    run: () => runToItsEnd(node.runner, { clock, speed }),
  };
}

/** Every record of one kind, in order. */
export function recordsOf<K extends RecordKind>(reader: RunReader, kind: K): RecordOf<K>[] {
  const found: RecordOf<K>[] = [];
  for (let after = 0; ; ) {
    const batch = reader.readAfter(after, 5000);
    const last = batch.at(-1);
    if (!last) return found;
    for (const record of batch) {
      if (record.body.kind === kind) found.push(record as RecordOf<K>);
    }
    after = last.sequence;
  }
}

export function parameterValue(fit: CircuitFit, name: string): number {
  const value = fit.parameters.find((one) => one.name === name)?.value;
  if (value === undefined) throw new Error(`no parameter ${name} in ${fit.circuit}`);
  return value;
}
