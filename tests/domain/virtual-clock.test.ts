import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/domain/clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

describe('the virtual clock', () => {
  it('stands still until it is advanced, then fires what is due, in order of time', async () => {
    const clock = new VirtualClock(1_000_000);
    const fired: string[] = [];
    clock.after(20, () => fired.push(`b ${clock.nowSecond()}`));
    clock.after(10, () => fired.push(`a ${clock.nowSecond()}`));
    clock.after(30.5, () => fired.push('too late'));
    expect(clock.nowSecond()).toBe(0);
    await clock.advance(30);
    expect(fired).toEqual(['a 10', 'b 20']);
    expect(clock.nowSecond()).toBe(30);
    expect(clock.utcMs()).toBe(1_030_000);
  });

  it('fires timers of the same moment in the order they were armed', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    for (const at of [1, 2, 3, 4]) clock.after(5, () => fired.push(at));
    await clock.advance(5);
    expect(fired).toEqual([1, 2, 3, 4]);
  });

  it('fires timers that are armed on the way, also for the same moment', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.nowSecond());
      if (fired.length < 4) clock.after(fired.length === 1 ? 0 : 10, again);
    };
    clock.after(10, again);
    await clock.advance(25);
    expect(fired).toEqual([10, 10, 20]);
  });

  it('takes a delay below zero for none, and never goes back', async () => {
    const clock = new VirtualClock();
    await clock.advance(10);
    let second: number | undefined;
    clock.after(-5, () => {
      second = clock.nowSecond();
    });
    await clock.advance(0);
    expect(second).toBe(10);
  });

  it('does not fire what was cancelled, and does not mind cancelling twice', async () => {
    const clock = new VirtualClock();
    let fired = 0;
    const cancel = clock.after(5, () => {
      fired += 1;
    });
    clock.after(5, () => {
      fired += 10;
    });
    cancel();
    cancel();
    await clock.advance(10);
    expect(fired).toBe(10);
  });

  it('lets chains of promises run out before it moves on', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const chain = async (): Promise<void> => {
      for (let at = 0; at < 50; at += 1) await Promise.resolve();
      await sleep(clock, 1);
      seen.push(clock.nowSecond());
      await sleep(clock, 1);
      seen.push(clock.nowSecond());
    };
    const done = chain();
    await clock.advance(5);
    await done;
    expect(seen).toEqual([1, 2]);
  });

  it('keeps still while someone holds it, and goes on when the last has let go', async () => {
    const clock = new VirtualClock();
    const first = clock.hold();
    const second = clock.hold();
    let fired = false;
    clock.after(1, () => {
      fired = true;
    });
    const advanced = clock.advance(2);
    await turn();
    first();
    first();
    await turn();
    expect(fired).toBe(false);
    second();
    await advanced;
    expect(fired).toBe(true);
  });

  it('lets everything that a released hold sets off settle before it moves on', async () => {
    const clock = new VirtualClock();
    const release = clock.hold();
    let answeredSecond: number | undefined;
    let secondWhenLate: number | undefined;
    const work = turn().then(release);
    const answered = (async () => {
      await work;
      for (let link = 0; link < 20; link += 1) await undefined;
      answeredSecond = clock.nowSecond();
    })();
    clock.after(600, () => {
      secondWhenLate = answeredSecond;
    });
    await clock.advance(600);
    await answered;
    expect(answeredSecond).toBe(0);
    expect(secondWhenLate).toBe(0);
  });

  it('drives from timer to timer without waiting, until its signal aborts', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const day = 24 * 3600;
    let fired = 0;
    const again = (): void => {
      fired += 1;
      if (fired === 100) stop.abort();
      else clock.after(day, again);
    };
    clock.after(day, again);
    await clock.drive(Number.POSITIVE_INFINITY, stop.signal);
    expect(fired).toBe(100);
    expect(clock.nowSecond()).toBe(100 * day);
  });
});

describe('sleep', () => {
  it('rejects with the reason of its signal, and leaves no timer behind', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const sleeping = sleep(clock, 10, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(sleep(clock, 10, stop.signal)).rejects.toBe(reason);
  });

  it('resolves once its time is over, whatever the signal does later', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const sleeping = sleep(clock, 10, stop.signal);
    await clock.advance(10);
    stop.abort(new Error('too late'));
    await expect(sleeping).resolves.toBeUndefined();
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
}
