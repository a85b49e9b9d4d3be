import { asFault, Fault } from '../domain/fault.ts';

/** Something with a lifetime. Start order is a list; stop order is its reverse. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Idempotent; safe after a start that failed half-way. */
  stop(): Promise<void>;
}

/**
 * Starts the parts in order. When one fails, it and those before it are stopped in reverse and
 * its fault is thrown.
 * @returns stops everything in reverse order; every part gets its turn, whatever the others do.
 */
export async function startInOrder(parts: readonly Part[]): Promise<() => Promise<void>> {
  const started: Part[] = [];
  const stopAll = async (): Promise<void> => {
    const problems = [];
    for (let part = started.pop(); part; part = started.pop()) {
      const { name } = part;
      const failure = await part.stop().then(
        () => undefined,
        (error: unknown) => asFault(error, `stopping ${name}`),
      );
      if (failure) problems.push(...failure.problems);
    }
    if (problems.length > 0) throw new Fault('storage', problems);
  };
  for (const part of parts) {
    started.push(part);
    try {
      await part.start();
    } catch (error) {
      await stopAll();
      throw asFault(error, `starting ${part.name}`);
    }
  }
  return stopAll;
}
