import { afterEach, describe, expect, it } from 'vitest';
import { type Jobs, WorkerExecutor } from '../../src/analysis/executor.ts';

interface EchoJobs extends Jobs {
  echo(text: string): string;
}

/** A worker that answers every request with its own argument. */
const ECHO = new URL(
  `data:text/javascript,${encodeURIComponent(
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', ({ id, argument }) => parentPort.postMessage({ id, result: argument }));`,
  )}`,
);

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

describe('the executor on a worker thread', () => {
  let executor = new WorkerExecutor<EchoJobs>(ECHO);
  afterEach(() => executor.close());

  it('keeps nothing alive before its first call', async () => {
    const before = threads();
    executor = new WorkerExecutor<EchoJobs>(ECHO);
    expect(threads()).toBe(before);
    expect(await executor.call('echo', 'first')).toBe('first');
    expect(threads()).toBeGreaterThan(before);
  });

  it('refuses calls once it is closed, also one that was never called', async () => {
    executor = new WorkerExecutor<EchoJobs>(ECHO);
    await executor.close();
    await expect(executor.call('echo', 'late')).rejects.toThrow('the worker has ended');
  });
});
