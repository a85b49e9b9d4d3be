import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import { ConditionWatch } from './condition-watch.ts';
import type { Journal } from './journal.ts';
import type { PlannedLoop, PlannedStep } from './plan.ts';
import { settledWithin } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** A loop waits so long, with the current off, for what analysis still works out of its pass. */
export const RESULTS_SECOND_MAX = 120;

/**
 * Whether a loop ends after a pass: by what analysis has worked out so far, and by whether the
 * cell has shorted. The planner allows no other conditions there.
 */
export class LoopConditions {
  readonly #loops: ReadonlyMap<string, ConditionWatch>;
  readonly #derived: Map<string, number>;
  readonly #isShorted: () => boolean;

  /** @param options.known what an earlier start of the software has found out */
  constructor(
    bus: Bus,
    steps: readonly PlannedStep[],
    options: {
      readonly isShorted: () => boolean;
      readonly known?: Readonly<Record<string, number>> | undefined;
    },
  ) {
    this.#isShorted = options.isShorted;
    this.#derived = new Map(Object.entries(options.known ?? {}));
    this.#loops = new Map(
      Array.from(loopsIn(steps), ({ name, until }) => [name, new ConditionWatch(until)]),
    );
    bus.on('derived', ({ value }) => {
      this.#derived.set(value.name, value.value);
    });
  }

  /** What is known, for a resumed run; undefined when no loop asks for it. */
  known(): Readonly<Record<string, number>> | undefined {
    const isAsked = [...this.#loops.values()].some((watch) => watch.hasConditions);
    return isAsked && this.#derived.size > 0 ? Object.fromEntries(this.#derived) : undefined;
  }

  /** Another specimen is in place: what was found of the one before says nothing of it. */
  forget(): void {
    this.#derived.clear();
  }

  isDone(loopName: string): boolean {
    const met = this.#loops.get(loopName)?.look({
      elapsedSecond: 0,
      voltage: undefined,
      current: undefined,
      temperature: undefined,
      pressure: undefined,
      voltageRate: undefined,
      chargeCoulomb: 0,
      derived: this.#derived,
      events: new Set(this.#isShorted() ? ['short'] : []),
    });
    return met !== undefined;
  }
}

/**
 * Waits, with a bound, until the results of the pass that has just ended are known: a loop must
 * not decide by those of the pass before. What is late is not waited for, and that is said.
 */
export async function awaitResults(
  { clock, journal }: { readonly clock: Clock; readonly journal: Journal },
  analyses: readonly AnalysisService[],
  signal: AbortSignal,
): Promise<void> {
  const draining = Promise.allSettled(analyses.map(async (service) => service.drain()));
  const end = await settledWithin(clock, RESULTS_SECOND_MAX, draining, signal);
  if (end.kind === 'value') return;
  journal.event({
    code: 'analysisFault',
    severity: 'warning',
    message: `Not all results of the pass were ready after ${spokenTime(RESULTS_SECOND_MAX)}: the loop decides by what is known.`,
  });
}

function* loopsIn(steps: readonly PlannedStep[]): Generator<PlannedLoop> {
  for (const step of steps) {
    if (step.kind === 'loop') {
      yield step;
      yield* loopsIn(step.steps);
    } else if (step.kind === 'branch') {
      for (const inner of step.cases.values()) yield* loopsIn(inner);
      yield* loopsIn(step.otherwise);
    } else if (step.kind === 'screen') {
      for (const { steps: inner } of step.candidates) yield* loopsIn(inner);
    }
  }
}
