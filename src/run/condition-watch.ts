import type { Comparison } from '../domain/recipe-values.ts';
import type { ConditionMemory } from '../domain/run-store.ts';
import type { PlannedCondition } from './plan.ts';
import type { KnownValue, StepFacts } from './step-facts.ts';

/** Rounding of time stamps must not cost one more sample. */
const SAME_SECOND = 1e-6;

/**
 * Judges the conditions of one step. It remembers since when each has been met, so that one
 * with `for` counts only when it has stayed met.
 */
export class ConditionWatch {
  readonly #conditions: readonly PlannedCondition[];
  /** All of them, those inside others too, in the order of the recipe. */
  readonly #all: readonly PlannedCondition[];
  readonly #metSinceSecond = new Map<PlannedCondition, number>();

  /** @param memory of a watch over the same conditions, in an earlier start of the software */
  constructor(conditions: readonly PlannedCondition[], memory: ConditionMemory = {}) {
    this.#conditions = conditions;
    this.#all = [...everyCondition(conditions)];
    for (const [at, condition] of this.#all.entries()) {
      const since = memory[at];
      if (since !== undefined) this.#metSinceSecond.set(condition, since);
    }
  }

  /** For a watch that goes on in a resumed run. */
  memory(): ConditionMemory {
    const since = this.#all.map((condition) => this.#metSinceSecond.get(condition));
    return Object.fromEntries(
      since.flatMap((second, at) => (second === undefined ? [] : [[String(at), second]])),
    );
  }

  get hasConditions(): boolean {
    return this.#conditions.length > 0;
  }

  /** The first condition, in the recipe's order, that the facts meet. */
  look(facts: StepFacts): PlannedCondition | undefined {
    // Every one is judged every time, also behind one that is met: `for` needs to see it all.
    return this.#conditions.filter((condition) => this.#isMet(condition, facts))[0];
  }

  #isMet(condition: PlannedCondition, facts: StepFacts): boolean {
    if (!this.#isMetNow(condition, facts)) {
      this.#metSinceSecond.delete(condition);
      return false;
    }
    if (condition.for === undefined) return true;
    const since = this.#metSinceSecond.get(condition) ?? facts.elapsedSecond;
    this.#metSinceSecond.set(condition, since);
    return facts.elapsedSecond - since >= condition.for - SAME_SECOND;
  }

  #isMetNow(condition: PlannedCondition, facts: StepFacts): boolean {
    if ('all' in condition) {
      return condition.all.map((inner) => this.#isMet(inner, facts)).every(Boolean);
    }
    if ('any' in condition) {
      return condition.any.map((inner) => this.#isMet(inner, facts)).some(Boolean);
    }
    if ('time' in condition) return facts.elapsedSecond >= condition.time;
    if ('event' in condition) return facts.events.has(condition.event);
    if ('charge' in condition) return Math.abs(facts.chargeCoulomb) >= condition.charge.coulomb;
    if ('voltage' in condition) return isPast(condition.voltage, facts.voltage);
    if ('current' in condition) return isPast(condition.current, sizeOf(facts.current));
    if ('temperature' in condition) return isPast(condition.temperature, facts.temperature);
    if ('pressure' in condition) return isPast(condition.pressure, facts.pressure);
    if ('voltageRate' in condition) {
      return isPast(condition.voltageRate, sizeOf(facts.voltageRate));
    }
    const value = facts.derived.get(condition.derived.name);
    return isPast(condition.derived, value === undefined ? undefined : { value, quality: 'good' });
  }
}

function* everyCondition(conditions: readonly PlannedCondition[]): Generator<PlannedCondition> {
  for (const condition of conditions) {
    yield condition;
    if ('all' in condition) yield* everyCondition(condition.all);
    if ('any' in condition) yield* everyCondition(condition.any);
  }
}

/** Only past its limit, only when it is known, and only when it can be trusted. */
function isPast({ above, value: limit }: Comparison, known: KnownValue | undefined): boolean {
  if (known?.quality !== 'good' || !Number.isFinite(known.value)) return false;
  return above ? known.value > limit : known.value < limit;
}

function sizeOf(known: KnownValue | undefined): KnownValue | undefined {
  return known && { ...known, value: Math.abs(known.value) };
}
