import type { AcquisitionMemory } from '../domain/run-store.ts';
import { ConditionWatch } from './condition-watch.ts';
import { PartsDone } from './parts-done.ts';
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
  /** What the end of the step wants of it, as far as it is done. */
  readonly answering: PartsDone;
  readonly #acquisition: PlannedAcquisition;
  readonly #faster: ConditionWatch | undefined;
  /** Which of the grid comes next. */
  #index: number;
  #isFirst: boolean;
  #isFast = false;
  #isWanted: boolean;
  /** One was cut off by the end of the software and is due once more. */
  #isRepeat: boolean;
  #isTaking = false;
  /** Of the measurement that runs, or was cut off. */
  #parts: PartsDone;
  #takenSecond: number;
  #takenVolt: number | undefined;

  /**
   * @param carried of a step that is resumed: what was due before is not taken again, unless it
   * was cut off
   * @param memory of the same schedule, as the step's earlier part has left it
   */
  constructor(acquisition: PlannedAcquisition, carried: CarriedStep, memory?: AcquisitionMemory) {
    const { every, faster } = acquisition;
    this.what = acquisition.what;
    this.#acquisition = acquisition;
    this.#faster = faster && new ConditionWatch([faster.while], memory?.faster);
    this.#isFirst = memory?.isFirst ?? carried.elapsedSecond === 0;
    this.#index = memory?.index ?? firstIndex(every, carried);
    this.#isWanted = memory?.isWanted ?? false;
    this.#isRepeat = (memory?.isTaking ?? false) && carried.repeats === true;
    this.answering = new PartsDone(memory?.answeredParts);
    this.#parts = new PartsDone(this.#isRepeat ? memory?.partsDone : 0);
    this.#takenSecond = memory?.takenSecond ?? carried.elapsedSecond;
    this.#takenVolt = memory?.takenVolt;
    // Sweeps move on when they end: one that was cut off and is not repeated does so here.
    const isOver = memory?.isTaking === true && !this.#isRepeat;
    if (isOver && this.what.kind === 'impedance') this.#moveOn(carried, carried);
  }

  /** For a resumed run. */
  memory(): AcquisitionMemory {
    const faster = this.#faster?.memory();
    return {
      index: this.#index,
      isFirst: this.#isFirst,
      isWanted: this.#isWanted,
      isTaking: this.#isTaking || this.#isRepeat,
      partsDone: this.#parts.count,
      answeredParts: this.answering.count,
      takenSecond: this.#takenSecond,
      takenVolt: this.#takenVolt,
      ...(faster ? { faster } : {}),
    };
  }

  /**
   * The measurement begins; a resumed run repeats it unless `ends` was called.
   * @returns how much of it is done: nothing, unless an earlier start of the software has begun it
   */
  begins(): PartsDone {
    this.#isTaking = true;
    this.#isRepeat = false;
    return this.#parts;
  }

  /** It is whole. */
  ends(): void {
    this.#isTaking = false;
    this.#parts = new PartsDone();
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
    if (this.#isWanted || this.#isRepeat) return true;
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
    const { voltage } = nowFacts;
    if (voltage?.quality === 'good') this.#takenVolt = voltage.value;
    return this.#moveOn(startedFacts, nowFacts);
  }

  #moveOn(started: CarriedStep, now: CarriedStep): number {
    const { every } = this.#acquisition;
    const isOnGrid = this.#isFirst || this.#isOnGrid(started, every);
    this.#isFirst = false;
    this.#isWanted = false;
    this.#isRepeat = false;
    this.#takenSecond = started.elapsedSecond;
    if (!isOnGrid) return 0;
    const next = Math.max(this.#index + 1, Math.ceil(gridPosition(every, now) - SAME_SHARE));
    const missed = next - this.#index - 1;
    this.#index = next;
    return missed;
  }

  #isOnGrid(facts: CarriedStep, every: PlannedInterval | undefined): boolean {
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

/** Of a step whose schedule nobody remembers. */
function firstIndex(every: PlannedInterval | undefined, carried: CarriedStep): number {
  if (carried.elapsedSecond === 0) return 0;
  return Math.max(1, Math.ceil(gridPosition(every, carried)));
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
