import type { Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import { settledWithin } from './waiting.ts';

/** An instrument that was told to end gets this long before it counts as lost. */
export const MEASUREMENT_END_SECOND_MAX = 10;

export interface MeasurementReading<T> {
  readonly stream: AsyncIterable<T>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The instrument's name, for faults. */
  readonly instrument: string;
  /** Longest time between two values. */
  readonly silenceSecondMax: number;
  /** Makes the fault of a silence; an unheard watched channel is more than a fault. */
  readonly onSilence: (silentSecond: number) => Fault;
  readonly onValue: (value: T) => void;
}

/**
 * Reads a measurement to its end, or until the signal aborts; then waits, with a bound, until
 * the instrument has ended too.
 * @returns `ended` by itself, or `aborted`.
 * @throws Fault of the instrument, of its silence, or timeout when it does not end
 */
export async function readMeasurement<T>(
  reading: MeasurementReading<T>,
): Promise<'ended' | 'aborted'> {
  const { stream, signal, clock, instrument } = reading;
  const iterator = stream[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    while (!signal.aborted) {
      next = iterator.next();
      const result = await nextOrAbort(next, reading);
      if (result === 'aborted') break;
      next = undefined;
      if (result.done) return 'ended';
      reading.onValue(result.value);
    }
  } catch (error) {
    if (signal.aborted && isAbort(error, signal)) return 'aborted';
    // Best effort: the fault that brought us here is the one to report.
    closeIterator(iterator, next).catch(() => {});
    throw asFault(error, instrument, 'instrumentReply');
  }
  await endWithin(clock, instrument, closeIterator(iterator, next), signal);
  return 'aborted';
}

/** The next value, or `aborted`; rejects with the silence fault when neither comes in time. */
function nextOrAbort<T>(
  next: Promise<IteratorResult<T>>,
  { signal, clock, silenceSecondMax, onSilence }: MeasurementReading<T>,
): Promise<IteratorResult<T> | 'aborted'> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(silenceSecondMax, () => {
      reject(onSilence(silenceSecondMax));
      forget();
    });
    const onAbort = (): void => {
      resolve('aborted');
      forget();
    };
    const forget = (): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    next.then(resolve, reject).finally(forget);
  });
}

/** A generator answers `return` only after its pending `next`, which the abort ends. */
async function closeIterator<T>(
  iterator: AsyncIterator<T>,
  pending: Promise<unknown> | undefined,
): Promise<void> {
  await pending;
  await iterator.return?.();
}

async function endWithin(
  clock: Clock,
  instrument: string,
  closing: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const end = await settledWithin(clock, MEASUREMENT_END_SECOND_MAX, closing);
    if (end.kind === 'value') return;
  } catch (error) {
    if (isAbort(error, signal)) return;
    throw asFault(error, instrument, 'instrumentReply');
  }
  throw new Fault('timeout', {
    where: instrument,
    message: `did not end its measurement within ${MEASUREMENT_END_SECOND_MAX} s of being told to`,
  });
}

/** Instruments may end an aborted measurement quietly or with the reason of the abort. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
