import type { InstrumentInfo } from './instrument.ts';
import type { CellEvent } from './recipe-conditions.ts';
import type { RecordBody, RunInfo, RunRecord, RunStatus } from './run-record.ts';
import type { Frame } from './scan.ts';
import type { ImpedanceWaveform } from './waveform.ts';

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

/**
 * Since which second of its step each condition with `for` has been met, by its place among all
 * conditions of the step, those inside others counted after the one around them.
 */
export type ConditionMemory = Readonly<Record<string, number>>;

/** Where one acquisition beside a step stands. */
export interface AcquisitionMemory {
  /** Which place of its grid comes next. */
  readonly index: number;
  /** The one at the beginning of the step is still to come. */
  readonly isFirst: boolean;
  /** An event has asked for one that has not begun. */
  readonly isWanted: boolean;
  /** One was begun and has not ended. */
  readonly isTaking: boolean;
  /** Of that one: scans at photon energies, counted regions. */
  readonly partsDone: number;
  /** The same of its measurement at the end of the step. */
  readonly answeredParts: number;
  /** When the newest was begun, in seconds of the step. */
  readonly takenSecond: number;
  /** Voltage at that one; absent while none is known. */
  readonly takenVolt?: number | undefined;
  /** Of the condition that makes it faster. */
  readonly faster?: ConditionMemory | undefined;
}

/** What a step knows of itself beside its time and charge. As long as the step in the recipe. */
export interface StepMemory {
  readonly conditions?: ConditionMemory;
  /** Which of its conditions was met, from 0: only what follows the step's end is left to do. */
  readonly metIndex?: number | undefined;
  /** What analysis has worked out since the step began, by name. */
  readonly derived?: Readonly<Record<string, number>>;
  readonly events?: readonly CellEvent[];
  /** The second part of constant current, constant voltage has begun. */
  readonly holdsVoltage?: boolean;
  /** In the order of the recipe. */
  readonly acquisitions?: readonly AcquisitionMemory[];
  /** Scans, regions or sweeps of it that are whole; rests of a titration. */
  readonly partsDone?: number;
  /** Of a titration: how long its newest pulse has lasted; absent when that is over. */
  readonly pulseSecond?: number;
  /** Of a soak: how long the temperature was within its tolerance without a break. */
  readonly dwelledSecond?: number;
}

/** Times that a run was suspended. */
export interface SuspensionMemory {
  readonly count: number;
  /** Of all suspensions that have ended. */
  readonly pastSecond: number;
  /** The one that goes on; absent when none does. */
  readonly now?: { readonly channel: string; readonly lengthSecond: number } | undefined;
}

/** A measurement that was begun and has no record yet: a resumed run marks it as cut off. */
export type OpenMeasurement = {
  readonly startSecond: number;
  readonly startChargeCoulomb: number;
} & (
  | { readonly kind: 'spectrum'; readonly spectrumId: string; readonly pointCount: number }
  | {
      readonly kind: 'scan';
      readonly scanId: string;
      readonly views: number;
      readonly framesFile: string;
    }
  | { readonly kind: 'detectorSpectrum'; readonly spectrumId: string; readonly region: string }
  | {
      readonly kind: 'phase';
      /** Name of the step. */
      readonly step: string;
      /** `pulse`, `rest`, `voltammogram`, `sweep`. */
      readonly phase: string;
      /** Which of them, from 1. */
      readonly number: number;
      readonly currentAmpere: number | null;
    }
);

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
  /** Of the step that has begun; absent in one that has nothing more to remember. */
  readonly step?: StepMemory;
  /** Absent while the run was never suspended. */
  readonly suspension?: SuspensionMemory;
  /** At most one for each instrument, and the phase that it is part of. */
  readonly openMeasurements?: readonly OpenMeasurement[];
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
  /** Who has answered: models and serial numbers are known only when instruments are connected. */
  nameInstruments(instruments: readonly InstrumentInfo[]): void;
  /** Commits and marks the end of the run. */
  finish(status: Exclude<RunStatus, 'running'>): void;
}

/** The one way out of a run database: for outlets, commands and reports. */
export interface RunReader {
  /** Another object as soon as instruments have been named. */
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
  /** Of the file, within the run's folder. */
  readonly name: string;
  /** Writes one frame's pixels and angle. @throws Fault storage, capacity */
  add(frame: Frame): void;
  /** Makes the file durable and returns its name within the run's folder. */
  finish(): string;
}

export interface ScanSpoolFactory {
  open(scanId: string): ScanSpool;
  /**
   * Why no frames of so many bytes should be taken now, in words; undefined when there is room.
   * Pictures stop before samples do.
   */
  refusal?(bytes: number): string | undefined;
}

/** Where the samples behind the points of one spectrum go as they arrive. */
export interface WaveformSpool {
  /** Of the file, within the run's folder. */
  readonly name: string;
  /** @throws Fault storage, capacity; nothing more is taken after that */
  add(pointIndex: number, frequencyHertz: number, waveform: ImpedanceWaveform): void;
  /** Makes the file durable. @throws Fault storage */
  finish(): void;
}

export interface WaveformSpoolFactory {
  /** @throws Fault storage */
  open(spectrumId: string): WaveformSpool;
  /** Why so many bytes should not be taken now, in words; undefined when there is room. */
  refusal?(bytes: number): string | undefined;
}
