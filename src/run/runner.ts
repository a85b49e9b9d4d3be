import type { Alarm } from '../domain/alarm.ts';
import { type ExitCode, Fault } from '../domain/fault.ts';
import type { RunControl, RunProgress, Signature, Waiting } from '../domain/run-control.ts';
import type { RunStatus } from '../domain/run-record.ts';
import { announcement } from './announcement.ts';
import { connectWithin } from './bring-up.ts';
import { recordResults } from './bus-recorder.ts';
import { markCutOff } from './cut-off.ts';
import { type Ending, exitCodeOf } from './ending.ts';
import { watchGuard } from './guard-watch.ts';
import { interruptionEvents, type Resumed, takeUp } from './resume.ts';
import { assembleRun, type RunParts } from './run-parts.ts';
import type { RunnerOptions } from './runner-options.ts';
import type { SafeActionOutcome } from './safe-state.ts';
import { StepSequence } from './step-sequence.ts';
import { disconnectAll, drainAnalyses, reportLosses, reportUnusable } from './wind-down.ts';

export type RunOutcome = Ending & { readonly exitCode: ExitCode };

/**
 * Runs one plan once. The only writer of the run's records and the only one who changes
 * outputs. Whatever happens, it ends in the safe state and says how it ended.
 */
export class Runner implements RunControl {
  readonly #options: RunnerOptions;
  readonly #parts: RunParts;
  readonly #steps: StepSequence;
  #startSecond = 0;
  #endSecond: number | undefined;
  #run: Promise<RunOutcome> | undefined;
  #ended: RunStatus | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#parts = assembleRun(options);
    this.#steps = new StepSequence(options, this.#parts);
  }

  /** Runs the plan to its end, whatever the end is. Never rejects; may be called once. */
  run(): Promise<RunOutcome> {
    this.#run ??= this.#runOnce();
    return this.#run;
  }

  async stop(requestedBy: string): Promise<void> {
    this.#parts.halting.haltWith({ kind: 'stopped', requestedBy });
    const outcomes = await this.#parts.halting.safeState();
    const failed = outcomes.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return;
    throw new Fault(
      'instrumentLost',
      failed.map(({ action, failure }) => ({
        where: action.instrument,
        message: `not confirmed that ${action.result}: ${failure}`,
      })),
    );
  }

  waiting(): Waiting | undefined {
    return this.#parts.halting.isHalted ? undefined : this.#parts.people.waiting();
  }

  async goOn(signature: Signature): Promise<void> {
    this.#parts.people.goOn(signature);
  }

  alarms(): readonly Alarm[] {
    return [...this.#parts.alarms.alarms.values()];
  }

  async acknowledge(code: string, signature: Signature): Promise<void> {
    this.#parts.people.acknowledge(code, signature);
  }

  /** Takes the rig to its safe state because something outside the run has failed. */
  fail(error: unknown): void {
    this.#parts.halting.haltOnError(error);
  }

  status(): RunStatus {
    return this.#ended ?? this.#parts.halting.safeEnding()?.status ?? 'running';
  }

  progress(): RunProgress {
    const { clock, plan } = this.#options;
    const { position } = this.#parts.ledger;
    return {
      elapsedSecond: (this.#endSecond ?? clock.nowSecond()) - this.#startSecond,
      plannedSecond: plan.longestSecond,
      stepIndex: position?.stepIndex ?? 0,
      stepCount: plan.stepCount,
      stepName: position?.stepId ?? '',
      technique: position?.step.kind ?? '',
      chargeCoulomb: this.#chargeCoulomb(),
    };
  }

  async #runOnce(): Promise<RunOutcome> {
    const { clock } = this.#options;
    this.#startSecond = this.#resumed() ? 0 : clock.nowSecond();
    const forget = recordResults(this.#options.bus, this.#parts.journal, this.#parts.drops);
    this.#announce();
    const unwatch = watchGuard(this.#options.instruments.guard, {
      journal: this.#parts.journal,
      trip: (trip) => this.#parts.halting.haltWith({ kind: 'tripped', trip }),
      fail: (fault) => this.#parts.halting.haltOnError(fault),
    });
    this.#options.bus.publish('runBegun', {});
    this.#parts.alarms.start();
    this.#parts.suspension.start(this.#parts.intake);
    try {
      await this.#connectAll();
      await this.#takeUp();
      this.#parts.suspension.begin();
      await this.#steps.run();
    } catch (error) {
      this.#parts.halting.haltOnError(error);
    }
    const safety = await this.#parts.halting.safeState();
    await this.#parts.beside.idle();
    await disconnectAll(clock, this.#parts.journal, this.#parts.touched);
    unwatch();
    this.#parts.intake.close();
    this.#parts.suspension.stop();
    await drainAnalyses(clock, this.#parts.journal, this.#options.analyses);
    forget();
    reportLosses(this.#parts.drops, this.#parts.instruments.potentiostat);
    reportUnusable(this.#parts.drops, this.#parts.intake.unusable);
    this.#parts.drops.report();
    return this.#end(safety);
  }

  /** All that is known of an earlier start; undefined in the first one. */
  #resumed(): Resumed | undefined {
    const { resumeFrom, interruption } = this.#options;
    return resumeFrom && interruption ? { state: resumeFrom, ...interruption } : undefined;
  }

  async #takeUp(): Promise<void> {
    const resumed = this.#resumed();
    if (!resumed) return;
    const position = this.#parts.walk.current();
    this.#parts.ledger.standAt(position);
    await takeUp(this.#steps.bench(), resumed, {
      steps: this.#options.plan.steps,
      isSoakNext: position?.step.kind === 'soak',
      admit: () => this.#parts.alarms.admit(),
    });
  }

  /**
   * First of all in each start. The state that a resumed run saves knows nothing more of what was
   * cut off, so that must be on record by the very first commit.
   */
  #announce(): void {
    const { journal } = this.#parts;
    const { info, instruments, plan } = this.#options;
    const resumed = this.#resumed();
    const events = resumed ? interruptionEvents(resumed) : announcement(info, plan, instruments);
    journal.together(() => {
      for (const event of events) journal.event(event);
      if (resumed) markCutOff(journal, resumed.state);
    });
  }

  async #connectAll(): Promise<void> {
    // Whoever acknowledged the trip that ended an earlier start answers for what was below it too.
    const cleared = this.#options.interruption?.acknowledged.find(
      ({ alarm }) => alarm === 'interlock',
    );
    if (cleared) this.#options.instruments.guard?.permitClearing(cleared);
    for (const connection of this.#parts.connections) {
      this.#parts.halting.signal.throwIfAborted();
      this.#parts.touched.push(connection);
      await connectWithin(this.#options.clock, connection, this.#parts.halting.signal);
      for (const { name } of connection.channels) {
        this.#parts.intake.watch(name, connection.everySecond);
      }
      const { id, model, provenance } = connection.info;
      this.#parts.journal.event({
        code: 'note',
        severity: 'info',
        message: `${id} is connected: ${model} (${provenance}).`,
      });
    }
    this.#nameInstruments();
  }

  /** Serial numbers, and whether it is the instrument or a simulated one, are known by now. */
  #nameInstruments(): void {
    const { instruments } = this.#options.info;
    const found = new Map(this.#parts.connections.map(({ info }) => [info.id, info]));
    this.#parts.journal.nameInstruments(instruments.map((one) => found.get(one.id) ?? one));
  }

  #end(safety: readonly SafeActionOutcome[]): RunOutcome {
    this.#parts.alarms.stop();
    this.#parts.people.close();
    const planned = this.#parts.halting.ending(safety);
    this.#parts.journal.event({
      code: 'runEnded',
      severity: planned.status === 'done' || planned.status === 'stopped' ? 'info' : 'alarm',
      message: planned.message,
      details: { status: planned.status, charge_coulomb: this.#chargeCoulomb() },
    });
    this.#parts.journal.finish(planned.status);
    // The disk may have failed on the very last record.
    const ending = this.#parts.halting.ending(safety);
    this.#parts.halting.close();
    this.#endSecond = this.#options.clock.nowSecond();
    this.#ended = ending.status;
    const lost = this.#parts.journal.lostRecords;
    const loss = lost === 0 ? '' : ` ${lost} records could not be written.`;
    return {
      ...ending,
      message: `${ending.message}${loss}`,
      exitCode: exitCodeOf(ending.status),
    };
  }

  #chargeCoulomb(): number {
    return this.#parts.charge.chargeCoulombAt(this.#options.clock.nowSecond());
  }
}
