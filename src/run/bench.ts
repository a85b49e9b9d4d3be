import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import type { Fault } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { Safety } from '../domain/recipe.ts';
import type { ScanSpoolFactory } from '../domain/run-store.ts';
import type { ChargeCounter } from './charge-counter.ts';
import type { Intake } from './intake.ts';
import type { Trip } from './interlocks.ts';
import type { Journal } from './journal.ts';

/** What a running step works with. The runner makes one per run. */
export interface Bench {
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly spools: ScanSpoolFactory;
  readonly journal: Journal;
  readonly intake: Intake;
  readonly charge: ChargeCounter;
  readonly safety: Safety;
  /** Aborts when the run ends before its recipe does: everything must let go at once. */
  readonly signal: AbortSignal;
  /** `spectrum-001`, `scan-002`: counted through the run. */
  nextId(kind: 'spectrum' | 'scan'): string;
  /** Takes the rig to its safe state: something left its limits. */
  trip(trip: Trip): void;
  /** Takes the rig to its safe state: work that nobody awaits has failed. */
  fail(fault: Fault): void;
  /** Work beside the steps that must have ended before the run does. It must not reject. */
  background(work: Promise<void>): void;
  /** Latches: a cell that has shorted gets no more current in this run. */
  readonly short: { latched: boolean };
}
