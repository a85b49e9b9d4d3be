import type { RunStatus } from './run-record.ts';

/** What people may ask of a running experiment, from the terminal, the panel or MQTT. */
export interface RunControl {
  /**
   * Takes the rig to its safe state and ends the run. Needs no confirmation and may be called
   * by anyone at any time. Resolves when the safe state is confirmed.
   * @throws Fault instrumentLost that names what is not confirmed: someone must look at the rig
   */
  stop(requestedBy: string): Promise<void>;
  status(): RunStatus;
  progress(): RunProgress;
}

export interface RunProgress {
  readonly elapsedSecond: number;
  /** Planned length of the run, its longest way. */
  readonly plannedSecond: number;
  /** Counts from 0 over every step with its repetitions, as `stepCount` does. */
  readonly stepIndex: number;
  readonly stepCount: number;
  readonly stepName: string;
  readonly technique: string;
  readonly chargeCoulomb: number;
}
