import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import type { Fault } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { Safety } from '../domain/recipe.ts';
import type {
  OpenMeasurement,
  ScanSpoolFactory,
  StepMemory,
  WaveformSpoolFactory,
} from '../domain/run-store.ts';
import type { ChargeCounter } from './charge-counter.ts';
import type { Drops } from './drops.ts';
import type { Intake } from './intake.ts';
import type { Trip } from './interlocks.ts';
import type { Journal } from './journal.ts';
import type { Question } from './people.ts';
import type { ResourceUse } from './resource-use.ts';
import type { Suspension } from './suspension.ts';

/** What a running step works with. The runner makes one per run. */
export interface Bench {
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly spools: ScanSpoolFactory;
  readonly waveforms: WaveformSpoolFactory | undefined;
  readonly journal: Journal;
  readonly intake: Intake;
  readonly charge: ChargeCounter;
  readonly safety: Safety;
  readonly suspension: Suspension;
  readonly resources: ResourceUse;
  readonly drops: Drops;
  /** Aborts when the run ends before its recipe does: everything must let go at once. */
  readonly signal: AbortSignal;
  /** `spectrum-001`, `scan-002`: counted through the run. */
  nextId(kind: 'spectrum' | 'scan' | 'detectorSpectrum'): string;
  /** Takes the rig to its safe state: something left its limits. */
  trip(trip: Trip): void;
  /** Takes the rig to its safe state: work that nobody awaits has failed. */
  fail(fault: Fault): void;
  /** Remembers what the heater holds from now on, for a resumed run. */
  heaterSetTo(celsius: number): void;
  /** Work beside the steps that must have ended before the run does. It must not reject. */
  background(work: Promise<void>): void;
  /** What the running step knows of itself is asked here at each commit, for a resumed run. */
  remembers(memory: () => StepMemory): void;
  /**
   * A measurement has begun; a resumed run marks it as cut off if it was then still open.
   * @returns the way to say that its record comes next
   */
  opened(describe: () => OpenMeasurement): () => void;
  /** Remembers, for a resumed run, how many pulses of the titration that runs were begun. */
  pulsesBegun(count: number): void;
  /** Another specimen is in place: what was known of the one before is forgotten. */
  cellIsFresh(): void;
  /** Waits until a person lets the run go on. Rejects with the reason of the signal. */
  ask(question: Question, signal: AbortSignal): Promise<void>;
  /** Latches: a cell that has shorted gets no more current in this run. */
  readonly short: { latched: boolean };
}
