import { Fault } from '../../src/domain/fault.ts';

/** The fault an action ends with. @throws when it ends well, or with anything that is no Fault */
export async function caughtFault(action: () => unknown): Promise<Fault> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('expected a Fault, but the action succeeded');
}
