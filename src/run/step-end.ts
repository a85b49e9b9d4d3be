import type { PlannedCondition } from './plan.ts';
import { describeCondition, endName } from './wording.ts';

/** How a step ended: for people and records, and for branches. */
export interface StepEnd {
  /** `voltage: > 4.2 V`, `event: short`. */
  readonly endedBy: string;
  /** `voltage`, `short`, or what the condition is called. */
  readonly end: string;
}

export const COMPLETE: StepEnd = { endedBy: 'complete', end: 'complete' };

export function endOf(condition: PlannedCondition): StepEnd {
  return { endedBy: describeCondition(condition), end: endName(condition) };
}
