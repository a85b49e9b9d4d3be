import { Fault } from '../domain/fault.ts';
import type { Bench } from './bench.ts';
import { limitsEvent } from './limit-levels.ts';
import { awaitResults } from './loop-conditions.ts';
import type { PlanPosition } from './plan-walk.ts';
import type { RunParts } from './run-parts.ts';
import type { RunnerOptions } from './runner-options.ts';
import { executeStep } from './step-executor.ts';

/** Runs the steps of a plan one after the other. */
export class StepSequence {
  readonly #options: RunnerOptions;
  readonly #parts: RunParts;
  /** Steps whose limits are written down already: loops run the same ones again. */
  readonly #guarded = new Set<object>();

  constructor(options: RunnerOptions, parts: RunParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** @throws the reason of the run's signal when it ends before its recipe does, or a Fault */
  async run(): Promise<void> {
    const { walk } = this.#parts;
    for (let position = walk.current(); position; position = walk.current()) {
      await this.#runStep(position);
    }
    const failed = walk.failedScreen();
    if (failed === undefined) return;
    throw new Fault('badInput', {
      where: failed,
      message: 'every candidate was rejected, so nothing after this screen has a value',
    });
  }

  async #runStep(position: PlanPosition): Promise<void> {
    const { halting, ledger, memory, walk } = this.#parts;
    const { step, stepId } = position;
    halting.signal.throwIfAborted();
    const carried = ledger.begin(position);
    this.#showLimits(step);
    try {
      const { endedBy, end } = await executeStep(this.bench(), step, carried);
      // Heard before the walk goes on: a loop may end on what follows from it.
      this.#options.bus.publish('stepEnded', {
        stepId,
        technique: step.kind,
        chargeCoulomb: ledger.stepChargeCoulomb(),
      });
      if (walk.decidesLoop()) await this.#awaitResults();
      ledger.end(position, endedBy, () => {
        walk.advance(end);
        memory.forgetStep();
      });
    } catch (error) {
      // What ended the run ended the step too, and its record must say so.
      halting.haltOnError(error);
      ledger.breakOff(position, halting.ending().endedBy);
      throw halting.signal.reason;
    }
  }

  #awaitResults(): Promise<void> {
    const { analyses, clock } = this.#options;
    const { halting, journal } = this.#parts;
    return awaitResults({ clock, journal }, analyses, halting.signal);
  }

  #showLimits(step: PlanPosition['step']): void {
    if (this.#guarded.has(step)) return;
    this.#guarded.add(step);
    this.#parts.journal.event(limitsEvent(this.#options.plan.safety, step));
  }

  /** What a step works with. */
  bench(): Bench {
    const { bus, clock, plan, spools, waveforms } = this.#options;
    const { charge, drops, halting, heaterWatch, instruments, intake, journal } = this.#parts;
    const { beside, memory, people, resources, suspension } = this.#parts;
    const remembered = memory.forSteps();
    return {
      ...{ instruments, clock, bus, spools, journal, intake, charge, suspension, resources, drops },
      waveforms,
      safety: plan.safety,
      signal: halting.signal,
      ...remembered,
      trip: (trip) => halting.haltWith({ kind: 'tripped', trip }),
      fail: (fault) => halting.haltOnError(fault),
      heaterSetTo: (celsius) => {
        remembered.heaterSetTo(celsius);
        heaterWatch.setTarget(celsius);
      },
      cellIsFresh: () => this.#forgetCell(),
      ask: (question, signal) => people.ask(question, signal),
      background: (work) => beside.add(work),
    };
  }

  /** Another specimen is in place. */
  #forgetCell(): void {
    const { alarms, charge, ledger, loops, memory } = this.#parts;
    memory.short.latched = false;
    charge.startAnew(this.#options.clock.nowSecond());
    ledger.chargeStartsAnew();
    loops.forget();
    alarms.endOfSpecimen();
  }
}
