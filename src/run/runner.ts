import type { Alarm } from '../domain/alarm.ts';
import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import type { DiskSpace } from '../domain/disk-space.ts';
import { type ExitCode, Fault } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { RunControl, RunProgress } from '../domain/run-control.ts';
import type { EventCode, RunInfo, RunStatus } from '../domain/run-record.ts';
import type { EngineState, RunWriter, ScanSpoolFactory } from '../domain/run-store.ts';
import { AlarmBoard } from './alarms.ts';
import type { Bench } from './bench.ts';
import { type Connection, connectionsOf, connectWithin } from './bring-up.ts';
import { recordResults } from './bus-recorder.ts';
import { ChargeCounter } from './charge-counter.ts';
import { Drops } from './drops.ts';
import { type Ending, endingOf, exitCodeOf, type Halt, haltEvent, haltOfError } from './ending.ts';
import { HeaterWatch } from './heater-watch.ts';
import { injectedFaultEvents } from './injected-fault-events.ts';
import { Intake } from './intake.ts';
import { limitsOf } from './interlocks.ts';
import { commitSecondMax, Journal } from './journal.ts';
import { limitsEvent } from './limit-levels.ts';
import { awaitResults, LoopConditions } from './loop-conditions.ts';
import type { RunPlan } from './plan.ts';
import { planDigest } from './plan-digest.ts';
import { type PlanPosition, PlanWalk } from './plan-walk.ts';
import { ResourceUse } from './resource-use.ts';
import { interruptionEvents, Permission, type Resumed, takeUp } from './resume.ts';
import { enterSafeState, type SafeActionOutcome, safeActions } from './safe-state.ts';
import { StuckWatch } from './sample-watch.ts';
import { executeStep } from './step-executor.ts';
import { type CarriedStep, NOTHING_CARRIED } from './step-facts.ts';
import { Suspension } from './suspension.ts';
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
  /** Alarms of earlier starts of the software, by code. */
  readonly earlierAlarms?: ReadonlyMap<EventCode, Alarm>;
  /** Where an earlier start of the software was when it ended without ending the run. */
  readonly resumeFrom?: EngineState;
  /** With `resumeFrom`: what happened in between, and whether the run may go on by itself. */
  readonly interruption?: Omit<Resumed, 'state'>;
  /** Watched while the run is written. */
  readonly disk?: DiskSpace;
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
  readonly #charge: ChargeCounter;
  readonly #intake: Intake;
  readonly #suspension: Suspension;
  readonly #resources: ResourceUse;
  readonly #drops: Drops;
  readonly #connections: readonly Connection[];
  /** Instruments that were talked to, in order; what was never touched needs no safe state. */
  readonly #touched: Connection[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #idCounts: Record<string, number>;
  readonly #short: { latched: boolean };
  readonly #loops: LoopConditions;
  readonly #walk: PlanWalk;
  readonly #alarms: AlarmBoard;
  readonly #heaterWatch = new HeaterWatch();
  /** Steps whose limits are written down already: loops run the same ones again. */
  readonly #guarded = new Set<object>();
  #startSecond = 0;
  #endSecond: number | undefined;
  #position: PlanPosition | undefined;
  #stepStartSecond = 0;
  #stepStartCoulomb = 0;
  /** The current step has begun, in this start of the software or in an earlier one. */
  #isInStep = false;
  #isStepRunning = false;
  #heaterTargetCelsius: number | null = null;
  /** Of the titration that runs. */
  #pulsesBegun = 0;
  /** What an earlier start has done of the step that comes first. */
  #carried: CarriedStep = NOTHING_CARRIED;
  #lastEndedBy = '';
  #halt: Halt | undefined;
  #safeState: Promise<readonly SafeActionOutcome[]> | undefined;
  #run: Promise<RunOutcome> | undefined;
  /** Of a person, that a held run goes on. */
  readonly #permission = new Permission();
  /** When the run was halted: the step's time ends there. */
  #haltSecond: number | undefined;
  #status: RunStatus = 'running';

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { bus, clock, info, instruments, plan, resumeFrom, writer } = options;
    this.#charge = new ChargeCounter(resumeFrom?.chargeCoulomb);
    this.#idCounts = { ...resumeFrom?.idCounts };
    this.#short = { latched: resumeFrom?.shortLatched ?? false };
    this.#loops = new LoopConditions(bus, plan.steps, {
      isShorted: () => this.#short.latched,
      known: resumeFrom?.derived,
    });
    this.#walk = new PlanWalk(plan.steps, {
      isLoopDone: (name) => this.#loops.isDone(name),
      ...(resumeFrom ? { state: resumeFrom.walk } : {}),
    });
    if (resumeFrom) {
      this.#heaterTargetCelsius = resumeFrom.heaterTargetCelsius;
      this.#isInStep = resumeFrom.isInStep;
      this.#carried = {
        elapsedSecond: resumeFrom.stepElapsedSecond,
        chargeCoulomb: resumeFrom.stepChargeCoulomb,
        pulsesBegun: resumeFrom.titrationPulses ?? 0,
      };
      this.#pulsesBegun = resumeFrom.titrationPulses ?? 0;
    }
    this.#journal = new Journal({
      writer,
      clock,
      commitSecondMax: commitSecondMax(info.speed),
      state: () => this.#engineState(),
      onFault: (fault) => this.#haltWith({ kind: 'faulted', fault }),
      onEvent: (event) => this.#alarms.hear(event),
      ...(options.disk ? { disk: options.disk } : {}),
    });
    this.#alarms = new AlarmBoard({
      clock,
      tell: (event) => this.#journal.event(event),
      ...(options.earlierAlarms ? { earlier: options.earlierAlarms } : {}),
    });
    const limits = limitsOf(plan.safety);
    this.#intake = new Intake({
      clock,
      journal: this.#journal,
      charge: this.#charge,
      limits,
      watches: [
        new StuckWatch([...limits.values()].filter(({ sensorMin }) => sensorMin !== undefined)),
        ...(instruments.heater ? [this.#heaterWatch] : []),
      ],
      onTrip: (trip) => this.#haltWith({ kind: 'tripped', trip }),
    });
    this.#suspension = new Suspension({
      clock,
      journal: this.#journal,
      suspenders: plan.suspend,
      onFault: (fault) => this.#haltWith({ kind: 'faulted', fault }),
    });
    this.#suspension.start(this.#intake);
    this.#resources = new ResourceUse(plan.exclusive);
    this.#drops = new Drops(this.#journal);
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

  async goOn(requestedBy: string): Promise<void> {
    if (!this.#permission.isAwaited || this.#halt) {
      throw new Fault('badInput', { where: 'run', message: 'it waits for nobody' });
    }
    this.#journal.event({
      code: 'alarmAcknowledged',
      severity: 'warning',
      message: `${requestedBy} lets the held run go on.`,
      details: { alarm: 'held', by: requestedBy, reason: 'the run may go on' },
    });
    this.#permission.give();
  }

  alarms(): readonly Alarm[] {
    return [...this.#alarms.alarms.values()];
  }

  async acknowledge(code: string, by: string, reason: string): Promise<void> {
    this.#alarms.acknowledge(code, by, reason);
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
    this.#startSecond = this.#resumed() ? 0 : clock.nowSecond();
    const forget = recordResults(this.#options.bus, this.#journal, this.#drops);
    this.#announce();
    try {
      await this.#connectAll();
      await this.#takeUp();
      this.#suspension.begin();
      await this.#runSteps();
    } catch (error) {
      this.#haltOnError(error);
    }
    const safety = await this.#reachSafeState();
    await Promise.all(this.#background);
    await disconnectAll(clock, this.#journal, this.#touched);
    this.#intake.close();
    this.#suspension.stop();
    await drainAnalyses(clock, this.#journal, this.#options.analyses);
    forget();
    reportUnusable(this.#drops, this.#intake.unusable);
    this.#drops.report();
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
    this.#position = this.#walk.current();
    await takeUp(this.#bench(), resumed, {
      steps: this.#options.plan.steps,
      isSoakNext: this.#position?.step.kind === 'soak',
      permission: () => this.#permission.wait(this.#abort.signal),
    });
  }

  #announce(): void {
    const { info, plan } = this.#options;
    const resumed = this.#resumed();
    if (resumed) {
      for (const event of interruptionEvents(resumed)) this.#journal.event(event);
      return;
    }
    this.#journal.event({
      code: 'runStarted',
      severity: 'info',
      message: `Run ${info.runId} of recipe ${plan.recipe} on cell ${info.cell}: ${plan.stepCount} steps, at most ${spokenTime(plan.longestSecond)}.`,
      details: {
        step_count: plan.stepCount,
        longest_second: plan.longestSecond,
        plan_digest: planDigest(plan),
      },
    });
    for (const event of injectedFaultEvents(this.#options.instruments)) this.#journal.event(event);
    for (const { path, assume, reason } of plan.assumptions) {
      this.#journal.event({
        code: 'note',
        severity: 'info',
        message: `${path} is assumed to be ${assume}, for its source does not give it: ${reason}.`,
        details: { key: path, assumed: assume },
      });
    }
  }

  async #connectAll(): Promise<void> {
    for (const connection of this.#connections) {
      this.#abort.signal.throwIfAborted();
      this.#touched.push(connection);
      await connectWithin(this.#options.clock, connection, this.#abort.signal);
      for (const { name } of connection.channels) {
        this.#intake.watch(name, connection.everySecond);
      }
      const { id, model, provenance } = connection.info;
      this.#journal.event({
        code: 'note',
        severity: 'info',
        message: `${id} is connected: ${model} (${provenance}).`,
      });
    }
  }

  async #runSteps(): Promise<void> {
    for (let position = this.#walk.current(); position; position = this.#walk.current()) {
      await this.#runStep(position);
    }
    const failed = this.#walk.failedScreen();
    if (failed === undefined) return;
    throw new Fault('badInput', {
      where: failed,
      message: 'every candidate was rejected, so nothing after this screen has a value',
    });
  }

  async #runStep(position: PlanPosition): Promise<void> {
    const { step, stepId } = position;
    this.#abort.signal.throwIfAborted();
    this.#position = position;
    const carried = this.#carried;
    this.#carried = NOTHING_CARRIED;
    this.#stepStartSecond = this.#suspension.activeSecond() - carried.elapsedSecond;
    this.#stepStartCoulomb = this.#chargeCoulomb() - carried.chargeCoulomb;
    const isResumed = this.#isInStep;
    this.#isInStep = true;
    this.#isStepRunning = true;
    if (!isResumed) this.#recordStep(position, 'started');
    this.#stepEvent(
      'stepStarted',
      `Step ${stepId} ${isResumed ? 'goes on' : 'starts'}: ${step.kind}.`,
    );
    this.#showLimits(step);
    try {
      const { endedBy, end } = await executeStep(this.#bench(), step, carried);
      this.#lastEndedBy = endedBy;
      // Heard before the walk goes on: a loop may end on what follows from it.
      this.#options.bus.publish('stepEnded', {
        stepId,
        technique: step.kind,
        chargeCoulomb: this.#chargeCoulomb() - this.#stepStartCoulomb,
      });
      if (this.#walk.decidesLoop()) {
        const { clock, analyses } = this.#options;
        await awaitResults({ clock, journal: this.#journal }, analyses, this.#abort.signal);
      }
      // The state that is saved with the step's last record stands before the next step.
      this.#walk.advance(end);
      this.#isInStep = false;
      this.#isStepRunning = false;
    } catch (error) {
      // What ended the run ended the step too, and its record must say so.
      this.#haltOnError(error);
      // Its time and charge are kept: whoever resumes the run begins it anew from there.
      this.#isInStep = false;
      this.#recordStep(position, 'ended', this.#endedBy());
      throw this.#abort.signal.reason;
    }
    this.#recordStep(position, 'ended', this.#lastEndedBy);
    this.#stepEvent('stepEnded', `Step ${stepId} has ended by ${this.#lastEndedBy}.`);
  }

  #showLimits(step: PlanPosition['step']): void {
    if (this.#guarded.has(step)) return;
    this.#guarded.add(step);
    this.#journal.event(limitsEvent(this.#options.plan.safety, step));
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
      suspension: this.#suspension,
      resources: this.#resources,
      drops: this.#drops,
      signal: this.#abort.signal,
      short: this.#short,
      nextId: (kind) => this.#nextId(kind),
      trip: (trip) => this.#haltWith({ kind: 'tripped', trip }),
      fail: (fault) => this.#haltOnError(fault),
      heaterSetTo: (celsius) => {
        this.#heaterTargetCelsius = celsius;
        this.#heaterWatch.setTarget(celsius);
      },
      pulsesBegun: (count) => {
        this.#pulsesBegun = count;
      },
      cellIsFresh: () => this.#forgetCell(),
      background: (work) => {
        this.#background.add(work);
        void work.finally(() => this.#background.delete(work));
      },
    };
  }

  /** Another specimen is in place. */
  #forgetCell(): void {
    this.#short.latched = false;
    this.#charge.startAnew(this.#options.clock.nowSecond());
    this.#stepStartCoulomb = 0;
    this.#loops.forget();
  }

  #nextId(kind: string): string {
    const count = (this.#idCounts[kind] ?? 0) + 1;
    this.#idCounts[kind] = count;
    return `${kind === 'detectorSpectrum' ? 'detector' : kind}-${String(count).padStart(3, '0')}`;
  }

  /** The first cause latches; later ones are only written down. */
  #haltWith(halt: Halt): void {
    if (this.#endSecond !== undefined) return;
    const isFirst = this.#halt === undefined;
    this.#halt ??= halt;
    // The safe state starts in the same turn, before anything is written.
    if (isFirst) {
      this.#haltSecond = this.#suspension.activeSecond();
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
    this.#alarms.stop();
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

  /** Before a step that is resumed goes on, and after a halt, it stands still. */
  #stepElapsedSecond(): number {
    if (!this.#isStepRunning) return this.#carried.elapsedSecond;
    return (this.#haltSecond ?? this.#suspension.activeSecond()) - this.#stepStartSecond;
  }

  #engineState(): EngineState {
    const chargeCoulomb = this.#chargeCoulomb();
    const { specimen } = this.#options.instruments;
    const derived = this.#loops.known();
    return {
      timeSecond: this.#options.clock.nowSecond(),
      walk: this.#walk.state(),
      isInStep: this.#isInStep,
      stepElapsedSecond: this.#stepElapsedSecond(),
      stepChargeCoulomb: this.#isStepRunning
        ? chargeCoulomb - this.#stepStartCoulomb
        : this.#carried.chargeCoulomb,
      chargeCoulomb,
      idCounts: { ...this.#idCounts },
      shortLatched: this.#short.latched,
      ...(derived ? { derived } : {}),
      ...(this.#pulsesBegun > 0 ? { titrationPulses: this.#pulsesBegun } : {}),
      heaterTargetCelsius: this.#heaterTargetCelsius,
      ...(specimen ? { specimen: specimen.saveState() } : {}),
    };
  }
}
