import type { CellEvent, Condition } from '../domain/recipe.ts';
import type { Quality } from '../domain/sample.ts';

/** What is known about a step at the moment its end is decided. */
export interface StepFacts {
  readonly elapsedSecond: number;
  /** The newest voltage of this step. */
  readonly voltage: { readonly volt: number; readonly quality: Quality } | undefined;
  readonly events: ReadonlySet<CellEvent>;
}

/** The first condition, in the recipe's order, that the facts meet. */
export function firstMet(
  conditions: readonly Condition[],
  facts: StepFacts,
): Condition | undefined {
  return conditions.find((condition) => isMet(condition, facts));
}

/** A time is met when it is reached; a voltage only when it is past its limit and `good`. */
function isMet(condition: Condition, facts: StepFacts): boolean {
  if ('time' in condition) return facts.elapsedSecond >= condition.time;
  if ('event' in condition) return facts.events.has(condition.event);
  const { voltage } = facts;
  if (voltage?.quality !== 'good' || !Number.isFinite(voltage.volt)) return false;
  const { above, volt } = condition.voltage;
  return above ? voltage.volt > volt : voltage.volt < volt;
}

/** The earliest time among the conditions; undefined when none bounds the time. */
export function timeBoundSecond(conditions: readonly Condition[]): number | undefined {
  const times = conditions.flatMap((condition) => ('time' in condition ? [condition.time] : []));
  return times.length === 0 ? undefined : Math.min(...times);
}
