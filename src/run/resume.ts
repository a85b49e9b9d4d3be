import { CHANNELS } from '../domain/channel.ts';
import { Fault } from '../domain/fault.ts';
import type { Resume } from '../domain/recipe.ts';
import type { EventCode, RunStatus } from '../domain/run-record.ts';
import type { EngineState } from '../domain/run-store.ts';
import type { Bench } from './bench.ts';
import type { JournalEvent } from './journal.ts';
import type { PlannedSoak, PlannedStep } from './plan.ts';
import { enterSafeState, safeActions } from './safe-state.ts';
import { runSoak } from './soak.ts';
import { settledWithin } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** The first temperature after a resume must come within this. */
const TEMPERATURE_SECOND_MAX = 60;

/** Between two starts of the software nobody looked. */
export interface Interruption {
  /** How the earlier start ended: `running` when it was cut off. */
  readonly endedAs: RunStatus;
  /** From the newest saved state, on the experiment's clock. */
  readonly fromSecond: number;
  /** Until this start. */
  readonly toSecond: number;
  /** Undefined when the wall clock tells nothing: it runs behind the records. */
  readonly lengthSecond: number | undefined;
  /** Records that the disk has lost. */
  readonly missingRecords: number;
  /** What happened to a damaged database, as one sentence. */
  readonly damage: string | undefined;
  /** A person at this machine says that the run may go on. */
  readonly confirmedBy: string | undefined;
}

/** Whether a run goes on after an interruption. */
export type ResumeDecision =
  | { readonly kind: 'goOn' }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string };

/** A person has looked at what had latched. */
export interface Acknowledged {
  readonly alarm: EventCode;
  readonly by: string;
  readonly reason: string;
}

/** Where an earlier start of the software was, and what is done about it. */
export interface Resumed {
  readonly acknowledged: readonly Acknowledged[];
  readonly state: EngineState;
  readonly interruption: Interruption;
  readonly decision: ResumeDecision;
}

/**
 * What the recipe's policy says. A person who confirms takes the place of the waiting, not of an
 * `abort`. Latched trips are no matter of policy: whoever calls has asked for a reason before.
 */
export function decideResume(policy: Resume, interruption: Interruption): ResumeDecision {
  if (policy.policy === 'abort') {
    return { kind: 'abort', reason: 'the recipe says that an interrupted run ends' };
  }
  if (interruption.confirmedBy !== undefined) return { kind: 'goOn' };
  const reason = reasonToHold(policy, interruption);
  return reason === undefined ? { kind: 'goOn' } : { kind: 'hold', reason };
}

function reasonToHold(policy: Resume, interruption: Interruption): string | undefined {
  const { endedAs, lengthSecond, missingRecords, damage } = interruption;
  if (endedAs !== 'running') return `the run was ${endedAs}`;
  if (policy.policy === 'hold') return 'the recipe says that a person decides';
  if (damage !== undefined || missingRecords > 0) return 'the run database was damaged';
  if (lengthSecond === undefined) return 'nobody knows how long the interruption was';
  if (lengthSecond <= policy.maxGap) return undefined;
  return `the interruption of ${spokenTime(lengthSecond)} is longer than the ${spokenTime(policy.maxGap)} that the recipe allows`;
}

/** What is written down of an interruption, first of all in the new start. */
export function interruptionEvents(resumed: Resumed): readonly JournalEvent[] {
  return [
    ...damageEvents(resumed),
    gapEvent(resumed),
    ...acknowledgements(resumed),
    takenUp(resumed),
  ];
}

function damageEvents({ interruption }: Resumed): readonly JournalEvent[] {
  const { missingRecords, damage } = interruption;
  if (damage === undefined && missingRecords === 0) return [];
  const what = damage === undefined ? '' : `: ${damage}`;
  return [
    {
      code: 'storage',
      severity: 'alarm',
      message: `The run database was damaged${what}. ${missingRecords} records that were written are lost.`,
      details: { lost_records: missingRecords },
    },
  ];
}

function acknowledgements({ acknowledged }: Resumed): readonly JournalEvent[] {
  return acknowledged.map(({ alarm, by, reason }) => ({
    code: 'alarmAcknowledged',
    severity: 'warning',
    message: `${by} has acknowledged ${alarm}: ${reason}.`,
    details: { alarm, by, reason },
  }));
}

function gapEvent({ interruption }: Resumed): JournalEvent {
  const { fromSecond, toSecond, lengthSecond, endedAs } = interruption;
  const length =
    lengthSecond === undefined ? 'of unknown length' : `of ${spokenTime(lengthSecond)}`;
  return {
    code: 'gap',
    severity: 'warning',
    message: `Nothing was observed in an interruption ${length}; the charge that passed between the last record and its beginning is not known and counts as none.`,
    details: {
      start_second: fromSecond,
      end_second: toSecond,
      length_second: lengthSecond ?? null,
      charge_coulomb: null,
      cause: endedAs === 'running' ? 'interrupted' : endedAs,
    },
  };
}

function takenUp({ state, interruption }: Resumed): JournalEvent {
  const { stepElapsedSecond, chargeCoulomb, walk } = state;
  return {
    code: 'runResumed',
    severity: 'info',
    message: `The run is taken up ${spokenTime(stepElapsedSecond)} into its step.`,
    details: {
      step_index: walk.stepIndex,
      step_elapsed_second: stepElapsedSecond,
      charge_coulomb: chargeCoulomb,
      confirmed_by: interruption.confirmedBy ?? null,
    },
  };
}

/**
 * Takes up a run where it was: everything off, a person asked where the policy wants one, then
 * the heat that the step was measured at.
 * @param options.admit throws while a trip is not acknowledged: nothing is energised then
 * @throws Fault interrupted when the policy ends the run, and what the instruments throw
 */
export async function takeUp(
  bench: Bench,
  { state, decision }: Resumed,
  options: {
    readonly steps: readonly PlannedStep[];
    /** A soak comes first anyway and brings its own heat. */
    readonly isSoakNext: boolean;
    readonly admit: () => void;
  },
): Promise<void> {
  await allOff(bench);
  if (decision.kind === 'abort') {
    throw new Fault('interrupted', { where: 'resume policy', message: decision.reason });
  }
  if (decision.kind === 'hold') {
    const { reason } = decision;
    const message = `The run waits for a person: ${reason}. Everything is off meanwhile.`;
    await bench.ask({ kind: 'held', message, details: { reason } }, bench.signal);
  }
  options.admit();
  const { heaterTargetCelsius } = state;
  if (heaterTargetCelsius === null || options.isSoakNext) return;
  await warmAgain(bench, soakAt(options.steps, heaterTargetCelsius));
}

/** A potentiostat may have gone on by itself when the software ended. */
async function allOff(bench: Bench): Promise<void> {
  const actions = safeActions(bench.instruments, () => true);
  const outcomes = await enterSafeState(bench.clock, actions, () => {});
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

/** The recipe's own soak at this temperature knows its tolerance and how long to dwell. */
function soakAt(steps: readonly PlannedStep[], celsius: number): PlannedSoak {
  for (const step of everyStep(steps)) {
    if (step.kind === 'soak' && step.temperatureCelsius === celsius) return step;
  }
  throw new Fault('storage', {
    where: 'saved state',
    message: `the heater was to hold ${celsius} °C, which no soak of the recipe asks for`,
  });
}

function* everyStep(steps: readonly PlannedStep[]): Generator<PlannedStep> {
  for (const step of steps) {
    yield step;
    if (step.kind === 'loop') yield* everyStep(step.steps);
    if (step.kind === 'screen') {
      for (const { steps: tried } of step.candidates) yield* everyStep(tried);
    }
    if (step.kind !== 'branch') continue;
    for (const inner of step.cases.values()) yield* everyStep(inner);
    yield* everyStep(step.otherwise);
  }
}

/** Dwells again only when the cell has left its temperature. */
async function warmAgain(bench: Bench, soak: PlannedSoak): Promise<void> {
  const celsius = await firstTemperature(bench);
  const isWarm = Math.abs(celsius - soak.temperatureCelsius) <= soak.toleranceKelvin;
  await runSoak(bench, { ...soak, dwellSecond: isWarm ? 0 : soak.dwellSecond });
}

async function firstTemperature({ clock, intake, signal }: Bench): Promise<number> {
  let forget = (): void => {};
  const heard = new Promise<number>((resolve) => {
    forget = intake.listen(CHANNELS.temperature.name, ({ value, quality }) => {
      if (quality === 'good') resolve(value);
    });
  });
  try {
    const end = await settledWithin(clock, TEMPERATURE_SECOND_MAX, heard, signal);
    if (end.kind === 'value') return end.value;
  } finally {
    forget();
  }
  throw new Fault('timeout', {
    where: CHANNELS.temperature.name,
    message: `no temperature came within ${TEMPERATURE_SECOND_MAX} s of the resume`,
  });
}
