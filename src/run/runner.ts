import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import { type ExitCode, Fault } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { RunControl, RunProgress } from '../domain/run-control.ts';
import type { RunInfo, RunStatus } from '../domain/run-record.ts';
import type { RunWriter, ScanSpoolFactory } from '../domain/run-store.ts';
import type { Bench } from './bench.ts';
import { type Connection, connectionsOf, connectWithin } from './bring-up.ts';
import { recordResults } from './bus-recorder.ts';
import { ChargeCounter } from './charge-counter.ts';
import { type Ending, endingOf, exitCodeOf, type Halt, haltEvent, haltOfError } from './ending.ts';
import { Intake } from './intake.ts';
import { limitsOf } from './interlocks.ts';
import { COMMIT_SECOND_MAX, Journal, SIMULATED_COMMIT_SECOND_MAX } from './journal.ts';
import { type PlanPosition, type RunPlan, walkPlan } from './plan.ts';
import { enterSafeState, type SafeActionOutcome, safeActions } from './safe-state.ts';
import { executeStep } from './step-executor.ts';
import { disconnectAll, drainAnalyses, reportUnusable } from './wind-down.ts';
import { spokenTime } from './wording.ts';

export interface RunnerOptions {
  readonly plan: RunPlan;
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly writer: RunWriter;
  readonly spools: ScanSpoolFactory;
  readonly info: RunInfo;
  /** Asked, at the end, to finish what they have heard. */
  readonly analyses: readonly AnalysisService[];
}

export type RunOutcome = Ending & { readonly exitCode: ExitCode };

/**
 * Runs one plan once. The only writer of the run's records and the only one who changes
 * outputs. Whatever happens, it ends in the safe state and says how it ended.
 */
export class Runner implements RunControl {
  readonly #options: RunnerOptions;
  readonly #abort = new AbortController();
  readonly #journal: Journal;
  readonly #charge = new ChargeCounter();
  readonly #intake: Intake;
  readonly #connections: readonly Connection[];
  /** Instruments that were talked to, in order; what was never touched needs no safe state. */
  readonly #touched: Connection[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #idCounts = { spectrum: 0, scan: 0 };
  readonly #short = { latched: false };
  #startSecond = 0;
  #endSecond: number | undefined;
  #position: PlanPosition | undefined;
  #stepStartSecond = 0;
  #lastEndedBy = '';
  #halt: Halt | undefined;
  #safeState: Promise<readonly SafeActionOutcome[]> | undefined;
  #run: Promise<RunOutcome> | undefined;
  #status: RunStatus = 'running';

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { clock, info, instruments, plan, writer } = options;
    this.#journal = new Journal({
      writer,
      clock,
      commitSecondMax: info.speed === 1 ? COMMIT_SECOND_MAX : SIMULATED_COMMIT_SECOND_MAX,
      state: () => this.#engineState(),
      onFault: (fault) => this.#haltWith({ kind: 'faulted', fault }),
    });
    this.#intake = new Intake({
      clock,
      journal: this.#journal,
      charge: this.#charge,
      limits: limitsOf(plan.safety),
      onTrip: (trip) => this.#haltWith({ kind: 'tripped', trip }),
    });
    this.#connections = connectionsOf(instruments, this.#intake.accept);
  }

  /** Runs the plan to its end, whatever the end is. Never rejects; may be called once. */
  run(): Promise<RunOutcome> {
    this.#run ??= this.#runOnce();
    return this.#run;
  }

  async stop(requestedBy: string): Promise<void> {
    this.#haltWith({ kind: 'stopped', requestedBy });
    const outcomes = await this.#reachSafeState();
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

  /** Takes the rig to its safe state because something outside the run has failed. */
  fail(error: unknown): void {
    this.#haltOnError(error);
  }

  status(): RunStatus {
    return this.#status;
  }

  progress(): RunProgress {
    const { clock, plan } = this.#options;
    const step = this.#position?.step;
    return {
      elapsedSecond: (this.#endSecond ?? clock.nowSecond()) - this.#startSecond,
      plannedSecond: plan.longestSecond,
      stepIndex: this.#position?.stepIndex ?? 0,
      stepCount: plan.stepCount,
      stepName: this.#position?.stepId ?? '',
      technique: step?.kind ?? '',
      chargeCoulomb: this.#chargeCoulomb(),
    };
  }

  async #runOnce(): Promise<RunOutcome> {
    const { clock } = this.#options;
    this.#startSecond = clock.nowSecond();
    const forget = recordResults(this.#options.bus, this.#journal);
    this.#announce();
    try {
      await this.#connectAll();
      for (const position of walkPlan(this.#options.plan)) await this.#runStep(position);
    } catch (error) {
      this.#haltOnError(error);
    }
    const safety = await this.#reachSafeState();
    await Promise.all(this.#background);
    await disconnectAll(clock, this.#journal, this.#touched);
    this.#intake.close();
    await drainAnalyses(clock, this.#journal, this.#options.analyses);
    forget();
    reportUnusable(this.#journal, this.#intake.unusable);
    return this.#end(safety);
  }

  #announce(): void {
    const { info, plan } = this.#options;
    this.#journal.event({
      code: 'runStarted',
      severity: 'info',
      message: `Run ${info.runId} of recipe ${plan.recipe} on cell ${info.cell}: ${plan.stepCount} steps, at most ${spokenTime(plan.longestSecond)}.`,
      details: { step_count: plan.stepCount, longest_second: plan.longestSecond },
    });
  }

  async #connectAll(): Promise<void> {
    for (const connection of this.#connections) {
      this.#abort.signal.throwIfAborted();
      this.#touched.push(connection);
      await connectWithin(this.#options.clock, connection, this.#abort.signal);
      for (const { name } of connection.channels) this.#intake.watch(name);
      const { id, model, provenance } = connection.info;
      this.#journal.event({
        code: 'note',
        severity: 'info',
        message: `${id} is connected: ${model} (${provenance}).`,
      });
    }
  }

  async #runStep(position: PlanPosition): Promise<void> {
    const { step, stepId } = position;
    this.#abort.signal.throwIfAborted();
    this.#position = position;
    this.#stepStartSecond = this.#options.clock.nowSecond();
    this.#recordStep(position, 'started');
    this.#stepEvent('stepStarted', `Step ${stepId} starts: ${step.kind}.`);
    try {
      this.#lastEndedBy = await executeStep(this.#bench(), step);
    } catch (error) {
      // What ended the run ended the step too, and its record must say so.
      this.#haltOnError(error);
      this.#recordStep(position, 'ended', this.#endedBy());
      throw this.#abort.signal.reason;
    }
    this.#recordStep(position, 'ended', this.#lastEndedBy);
    this.#stepEvent('stepEnded', `Step ${stepId} has ended by ${this.#lastEndedBy}.`);
  }

  #bench(): Bench {
    const { bus, clock, instruments, plan, spools } = this.#options;
    return {
      instruments,
      clock,
      bus,
      spools,
      journal: this.#journal,
      intake: this.#intake,
      charge: this.#charge,
      safety: plan.safety,
      signal: this.#abort.signal,
      short: this.#short,
      nextId: (kind) => `${kind}-${String(++this.#idCounts[kind]).padStart(3, '0')}`,
      trip: (trip) => this.#haltWith({ kind: 'tripped', trip }),
      fail: (fault) => this.#haltOnError(fault),
      background: (work) => {
        this.#background.add(work);
        void work.finally(() => this.#background.delete(work));
      },
    };
  }

  /** The first cause latches; later ones are only written down. */
  #haltWith(halt: Halt): void {
    if (this.#endSecond !== undefined) return;
    const isFirst = this.#halt === undefined;
    this.#halt ??= halt;
    // The safe state starts in the same turn, before anything is written.
    if (isFirst) {
      this.#abort.abort(new Error('the run ends before its recipe'));
      void this.#reachSafeState();
    }
    this.#journal.event(haltEvent(halt));
  }

  /** Unwinding after a halt throws the abort's own reason, which is no news. */
  #haltOnError(error: unknown): void {
    if (error === this.#abort.signal.reason) return;
    this.#haltWith(haltOfError(error));
  }

  #reachSafeState(): Promise<readonly SafeActionOutcome[]> {
    this.#safeState ??= this.#enterSafeState();
    return this.#safeState;
  }

  async #enterSafeState(): Promise<readonly SafeActionOutcome[]> {
    const { clock, instruments } = this.#options;
    const touched = new Set(this.#touched.map(({ instrument }) => instrument));
    const actions = safeActions(instruments, (instrument) => touched.has(instrument));
    const outcomes = await enterSafeState(clock, actions, (outcome) => this.#reportSafe(outcome));
    if (this.#halt) this.#status = endingOf(this.#halt, outcomes, this.#lastEndedBy).status;
    return outcomes;
  }

  #reportSafe({ action, failure }: SafeActionOutcome): void {
    if (action.instrument === this.#options.instruments.potentiostat.info.id && !failure) {
      const timeSecond = this.#options.clock.nowSecond();
      this.#charge.switchTo({ timeSecond, currentAmpere: 0 });
    }
    this.#journal.event({
      code: 'safeState',
      severity: failure === undefined ? 'info' : 'alarm',
      message:
        failure === undefined
          ? `Safe state: ${action.result}.`
          : `Safe state: it is NOT confirmed that ${action.result} (${failure}). Look at the rig.`,
      details: { instrument: action.instrument, confirmed: failure === undefined },
    });
  }

  #end(safety: readonly SafeActionOutcome[]): RunOutcome {
    const planned = endingOf(this.#halt, safety, this.#lastEndedBy);
    this.#journal.event({
      code: 'runEnded',
      severity: planned.status === 'done' || planned.status === 'stopped' ? 'info' : 'alarm',
      message: planned.message,
      details: { status: planned.status, charge_coulomb: this.#chargeCoulomb() },
    });
    this.#journal.finish(planned.status);
    // The disk may have failed on the very last record.
    const ending = endingOf(this.#halt, safety, this.#lastEndedBy);
    this.#endSecond = this.#options.clock.nowSecond();
    this.#status = ending.status;
    const lost = this.#journal.lostRecords;
    const loss = lost === 0 ? '' : ` ${lost} records could not be written.`;
    return {
      ...ending,
      message: `${ending.message}${loss}`,
      exitCode: exitCodeOf(ending.status),
    };
  }

  #recordStep({ step, stepId }: PlanPosition, state: 'started' | 'ended', endedBy?: string): void {
    this.#journal.record({
      kind: 'step',
      stepId,
      name: step.name,
      technique: step.kind,
      state,
      ...(endedBy === undefined ? {} : { endedBy }),
      chargeCoulomb: this.#chargeCoulomb(),
    });
    this.#journal.commit();
  }

  #stepEvent(code: 'stepStarted' | 'stepEnded', message: string): void {
    const chargeCoulomb = this.#chargeCoulomb();
    this.#journal.event({
      code,
      severity: 'info',
      message,
      details: { charge_coulomb: chargeCoulomb },
    });
  }

  #chargeCoulomb(): number {
    return this.#charge.chargeCoulombAt(this.#options.clock.nowSecond());
  }

  #endedBy(): string {
    return endingOf(this.#halt, [], this.#lastEndedBy).endedBy;
  }

  #engineState() {
    const { clock } = this.#options;
    return {
      stepIndex: this.#position?.stepIndex ?? 0,
      loopPass: this.#position?.loopPass ?? 0,
      stepElapsedSecond: this.#position ? clock.nowSecond() - this.#stepStartSecond : 0,
      chargeCoulomb: this.#chargeCoulomb(),
    };
  }
}
