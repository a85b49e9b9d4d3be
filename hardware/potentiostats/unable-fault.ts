import { Fault } from '../../src/domain/fault.ts';

/** What an instrument cannot do, with every reason, as a Fault instrumentUnable. */
export function unableFault(where: string, reasons: readonly string[]): Fault {
  return new Fault(
    'instrumentUnable',
    reasons.map((message) => ({ where, message })),
  );
}
