/** Ctrl-C and the service manager's stop, in one place. */
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
