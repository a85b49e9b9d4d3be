import { describe, expect, it } from 'vitest';
import { type Part, startInOrder } from '../../src/app/parts.ts';
import type { Fault } from '../../src/domain/fault.ts';

function part(
  name: string,
  log: string[],
  failing: { start?: boolean; stop?: boolean } = {},
): Part {
  return {
    name,
    start: async () => {
      log.push(`start ${name}`);
      if (failing.start) throw new Error(`${name} is broken`);
    },
    stop: async () => {
      log.push(`stop ${name}`);
      if (failing.stop) throw new Error(`${name} hangs`);
    },
  };
}

describe('starting parts in order', () => {
  it('stops in reverse order', async () => {
    const log: string[] = [];
    const stopAll = await startInOrder([part('a', log), part('b', log)]);
    await stopAll();
    expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what had started, and the broken part, when one fails', async () => {
    const log: string[] = [];
    const parts = [part('a', log), part('b', log, { start: true }), part('c', log)];
    await expect(startInOrder(parts)).rejects.toThrow('b is broken');
    expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('gives every part its turn to stop and reports every failure', async () => {
    const log: string[] = [];
    const broken = { stop: true };
    const stopAll = await startInOrder([part('a', log, broken), part('b', log, broken)]);
    const fault = await stopAll().catch((error: unknown) => error);
    expect(log.slice(2)).toEqual(['stop b', 'stop a']);
    expect((fault as Fault).problems.map(({ message }) => message)).toEqual(['b hangs', 'a hangs']);
  });

  it('stops nothing twice', async () => {
    const log: string[] = [];
    const stopAll = await startInOrder([part('a', log)]);
    await stopAll();
    await stopAll();
    expect(log).toEqual(['start a', 'stop a']);
  });
});
