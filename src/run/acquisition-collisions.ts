import { measureSecond } from './acquisition-plan.ts';
import type { PlannedAcquisition, PlannedStep } from './plan.ts';
import { everyMeasurement } from './plan-needs.ts';

/** Two acquisitions of one step that are in progress at the same time. */
export interface AcquisitionCollision {
  readonly step: string;
  /** Index in the step's `during`, from 0. */
  readonly first: number;
  readonly second: number;
  /** After the start of the step. */
  readonly firstSecond: number;
  /** How often in the step at its longest; counting ends at `COLLISIONS_MAX`. */
  readonly times: number;
  /** They share an instrument, so that one waits for the other; otherwise both go on. */
  readonly waits: boolean;
}

export const COLLISIONS_MAX = 1000;

/** Where acquisitions on grids of time meet, once for each pair of a step. */
export function collisionsOf(
  steps: readonly PlannedStep[],
  areExclusive: (one: string, other: string) => boolean,
): AcquisitionCollision[] {
  const found = new Map<string, AcquisitionCollision>();
  for (const step of everyMeasurement(steps)) {
    if (!('during' in step)) continue;
    for (const [second, later] of step.during.entries()) {
      for (const [first, earlier] of step.during.slice(0, second).entries()) {
        const meeting = meetingOf(earlier, later, step.longestSecond);
        if (!meeting) continue;
        const [one, other] = [earlier.what.kind, later.what.kind];
        const waits = one === other || areExclusive(one, other);
        const key = `${step.name} ${first} ${second}`;
        found.set(key, { step: step.name, first, second, ...meeting, waits });
      }
    }
  }
  return [...found.values()];
}

function meetingOf(one: PlannedAcquisition, other: PlannedAcquisition, lengthSecond: number) {
  if (one.every?.kind !== 'time' || other.every?.kind !== 'time') return undefined;
  const [every, otherEvery] = [one.every.second, other.every.second];
  const [takes, otherTakes] = [measureSecond(one.what), measureSecond(other.what)];
  let times = 0;
  let firstSecond: number | undefined;
  for (let at = 0; at * every < lengthSecond && times < COLLISIONS_MAX; at += 1) {
    const start = at * every;
    // The other's last start before this one ends is the only one that may still be in progress.
    const before = Math.ceil((start + takes) / otherEvery) - 1;
    const otherStart = before * otherEvery;
    if (before < 0 || otherStart + otherTakes <= start || otherStart >= lengthSecond) continue;
    times += 1;
    firstSecond ??= Math.max(start, otherStart);
  }
  return firstSecond === undefined ? undefined : { firstSecond, times };
}
