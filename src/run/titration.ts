import type { Bench } from './bench.ts';
import { CellGuard, confirmCellOff } from './cell-guard.ts';
import { ConditionWatch } from './condition-watch.ts';
import { EdgeRecording } from './edge-recording.ts';
import { type FlowOutcome, flow } from './electrical-flow.ts';
import type { ElectricalReading } from './intake.ts';
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

type Phase = 'pulse' | 'rest';

class Titration {
  readonly #bench: Bench;
  readonly #step: PlannedTitration;
  readonly #facts: StepFactsCollector;
  readonly #watch: ConditionWatch;
  readonly #guard: CellGuard;
  /** Also those that were cut off: their charge has passed, so none is repeated. */
  #pulsesBegun: number;

  constructor(bench: Bench, step: PlannedTitration, carried: CarriedStep) {
    this.#bench = bench;
    this.#step = step;
    this.#facts = new StepFactsCollector(bench, carried);
    this.#watch = new ConditionWatch(step.until);
    this.#guard = new CellGuard(bench, this.#facts, step);
    this.#pulsesBegun = carried.pulsesBegun ?? 0;
  }

  async run(): Promise<PlannedCondition | undefined> {
    this.#announce();
    // After a pulse that was cut off by the end of the software the rest is whole.
    if (this.#pulsesBegun > 0) await this.#rest();
    while (this.#pulsesBegun < this.#step.pulsesMax) {
      this.#pulsesBegun += 1;
      this.#bench.pulsesBegun(this.#pulsesBegun);
      const met = await this.#pulse();
      if (this.#facts.events.has('short')) {
        await confirmCellOff(this.#bench);
        return met;
      }
      await this.#rest();
      if (met) return met;
    }
    return undefined;
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
   */
  async #pulse(): Promise<PlannedCondition | undefined> {
    const { currentAmpere, edgeEverySecond, edgeSecond, pulseSecond, sampleEverySecond } =
      this.#step;
    const { clock, safety, signal, suspension } = this.#bench;
    await suspension.cleared(signal);
    this.#facts.forgetRate();
    const startSecond = clock.nowSecond();
    const recording = new EdgeRecording({
      startSecond,
      durationSecond: pulseSecond,
      edgeSecond,
      sampleEverySecond,
    });
    let met: PlannedCondition | undefined;
    const isRecorded = (reading: ElectricalReading): boolean => {
      this.#facts.look(reading);
      this.#guard.look(reading, startSecond);
      met = this.#watch.look(this.#facts.now());
      return recording.wants(reading.timeSecond) || met !== undefined;
    };
    await this.#told('pulse', () =>
      flow(this.#bench, {
        technique: {
          kind: 'constantCurrent',
          currentAmpere,
          sampleEverySecond: Math.min(edgeEverySecond, sampleEverySecond),
          durationSecond: pulseSecond,
          voltageVoltMin: safety.voltage.min,
          voltageVoltMax: safety.voltage.max,
        },
        isRecorded,
        isEnough: () => met !== undefined,
      }),
    );
    return met;
  }

  /** Without current the rhythm can change at any time. One that is cut off begins again. */
  async #rest(): Promise<void> {
    const { signal, suspension } = this.#bench;
    let outcome: FlowOutcome;
    do {
      await suspension.cleared(signal);
      this.#facts.forgetRate();
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
          return false;
        },
      });
      if (outcome === 'suspended') return outcome;
    }
    return 'timeUp';
  }

  /** Writes down when a phase was, and whether it was whole. */
  async #told(phase: Phase, run: () => Promise<FlowOutcome>): Promise<FlowOutcome> {
    const { charge, clock, journal } = this.#bench;
    const startSecond = clock.nowSecond();
    const startCoulomb = charge.chargeCoulombAt(startSecond);
    const outcome = await run();
    const stopSecond = clock.nowSecond();
    const isWhole = outcome === 'timeUp';
    journal.event({
      code: 'phase',
      severity: 'info',
      message: `${this.#step.name}: ${phase} ${this.#pulsesBegun} has ended${isWhole ? '' : ' early'}.`,
      details: {
        phase,
        number: this.#pulsesBegun,
        start_second: startSecond,
        stop_second: stopSecond,
        current_ampere: phase === 'pulse' ? this.#step.currentAmpere : 0,
        start_charge_coulomb: startCoulomb,
        stop_charge_coulomb: charge.chargeCoulombAt(stopSecond),
        whole: isWhole,
      },
    });
    return outcome;
  }
}
