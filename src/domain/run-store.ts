import type { RecordBody, RunInfo, RunRecord, RunStatus } from './run-record.ts';
import type { Frame } from './scan.ts';

/** The runner's own memory, saved with the records it follows from. */
export interface EngineState {
  /** Counts from 0 over every step with its repetitions. */
  readonly stepIndex: number;
  /** Pass of the innermost loop, from 0; 0 outside a loop. */
  readonly loopPass: number;
  readonly stepElapsedSecond: number;
  readonly chargeCoulomb: number;
}

/** The one way into a run database. Used by src/run alone. */
export interface RunWriter {
  /** Puts a record into the open transaction and returns its sequence number. */
  append(timeSecond: number, body: RecordBody): number;
  /** Saved in the same transaction as the records appended before it. */
  saveState(state: EngineState): void;
  /** Commits what is open. @throws Fault storage */
  commit(): void;
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
