import type { Provenance } from '../../src/domain/instrument.ts';

/**
 * How the serial number, or where there is none the firmware version, of every simulated instrument
 * begins. No maker's does: whoever talks to one over a real wire must not take it for a measurement.
 */
export const SIMULATED_MARK = 'SIM';

/** Where values come from, once the instrument has said who it is. */
export function provenanceAfter(identity: string, given: Provenance): Provenance {
  return identity.startsWith(SIMULATED_MARK) ? 'simulated' : given;
}
