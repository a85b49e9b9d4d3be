/** Ctrl-C, the service manager's stop and a terminal that hangs up, in one place. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls back at each interruption until released. */
export function onInterruption(listener: (signal: string) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** Resolves at the next interruption. */
export function nextInterruption(): Promise<void> {
  return new Promise((resolve) => {
    const release = onInterruption(() => {
      release();
      resolve();
    });
  });
}

/**
 * Calls back with an error that nobody caught, instead of ending the process on the spot, until
 * released: outputs must not stay on because of a mistake in the software.
 */
export function onUncaughtError(listener: (error: unknown) => void): () => void {
  process.on('uncaughtException', listener);
  return () => process.off('uncaughtException', listener);
}
