import type { Clock } from '../domain/clock.ts';

/**
 * Settles as the promise does, or reports `late` when it has not within `seconds`. A promise
 * that comes late is still heard, so that it never rejects unheard.
 * @param signal rejects with its reason as soon as it aborts.
 */
export function settledWithin<T>(
  clock: Clock,
  seconds: number,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<{ readonly kind: 'value'; readonly value: T } | { readonly kind: 'late' }> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      forget();
      reject(signal?.reason);
    };
    const cancel = clock.after(seconds, () => {
      forget();
      resolve({ kind: 'late' });
    });
    promise.then((value) => resolve({ kind: 'value', value }), reject).finally(forget);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export interface ChildAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /**
   * Aborts what still listens and lets go of the parent: a run of weeks makes thousands of these.
   */
  end(): void;
}

/** A signal that aborts with its parent, or by itself. */
export function childAbort(parent: AbortSignal): ChildAbort {
  const controller = new AbortController();
  const onParent = (): void => controller.abort(parent.reason);
  if (parent.aborted) onParent();
  else parent.addEventListener('abort', onParent, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    end: () => {
      parent.removeEventListener('abort', onParent);
      if (!controller.signal.aborted) controller.abort(new Error('nobody waits for this any more'));
    },
  };
}
