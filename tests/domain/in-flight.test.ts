import { describe, expect, it } from 'vitest';
import { eachInFlight, IN_FLIGHT_MAX } from '../../src/domain/in-flight.ts';

describe('work in flight', () => {
  it('is done once for every index, never more than the maximum at a time', async () => {
    const seen: number[] = [];
    let [running, most] = [0, 0];
    await eachInFlight(50, async (index) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      seen.push(index);
      running -= 1;
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(most).toBe(IN_FLIGHT_MAX);
  });

  it('ends with the first failure when all that was under way has come to rest', async () => {
    const [begun, ended]: [number[], number[]] = [[], []];
    const work = eachInFlight(50, async (index) => {
      begun.push(index);
      await Promise.resolve();
      if (index === 3) throw new Error('index 3');
      ended.push(index);
    });
    await expect(work).rejects.toThrow('index 3');
    expect(ended).toHaveLength(begun.length - 1);
    expect(begun.length).toBeLessThan(2 * IN_FLIGHT_MAX);
  });

  it('is nothing for none', async () => {
    await eachInFlight(0, () => Promise.reject(new Error('never')));
  });
});
