import { describe, expect, it } from 'vitest';
import { OneAtATime } from '../../firmware-bridge/one-at-a-time.ts';

describe('work that is done one at a time', () => {
  it('begins when the one before has ended, also when that has failed', async () => {
    const queue = new OneAtATime();
    const log: string[] = [];
    let release = (): void => {};
    const first = queue.run(async () => {
      log.push('first begins');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      log.push('first fails');
      throw new Error('no answer');
    });
    const second = queue.run(async () => {
      log.push('second');
      return 2;
    });
    const failed = expect(first).rejects.toThrow('no answer');
    await Promise.resolve();
    expect(log).toEqual(['first begins']);
    release();
    await failed;
    expect(await second).toBe(2);
    expect(log).toEqual(['first begins', 'first fails', 'second']);
  });
});
