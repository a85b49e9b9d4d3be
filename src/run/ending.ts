import { asFault, EXIT_CODES, type ExitCode, type Fault } from '../domain/fault.ts';
import type { RunStatus } from '../domain/run-record.ts';
import type { Trip } from './interlocks.ts';
import type { JournalEvent } from './journal.ts';
import type { SafeActionOutcome } from './safe-state.ts';

/** Why a run ends before its recipe does. */
export type Halt =
  | { readonly kind: 'stopped'; readonly requestedBy: string }
  | { readonly kind: 'tripped'; readonly trip: Trip }
  | { readonly kind: 'faulted'; readonly fault: Fault };

export interface Ending {
  readonly status: Exclude<RunStatus, 'running'>;
  /** `recipe`, `stop: panel`, `interlock: voltage_volt`, `fault: timeout`. */
  readonly endedBy: string;
  /** One sentence or more for people. */
  readonly message: string;
}

/** A fault that stands for a silent watched channel is a trip; all others are faults. */
export function haltOfError(error: unknown): Halt {
  const fault = asFault(error, 'run engine');
  const [first] = fault.problems;
  if (fault.code !== 'interlock' || !first) return { kind: 'faulted', fault };
  return {
    kind: 'tripped',
    trip: { channel: first.where, message: first.message, value: null },
  };
}

/**
 * How the run ended. A safe state that is not confirmed is a fault in itself, unless a trip has
 * latched, which says more.
 */
export function endingOf(
  halt: Halt | undefined,
  safety: readonly SafeActionOutcome[],
  lastEndedBy: string,
): Ending {
  const ending = halt ? haltEnding(halt) : doneEnding(lastEndedBy);
  const unconfirmed = safety.filter(({ failure }) => failure !== undefined);
  if (unconfirmed.length === 0) return ending;
  const what = unconfirmed.map(({ action }) => action.result).join(', ');
  return {
    status: ending.status === 'tripped' ? 'tripped' : 'faulted',
    endedBy: ending.endedBy,
    message: `${ending.message} The safe state is NOT confirmed: ${what}. Look at the rig.`,
  };
}

/** A run that a person has stopped did what it was told. */
export function exitCodeOf(status: Ending['status']): ExitCode {
  switch (status) {
    case 'done':
    case 'stopped':
      return EXIT_CODES.done;
    case 'faulted':
      return EXIT_CODES.faulted;
    case 'tripped':
      return EXIT_CODES.tripped;
    default:
      return status satisfies never;
  }
}

/** What is written down of a halt, the first or one after it. */
export function haltEvent(halt: Halt): JournalEvent {
  switch (halt.kind) {
    case 'stopped':
      return {
        code: 'stopRequested',
        severity: 'warning',
        message: `Stop was asked for by ${halt.requestedBy}.`,
        details: { requested_by: halt.requestedBy },
      };
    case 'tripped':
      return {
        code: 'interlock',
        severity: 'alarm',
        message: `${halt.trip.message}.`,
        details: { channel: halt.trip.channel, value: halt.trip.value },
      };
    case 'faulted':
      return {
        code: 'instrumentFault',
        severity: 'alarm',
        message: `${sentence(halt.fault)}.`,
        details: { fault: halt.fault.code },
      };
    default:
      return halt satisfies never;
  }
}

function doneEnding(lastEndedBy: string): Ending {
  return {
    status: 'done',
    endedBy: 'recipe',
    message: `The recipe is done; its last step ended by ${lastEndedBy}.`,
  };
}

function haltEnding(halt: Halt): Ending {
  const { kind: status } = halt;
  switch (halt.kind) {
    case 'stopped':
      return {
        status,
        endedBy: `stop: ${halt.requestedBy}`,
        message: `The run was stopped by ${halt.requestedBy}.`,
      };
    case 'tripped':
      return {
        status,
        endedBy: `interlock: ${halt.trip.channel}`,
        message: `A safety limit ended the run: ${halt.trip.message}.`,
      };
    case 'faulted':
      return {
        status,
        endedBy: `fault: ${halt.fault.code}`,
        message: `The run has faulted: ${sentence(halt.fault)}.`,
      };
    default:
      return halt satisfies never;
  }
}

function sentence({ problems }: Fault): string {
  return problems.map(({ where, message }) => `${where}: ${message}`).join('; ');
}
