import type { Alarm } from './alarm.ts';
import type { RunStatus } from './run-record.ts';

/** A person's word, and why: it is written down as it is. */
export interface Signature {
  /** Who says it: a name, as the person gives it. */
  readonly by: string;
  /** Why it is safe, or what was found. */
  readonly reason: string;
  /** How it came: `panel`, `terminal`, `mqtt:night-shift-1`. */
  readonly via: string;
}

/** Why a run stands still, with its current off. */
export interface Waiting {
  /** A person decides, a channel has to come back, or a person puts a fresh cell in. */
  readonly kind: 'held' | 'suspended' | 'freshCell';
  readonly sinceSecond: number;
  /** What it waits for, as one sentence. */
  readonly message: string;
  /** Why no person can let it go on now, and what to do; null when a person can. */
  readonly obstacle: string | null;
}

/** What people may ask of a running experiment, from the terminal, the panel or MQTT. */
export interface RunControl {
  /**
   * Takes the rig to its safe state and ends the run. Needs no confirmation and may be called
   * by anyone at any time. Resolves when the safe state is confirmed.
   * @throws Fault instrumentLost that names what is not confirmed: someone must look at the rig
   */
  stop(requestedBy: string): Promise<void>;
  /** What the run waits for; undefined while it goes on and when it has ended. */
  waiting(): Waiting | undefined;
  /**
   * A person lets a run go on that waits for one: held, or for a fresh cell.
   * @throws Fault badInput when it does not wait, when something stands in the way, or when nobody
   *   or no reason is named
   */
  goOn(signature: Signature): Promise<void>;
  /** Every alarm of the run so far, the acknowledged ones too. */
  alarms(): readonly Alarm[];
  /**
   * A person has seen an alarm. A latched one keeps the run from being taken up again until then.
   * It ends nothing and switches nothing on.
   * @param code the event that raised it: `interlock`
   * @throws Fault badInput when there is no such alarm, when it or the run has ended, or when
   *   nobody or no reason is named
   */
  acknowledge(code: string, signature: Signature): Promise<void>;
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
