import type { Clock } from '../domain/clock.ts';
import type { EngineState } from '../domain/run-store.ts';
import type { ChargeCounter } from './charge-counter.ts';
import type { Journal } from './journal.ts';
import type { PlanPosition } from './plan-walk.ts';
import { type CarriedStep, NOTHING_CARRIED } from './step-facts.ts';
import type { Suspension } from './suspension.ts';

export interface StepLedgerOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly charge: ChargeCounter;
  readonly suspension: Suspension;
  /** What an earlier start of the software has done of the step that comes first. */
  readonly carried: CarriedStep;
  /** The beginning of that step is on record. */
  readonly isInStep: boolean;
}

/** Keeps the time and the charge of the step that runs, and writes down how steps begin and end. */
export class StepLedger {
  readonly #options: StepLedgerOptions;
  #position: PlanPosition | undefined;
  #startSecond = 0;
  #startCoulomb = 0;
  #carried: CarriedStep;
  /** The step has begun, in this start of the software or in an earlier one. */
  #isInStep: boolean;
  #isRunning = false;
  /** When the run was halted: the step's time ends there. */
  #haltSecond: number | undefined;
  #lastEndedBy = '';

  constructor(options: StepLedgerOptions) {
    this.#options = options;
    this.#carried = options.carried;
    this.#isInStep = options.isInStep;
  }

  /** The step that runs or has run last. */
  get position(): PlanPosition | undefined {
    return this.#position;
  }

  /** What ended the step before; empty before the first has ended. */
  get lastEndedBy(): string {
    return this.#lastEndedBy;
  }

  /** Where a resumed run will go on. */
  standAt(position: PlanPosition | undefined): void {
    this.#position = position;
  }

  /** @returns what an earlier start of the software has done of this step */
  begin(position: PlanPosition): CarriedStep {
    const { suspension } = this.#options;
    const carried = this.#carried;
    this.#position = position;
    this.#carried = NOTHING_CARRIED;
    this.#startSecond = suspension.activeSecond() - carried.elapsedSecond;
    this.#startCoulomb = this.#chargeCoulomb() - carried.chargeCoulomb;
    const isResumed = this.#isInStep;
    this.#isInStep = true;
    this.#isRunning = true;
    if (!isResumed) this.#record(position, 'started');
    const { stepId, step } = position;
    this.#event('stepStarted', `Step ${stepId} ${isResumed ? 'goes on' : 'starts'}: ${step.kind}.`);
    return carried;
  }

  /**
   * The step has ended as the recipe wants it.
   * @param advance moves to the next one: the state that is saved with the step's last record
   * stands there
   */
  end(position: PlanPosition, endedBy: string, advance: () => void): void {
    this.#lastEndedBy = endedBy;
    advance();
    this.#isInStep = false;
    this.#isRunning = false;
    this.#record(position, 'ended', endedBy);
    this.#event('stepEnded', `Step ${position.stepId} has ended by ${endedBy}.`);
  }

  /**
   * What ended the run ended the step too. Its time and charge are kept: whoever resumes the run
   * begins it anew from there.
   */
  breakOff(position: PlanPosition, endedBy: string): void {
    this.#isInStep = false;
    this.#record(position, 'ended', endedBy);
  }

  /** The time of the step stands still from now on. */
  halt(): void {
    this.#haltSecond = this.#options.suspension.activeSecond();
  }

  /** The charge of the run counts from 0 again. */
  chargeStartsAnew(): void {
    this.#startCoulomb = 0;
  }

  /** Passed in the step that runs. */
  stepChargeCoulomb(): number {
    return this.#isRunning
      ? this.#chargeCoulomb() - this.#startCoulomb
      : this.#carried.chargeCoulomb;
  }

  state(): Pick<EngineState, 'isInStep' | 'stepElapsedSecond' | 'stepChargeCoulomb'> {
    return {
      isInStep: this.#isInStep,
      stepElapsedSecond: this.#elapsedSecond(),
      stepChargeCoulomb: this.stepChargeCoulomb(),
    };
  }

  /** Before a step that is resumed goes on, and after a halt, it stands still. */
  #elapsedSecond(): number {
    if (!this.#isRunning) return this.#carried.elapsedSecond;
    return (this.#haltSecond ?? this.#options.suspension.activeSecond()) - this.#startSecond;
  }

  #chargeCoulomb(): number {
    const { charge, clock } = this.#options;
    return charge.chargeCoulombAt(clock.nowSecond());
  }

  #record({ step, stepId }: PlanPosition, state: 'started' | 'ended', endedBy?: string): void {
    const { journal } = this.#options;
    journal.record({
      kind: 'step',
      stepId,
      name: step.name,
      technique: step.kind,
      state,
      ...(endedBy === undefined ? {} : { endedBy }),
      chargeCoulomb: this.#chargeCoulomb(),
    });
    journal.commit();
  }

  #event(code: 'stepStarted' | 'stepEnded', message: string): void {
    const details = { charge_coulomb: this.#chargeCoulomb() };
    this.#options.journal.event({ code, severity: 'info', message, details });
  }
}
