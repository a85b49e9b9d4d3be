import { Fault } from '../../src/domain/fault.ts';

/**
 * The error of a connection that was not answered, with what was expected there: another instrument
 * behind the same plug is silent to a language that it does not know. Any other error as it is.
 */
export function namingExpected(error: unknown, place: string, expected: string): unknown {
  if (!(error instanceof Fault) || error.code !== 'timeout') return error;
  const message = `expected ${expected}: it is off, or another instrument is there ("operando doctor --port" says which), or the speed of the port is another`;
  return new Fault('timeout', [...error.problems, { where: place, message }], error);
}
