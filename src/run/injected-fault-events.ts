import type { Instruments } from '../domain/instrument.ts';
import type { JournalEvent } from './journal.ts';
import { spokenTime } from './wording.ts';

/** What is written down of faults that the rig plays on purpose: nobody may take them for real. */
export function injectedFaultEvents({ injectedFaults = [] }: Instruments): readonly JournalEvent[] {
  return injectedFaults.map((fault) => {
    const where = fault.sensor === undefined ? '' : ` of ${fault.sensor}`;
    const until = fault.for === undefined ? 'to the end' : `for ${spokenTime(fault.for)}`;
    return {
      code: 'faultInjected',
      severity: 'warning',
      message: `On purpose: ${fault.name}${where}, ${spokenTime(fault.at)} after the start, ${until} (seed ${fault.seed}).`,
      details: {
        fault: fault.name,
        at_second: fault.at,
        duration_second: fault.for ?? null,
        sensor: fault.sensor ?? null,
        seed: fault.seed,
      },
    };
  });
}
