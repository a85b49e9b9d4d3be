import { alarmsOf } from '../../src/domain/alarm.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { EventCode, RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import type { EngineState } from '../../src/domain/run-store.ts';
import type { Acknowledged, ResumeDecision } from '../../src/run/resume.ts';
import { advanceUntil } from './counting-clock.ts';
import { ScriptedOven } from './scripted-oven.ts';
import { type ScriptedRun, type Scripts, scriptedRun } from './scripted-run.ts';

/** A run that was cut off, with what is safe on its disk. */
export interface KilledRun {
  readonly run: ScriptedRun;
  readonly state: EngineState;
  readonly records: readonly RunRecord[];
}

export interface Kills {
  /** Each is so long after the start of the software, in s. */
  readonly afterSecond: readonly number[];
  /** Nobody looks for so long after each; 0 unless given. */
  readonly gapSecond?: number;
  readonly decision?: ResumeDecision;
  /** A person has acknowledged these before each resume. */
  readonly acknowledged?: readonly Acknowledged[];
}

/** Every record that a run of several starts has left, and the last start. */
export interface ResumedRun {
  readonly run: ScriptedRun;
  readonly records: readonly RunRecord[];
  readonly status: string;
  /** Kills that came before the end. */
  readonly kills: number;
}

/** Runs until it is cut off, as by a power cut: what is not committed then is lost. */
export async function killAfter(run: ScriptedRun, second: number): Promise<KilledRun> {
  void run.runner.run();
  await run.clock.advance(second);
  return killedNow(run);
}

function killedNow(run: ScriptedRun): KilledRun {
  const { writer } = run;
  const state = writer.states.at(-1)?.state;
  if (!state) throw new Error('nothing was saved before the kill');
  // As the disk holds it: text.
  const text = JSON.stringify(state);
  return {
    run,
    state: JSON.parse(text) as EngineState,
    records: writer.records.slice(0, writer.committedSequence()),
  };
}

/** The next start of the software, which has not begun yet. */
export function resumedRun(
  recipe: Recipe,
  scripts: Scripts,
  { run, state, records }: KilledRun,
  {
    gapSecond = 0,
    decision = { kind: 'goOn' },
    acknowledged = [],
  }: Omit<Kills, 'afterSecond'> = {},
): ScriptedRun {
  const oven = new ScriptedOven();
  oven.temperatureCelsius = run.oven.temperatureCelsius;
  const fromSecond = Math.max(state.timeSecond, records.at(-1)?.timeSecond ?? 0);
  const toSecond = fromSecond + gapSecond;
  return scriptedRun(recipe, {
    speed: 1,
    ...scripts,
    oven,
    startSecond: toSecond,
    resumeFrom: state,
    earlierAlarms: alarmsOf(records),
    interruption: {
      acknowledged,
      decision,
      interruption: {
        endedAs: 'running',
        fromSecond,
        toSecond,
        lengthSecond: gapSecond,
        missingRecords: 0,
        damage: undefined,
        confirmedBy: undefined,
      },
    },
  });
}

/** Runs a recipe to its end through kills, committing as often as in real time. */
export async function runThroughKills(
  recipe: Recipe,
  scripts: Scripts,
  kills: Kills,
): Promise<ResumedRun> {
  const records: RunRecord[] = [];
  // Each memory writer counts from 1; a run database goes on counting.
  const keep = (more: readonly RunRecord[]): void => {
    for (const record of more) records.push({ ...record, sequence: records.length + 1 });
  };
  let run = scriptedRun(recipe, { speed: 1, ...scripts });
  let count = 0;
  for (const second of kills.afterSecond) {
    const end = run.runner.run();
    let isOver = false;
    void end.then(() => {
      isOver = true;
    });
    await run.clock.advance(second);
    if (isOver) break;
    const killed = killedNow(run);
    keep(killed.records);
    count += 1;
    run = resumedRun(recipe, scripts, { ...killed, records: [...records] }, kills);
  }
  const { status } = await advanceUntil(run.clock, run.runner.run());
  keep(run.writer.records);
  return { run, records, status, kills: count };
}

/** The records of one kind, of all starts. */
export function bodiesOf<K extends RecordBody['kind']>(
  { records }: Pick<ResumedRun, 'records'>,
  kind: K,
) {
  return records.flatMap(({ timeSecond, body }) =>
    body.kind === kind
      ? [{ timeSecond, ...(body as Extract<RecordBody, { readonly kind: K }>) }]
      : [],
  );
}

/** The events of one code, of all starts. */
export function eventBodiesOf(run: Pick<ResumedRun, 'records'>, code: EventCode) {
  return bodiesOf(run, 'event').filter((event) => event.code === code);
}
