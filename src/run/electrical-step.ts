import { Fault } from '../domain/fault.ts';
import type { CellEvent } from '../domain/recipe-conditions.ts';
import type { StepMemory } from '../domain/run-store.ts';
import type { Bench } from './bench.ts';
import { CellGuard, confirmCellOff } from './cell-guard.ts';
import { ConditionWatch } from './condition-watch.ts';
import { flow } from './electrical-flow.ts';
import {
  biasOf,
  type ElectricalPart,
  type ElectricalStepPlan,
  setPointEvent,
  techniqueOf,
} from './electrical-technique.ts';
import { InnerSweeps } from './inner-sweeps.ts';
import type { ElectricalReading } from './intake.ts';
import type { PlannedCondition } from './plan.ts';
import { StepAcquisitions } from './step-acquisitions.ts';
import { endOf, type StepEnd } from './step-end.ts';
import { type CarriedStep, StepFactsCollector } from './step-facts.ts';
import { VoltagePeak } from './voltage-peak.ts';
import { spokenTime } from './wording.ts';

/**
 * A step that is bounded by its charge alone takes a little longer than planned when the current
 * is a little smaller than asked for; much longer, and the current is not what it should be.
 */
const OVERTIME_SHARE = 0.05;
const OVERTIME_SECOND = 60;
/** Rounding of times. */
const SAME_SECOND = 1e-6;
/** With less of its time left a step is over: no instrument does anything in so short a time. */
const NEARLY_SECOND = 0.05;

/** Runs rest, current or voltage with the measurements taken meanwhile. */
export async function runElectrical(
  bench: Bench,
  step: ElectricalStepPlan,
  carried: CarriedStep,
): Promise<StepEnd> {
  return endOf(await new ElectricalStep(bench, step, carried).run());
}

class ElectricalStep {
  readonly #bench: Bench;
  readonly #step: ElectricalStepPlan;
  readonly #facts: StepFactsCollector;
  readonly #watch: ConditionWatch;
  readonly #guard: CellGuard;
  readonly #acquisitions: StepAcquisitions;
  readonly #sweeps: InnerSweeps;
  readonly #peak: VoltagePeak | undefined;
  /** On the clock: when the current, the voltage or the rest was last begun. */
  #flowStartSecond = 0;
  /** When the rest began that sweeps and suspensions only interrupt. */
  #restStartSecond: number | undefined;
  #newestVolt: number | undefined;
  #newestAmpere = 0;
  /** What has ended the step: it stays so while the instrument is told to end, and after that. */
  #met: PlannedCondition | undefined;
  /** The second part of constant current, constant voltage. */
  #holdsVoltage: boolean;

  constructor(bench: Bench, step: ElectricalStepPlan, carried: CarriedStep) {
    this.#bench = bench;
    this.#step = step;
    this.#facts = new StepFactsCollector(bench, carried);
    const { memory } = carried;
    this.#watch = new ConditionWatch(step.until, memory?.conditions);
    this.#met = memory?.metIndex === undefined ? undefined : step.until[memory.metIndex];
    this.#holdsVoltage = memory?.holdsVoltage ?? false;
    this.#guard = new CellGuard(bench, this.#facts, step);
    this.#acquisitions = new StepAcquisitions(bench, {
      during: step.during,
      carried,
      facts: () => this.#facts.now(),
      endSecond: step.longestSecond,
    });
    // While constant current flows to a voltage its size says nothing.
    if (step.kind === 'constantCurrentConstantVoltage') {
      this.#facts.ignoreCurrent(!this.#holdsVoltage);
    }
    this.#sweeps = new InnerSweeps(bench, {
      facts: this.#facts,
      endSecond: step.longestSecond,
      onShort: (verdict) => this.#guard.foundShort(verdict),
    });
    this.#peak = this.#acquisitions.answers('voltagePeak') ? new VoltagePeak() : undefined;
  }

  async run(): Promise<PlannedCondition> {
    // A short that was found just before the software ended has ended the step.
    if (this.#facts.events.has('short')) this.#met ??= this.#metNow(false);
    const setPoint = setPointEvent(this.#step);
    if (setPoint && !this.#met) this.#bench.journal.event(setPoint);
    this.#bench.remembers(() => this.#memory());
    try {
      // Of a step that was cut off after its end only what follows the end is left to do.
      const met = this.#met ?? (await this.#untilMet());
      this.#acquisitions.close();
      if (this.#facts.events.has('short')) await confirmCellOff(this.#bench);
      await this.#acquisitions.idle();
      this.#bench.signal.throwIfAborted();
      await this.#acquisitions.answerEnd(this.#facts.events);
      return met;
    } finally {
      this.#acquisitions.close();
      this.#facts.stop();
    }
  }

  #memory(): StepMemory {
    const met = this.#met;
    return {
      ...this.#facts.memory(),
      conditions: this.#watch.memory(),
      acquisitions: this.#acquisitions.memory(),
      holdsVoltage: this.#holdsVoltage,
      ...(met ? { metIndex: this.#step.until.indexOf(met) } : {}),
    };
  }

  async #untilMet(): Promise<PlannedCondition> {
    const { suspension, signal } = this.#bench;
    this.#acquisitions.begin();
    for (;;) {
      await suspension.cleared(signal);
      const due = this.#acquisitions.dueSweep(this.#facts.now());
      const isTimeUp = due
        ? await this.#sweeps.take(due, biasOf(this.#part, this.#newestAmpere), this.#newestVolt)
        : await this.#flow();
      signal.throwIfAborted();
      this.#met ??= this.#metNow(isTimeUp);
      if (this.#met) return this.#met;
      this.#checkOvertime();
    }
  }

  get #part(): ElectricalPart {
    return { step: this.#step, holdsVoltage: this.#holdsVoltage };
  }

  /**
   * The step's own technique until a sweep is due, the step ends or the run is suspended.
   * @returns whether the time of the step is up
   */
  async #flow(): Promise<boolean> {
    this.#flowStartSecond = this.#bench.clock.nowSecond();
    this.#newestVolt = undefined;
    this.#facts.forgetRate();
    this.#peak?.forget();
    const { elapsedSecond } = this.#facts;
    const next = this.#acquisitions.nextSweepSecond(elapsedSecond + SAME_SECOND);
    const isInTime = next !== undefined && next < this.#step.longestSecond;
    const outcome = await flow(this.#bench, {
      technique: techniqueOf(this.#part, {
        safety: this.#bench.safety,
        durationSecond: this.#leftSecond(elapsedSecond),
      }),
      leaveAfterSecond: isInTime ? next - elapsedSecond : undefined,
      isEnough: (reading) => this.#isEnough(reading),
    });
    return outcome === 'timeUp';
  }

  /** To the planned end, and after that to the end of the overtime. */
  #leftSecond(elapsedSecond: number): number {
    const { longestSecond } = this.#step;
    const toEnd = longestSecond - elapsedSecond;
    return toEnd > NEARLY_SECOND ? toEnd : overtimeEnd(longestSecond) - elapsedSecond;
  }

  #isEnough(reading: ElectricalReading): boolean {
    this.#look(reading);
    const facts = this.#facts.now();
    this.#acquisitions.look(facts);
    this.#met = this.#watch.look(facts);
    if (this.#met) return true;
    return this.#turnsToVoltage(reading) || this.#acquisitions.dueSweep(facts) !== undefined;
  }

  #look(reading: ElectricalReading): void {
    this.#facts.look(reading);
    if (reading.quality === 'good') {
      this.#newestVolt = reading.voltageVolt;
      this.#newestAmpere = reading.currentAmpere;
      if (this.#peak?.look(reading.voltageVolt)) this.#acquisitions.want('voltagePeak');
    }
    const event = this.#guarded(reading);
    // A hard short ends the step, and is answered after that.
    if (event === 'softShort') this.#acquisitions.want(event);
  }

  /** What the cell shows of a short, which every part of a step shows in its own way. */
  #guarded(reading: ElectricalReading): CellEvent | undefined {
    const { kind } = this.#step;
    if (kind === 'openCircuit') {
      this.#restStartSecond ??= this.#flowStartSecond;
      return this.#guard.lookAtRest(reading, this.#restStartSecond);
    }
    const holdsVoltage = kind === 'constantVoltage' || this.#holdsVoltage;
    if (holdsVoltage) return this.#guard.lookAtHold(reading, this.#flowStartSecond);
    return this.#guard.look(reading, this.#flowStartSecond);
  }

  /** The current has brought the cell to the voltage that is then held. */
  #turnsToVoltage({ voltageVolt, quality }: ElectricalReading): boolean {
    const step = this.#step;
    if (step.kind !== 'constantCurrentConstantVoltage' || this.#holdsVoltage) return false;
    const beyond = (voltageVolt - step.voltageVolt) * Math.sign(step.currentAmpere);
    this.#holdsVoltage = quality === 'good' && beyond >= 0;
    if (this.#holdsVoltage) this.#facts.ignoreCurrent(false);
    return this.#holdsVoltage;
  }

  /** @param isTimeUp the clock says so, whatever the rounding of times. */
  #metNow(isTimeUp: boolean): PlannedCondition | undefined {
    const { longestSecond } = this.#step;
    const isOver = isTimeUp || longestSecond - this.#facts.elapsedSecond < NEARLY_SECOND;
    return this.#watch.look(this.#facts.now(isOver ? longestSecond : 0));
  }

  #checkOvertime(): void {
    const { longestSecond, name } = this.#step;
    if (this.#facts.elapsedSecond < overtimeEnd(longestSecond) - SAME_SECOND) return;
    throw new Fault('timeout', {
      where: name,
      message: `should have ended after ${spokenTime(longestSecond)} at the latest, and no condition of its until is met: the current is not what was asked for`,
    });
  }
}

function overtimeEnd(longestSecond: number): number {
  return longestSecond * (1 + OVERTIME_SHARE) + OVERTIME_SECOND;
}
