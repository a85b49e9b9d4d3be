import type { Instruments } from '../domain/instrument.ts';
import type { EngineState } from '../domain/run-store.ts';
import { AlarmBoard } from './alarms.ts';
import { Beside } from './beside.ts';
import { type Connection, connectionsOf } from './bring-up.ts';
import { ChargeCounter } from './charge-counter.ts';
import { Drops } from './drops.ts';
import { Halting } from './halting.ts';
import { HeaterWatch } from './heater-watch.ts';
import { Intake } from './intake.ts';
import { limitsOf } from './interlocks.ts';
import { commitSecondMax, Journal } from './journal.ts';
import { LoopConditions } from './loop-conditions.ts';
import { People } from './people.ts';
import { PlanWalk } from './plan-walk.ts';
import { Reconnection } from './reconnection.ts';
import { ResourceUse } from './resource-use.ts';
import { RunMemory } from './run-memory.ts';
import type { RunnerOptions } from './runner-options.ts';
import { StuckWatch } from './sample-watch.ts';
import { type CarriedStep, NOTHING_CARRIED } from './step-facts.ts';
import { StepLedger } from './step-ledger.ts';
import { Suspension } from './suspension.ts';

/** Everything that one run works with, made for each other. */
export interface RunParts {
  /** Those of the options, with a potentiostat whose loss the run can outlive. */
  readonly instruments: Instruments;
  readonly beside: Beside;
  readonly halting: Halting;
  readonly journal: Journal;
  readonly alarms: AlarmBoard;
  readonly people: People;
  readonly charge: ChargeCounter;
  readonly intake: Intake;
  readonly heaterWatch: HeaterWatch;
  readonly suspension: Suspension;
  readonly resources: ResourceUse;
  readonly drops: Drops;
  readonly loops: LoopConditions;
  readonly walk: PlanWalk;
  readonly memory: RunMemory;
  readonly ledger: StepLedger;
  readonly connections: readonly Connection[];
  /** Instruments that were talked to, in order; what was never touched needs no safe state. */
  readonly touched: Connection[];
}

/** Makes the parts of a run, and lets them hear of each other. Nothing acts yet. */
export function assembleRun(options: RunnerOptions): RunParts {
  const { bus, clock, info, plan, resumeFrom, writer } = options;
  const touched: Connection[] = [];
  const beside = new Beside();
  // Made first, because all others see its potentiostat; what it tells them it tells much later.
  const { potentiostat } = new Reconnection({
    potentiostat: options.instruments.potentiostat,
    clock,
    journal: { event: (event) => journal.event(event) },
    suspension: { hold: (reason) => suspension.hold(reason) },
    policy: plan.resume,
    seed: info.seed,
    get signal() {
      return halting.signal;
    },
    ask: (question) => people.ask(question, halting.signal),
    background: (work) => beside.add(work),
    onFault: (fault) => halting.haltOnError(fault),
  });
  const instruments = { ...options.instruments, potentiostat };
  const charge = new ChargeCounter(resumeFrom?.chargeCoulomb);
  const memory = new RunMemory(resumeFrom);
  const loops = new LoopConditions(bus, plan.steps, {
    isShorted: () => memory.short.latched,
    known: resumeFrom?.derived,
  });
  const walk = new PlanWalk(plan.steps, {
    isLoopDone: (name) => loops.isDone(name),
    ...(resumeFrom ? { state: resumeFrom.walk } : {}),
  });
  const halting: Halting = new Halting({
    clock,
    instruments,
    touched: () => new Set(touched.map(({ instrument }) => instrument)),
    tell: (event) => journal.event(event),
    onHalt: () => ledger.halt(),
    onCellOff: () => charge.switchTo({ timeSecond: clock.nowSecond(), currentAmpere: 0 }),
    lastEndedBy: () => ledger.lastEndedBy,
  });
  const journal = new Journal({
    writer,
    clock,
    commitSecondMax: commitSecondMax(info.speed),
    state: () => engineState(options, { charge, ledger, loops, memory, suspension, walk }),
    onFault: (fault) => halting.haltWith({ kind: 'faulted', fault }),
    onEvent: (event) => alarms.hear(event),
    ...(options.disk ? { disk: options.disk } : {}),
  });
  const alarms = new AlarmBoard({
    clock,
    tell: (event) => journal.event(event),
    ...(options.earlierAlarms ? { earlier: options.earlierAlarms } : {}),
  });
  const heaterWatch = new HeaterWatch(instruments.heater?.response);
  const intake = makeIntake(options, { charge, halting, heaterWatch, journal });
  const suspension = new Suspension({
    clock,
    journal,
    suspenders: plan.suspend,
    earlier: resumeFrom?.suspension,
    onFault: (fault) => halting.haltWith({ kind: 'faulted', fault }),
  });
  const ledger = new StepLedger({
    clock,
    journal,
    charge,
    suspension,
    carried: carriedStep(options),
    isInStep: resumeFrom?.isInStep ?? false,
  });
  const connections = connectionsOf(instruments, intake.accept);
  const people = new People({
    clock,
    journal,
    alarms,
    suspension,
    watched: watchedChannels(connections, limitsOf(plan.safety)),
    newest: (channel) => intake.newest(channel),
  });
  return {
    ...{ halting, journal, alarms, people, charge, intake, heaterWatch, suspension },
    ...{ resources: new ResourceUse(plan.exclusive), drops: new Drops(journal), loops },
    ...{ walk, memory, ledger, connections, touched, instruments, beside },
  };
}

function makeIntake(
  { clock, instruments, plan }: RunnerOptions,
  parts: Pick<RunParts, 'charge' | 'halting' | 'heaterWatch' | 'journal'>,
): Intake {
  const limits = limitsOf(plan.safety);
  return new Intake({
    clock,
    journal: parts.journal,
    charge: parts.charge,
    limits,
    watches: [
      new StuckWatch([...limits.values()].filter(({ sensorMin }) => sensorMin !== undefined)),
      ...(instruments.heater ? [parts.heaterWatch] : []),
    ],
    onTrip: (trip) => parts.halting.haltWith({ kind: 'tripped', trip }),
  });
}

function engineState(
  { clock, instruments }: RunnerOptions,
  parts: Pick<RunParts, 'charge' | 'ledger' | 'loops' | 'memory' | 'suspension' | 'walk'>,
): EngineState {
  const { specimen } = instruments;
  const timeSecond = clock.nowSecond();
  const derived = parts.loops.known();
  const suspension = parts.suspension.memory();
  return {
    timeSecond,
    walk: parts.walk.state(),
    ...parts.ledger.state(),
    chargeCoulomb: parts.charge.chargeCoulombAt(timeSecond),
    ...parts.memory.state(),
    ...(derived ? { derived } : {}),
    ...(suspension ? { suspension } : {}),
    ...(specimen ? { specimen: specimen.saveState() } : {}),
  };
}

/** What an earlier start of the software has done of the step that comes first. */
function carriedStep({ plan, resumeFrom }: RunnerOptions): CarriedStep {
  if (!resumeFrom) return NOTHING_CARRIED;
  return {
    elapsedSecond: resumeFrom.stepElapsedSecond,
    chargeCoulomb: resumeFrom.stepChargeCoulomb,
    pulsesBegun: resumeFrom.titrationPulses ?? 0,
    memory: resumeFrom.step,
    repeats: plan.resume.policy === 'resume',
  };
}

/** Channels with limits that are measured whatever the step does. */
function watchedChannels(
  connections: readonly Connection[],
  limits: ReadonlyMap<string, unknown>,
): ReadonlySet<string> {
  const names = connections.flatMap(({ channels }) => channels.map(({ name }) => name));
  return new Set(names.filter((name) => limits.has(name)));
}
