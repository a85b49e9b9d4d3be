import type { Fault } from '../domain/fault.ts';
import type { Guard } from '../domain/instrument.ts';
import type { Trip } from './interlocks.ts';
import type { Journal } from './journal.ts';

/** What happens to a run when its guard acts. */
export interface GuardActions {
  readonly journal: Journal;
  trip(trip: Trip): void;
  fail(fault: Fault): void;
}

/**
 * Hears what switches heater and cell off below this software: its trip is a trip of the run, its
 * loss ends the run. @returns stops listening
 */
export function watchGuard(guard: Guard | undefined, actions: GuardActions): () => void {
  if (!guard) return () => {};
  const { id } = guard.info;
  return guard.listen({
    onTrip: (message) => actions.trip({ channel: id, message, value: null }),
    onLost: (fault) => actions.fail(fault),
    onNote: (message) => actions.journal.event({ code: 'note', severity: 'info', message }),
  });
}
