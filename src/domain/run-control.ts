import type { Alarm } from './alarm.ts';
import type { RunStatus } from './run-record.ts';

/** What people may ask of a running experiment, from the terminal, the panel or MQTT. */
export interface RunControl {
  /**
   * Takes the rig to its safe state and ends the run. Needs no confirmation and may be called
   * by anyone at any time. Resolves when the safe state is confirmed.
   * @throws Fault instrumentLost that names what is not confirmed: someone must look at the rig
   */
  stop(requestedBy: string): Promise<void>;
  /**
   * A person lets a run go on that waits after an interruption.
   * @throws Fault badInput when it does not wait
   */
  goOn(requestedBy: string): Promise<void>;
  /** Every alarm of the run so far, the acknowledged ones too. */
  alarms(): readonly Alarm[];
  /**
   * A person has seen an alarm. A latched one keeps the run from being taken up again until then.
   * @param code the event that raised it: `interlock`
   * @throws Fault badInput when there is no such alarm, or nobody or no reason is named
   */
  acknowledge(code: string, by: string, reason: string): Promise<void>;
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
