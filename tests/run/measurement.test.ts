import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { MEASUREMENT_END_SECOND_MAX, readMeasurement } from '../../src/run/measurement.ts';
import { childAbort, settledWithin } from '../../src/run/waiting.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';

function read(
  make: (clock: CountingClock, signal: AbortSignal) => AsyncIterable<number>,
  onValue: (value: number, stop: AbortController) => void = () => {},
) {
  const clock = new CountingClock();
  const stop = new AbortController();
  const values: number[] = [];
  const reading = readMeasurement({
    stream: make(clock, stop.signal),
    signal: stop.signal,
    clock,
    instrument: 'meter',
    silenceSecondMax: 30,
    onSilence: (silentSecond) =>
      new Fault('timeout', { where: 'meter', message: `silent for ${silentSecond} s` }),
    onValue: (value) => {
      values.push(value);
      onValue(value, stop);
    },
  });
  return { clock, stop, values, reading };
}

async function* counting(clock: CountingClock, signal?: AbortSignal): AsyncGenerator<number> {
  for (let at = 0; at < 5; at += 1) {
    await sleep(clock, 10, signal);
    yield at;
  }
}

describe('reading a measurement', () => {
  it('ends with it, in its order, and leaves no timer', async () => {
    const { clock, values, reading } = read((clock) => counting(clock));
    expect(await advanceUntil(clock, reading)).toBe('ended');
    expect(values).toEqual([0, 1, 2, 3, 4]);
    expect(clock.armedTimers).toBe(0);
  });

  it('ends at once when a value says so, and lets the instrument tidy up', async () => {
    let tidied = false;
    async function* tidy(clock: CountingClock): AsyncGenerator<number> {
      try {
        yield* counting(clock);
      } finally {
        tidied = true;
      }
    }
    const { clock, values, reading } = read(tidy, (value, stop) => value === 1 && stop.abort());
    expect(await advanceUntil(clock, reading)).toBe('aborted');
    expect(values).toEqual([0, 1]);
    expect(tidied).toBe(true);
  });

  it('never starts a measurement that is aborted already', async () => {
    const clock = new CountingClock();
    let started = false;
    async function* start(): AsyncGenerator<number> {
      started = true;
      yield 1;
    }
    const how = await readMeasurement({
      stream: start(),
      signal: AbortSignal.abort(),
      clock,
      instrument: 'meter',
      silenceSecondMax: 1,
      onSilence: () => new Fault('timeout', { where: '', message: '' }),
      onValue: () => {},
    });
    expect([how, started]).toEqual(['aborted', false]);
  });

  it('takes the reason of the abort for an end, however the instrument throws it', async () => {
    const { clock, stop, reading } = read((clock, signal) => counting(clock, signal));
    await clock.advance(15);
    stop.abort();
    expect(await advanceUntil(clock, reading)).toBe('aborted');
    expect(clock.armedTimers).toBe(0);
  });

  it('does not take a fault for an end, also after the abort', async () => {
    async function* failing(clock: CountingClock): AsyncGenerator<number> {
      await sleep(clock, 20);
      if (clock.nowSecond() > 0) throw new Error('wire cut');
      yield 1;
    }
    const { clock, stop, reading } = read(failing);
    await clock.advance(15);
    stop.abort();
    await expect(advanceUntil(clock, reading)).rejects.toThrow('meter: wire cut');
  });

  it('calls a silence exactly at its bound', async () => {
    async function* late(clock: CountingClock): AsyncGenerator<number> {
      await sleep(clock, 29.9);
      yield 1;
      await sleep(clock, 30.1);
      yield 2;
    }
    const { clock, values, reading } = read(late);
    await expect(advanceUntil(clock, reading)).rejects.toThrow('meter: silent for 30 s');
    expect(values).toEqual([1]);
  });

  it('gives an instrument that does not end its bound, and then names it', async () => {
    const { clock, stop, reading } = read((clock) =>
      (async function* deaf(): AsyncGenerator<number> {
        await sleep(clock, 25);
        await new Promise<never>(() => {});
        yield 1;
      })(),
    );
    await clock.advance(1);
    stop.abort();
    await expect(advanceUntil(clock, reading)).rejects.toThrow(
      `meter: did not end its measurement within ${MEASUREMENT_END_SECOND_MAX} s`,
    );
    expect(clock.nowSecond()).toBeGreaterThanOrEqual(1 + MEASUREMENT_END_SECOND_MAX);
  });

  it('passes on what the listener throws', async () => {
    const { clock, reading } = read(
      (clock) => counting(clock),
      () => {
        throw new Fault('storage', { where: 'spool', message: 'full' });
      },
    );
    await expect(advanceUntil(clock, reading)).rejects.toThrow('spool: full');
  });
});

describe('a bounded wait', () => {
  it('hears a promise that rejects after it has given up', async () => {
    const clock = new CountingClock();
    const failing = sleep(clock, 10).then(() => Promise.reject(new Error('late trouble')));
    expect(await advanceUntil(clock, settledWithin(clock, 5, failing))).toEqual({ kind: 'late' });
    await clock.advance(10);
    expect(clock.armedTimers).toBe(0);
  });

  it('gives way to its signal and leaves no timer', async () => {
    const clock = new CountingClock();
    const stop = new AbortController();
    const waiting = settledWithin(clock, 5, new Promise<never>(() => {}), stop.signal);
    stop.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    expect(clock.armedTimers).toBe(0);
  });
});

describe('a child of a signal', () => {
  it('aborts with its parent, and alone without it', () => {
    const parent = new AbortController();
    const first = childAbort(parent.signal);
    const second = childAbort(parent.signal);
    first.abort('own');
    expect([first.signal.aborted, second.signal.aborted, parent.signal.aborted]).toEqual([
      true,
      false,
      false,
    ]);
    parent.abort('all');
    expect(second.signal.reason).toBe('all');
    expect(first.signal.reason).toBe('own');
    expect(childAbort(parent.signal).signal.reason).toBe('all');
  });

  it('ends what still listens when nobody needs it any more', () => {
    const child = childAbort(new AbortController().signal);
    child.end();
    child.end();
    expect(child.signal.aborted).toBe(true);
  });
});
