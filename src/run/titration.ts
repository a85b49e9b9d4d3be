import type { StepMemory } from '../domain/run-store.ts';
import type { Bench } from './bench.ts';
import { CellGuard, confirmCellOff } from './cell-guard.ts';
import { ConditionWatch } from './condition-watch.ts';
import { EdgeRecording } from './edge-recording.ts';
import { type FlowOutcome, flow } from './electrical-flow.ts';
import type { ElectricalReading } from './intake.ts';
import { PartsDone } from './parts-done.ts';
import type { PlannedCondition, PlannedTitration } from './plan.ts';
import { endOf, type StepEnd } from './step-end.ts';
import { type CarriedStep, StepFactsCollector } from './step-facts.ts';
import { spokenTime, spokenValue } from './wording.ts';

/**
 * Galvanostatic intermittent titration: a pulse, a rest, again, until a pulse meets a condition.
 * Around each switch of the current the voltage is recorded fast, because the ohmic drop is the
 * difference between the last value before and the first after it (analysis.md 3.5). Each pulse
 * and each rest that ends writes down its times.
 */
export async function runTitration(
  bench: Bench,
  step: PlannedTitration,
  carried: CarriedStep,
): Promise<StepEnd> {
  const titration = new Titration(bench, step, carried);
  try {
    const met = await titration.run();
    return met ? endOf(met) : { endedBy: `${step.pulsesMax} pulses`, end: 'complete' };
  } finally {
    titration.stop();
  }
}

/** With less of its time left a pulse is over: no instrument does anything in so short a time. */
const NEARLY_SECOND = 0.05;

type Phase = 'pulse' | 'rest';

class Titration {
  readonly #bench: Bench;
  readonly #step: PlannedTitration;
  readonly #facts: StepFactsCollector;
  readonly #watch: ConditionWatch;
  readonly #guard: CellGuard;
  /** Also those that were cut off: their charge has passed, so none begins anew. */
  #pulsesBegun: number;
  /** How long the newest pulse has lasted before it was cut off; infinite once it is over. */
  #pulseDoneSecond: number;
  /** When its current was last switched on; undefined while it is off. */
  #pulseFlowSecond: number | undefined;
  #restStartSecond = 0;
  readonly #rests: PartsDone;
  /** What ended the newest pulse early: the titration ends after its rest. */
  #met: PlannedCondition | undefined;

  constructor(bench: Bench, step: PlannedTitration, carried: CarriedStep) {
    this.#bench = bench;
    this.#step = step;
    this.#facts = new StepFactsCollector(bench, carried);
    const { memory } = carried;
    this.#watch = new ConditionWatch(step.until, memory?.conditions);
    this.#met = memory?.metIndex === undefined ? undefined : step.until[memory.metIndex];
    this.#rests = new PartsDone(memory?.partsDone);
    this.#guard = new CellGuard(bench, this.#facts, step);
    this.#pulsesBegun = carried.pulsesBegun ?? 0;
    this.#pulseDoneSecond = memory?.pulseSecond ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<PlannedCondition | undefined> {
    this.#announce();
    this.#bench.remembers(() => this.#memory());
    // A short that was found just before the software ended has ended the step.
    if (this.#facts.events.has('short')) this.#met ??= this.#watch.look(this.#facts.now());
    for (;;) {
      // Also one that was cut off by the end of the software.
      if (this.#rests.count < this.#pulsesBegun) {
        if (!this.#met) await this.#pulse();
        if (this.#facts.events.has('short')) return this.#endByShort();
        await this.#rest();
        if (this.#facts.events.has('short')) return this.#endByShort();
      }
      if (this.#met || this.#pulsesBegun >= this.#step.pulsesMax) return this.#met;
      this.#pulsesBegun += 1;
      this.#pulseDoneSecond = 0;
      this.#bench.pulsesBegun(this.#pulsesBegun);
    }
  }

  async #endByShort(): Promise<PlannedCondition | undefined> {
    await confirmCellOff(this.#bench);
    return this.#met;
  }

  #memory(): StepMemory {
    const met = this.#met;
    return {
      ...this.#facts.memory(),
      conditions: this.#watch.memory(),
      partsDone: this.#rests.count,
      ...(Number.isFinite(this.#pulseDoneSecond) ? { pulseSecond: this.#pulseSecond() } : {}),
      ...(met ? { metIndex: this.#step.until.indexOf(met) } : {}),
    };
  }

  #pulseSecond(): number {
    const flowedSecond =
      this.#pulseFlowSecond === undefined
        ? 0
        : this.#bench.clock.nowSecond() - this.#pulseFlowSecond;
    return this.#pulseDoneSecond + flowedSecond;
  }

  stop(): void {
    this.#bench.pulsesBegun(0);
    this.#facts.stop();
  }

  #announce(): void {
    const { pulseSecond, restSecond, currentAmpere, name } = this.#step;
    this.#bench.journal.event({
      code: 'setPoint',
      severity: 'info',
      message: `${name}: pulses of ${spokenValue(currentAmpere, 'A')} for ${spokenTime(pulseSecond)}, rests of ${spokenTime(restSecond)}.`,
      details: {
        current_ampere: currentAmpere,
        pulse_second: pulseSecond,
        rest_second: restSecond,
      },
    });
  }

  /**
   * The instrument measures at the rhythm of the edges all through the pulse, because to change
   * the rhythm it would have to interrupt the current; what is between is judged, not recorded.
   * One that is cut off goes on for the time that is left, so that every pulse after it begins at
   * the composition that the recipe means; it is not whole and tells no diffusion.
   */
  async #pulse(): Promise<void> {
    const { signal, suspension } = this.#bench;
    let outcome: FlowOutcome = 'suspended';
    while (
      outcome === 'suspended' &&
      this.#pulseDoneSecond < this.#step.pulseSecond - NEARLY_SECOND
    ) {
      await suspension.cleared(signal);
      const startSecond = this.#bench.clock.nowSecond();
      this.#pulseFlowSecond = startSecond;
      outcome = await this.#told('pulse', () => this.#pulseOnce(startSecond));
      this.#pulseDoneSecond = this.#pulseSecond();
      this.#pulseFlowSecond = undefined;
    }
    this.#pulseDoneSecond = Number.POSITIVE_INFINITY;
  }

  #pulseOnce(startSecond: number): Promise<FlowOutcome> {
    const { currentAmpere, edgeEverySecond, edgeSecond, sampleEverySecond } = this.#step;
    const durationSecond = this.#step.pulseSecond - this.#pulseDoneSecond;
    const { safety } = this.#bench;
    this.#facts.forgetRate();
    const recording = new EdgeRecording({
      startSecond,
      durationSecond,
      edgeSecond,
      sampleEverySecond,
    });
    const isRecorded = (reading: ElectricalReading): boolean => {
      this.#facts.look(reading);
      this.#guard.look(reading, startSecond);
      this.#met = this.#watch.look(this.#facts.now());
      return recording.wants(reading.timeSecond) || this.#met !== undefined;
    };
    return flow(this.#bench, {
      technique: {
        kind: 'constantCurrent',
        currentAmpere,
        sampleEverySecond: Math.min(edgeEverySecond, sampleEverySecond),
        durationSecond,
        voltageVoltMin: safety.voltage.min,
        voltageVoltMax: safety.voltage.max,
      },
      isRecorded,
      isEnough: () => this.#met !== undefined,
    });
  }

  /** Without current the rhythm can change at any time. One that is cut off begins again. */
  async #rest(): Promise<void> {
    const { signal, suspension } = this.#bench;
    let outcome: FlowOutcome;
    do {
      await suspension.cleared(signal);
      this.#facts.forgetRate();
      this.#guard.restBegins();
      this.#restStartSecond = this.#bench.clock.nowSecond();
      outcome = await this.#told('rest', () => this.#restOnce());
    } while (outcome === 'suspended');
  }

  async #restOnce(): Promise<FlowOutcome> {
    const { edgeEverySecond, edgeSecond, restSecond, sampleEverySecond } = this.#step;
    const edge = Math.min(edgeSecond, restSecond / 3);
    const fast = Math.min(edgeEverySecond, sampleEverySecond);
    const parts = [
      [edge, fast],
      [restSecond - 2 * edge, sampleEverySecond],
      [edge, fast],
    ] as const;
    for (const [durationSecond, everySecond] of parts) {
      const outcome = await flow(this.#bench, {
        technique: { kind: 'openCircuit', durationSecond, sampleEverySecond: everySecond },
        isEnough: (reading) => {
          this.#facts.look(reading);
          const event = this.#guard.lookAtRest(reading, this.#restStartSecond);
          if (event === 'short') this.#met ??= this.#watch.look(this.#facts.now());
          return event === 'short';
        },
      });
      if (outcome !== 'timeUp') return outcome;
    }
    return 'timeUp';
  }

  /** Writes down when a phase was, and whether it was whole. */
  async #told(phase: Phase, run: () => Promise<FlowOutcome>): Promise<FlowOutcome> {
    const { charge, clock, journal } = this.#bench;
    const startSecond = clock.nowSecond();
    const startCoulomb = charge.chargeCoulombAt(startSecond);
    const currentAmpere = phase === 'pulse' ? this.#step.currentAmpere : 0;
    const closes = this.#bench.opened(() => ({
      kind: 'phase',
      step: this.#step.name,
      phase,
      number: this.#pulsesBegun,
      currentAmpere,
      startSecond,
      startChargeCoulomb: startCoulomb,
    }));
    // Closed in the same turn as the record: a commit in between would know of neither.
    let outcome: FlowOutcome;
    try {
      outcome = await run();
    } finally {
      closes();
    }
    const stopSecond = clock.nowSecond();
    const isWhole = outcome === 'timeUp' && (phase === 'rest' || this.#pulseDoneSecond === 0);
    if (isWhole && phase === 'rest') this.#rests.add();
    journal.event({
      code: 'phase',
      severity: 'info',
      message: `${this.#step.name}: ${phase} ${this.#pulsesBegun} has ended${isWhole ? '' : ' early'}.`,
      details: {
        phase,
        number: this.#pulsesBegun,
        start_second: startSecond,
        stop_second: stopSecond,
        current_ampere: currentAmpere,
        start_charge_coulomb: startCoulomb,
        stop_charge_coulomb: charge.chargeCoulombAt(stopSecond),
        whole: isWhole,
      },
    });
    return outcome;
  }
}
