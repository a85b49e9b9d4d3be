import type { RunStatus } from './run-record.ts';

/** What people may ask of a running experiment, from the terminal, the panel or MQTT. */
export interface RunControl {
  /**
   * Takes the rig to its safe state and ends the run. Needs no confirmation and may be called
   * by anyone at any time. Resolves when the safe state is confirmed.
   */
  stop(requestedBy: string): Promise<void>;
  status(): RunStatus;
  progress(): RunProgress;
}

export interface RunProgress {
  readonly elapsedSecond: number;
  /** Planned length of the run, its longest way; undefined when the recipe has no bound. */
  readonly plannedSecond: number;
  readonly stepIndex: number;
  readonly stepCount: number;
  readonly stepName: string;
  readonly technique: string;
  readonly chargeCoulomb: number;
}
