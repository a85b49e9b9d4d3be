import type { Alarm } from '../../src/domain/alarm.ts';
import type { RunEvent } from './hazard-rig.ts';

/** What the judges of the simulated rig and of the operando board have in common. */

/** What is left when a current is off: the noise of nothing. */
export const NO_AMPERE = 1e-12;

/** How far a true quantity has gone, beside its limits. */
export interface Reach {
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly least: number;
  readonly most: number;
}

export interface HazardTrial {
  readonly id: string;
  readonly seed: number;
  /** From the moment the hazard was truly there; undefined when it was never seen. */
  readonly detectedSecond: number | undefined;
  readonly statedSecond: number;
  /** From the first halt to the last answer, s. */
  readonly safeSecond: number;
  /** With current or heat told, while a true quantity was beyond its limit, s. */
  readonly energisedBeyondSecond: number;
  /** How far the quantity that the row is about has truly gone. */
  readonly reach: Reach;
  /** Everything that is not as it should be. */
  readonly failures: readonly string[];
}

/** An alarm of this code stands, says why, and nobody has acknowledged it. */
export function hasAlarm(alarms: ReadonlyMap<string, Alarm>, code: string): boolean {
  const alarm = alarms.get(code);
  return alarm !== undefined && alarm.message !== '' && alarm.acknowledged === undefined;
}

/**
 * From the halt to the last answer; 0 when there was no halt. The halt is the last cause before the
 * first answer: a lost potentiostat is told long before the run gives it up.
 */
export function safeSecondOf(events: readonly RunEvent[]): number {
  const first = events.findIndex(({ code }) => code === 'safeState');
  const halt = events
    .slice(0, Math.max(0, first))
    .findLast(({ code }) => code === 'interlock' || code === 'instrumentFault');
  const last = events.findLast(({ code }) => code === 'safeState');
  return halt && last ? last.timeSecond - halt.timeSecond : 0;
}
