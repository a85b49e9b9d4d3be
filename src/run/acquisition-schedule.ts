import { ConditionWatch } from './condition-watch.ts';
import type { PlannedAcquisition, PlannedInterval, PlannedMeasure } from './plan.ts';
import type { CarriedStep, StepFacts } from './step-facts.ts';

/** Times closer than this are the same moment. */
const SAME_SECOND = 1e-6;
/** Places on a grid closer than this share of its interval are the same place. */
const SAME_SHARE = 1e-8;

/**
 * When one acquisition of a step is due: on a grid of times or charges that begins with the step,
 * so far from the voltage of the last one, or when an event asks for it. The first of a grid is
 * due at the start of the step.
 */
export class AcquisitionSchedule {
  readonly what: PlannedMeasure;
  readonly #acquisition: PlannedAcquisition;
  readonly #faster: ConditionWatch | undefined;
  /** Which of the grid comes next. */
  #index: number;
  #isFirst: boolean;
  #isFast = false;
  #isWanted = false;
  #takenSecond: number;
  #takenVolt: number | undefined;

  /** @param carried of a step that is resumed: what was due before is not taken again */
  constructor(acquisition: PlannedAcquisition, carried: CarriedStep) {
    const { every, faster } = acquisition;
    this.what = acquisition.what;
    this.#acquisition = acquisition;
    this.#faster = faster && new ConditionWatch([faster.while]);
    this.#isFirst = carried.elapsedSecond === 0;
    this.#index = this.#isFirst ? 0 : Math.max(1, Math.ceil(gridPosition(every, carried)));
    this.#takenSecond = carried.elapsedSecond;
  }

  /** An event asks for one, whatever the grid says. */
  want(): void {
    this.#isWanted = true;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Whether it answers this event. */
  answers(event: PlannedAcquisition['on'][number]): boolean {
    return this.#acquisition.on.includes(event);
  }

  /** In seconds of the step: when a timer should look again. Undefined: only readings can tell. */
  nextSecond(): number | undefined {
    const { every, faster } = this.#acquisition;
    if (every === undefined) return undefined;
    if (this.#isFirst) return 0;
    const onGrid = every.kind === 'time' ? this.#index * every.second : undefined;
    if (!this.#isFast || !faster) return onGrid;
    return Math.min(this.#takenSecond + faster.everySecond, onGrid ?? Number.POSITIVE_INFINITY);
  }

  /** To be asked with every change of the facts: `faster` may have to hold for some time. */
  isDue(facts: StepFacts): boolean {
    const { every, faster } = this.#acquisition;
    this.#isFast = this.#faster?.look(facts) !== undefined;
    if (this.#isWanted) return true;
    if (every === undefined) return false;
    if (this.#isFirst) return true;
    if (this.#isFast && faster) {
      if (facts.elapsedSecond >= this.#takenSecond + faster.everySecond - SAME_SECOND) return true;
    }
    return every.kind === 'voltage'
      ? this.#isAway(facts, every.volt)
      : this.#isOnGrid(facts, every);
  }

  /**
   * It was begun, or is left out.
   * @returns how many of the grid have passed meanwhile and are left out
   */
  done(startedFacts: StepFacts, nowFacts = startedFacts): number {
    const { every } = this.#acquisition;
    const isOnGrid = this.#isFirst || this.#isOnGrid(startedFacts, every);
    this.#isFirst = false;
    this.#isWanted = false;
    this.#takenSecond = startedFacts.elapsedSecond;
    const { voltage } = nowFacts;
    if (voltage?.quality === 'good') this.#takenVolt = voltage.value;
    if (!isOnGrid) return 0;
    const next = Math.max(this.#index + 1, Math.ceil(gridPosition(every, nowFacts) - SAME_SHARE));
    const missed = next - this.#index - 1;
    this.#index = next;
    return missed;
  }

  #isOnGrid(facts: StepFacts, every: PlannedInterval | undefined): boolean {
    return (
      every !== undefined &&
      every.kind !== 'voltage' &&
      gridPosition(every, facts) >= this.#index - SAME_SHARE
    );
  }

  /** Without one before, the first voltage that is known is where it counts from. */
  #isAway({ voltage }: StepFacts, volt: number): boolean {
    if (voltage?.quality !== 'good') return false;
    this.#takenVolt ??= voltage.value;
    return Math.abs(voltage.value - this.#takenVolt) >= volt;
  }
}

/** How many intervals of a grid have passed since the step began. */
function gridPosition(
  every: PlannedInterval | undefined,
  { elapsedSecond, chargeCoulomb }: CarriedStep,
): number {
  switch (every?.kind) {
    case 'time':
      return elapsedSecond / every.second;
    case 'charge':
      return Math.abs(chargeCoulomb) / every.coulomb;
    default:
      return 0;
  }
}
