import type { RecordBody, RunInfo, RunRecord, RunStatus } from './run-record.ts';
import type { Frame } from './scan.ts';

/** Where a walk over a plan stands in one list of steps. */
export interface WalkFrame {
  /** Index of the current step in its list. */
  readonly at: number;
  /** Passes of the current step, when it is a loop, that are complete. */
  readonly pass: number;
  /** Which case of the current step, when it is a branch; null for `otherwise`. */
  readonly chosen?: string | null;
}

/** Everything a walk over a plan knows: enough to find the place again after a crash. */
export interface WalkState {
  /** Outermost list of steps first. */
  readonly frames: readonly WalkFrame[];
  /** Counts from 0 over every step that was run, with its repetitions. */
  readonly stepIndex: number;
  /** How the newest pass of each step ended, by its name: what branches look at. */
  readonly ends: Readonly<Record<string, string>>;
}

/** The runner's own memory, saved with the records it follows from. Plain data. */
export interface EngineState {
  /** When it was so, on the experiment's clock. */
  readonly timeSecond: number;
  readonly walk: WalkState;
  /** Whether the current step has begun; its beginning is on record then. */
  readonly isInStep: boolean;
  readonly stepElapsedSecond: number;
  /** Passed in the current step. */
  readonly stepChargeCoulomb: number;
  /** Passed in the whole run. */
  readonly chargeCoulomb: number;
  /** How many of each kind were begun, so that names are never used twice. */
  readonly idCounts: Readonly<Record<string, number>>;
  /** A cell that has shorted gets no more current in this run. */
  readonly shortLatched: boolean;
  /** What the heater was last told to hold; null when it is off. */
  readonly heaterTargetCelsius: number | null;
  /** Newest derived quantities, by name; absent where no loop ends on one. */
  readonly derived?: Readonly<Record<string, number>>;
  /** How many pulses of the titration that runs were begun; absent outside of one. */
  readonly titrationPulses?: number;
  /** What simulated instruments remember of their specimen; absent where it is a real one. */
  readonly specimen?: unknown;
}

/** The one way into a run database. Used by src/run alone. */
export interface RunWriter {
  /** Puts a record into the open transaction and returns its sequence number. */
  append(timeSecond: number, body: RecordBody): number;
  /** Saved in the same transaction as the records appended before it. */
  saveState(state: EngineState): void;
  /** Commits what is open. @throws Fault storage */
  commit(): void;
  /**
   * Called before each commit that holds records, so that none is without the state it implies:
   * a commit may come at any moment.
   */
  beforeCommit(prepare: () => void): void;
  /** The newest record that is safe on the disk. */
  committedSequence(): number;
  /** From `fromSecond` on, UTC is `utcAtZeroMs` plus the time on the experiment's clock. */
  labelUtc(fromSecond: number, utcAtZeroMs: number): void;
  /** Commits and marks the end of the run. */
  finish(status: Exclude<RunStatus, 'running'>): void;
}

/** The one way out of a run database: for outlets, commands and reports. */
export interface RunReader {
  readonly info: RunInfo;
  status(): RunStatus;
  /** Sequence number of the newest committed record, 0 when there is none. */
  lastSequence(): number;
  /** Committed records after `sequence`, in order, at most `limit`. */
  readAfter(sequence: number, limit: number): readonly RunRecord[];
  /**
   * UTC label of second 0 of the experiment's clock in one start of the software, in ms. A clock
   * that is set while a run goes on relabels what that start has written before.
   */
  utcAtZeroMs(boot: number): number;
  /** Calls back after each commit. Returns the way to stop listening. */
  onCommit(listener: () => void): () => void;
  /** The last sequence number an outlet has delivered; 0 for a new one. */
  loadCursor(outlet: string): number;
  saveCursor(outlet: string, sequence: number): void;
}

/** Where a scan's raw frames go as they arrive. */
export interface ScanSpool {
  /** Writes one frame's pixels and angle. @throws Fault storage, capacity */
  add(frame: Frame): void;
  /** Makes the file durable and returns its name within the run's folder. */
  finish(): string;
}

export interface ScanSpoolFactory {
  open(scanId: string): ScanSpool;
}
